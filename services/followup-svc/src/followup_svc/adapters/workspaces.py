"""The follow-up settings of a workspace, and the campaigns that the CRM told us of."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from persona_contracts import CampaignRemovedV1, CampaignSyncedV1
from pydantic import TypeAdapter
from service_kit.store import Base, OwnedByWorkspace, Session, any_of, pair_of
from sqlalchemy import String, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from followup_svc.domain.window import OFFICE_HOURS, SendWindow, time_zone

ANSWER_TIMEOUT = timedelta(minutes=15)
_WINDOW = TypeAdapter[SendWindow | None](SendWindow | None)
Key = tuple[str, str]
"""A workspace and one of its campaigns."""


class SettingsRow(OwnedByWorkspace, Base):
    """The settings of a workspace that has saved them."""

    __tablename__ = "followup_settings"

    workspace_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    time_zone: Mapped[str]
    send_window: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    booking_link: Mapped[str | None]
    answer_timeout_seconds: Mapped[int]
    version: Mapped[int]


class CampaignRow(OwnedByWorkspace, Base):
    """A campaign as last synced."""

    __tablename__ = "synced_campaign"

    workspace_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str | None]
    booking_link: Mapped[str | None]
    removed: Mapped[bool]
    updated_at: Mapped[datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowupSettings:
    """How a workspace sends; `send_window` null: always. `version` 0: never saved."""

    time_zone: str = "UTC"
    send_window: SendWindow | None = OFFICE_HOURS
    booking_link: str | None = None
    answer_timeout: timedelta = ANSWER_TIMEOUT
    version: int = 0

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of leads that have none."""
        return time_zone(self.time_zone)


DEFAULTS = FollowupSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What a template can say of a campaign."""

    name: str | None
    booking_link: str | None


async def settings_of(
    session: Session, workspace_ids: Collection[str]
) -> Mapping[str, FollowupSettings]:
    """Return the settings of each workspace that has saved some."""
    rows = await session.scalars(
        select(SettingsRow).where(any_of(SettingsRow.workspace_id, workspace_ids))
    )
    return {
        row.workspace_id: FollowupSettings(
            time_zone=row.time_zone,
            send_window=_WINDOW.validate_python(row.send_window),
            booking_link=row.booking_link,
            answer_timeout=timedelta(seconds=row.answer_timeout_seconds),
            version=row.version,
        )
        for row in rows
    }


async def save_settings(session: Session, workspace_id: str, settings: FollowupSettings) -> int:
    """Replace the settings of a workspace; return their new version."""
    values = {
        "time_zone": settings.time_zone,
        "send_window": _WINDOW.dump_python(settings.send_window, mode="json"),
        "booking_link": settings.booking_link,
        "answer_timeout_seconds": int(settings.answer_timeout.total_seconds()),
    }
    return (
        await session.scalars(
            insert(SettingsRow)
            .values(workspace_id=workspace_id, version=1, **values)
            .on_conflict_do_update(
                index_elements=["workspace_id"],
                set_={**values, "version": SettingsRow.version + 1},
            )
            .returning(SettingsRow.version)
        )
    ).one()


async def campaigns(session: Session, wanted: Collection[Key]) -> Mapping[Key, Campaign]:
    """Return those of `wanted` that were synced and not removed."""
    if not wanted:
        return {}
    rows = await session.scalars(
        select(CampaignRow).where(
            pair_of(CampaignRow.workspace_id, CampaignRow.campaign_id, wanted),
            CampaignRow.removed.is_(False),
        )
    )
    return {
        (row.workspace_id, row.campaign_id): Campaign(name=row.name, booking_link=row.booking_link)
        for row in rows
    }


async def note_campaigns(
    session: Session, events: Sequence[CampaignSyncedV1 | CampaignRemovedV1]
) -> None:
    """Keep what each campaign's newest event says, whatever order they come in."""
    newest: dict[Key, CampaignSyncedV1 | CampaignRemovedV1] = {}
    for event in sorted(events, key=lambda event: event.updated_at):
        newest[event.workspace_id, event.campaign_id] = event
    rows: list[dict[str, object]] = []
    for (workspace_id, campaign_id), event in sorted(newest.items()):
        synced = event if isinstance(event, CampaignSyncedV1) else None
        rows.append(
            {
                "workspace_id": workspace_id,
                "campaign_id": campaign_id,
                "name": synced and synced.name,
                "booking_link": synced and synced.booking_link,
                "removed": synced is None,
                "updated_at": event.updated_at,
            }
        )
    statement = insert(CampaignRow)
    new = statement.excluded
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["workspace_id", "campaign_id"],
            set_={
                "name": new.name,
                "booking_link": new.booking_link,
                "removed": new.removed,
                "updated_at": new.updated_at,
            },
            where=CampaignRow.updated_at < new.updated_at,
        ),
        rows,
    )
