"""Pages of other origins may call an API if an operator names them: `DRAMATIS_CORS_ORIGINS`."""

from collections.abc import Sequence
from typing import Final

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from service_kit.errors import ForbiddenError
from service_kit.personas import REVISION_HEADER
from service_kit.problem import problem_response
from service_kit.rate_limits import LIMIT_HEADER, POLICY_HEADER
from service_kit.request_ids import REQUEST_ID_HEADER

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
EXPOSED: Final = (
    "ETag",
    "Location",
    "Retry-After",
    "Idempotency-Replayed",
    REVISION_HEADER,
    POLICY_HEADER,
    LIMIT_HEADER,
    REQUEST_ID_HEADER,
)
"""What a page may read of an answer, besides what every page may."""


class OriginRefusedError(ForbiddenError):
    """Pages of this origin may not call this service."""

    slug = "origin-refused"


class Cors(CORSMiddleware):
    """Answers preflights itself; a refused one is a problem document."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """Return the answer to an `OPTIONS` request of a browser."""
        answer = super().preflight_response(request_headers)
        if answer.status_code < 400:
            return answer
        return problem_response(
            OriginRefusedError("Name the origin in DRAMATIS_CORS_ORIGINS, or use another method.")
        )


def allow_origins(app: FastAPI, origins: Sequence[str]) -> None:
    """Let pages of `origins` call `app`, with a token in a header; cookies are never read."""
    app.add_middleware(
        Cors,
        allow_origins=origins,
        allow_methods=METHODS,
        allow_headers=["*"],
        expose_headers=EXPOSED,
    )
