"""Failed agents and replaced voices wait for a person."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from service_kit.store import database_now
from sqlalchemy import insert
from voice_svc.adapters import voice_replacements
from voice_svc.adapters.tables import AgentRow
from voice_svc.usecases.find_notices import find_notices

CHECKED = datetime(2026, 11, 1, tzinfo=UTC)


async def test_agents_that_are_not_as_they_should_be_are_told_with_the_reason(
    session, workspace_id
):
    assert await find_notices(session) == []
    error = {"code": "voice-rejected", "title": "No.", "detail": "Choose another voice."}
    for state in ("ready", "failed"):
        row = {"persona_id": uuid4(), "workspace_id": workspace_id, "state": state}
        values = {"error": error, "wanted_revision": 1, "checked_at": CHECKED}
        await session.execute(insert(AgentRow).values(row | values))
    (notice,) = await find_notices(session)
    assert (notice.kind, notice.reason, notice.count) == ("agents-failed", "failed", 1)
    assert (notice.since, notice.setting) == (CHECKED, "Choose another voice.")


async def test_a_voice_that_was_replaced_today_is_told(session, workspace_id):
    now = await database_now(session)
    for at in (now - timedelta(days=2), now):
        await voice_replacements.may_tell(session, workspace_id, uuid4(), ("a", "b"), at=at)
    (notice,) = await find_notices(session)
    assert (notice.kind, notice.count, notice.since) == ("voices-replaced", 1, now)
