"""Prometheus: what every HTTP request became, by route template, and `/metrics`."""

from time import perf_counter

from fastapi import Response
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

requests_total = Counter(
    "http_requests_total", "HTTP requests by what became of them.", ["method", "route", "status"]
)
request_duration_seconds = Histogram(
    "http_request_duration_seconds", "Time to the end of the answer.", ["method", "route"]
)
replaced_characters_total = Counter(
    "dramatis_replaced_characters_total",
    "Halves of a character (lone surrogates) that became U+FFFD, by where they came in.",
    ["source"],
)

MAX_WORKSPACES = 100
OTHERS = "others"


class WorkspaceLabels:
    """Values of a label for workspaces: the first MAX_WORKSPACES by name, then one for the rest."""

    def __init__(self) -> None:
        self._named = set[str]()

    def of(self, workspace_id: str) -> str:
        """Return the value for a workspace, the same as long as the process lives."""
        if workspace_id not in self._named:
            if len(self._named) >= MAX_WORKSPACES:
                return OTHERS
            self._named.add(workspace_id)
        return workspace_id


class RequestMetrics:
    """Counts and times requests; labels take few values, whatever is asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = perf_counter(), 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            method = scope["method"] if scope["method"] in METHODS else "other"
            # A router must carry its whole prefix: this is the path that it declared.
            route = getattr(scope.get("route"), "path_format", "unmatched")
            requests_total.labels(method, route, status).inc()
            request_duration_seconds.labels(method, route).observe(perf_counter() - started)


async def metrics() -> Response:
    """Return all metrics of this process in Prometheus' text format."""
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
