"""An HTTP client whose requests are spans of the trace that they belong to."""

from typing import Any, TypedDict, Unpack

import httpx
from opentelemetry import trace
from opentelemetry.trace import SpanKind

tracer = trace.get_tracer(__name__)


class SendOptions(TypedDict, total=False):
    """What httpx takes beside a request."""

    stream: bool
    auth: Any
    follow_redirects: Any


class TracedHttp(httpx.AsyncClient):
    """httpx, with a client span for each request, up to the head of its answer.

    The span says method, host, path and status: no query, no header, no body. The other side is
    not told of the trace.
    """

    async def send(self, request: httpx.Request, **options: Unpack[SendOptions]) -> httpx.Response:
        """Send a request."""
        with tracer.start_as_current_span(
            request.method,
            kind=SpanKind.CLIENT,
            record_exception=False,
            attributes={
                "http.request.method": request.method,
                "server.address": request.url.host,
                "url.path": request.url.path,
            },
        ) as span:
            response = await super().send(request, **options)
            span.set_attribute("http.response.status_code", response.status_code)
            return response
