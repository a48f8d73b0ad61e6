"""A reply becomes one draft, in whatever order and however often replies come."""

from datetime import timedelta
from pathlib import Path

import pytest
from draft_svc.adapters import drafts
from draft_svc.adapters.tables import DraftRow
from draft_svc.domain.draft import DraftStatus
from draft_svc.usecases.accept_replies import accept_replies
from drafting import replied
from persona_contracts import Received
from service_devkit.testing.rollback import as_worker, published
from service_kit.clock import utc_now
from service_kit.erasure import Erasure, ErasureKind, schedule


def ago(**time):
    return (utc_now() - timedelta(**time)).isoformat()


async def stored(session, draft):
    return await drafts.get(session, draft.draft_id)


async def all_drafts(session):
    shown = await drafts.page(session, {}, None, 10)
    return [await drafts.get(session, draft.draft_id) for draft in shown]


async def is_due(session, draft):
    return (await session.get_one(DraftRow, draft.draft_id)).due_at is not None


async def test_a_reply_becomes_a_queued_draft_that_is_due(session, workspace_id, accept):
    event = replied(workspace_id)
    draft = await accept(event)
    assert (draft.status, draft.revision, draft.campaign_from) == (DraftStatus.QUEUED, 1, None)
    assert (draft.message_id, draft.lead_id) == (event.message_id, event.lead_id)
    assert (draft.channel, draft.subject) == (event.channel, event.subject)
    assert draft.reply["body_text"] == event.body_text
    assert await is_due(session, draft)
    assert await published(session) == []


async def test_a_reply_that_comes_again_changes_nothing(session, workspace_id, accept):
    event = replied(workspace_id)
    draft = await accept(event, event)
    assert await accept(event) == draft
    assert await all_drafts(session) == [draft]


async def test_a_reply_that_is_too_old_fails_at_once(session, accept):
    draft = await accept(received_at=ago(days=7, minutes=1))
    assert (draft.status, draft.failure.type) == (DraftStatus.FAILED, "too-old")
    assert draft.revision == 1
    assert not await is_due(session, draft)
    ((subject, event),) = await published(session)
    assert subject.startswith("draft.failed.v1.")
    assert (event["error"]["type"], event["attempts"]) == ("too-old", 0)


async def test_a_reply_that_is_not_yet_too_old_is_queued(accept):
    draft = await accept(received_at=ago(days=6, hours=23))
    assert draft.status is DraftStatus.QUEUED


async def test_a_newer_reply_supersedes_the_open_draft_of_its_lead_alone(session, accept):
    first = await accept(lead_id="lead", received_at=ago(hours=1))
    other = await accept(lead_id="other", received_at=ago(hours=1))
    second = await accept(lead_id="lead")
    await session.refresh(await session.get_one(DraftRow, first.draft_id))
    superseded = await stored(session, first)
    assert (superseded.status, superseded.revision) == (DraftStatus.SUPERSEDED, 2)
    assert not await is_due(session, superseded)
    assert (await stored(session, other)).status is DraftStatus.QUEUED
    ((subject, event),) = await published(session)
    assert subject.startswith("draft.superseded.v1.")
    assert event["draft_id"] == str(first.draft_id)
    assert event["superseded_by"] == str(second.draft_id)


CASES = Path(__file__).resolve().parents[4] / "tests" / "cases" / "files"
AUTOMATIC = {"raw_email": "Auto-Submitted: auto-replied\n\nIch bin nicht im B\u00fcro."}


@pytest.mark.parametrize(
    ("values", "slug"),
    [
        ({"raw_email": (CASES / "auto-reply-de.eml").read_text()}, "auto-reply"),
        (AUTOMATIC, "auto-reply"),
        ({"kind": "auto_reply"}, "auto-reply"),
        ({"kind": "bounce"}, "bounce"),
        ({"subject": "Undeliverable: Bicycles"}, "bounce"),
    ],
)
async def test_no_draft_answers_a_program_or_a_mail_server(session, accept, values, slug):
    draft = await accept(**values)
    assert (draft.status, draft.failure.type) == (DraftStatus.FAILED, slug)
    assert not await is_due(session, draft)
    ((subject, event),) = await published(session)
    assert subject.startswith("draft.failed.v1.")
    assert (event["error"]["type"], event["attempts"]) == (slug, 0)


async def test_an_automatic_answer_closes_no_draft_of_its_lead(session, accept):
    reply = await accept(lead_id="lead", received_at=ago(hours=2))
    automatic = await accept(lead_id="lead", received_at=ago(hours=1), **AUTOMATIC)
    assert (await stored(session, reply)).status is DraftStatus.QUEUED
    assert not await drafts.has_newer_reply(session, reply)
    await accept(lead_id="lead")
    assert await drafts.has_newer_reply(session, reply)
    assert (await stored(session, automatic)).failure.type == "auto-reply"


async def test_a_late_older_reply_is_superseded_from_the_start(session, accept):
    newest = await accept(lead_id="lead")
    late = await accept(lead_id="lead", received_at=ago(hours=1))
    assert late.status is DraftStatus.SUPERSEDED
    assert not await is_due(session, late)
    assert (await stored(session, newest)).status is DraftStatus.QUEUED


async def test_a_reply_without_a_campaign_gets_the_one_last_named_for_its_lead(accept):
    spring = await accept(lead_id="lead", campaign_id="spring", received_at=ago(hours=3))
    await accept(lead_id="lead", campaign_id="late", received_at=ago(hours=4))
    remembered = await accept(lead_id="lead", received_at=ago(hours=2))
    again = await accept(lead_id="lead")
    stranger = await accept(lead_id="other")
    found = [(draft.campaign_id, draft.campaign_from) for draft in (spring, remembered, again)]
    assert found == [("spring", "reply"), ("spring", "remembered"), ("spring", "remembered")]
    assert stranger.campaign_id is None


async def test_a_reply_from_before_the_erasure_of_its_lead_is_dropped(
    session, workspace_id, accept
):
    erasure = Erasure(
        kind=ErasureKind.LEAD, workspace_id=workspace_id, subject_id="lead", before=utc_now()
    )
    async with as_worker(session):
        await schedule(session, erasure)
    with pytest.raises(ValueError, match="not enough values"):
        await accept(lead_id="lead", received_at=ago(hours=1))
    late = (utc_now() + timedelta(seconds=1)).isoformat()
    assert (await accept(lead_id="lead", received_at=late)).status is DraftStatus.QUEUED


def ahead(**time):
    return (utc_now() + timedelta(**time)).isoformat()


@pytest.mark.parametrize(
    "wrong", [{"days": 182}, {"hours": 1}, {"days": 3650}, {"seconds": 30}], ids=str
)
async def test_a_reply_of_a_clock_that_is_ahead_outdates_no_later_one(accept, work, wrong):
    first = await accept(lead_id="lead", received_at=ahead(**wrong))
    second = await work.do(await accept(lead_id="lead"))
    assert first.received_at <= utc_now()
    assert second.status is DraftStatus.READY


async def test_a_reply_counts_from_when_the_broker_had_it(session, workspace_id):
    future, present = (
        Received(
            event=replied(workspace_id, lead_id="lead", received_at=at),
            event_id=str(number),
            source="urn:example:crm",
            arrived_at=utc_now() - timedelta(minutes=arrived),
        )
        for number, (at, arrived) in enumerate([(ahead(days=1), 2), (ago(minutes=1), 1)])
    )
    async with as_worker(session):
        await accept_replies(session, [present, future])
    drafts_now = {draft.message_id: draft for draft in await all_drafts(session)}
    assert drafts_now[future.event.message_id].received_at == future.arrived_at
    assert drafts_now[future.event.message_id].status is DraftStatus.SUPERSEDED
    assert drafts_now[present.event.message_id].status is DraftStatus.QUEUED


async def test_a_late_older_reply_takes_no_campaign_back(accept):
    await accept(lead_id="lead", campaign_id="new")
    await accept(lead_id="lead", campaign_id="old", received_at=ago(days=2))
    assert (await accept(lead_id="lead")).campaign_id == "new"
