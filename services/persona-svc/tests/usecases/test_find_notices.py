"""Keys that expire soon wait for a person."""

from datetime import timedelta

from persona_svc.adapters.tables import ApiKeyRow
from persona_svc.usecases.find_notices import find_notices
from service_kit.ids import new_id
from service_kit.store import database_now
from sqlalchemy import insert


async def test_a_key_that_expires_within_two_weeks_is_told_until_it_is_revoked_or_gone(
    session, workspace_id
):
    now = await database_now(session)
    assert await find_notices(session) == []
    for days, revoked_at in ((-1, None), (3, now), (13, None), (15, None)):
        values = {
            "key_id": new_id(),
            "workspace_id": workspace_id,
            "name": "crm",
            "role": "viewer",
            "shown": "dk_…",
            "created_by": "ann",
            "created_at": now,
            "expires_at": now + timedelta(days=days),
            "revoked_at": revoked_at,
            "digest": None if revoked_at else str(days) * 8,
            "revision": days + 2,
        }
        await session.execute(insert(ApiKeyRow).values(values))
    (notice,) = await find_notices(session)
    assert (notice.kind, notice.count) == ("keys-expiring", 1)
    assert f"{now + timedelta(days=13):%F %R}" in notice.message
