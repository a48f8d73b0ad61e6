"""A draft-svc that starts for the first time against a month of history."""

from collections import Counter
from datetime import timedelta

import nats as nats_client
from drafting import Desk, persona, replied
from service_devkit.testing.api import running, service_env
from service_kit.clock import utc_now
from service_kit.topology import apply_streams


async def test_only_replies_of_the_last_week_are_drafted_and_older_ones_say_why(
    database, fresh_nats, tmp_path
):
    connection = await nats_client.connect(fresh_nats.url)
    await apply_streams(connection.jetstream())
    desk = Desk("history", connection, None)
    await desk.default(persona())
    for days in range(30, -1, -1):
        received_at = (utc_now() - timedelta(days=days, hours=1)).isoformat()
        await desk.send(replied("history", f"m{days}", received_at=received_at, lead_id=f"l{days}"))
    env = service_env(
        tmp_path, database_url=database("draft_svc").login_url, nats_url=fresh_nats.url
    )
    with running("draft_svc", tmp_path, env) as api:
        async with api.client("history") as client:
            desk.client = client
            drafts = [await desk.until(f"m{days}", "ready", "failed") for days in range(31)]
    await connection.close()
    assert Counter(draft["status"] for draft in drafts) == {"ready": 7, "failed": 24}
    assert {d["error"]["type"] for d in drafts if d["error"]} == {"too-old"}
    assert {d["message_id"] for d in drafts if d["status"] == "ready"} == {
        f"m{days}" for days in range(7)
    }
