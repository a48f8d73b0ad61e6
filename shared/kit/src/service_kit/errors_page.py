"""`/docs/errors`: every error with its cause and what to do; problems link to it by `help`."""

from pathlib import Path
from typing import Final

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse

PATH: Final = "/docs/errors"
FILE: Final = Path(__file__).with_name("errors.html")
HEADERS: Final = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}


def help_for(slug: str) -> str:
    """Return the address of an error on the page, at whatever host has answered."""
    return f"{PATH}#{slug}"


def install_errors_page(app: FastAPI) -> None:
    """Serve the page."""
    text = FILE.read_text()

    async def errors() -> Response:
        return HTMLResponse(text, headers=HEADERS)

    app.add_api_route(PATH, errors, include_in_schema=False)
