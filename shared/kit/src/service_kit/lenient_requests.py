"""What clients, proxies and monitors write differently, and mean alike, is one request."""

from email.message import Message as HeaderParser

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class LenientRequests:
    """Serves HEAD where GET is, `/x/` as `/x`, and `text/json` as any other JSON.

    Nothing is redirected: a redirect may lose a body or a token.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        same = {
            **scope,
            "path": _without_slash(scope),
            "headers": [(name, _plain(name, value)) for name, value in scope["headers"]],
        }
        if scope["method"] == "HEAD":
            same["method"], send = "GET", _without_body(send)
        try:
            await self._app(same, receive, send)
        finally:
            if "route" in same:
                scope["route"] = same["route"]  # who counts requests asks for it


def _without_slash(scope: Scope) -> str:
    """Return the path without a last `/`; an id that ends with `%2F` keeps it."""
    path: str = scope["path"]
    raw: bytes = scope.get("raw_path") or path.encode()
    return path[:-1] if len(path) > 1 and path.endswith("/") and raw.endswith(b"/") else path


def _plain(name: bytes, value: bytes) -> bytes:
    """Return a header's value; of a type `*/json` or `*/*+json` the one that routes know."""
    if name != b"content-type" or b"json" not in value.lower():
        return value
    header = HeaderParser()
    header["content-type"] = value.decode("latin-1")
    subtype = header.get_content_subtype()
    if subtype != "json" and not subtype.endswith("+json"):
        return value
    _, slash, rest = value.partition(b"/")
    return b"application" + slash + rest


def _without_body(send: Send) -> Send:
    async def head(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return head
