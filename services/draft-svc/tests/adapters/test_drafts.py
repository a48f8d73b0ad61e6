"""What the queries of drafts read."""

from draft_svc.adapters import drafts
from service_devkit.testing.statements import statements


async def test_a_page_of_drafts_leaves_their_replies_where_they_are(session):
    with statements() as sent:
        await drafts.page(session, {"status": "ready"}, None, 200)
    (statement,) = sent
    assert "draft.subject" in statement
    assert "draft.reply" not in statement
