"""What a browser reaches first: who it is, which service it is for, or a file of the console."""

import re
from typing import Final

from fastapi import Request, Response
from service_kit.errors import NotFoundError, UnauthenticatedError
from service_kit.problem import UnexpectedErrors
from service_kit.routing import deps_of
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio_svc.adapters.site import Site
from studio_svc.deps import StudioDeps
from studio_svc.domain.route_table import Route
from studio_svc.entrypoints.dependencies import remember_session
from studio_svc.entrypoints.forwarding import Forwarder
from studio_svc.entrypoints.merging import LISTS, Merger
from studio_svc.entrypoints.origin import (
    CLOSE,
    SAFE_METHODS,
    require_known_host,
    require_same_origin,
)
from studio_svc.settings import StudioSettings
from studio_svc.usecases.find_session import find_session

FOR_ANY_HOST: Final = {
    "/livez",
    "/readyz",
    "/startupz",
    "/metrics",
    "/openapi.json",
    "/.well-known/jwks.json",
}
"""What no browser is signed in for: probes, and what is published."""
OWN: Final = re.compile(
    r"/(api|docs|schemas|login/oidc|\.well-known)(/.*)?|/events|/asyncapi\.yaml"
)
"""The paths of this service's routes; under others are the files and pages of the console."""
LOGIN: Final = "/api/login"
OF_ONE_SERVICE: Final = re.compile(rb"/api/services/([a-z]+-svc)(/.+)")
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
    " font-src 'self'; connect-src 'self'{voice}; media-src 'self' blob:; manifest-src 'self';"
    " worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types svelte-trusted-html"
    " dramatis-worker"
)
HEADERS: Final = {
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class FileNotFoundOnSiteError(NotFoundError):
    """The console has no such file."""

    slug = "route-not-found"


class Front:
    """Stands before the routes of this service."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._serve_or_refuse = UnexpectedErrors(self._serve)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; every answer says what a browser may do with it."""
        if scope["type"] != "http" or scope["path"] in FOR_ANY_HOST:
            await self._app(scope, receive, send)
            return
        deps = await deps_of(StudioDeps)(Request(scope))
        await self._serve_or_refuse(scope, receive, _with_headers(send, deps.settings))

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it by a service, from the console's files, or by a route of our own."""
        request = Request(scope)
        deps = await deps_of(StudioDeps)(request)
        require_known_host(request.headers, deps.settings)
        if not OWN.fullmatch(scope["path"]) and _is_of_site(deps, scope):
            await _site_answer(deps.site, scope)(scope, receive, send)
            return
        authorization = await _authorization(request, deps)
        if request.method in {"GET", "HEAD"} and _plain(scope["path"]) in LISTS:
            merge = Merger(self._app, deps.services)
            await merge(_signed(scope, authorization), receive, send)
            return
        route, target = _find(deps, scope)
        if route is None:
            await self._app(_signed(scope, authorization), receive, send)
            return
        if authorization is None:
            raise UnauthenticatedError("Sign in.", headers=CLOSE)
        scope["route"] = route
        forward = Forwarder(deps.services, route.service, authorization)
        await forward(scope, target, receive, send)


async def _authorization(request: Request, deps: StudioDeps) -> str | None:
    """Return the token of the caller: its own, or one minted for its session."""
    given = request.headers.get("authorization")
    if given is not None:
        return given
    secret = request.cookies.get(deps.settings.cookie)
    is_safe = request.method in SAFE_METHODS
    if not is_safe and (secret is not None or _plain(request.url.path) == LOGIN):
        require_same_origin(request.headers, deps.settings)
    session = None if secret is None else await find_session(deps.store, secret)
    if session is None:
        return None
    remember_session(request, session)
    return f"Bearer {deps.signer.sign(session.person.principal)}"


def _find(deps: StudioDeps, scope: Scope) -> tuple[Route | None, bytes]:
    """Return the route that a request is for, and its path and query there."""
    raw, query = scope["raw_path"], scope["query_string"]
    question = b"?" + query if query else b""
    one = OF_ONE_SERVICE.fullmatch(raw)
    if one is not None and (service := one[1].decode()) in deps.services.names:
        route = Route(
            service=service, method=scope["method"], path_format="/api/services/{service}"
        )
        return route, b"/api" + one[2] + question
    return deps.routes.find(scope["method"], _plain(scope["path"])), raw + question


def _plain(path: str) -> str:
    return path.rstrip("/") or "/"


def _is_of_site(deps: StudioDeps, scope: Scope) -> bool:
    is_read = scope["method"] in {"GET", "HEAD"}
    return is_read and deps.routes.find(scope["method"], _plain(scope["path"])) is None


def _site_answer(site: Site, scope: Scope) -> Response:
    headers = Headers(scope=scope)
    found = site.find(scope["path"])
    if found is None:
        raise FileNotFoundOnSiteError(f"There is nothing at {scope['path']}.")
    answer = {"ETag": found.etag, "Cache-Control": found.cache_control, "Vary": "Accept-Encoding"}
    if headers.get("if-none-match") == found.etag:
        return Response(status_code=304, headers=answer)
    content = found.plain
    if found.packed is not None and "gzip" in headers.get("accept-encoding", ""):
        content, answer["Content-Encoding"] = found.packed, "gzip"
    return Response(content, headers=answer, media_type=found.media_type)


def _signed(scope: Scope, authorization: str | None) -> Scope:
    """Return the request as our own routes see it: with a token."""
    headers = [pair for pair in scope["headers"] if pair[0] != b"authorization"]
    if authorization is not None:
        headers.append((b"authorization", authorization.encode("latin-1")))
    return {**scope, "headers": headers}


def _with_headers(send: Send, settings: StudioSettings) -> Send:
    voice = "".join(f" {origin}" for origin in settings.voice_origins)
    policy = CONTENT_SECURITY_POLICY.format(voice=voice)

    async def mark(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("Content-Security-Policy", policy)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return mark
