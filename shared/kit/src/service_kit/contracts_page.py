"""`/asyncapi.yaml` and `/schemas/<type>.v1.json`: the contracts of events, from any service."""

import asyncio
from functools import cache
from typing import Final

from fastapi import FastAPI, Response
from persona_contracts.schemas import generate

from service_kit.problem import RouteNotFoundError

ASYNCAPI: Final = "asyncapi.yaml"
MEDIA_TYPES: Final = {"yaml": "application/yaml", "json": "application/schema+json"}
_files = cache(generate)


def install_contracts(app: FastAPI) -> None:
    """Serve the files of `persona_contracts`, as this process understands them."""

    async def asyncapi() -> Response:
        return await _answer(ASYNCAPI)

    async def schema(name: str) -> Response:
        return await _answer(name)

    app.add_api_route(f"/{ASYNCAPI}", asyncapi, include_in_schema=False)
    app.add_api_route("/schemas/{name}", schema, include_in_schema=False)


async def _answer(name: str) -> Response:
    text = (await asyncio.to_thread(_files)).get(name)
    if text is None:
        raise RouteNotFoundError(f"There is no contract {name}.")
    if name == ASYNCAPI:
        text = text.replace('"./', '"./schemas/')
    return Response(text, media_type=MEDIA_TYPES[name.rpartition(".")[2]])
