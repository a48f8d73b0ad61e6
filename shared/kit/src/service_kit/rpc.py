"""Requests that a service answers over core NATS: declared in its `entrypoints/rpc.py`."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from service_kit.errors import ServiceError

MAX_RUNNING = 32
"""Further requests wait in the connection's queue, up to the caller's deadline."""

log = get_logger(__name__)

DepsT = TypeVar("DepsT")
RequestT = TypeVar("RequestT", bound=BaseModel)
Answer: TypeAlias = Callable[[RequestT, DepsT], Awaitable[BaseModel]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure(Generic[RequestT, DepsT]):
    """One kind of request, and what answers it."""

    subject: str
    model: type[RequestT]
    answer: Answer[RequestT, DepsT]

    async def call(self, body: bytes, deps: DepsT) -> bytes:
        """Return the answer to a request, or `{"error": …}`: the slug of what went wrong."""
        try:
            answer = await self.answer(self.model.model_validate_json(body), deps)
        except ValidationError as error:
            fields = sorted({str(item["loc"][0]) for item in error.errors() if item["loc"]})
            return _error(f"invalid: {', '.join(fields) or 'not JSON'}")
        except ServiceError as error:
            return _error(error.slug)
        except (SQLAlchemyError, OSError) as error:
            log.warning("request.unavailable", subject=self.subject, reason=type(error).__name__)
            return _error("database-unavailable")
        except Exception:
            log.exception("request.crashed", subject=self.subject)
            return _error(ServiceError.slug)
        return answer.model_dump_json(exclude_none=True).encode()


class RpcRouter(Generic[DepsT]):
    """The requests that a service answers, each with its function; a `Broker` includes it."""

    def __init__(self, queue: str) -> None:
        """Take the name of the queue group in which replicas share the requests."""
        self.queue = queue
        self.procedures: list[Procedure[Any, DepsT]] = []

    def subscriber(
        self, subject: str, model: type[RequestT]
    ) -> Callable[[Answer[RequestT, DepsT]], Answer[RequestT, DepsT]]:
        """Return a decorator for the function that answers requests of type `model`."""

        def declare(answer: Answer[RequestT, DepsT]) -> Answer[RequestT, DepsT]:
            self.procedures.append(Procedure(subject=subject, model=model, answer=answer))
            return answer

        return declare


def _error(slug: str) -> bytes:
    return json.dumps({"error": slug}).encode()
