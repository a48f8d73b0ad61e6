"""REST, in every service: what needs a person."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from fastapi import APIRouter, Depends, Request
from nats.errors import Error as NatsError
from pydantic import BaseModel, Field

from service_kit.health import Health
from service_kit.identity import Viewer
from service_kit.in_turn import in_turn
from service_kit.notices import Notice, NoticeSource
from service_kit.paging import Page
from service_kit.parked import ParkedEvents
from service_kit.routing import WorkspaceSession, api_router
from service_kit.settings import ServiceSettings, variable


class NoticeDocument(BaseModel):
    """Some things of one kind that wait for a person."""

    service: str = Field(examples=["draft-svc"])
    kind: str = Field(description="More kinds may come.", examples=["drafts-waiting"])
    reason: str | None = Field(description="Which of the kind, if there are several.")
    count: int
    since: datetime | None = Field(description="Of the first one; null: nobody knows.")
    message: str = Field(description="What it is, in a sentence.")
    setting: str = Field(description="What ends it: a setting, a field or an action.")
    see: str | None = Field(
        description="The address that lists them.", examples=["/api/drafts?status=ready"]
    )

    @classmethod
    def of(cls, notice: Notice, service: str) -> Self:
        """Return the document of a notice."""
        return cls(
            service=service,
            kind=notice.kind,
            reason=notice.reason,
            count=notice.count,
            since=notice.since,
            message=notice.message,
            setting=notice.setting,
            see=notice.see,
        )


def notices_router(service: str, sources: Sequence[NoticeSource]) -> APIRouter:
    """Return the route of what needs a person in `service`."""
    router = api_router("/api/notices", "notices")

    async def list_notices(
        request: Request, viewer: Viewer, session: WorkspaceSession
    ) -> Page[NoticeDocument]:
        """Return what waits for somebody in this service, each with what ends it; all in one page.

        What cannot be looked up now is left out, and `degraded` says why.
        """
        found = [notice for look in sources for notice in await look(session)]
        found += await _parked(request.app.state.parked, viewer.workspace_id)
        found += [*request.app.state.standing_notices, *_degraded(request.app.state.health)]
        return Page(items=[NoticeDocument.of(notice, service) for notice in found], next=None)

    router.add_api_route(
        "",
        list_notices,
        operation_id=f"list{service.removesuffix('-svc').title()}Notices",
        summary="Show what needs a person",
        dependencies=[Depends(in_turn)],
    )
    return router


async def _parked(parked: ParkedEvents | None, workspace_id: str) -> list[Notice]:
    try:
        found = await parked.page(workspace_id, after=0, limit=None) if parked else None
    except NatsError:
        return []  # `degraded` has the broker
    if found is None or not found.events:
        return []
    more = " There are more than were counted." if found.next_after else ""
    notice = Notice(
        kind="events-parked",
        count=len(found.events),
        since=found.events[0].parked_at,
        message=f"Events could not be handled and were put aside.{more}",
        setting="Mend what each one names as its reason, then replay it.",
        see="/api/dead-letters",
    )
    return [notice]


def stand_in_notices(settings: ServiceSettings) -> list[Notice]:
    """Return a notice for each stand-in of these settings, such as `writer:offline`."""
    return [
        Notice(
            kind="stand-in",
            reason=stand_in,
            message=f"`{stand_in}` stands in for the real one.",
            setting=variable(type(settings), _field(settings, stand_in)),
        )
        for stand_in in settings.stand_ins
    ]


def _field(settings: ServiceSettings, stand_in: str) -> str:
    name, _, choice = stand_in.partition(":")
    return name if name in type(settings).model_fields else f"{name}_{choice}"


def _degraded(health: Health) -> list[Notice]:
    return [
        Notice(
            kind="degraded",
            reason=capability,
            message=f"Without {capability}: {why or 'it does not answer'}.",
            setting="`/readyz` of this service; docs/operating.md",
        )
        for capability, why in health.missing.items()
    ]
