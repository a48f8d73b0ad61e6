"""The follow-up settings of workspaces."""

from collections.abc import Collection, Mapping
from datetime import timedelta

from pydantic import TypeAdapter
from service_kit.store import Session, any_of
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from followup_svc.adapters.tables import FollowupSettingsRow
from followup_svc.domain.followup_settings import DEFAULTS, FollowupSettings
from followup_svc.domain.holiday import Holidays
from followup_svc.domain.window import SendWindow

_HOLIDAYS = TypeAdapter[Holidays](Holidays)
_WINDOW = TypeAdapter[SendWindow | None](SendWindow | None)


async def get(session: Session, workspace_id: str) -> FollowupSettings:
    """Return the settings of a workspace; the defaults if it has saved none."""
    return (await get_all(session, [workspace_id])).get(workspace_id, DEFAULTS)


async def get_all(
    session: Session, workspace_ids: Collection[str]
) -> Mapping[str, FollowupSettings]:
    """Return the settings of each workspace that has saved some."""
    rows = await session.scalars(
        select(FollowupSettingsRow).where(any_of(FollowupSettingsRow.workspace_id, workspace_ids))
    )
    return {row.workspace_id: _settings(row) for row in rows}


async def lock(session: Session, workspace_id: str) -> FollowupSettings:
    """Return the same as `get`, locked: this transaction alone saves them."""
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"),
        {"key": f"followup-settings/{workspace_id}"},
    )
    return await get(session, workspace_id)


async def save(session: Session, workspace_id: str, settings: FollowupSettings) -> None:
    """Store the locked settings of a workspace as they are now."""
    values = {
        "time_zone": settings.time_zone,
        "send_window": _WINDOW.dump_python(settings.send_window, mode="json"),
        "booking_link": settings.booking_link,
        "holidays": _HOLIDAYS.dump_python(settings.holidays, mode="json"),
        "postpone_on_auto_reply": settings.postpone_on_auto_reply,
        "answer_timeout_seconds": int(settings.answer_timeout.total_seconds()),
        "version": settings.version,
    }
    await session.execute(
        insert(FollowupSettingsRow)
        .values(workspace_id=workspace_id, **values)
        .on_conflict_do_update(index_elements=["workspace_id"], set_=values)
    )


def _settings(row: FollowupSettingsRow) -> FollowupSettings:
    return FollowupSettings(
        time_zone=row.time_zone,
        send_window=_WINDOW.validate_python(row.send_window),
        booking_link=row.booking_link,
        holidays=_HOLIDAYS.validate_python(row.holidays),
        postpone_on_auto_reply=row.postpone_on_auto_reply,
        answer_timeout=timedelta(seconds=row.answer_timeout_seconds),
        version=row.version,
    )
