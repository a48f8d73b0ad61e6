"""REST, in every service: events that it could not handle, and trying them again."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Path, Request
from nats.errors import Error as NatsError
from persona_contracts import EventSubject
from pydantic import BaseModel, Field

from service_kit.errors import UpstreamError
from service_kit.identity import Admin
from service_kit.paging import Page, Paging, encode_cursor
from service_kit.parked import ParkedEvent, ParkedEvents
from service_kit.problem import problem_responses
from service_kit.routing import api_router


class DeadLettersUnavailableError(UpstreamError):
    """The broker, which keeps the dead letters, does not answer; try again later."""

    slug = "dead-letters-unavailable"


class DeadLetterDocument(BaseModel):
    """An event that could not be handled, and why."""

    dead_letter_id: int
    service: str = Field(examples=["draft-svc"])
    consumer: str = Field(examples=["draft-svc_on_lead_replied"])
    stream: str = Field(examples=["CRM"])
    event_type: str = Field(examples=["lead.replied"])
    event_id: str | None
    subject: str = Field(description="Where it was published.")
    reason: str = Field(description="A slug.", examples=["persona-not-found"])
    detail: str
    deliveries: int
    parked_at: datetime
    replayable: bool = Field(description="false: it was too large to be kept whole.")

    @classmethod
    def of(cls, event: ParkedEvent, service: str) -> Self:
        """Return the document of a parked event."""
        return cls(
            dead_letter_id=event.sequence,
            service=service,
            consumer=event.consumer,
            stream=event.stream,
            event_type=EventSubject.parse(event.subject).event_type,
            event_id=event.event_id,
            subject=event.subject,
            reason=event.reason,
            detail=event.detail,
            deliveries=event.deliveries,
            parked_at=event.parked_at,
            replayable=event.is_whole,
        )


class ReplayedDocument(BaseModel):
    """A dead letter that is one no more."""

    dead_letter_id: int
    outcome: Literal["handled", "repeated"] = Field(
        description="`repeated`: it had been handled in the meantime, and was not again."
    )


@asynccontextmanager
async def _reading(request: Request) -> AsyncGenerator[ParkedEvents]:
    parked: ParkedEvents | None = request.app.state.parked
    if parked is None:
        raise DeadLettersUnavailableError("This process has no broker.")
    try:
        yield parked
    except NatsError as error:
        raise DeadLettersUnavailableError("Try again later.") from error


def dead_letters_router(service: str) -> APIRouter:
    """Return the routes of the dead letters of `service`, with ids that no other service has."""
    named = service.removesuffix("-svc").title()
    router = api_router("/api/dead-letters", "dead-letters")

    async def list_dead_letters(
        request: Request, admin: Admin, paging: Paging
    ) -> Page[DeadLetterDocument]:
        """Return the events of this workspace that this service could not handle.

        A page may be short, or empty, and have a `next`: those of all workspaces are looked at.
        """
        after = paging.start_after(int) or 0
        async with _reading(request) as parked:
            found = await parked.page(admin.workspace_id, after=after, limit=paging.limit)
        items = [DeadLetterDocument.of(event, service) for event in found.events]
        rest = found.next_after
        return Page(items=items, next=None if rest is None else encode_cursor(rest))

    router.add_api_route(
        "",
        list_dead_letters,
        operation_id=f"list{named}DeadLetters",
        summary="List events that could not be handled, oldest first",
    )
    router.add_api_route(
        "/{dead_letter_id}/replay",
        _replay,
        methods=["POST"],
        operation_id=f"replay{named}DeadLetter",
        summary="Handle an event again",
        responses=problem_responses(404, 409),
    )
    return router


async def _replay(
    request: Request,
    admin: Admin,
    dead_letter_id: Annotated[int, Path(ge=1, le=2**63 - 1)],
) -> ReplayedDocument:
    """Have the consumer that could not handle the event try once more, now."""
    async with _reading(request) as parked:
        is_new = await parked.replay(admin.workspace_id, dead_letter_id)
    return ReplayedDocument(
        dead_letter_id=dead_letter_id, outcome="handled" if is_new else "repeated"
    )
