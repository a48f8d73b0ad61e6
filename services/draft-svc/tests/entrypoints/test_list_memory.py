"""Lists read what they show: the replies of listed drafts cost the service no memory."""

import json
from uuid import uuid4

import psutil
import psycopg

REPLIES = 40
REPLY_CHARS = 500_000


async def test_a_list_of_drafts_does_not_read_their_replies(desk, api, draft_database):
    reply = json.dumps({"body_text": "x" * REPLY_CHARS, "campaign_id": "spring"})
    with psycopg.connect(draft_database.admin_url, autocommit=True) as admin:
        for number in range(REPLIES):
            admin.execute(
                "insert into draft (draft_id, workspace_id, message_id, lead_id, channel,"
                " received_at, reply, status) values (%s, %s, %s, 'lead', 'email', now(), %s,"
                " 'rejected')",
                [uuid4(), desk.workspace_id, f"m-{number}", reply],
            )
    service = psutil.Process(api.process.pid)
    await desk.drafts(limit=1)
    before = service.memory_info().rss
    for _ in range(5):
        assert len(await desk.drafts(limit=200)) == REPLIES
    assert service.memory_info().rss - before < REPLIES * REPLY_CHARS / 2
