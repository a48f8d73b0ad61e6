"""Headers of answers: whoever takes the response to set one declares it, in OpenAPI too."""

from typing import Annotated, Any

from fastapi import Depends, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute

DESCRIBED = {
    "ETag": ("The version of the document: send it back as `If-Match`.", '"7"'),
    "Location": (
        "Where what was created is.",
        "/api/drafts/0199a8c2-7c1e-7d43-9c5b-2f4e8a1b6d70",
    ),
    "Set-Cookie": ("The session.", "session=…; HttpOnly; Path=/; SameSite=Lax"),
}


class Sends:
    """The dependency that gives a route its response, to set these headers."""

    def __init__(self, *headers: str) -> None:
        self.headers = headers

    async def __call__(self, response: Response) -> Response:
        """Return the response."""
        return response


WithCookie = Annotated[Response, Depends(Sends("Set-Cookie"))]
"""The response of a route that begins or ends a session."""
Tagged = Annotated[Response, Depends(Sends("ETag"))]
"""The response of a route that tells the version of a document."""
Located = Annotated[Response, Depends(Sends("Location"))]
"""That of a route that creates something, and tells where it is."""
Created = Annotated[Response, Depends(Sends("ETag", "Location"))]
"""That of a route that does both."""


def declare_headers(document: dict[str, Any], routes: list[BaseRoute]) -> None:
    """Add to an OpenAPI document which headers the answers of each route carry."""
    for route in iter_route_contexts(routes):
        dependant = getattr(route, "dependant", None)
        if not isinstance(dependant, Dependant):
            continue
        headers = {
            name: {"description": DESCRIBED[name][0], "schema": {"type": "string"}}
            | {"example": DESCRIBED[name][1]}
            for name in sorted(sent_by(dependant))
        }
        path = document["paths"].get(route.path_format, {})
        for method in (headers and route.methods) or ():
            for status, answer in path.get(method.lower(), {}).get("responses", {}).items():
                if status.startswith("2"):
                    answer["headers"] = {**answer.get("headers", {}), **headers}


def sent_by(dependant: Dependant) -> set[str]:
    """Return the headers that a route with these dependencies sets."""
    inner = [sent_by(each) for each in dependant.dependencies]
    own = dependant.call.headers if isinstance(dependant.call, Sends) else ()
    return {*own, *(name for names in inner for name in names)}
