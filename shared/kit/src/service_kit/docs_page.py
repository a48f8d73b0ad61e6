"""`/docs`: Swagger UI from the installed package, without any outside host."""

from secrets import token_urlsafe

import fastapi_swagger
from fastapi import FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

ASSETS_PATH = "/docs/assets"
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; frame-ancestors 'none'"
)
"""The browser refuses any other host, and any script that does not carry the page's nonce.

Swagger UI's styles are inline.
"""


def install_docs(app: FastAPI) -> None:
    """Serve `/docs` and its assets."""
    # Addresses are relative, so that the page also works behind a path prefix.
    page = get_swagger_ui_html(
        openapi_url="openapi.json",
        title=app.title,
        swagger_js_url="docs/assets/swagger-ui-bundle.js",
        swagger_css_url="docs/assets/swagger-ui.css",
        swagger_favicon_url="docs/assets/favicon-32x32.png",
        swagger_ui_parameters={"validatorUrl": None},
    )
    text = bytes(page.body).decode()

    async def docs(request: Request) -> Response:
        # The page's addresses would be wrong at `/docs/`.
        asked: bytes = request.scope.get("raw_path") or b""
        if asked.endswith(b"/"):
            return RedirectResponse("../docs")
        nonce = token_urlsafe(16)
        return HTMLResponse(
            text.replace("<script>", f'<script nonce="{nonce}">'),
            headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY.format(nonce=nonce)},
        )

    assets = StaticFiles(packages=[(fastapi_swagger.__name__, "resources")])
    app.add_api_route("/docs", docs, include_in_schema=False)
    app.mount(ASSETS_PATH, assets, name="docs-assets")
