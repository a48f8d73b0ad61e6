"""Decisions: what each stores and publishes, and what it refuses."""

from uuid import uuid4

import pytest
from draft_svc.adapters import drafts
from draft_svc.adapters.tables import DraftRow
from draft_svc.domain.draft import (
    DraftBodyError,
    DraftNotFoundError,
    DraftNotOpenError,
    DraftStatus,
)
from draft_svc.domain.text import SmsTooLongError
from draft_svc.usecases.accept_replies import accept_replies
from draft_svc.usecases.approve_draft import approve_draft
from draft_svc.usecases.find_notices import find_notices
from draft_svc.usecases.regenerate_draft import regenerate_draft
from draft_svc.usecases.reject_draft import reject_draft
from drafting import ANNA, replied
from persona_contracts import Received
from service_devkit.testing.rollback import as_worker, correlations, published
from service_kit.store import database_now


async def decided(session):
    """Return the last event."""
    return (await published(session))[-1]


async def reread(session, draft):
    """Return a draft as the database has it."""
    await session.flush()
    await session.refresh(await session.get_one(DraftRow, draft.draft_id))
    return await drafts.get(session, draft.draft_id)


async def test_an_approved_draft_is_stored_and_says_who_and_about_what(
    session, personas, a_ready_draft
):
    draft = await a_ready_draft(campaign_id="spring")
    before = await database_now(session)
    approved = await approve_draft(session, draft, by="ann")
    assert approved == await reread(session, draft)
    assert (approved.status, approved.decided_by) == (DraftStatus.APPROVED, "ann")
    assert before <= approved.decided_at <= await database_now(session)
    assert approved.revision == draft.revision + 1
    assert (approved.text, approved.edit_distance) == (draft.text, 0)
    subject, event = await decided(session)
    assert subject.startswith("draft.approved.v1.")
    assert (event["text"], event["body"], event["edit_distance"]) == (draft.text, draft.body, 0)
    assert (event["decided_by"], event["lead_id"]) == ("ann", draft.lead_id)
    assert (event["campaign_id"], event["version"]) == ("spring", 1)
    assert event["persona_id"] == str(personas.default.persona_id)


async def test_an_edited_body_is_signed_and_measured_and_the_generated_one_stays(
    session, a_ready_draft
):
    draft = await a_ready_draft()
    approved = await approve_draft(
        session, draft, by="ann", body=f" {draft.body}! ", subject="Bicycles"
    )
    assert approved == await reread(session, draft)
    assert (approved.body, approved.generated_body) == (f"{draft.body}!", draft.body)
    assert approved.text == f"{draft.body}!\n\n{ANNA}"
    assert (approved.edit_distance, approved.subject) == (1, "Bicycles")


async def test_a_draft_of_a_release_that_kept_no_generated_body_keeps_its_own(
    session, a_ready_draft
):
    draft = await a_ready_draft()
    (await session.get_one(DraftRow, draft.draft_id)).generated_body = None
    approved = await approve_draft(session, await reread(session, draft), by="ann", body="Other.")
    assert approved.generated_body == draft.body
    assert approved.edit_distance > 0


@pytest.mark.parametrize("body", ["", "  \n", "x" * 20_001])
async def test_a_body_that_is_blank_or_too_long_is_refused(session, a_ready_draft, body):
    draft = await a_ready_draft()
    with pytest.raises(DraftBodyError):
        await approve_draft(session, draft, by="ann", body=body)
    assert await reread(session, draft) == draft


async def test_a_text_message_that_is_too_long_is_refused(session, a_ready_draft):
    draft = await a_ready_draft(channel="sms", subject=None)
    with pytest.raises(SmsTooLongError):
        await approve_draft(session, draft, by="ann", body="x" * 321)
    assert (await approve_draft(session, draft, by="ann", body="x" * 320)).text == "x" * 320


async def test_only_a_ready_draft_is_approved(session, accept, a_ready_draft):
    with pytest.raises(DraftNotOpenError, match="a draft that is queued cannot be approved"):
        await approve_draft(session, await accept(), by="ann")
    approved = await approve_draft(session, await a_ready_draft(), by="ann")
    with pytest.raises(DraftNotOpenError, match="a draft that is approved cannot be approved"):
        await approve_draft(session, approved, by="ann")


async def test_a_rejected_draft_is_stored_and_says_why(session, a_ready_draft):
    draft = await a_ready_draft()
    rejected = await reject_draft(session, draft, by="ann", reason="off topic")
    assert rejected == await reread(session, draft)
    assert (rejected.status, rejected.decided_by) == (DraftStatus.REJECTED, "ann")
    subject, event = await decided(session)
    assert subject.startswith("draft.rejected.v1.")
    assert (event["reason"], event["decided_by"]) == ("off topic", "ann")


async def test_a_failed_draft_is_rejected_too_and_an_undecided_one_not(session, accept):
    failed = await accept(received_at="2026-01-01T00:00:00Z")
    rejected = await reject_draft(session, failed, by="ann", reason=None)
    with pytest.raises(DraftNotOpenError, match="a draft that is rejected cannot be rejected"):
        await reject_draft(session, rejected, by="ann", reason=None)
    with pytest.raises(DraftNotOpenError, match="a draft that is queued cannot be rejected"):
        await reject_draft(session, await accept(), by="ann", reason=None)


async def test_a_draft_is_written_again_under_its_id_as_the_persona_of_then(
    session, personas, work, a_ready_draft
):
    draft = await a_ready_draft()
    queued = await regenerate_draft(session, draft)
    assert (queued.status, queued.strategy) == (DraftStatus.QUEUED, None)
    assert queued == await reread(session, draft)
    row = await session.get_one(DraftRow, draft.draft_id)
    assert (row.due_at is not None, row.attempts, row.deaths) == (True, 0, 0)
    personas.default = personas.default.model_copy(update={"signature": "Anna", "version": 2})
    again = await work.do(queued)
    assert (again.draft_id, again.signature) == (draft.draft_id, "Anna")
    assert again.revision == draft.revision + 2


@pytest.mark.parametrize("values", [{"received_at": "2026-01-01T00:00:00Z"}, {"kind": "bounce"}])
async def test_a_failed_draft_is_written_again_without_its_failure(session, accept, work, values):
    failed = await accept(**values)
    queued = await regenerate_draft(session, failed)
    assert (queued.status, queued.failure) == (DraftStatus.QUEUED, None)
    assert (await work.do(queued)).status is DraftStatus.READY


async def test_a_decided_or_waiting_draft_is_not_written_again(session, accept, a_ready_draft):
    rejected = await reject_draft(session, await a_ready_draft(), by="ann", reason=None)
    with pytest.raises(DraftNotOpenError, match="a draft that is rejected cannot be regenerated"):
        await regenerate_draft(session, rejected)
    with pytest.raises(DraftNotOpenError, match="a draft that is queued cannot be regenerated"):
        await regenerate_draft(session, await accept())


async def test_a_draft_is_not_written_again_once_its_lead_has_replied_again(
    session, workspace_id, accept
):
    old = replied(workspace_id, lead_id="lead", received_at="2026-01-01T00:00:00Z")
    failed = await accept(old)
    await accept(lead_id="lead")
    with pytest.raises(DraftNotOpenError, match="answer the newer reply"):
        await regenerate_draft(session, failed)


async def test_an_unknown_draft_is_not_found(session):
    with pytest.raises(DraftNotFoundError):
        await drafts.get(session, uuid4())
    with pytest.raises(DraftNotFoundError):
        await drafts.lock(session, uuid4())


async def test_drafts_wait_for_a_person_until_they_are_decided(session, a_ready_draft):
    assert await find_notices(session) == []
    draft = await a_ready_draft()
    (notice,) = await find_notices(session)
    assert (notice.kind, notice.count, notice.since) == ("drafts-waiting", 1, draft.created_at)
    await reject_draft(session, draft, by="ann", reason=None)
    assert await find_notices(session) == []


async def test_every_event_of_a_draft_says_in_which_state_and_whose(session, accept, a_ready_draft):
    draft = await a_ready_draft(campaign_id="spring", lead_id="ann")
    rejected = await reject_draft(session, draft, by="kim", reason=None)
    older = await a_ready_draft(campaign_id="spring", lead_id="bo")
    await accept(replied(draft.workspace_id, message_id="again", lead_id="bo"))
    told = {
        subject.split(".")[1]: body
        for subject, body in await published(session)
        if subject.startswith("draft.") and body["lead_id"] in {"ann", "bo"}
    }
    whose = ("lead_id", "channel", "campaign_id", "revision")
    assert [told["rejected"][name] for name in whose] == [
        "ann",
        "email",
        "spring",
        rejected.revision,
    ]
    assert [told["superseded"][name] for name in whose] == [
        "bo",
        "email",
        "spring",
        older.revision + 1,
    ]
    assert told["created"]["revision"] == older.revision


async def test_draft_and_decision_carry_the_correlation_of_the_reply(
    session, workspace_id, accept, work
):
    event = replied(workspace_id)
    item = Received(event=event, event_id="e-1", source="crm", correlation_id="order-42")
    async with as_worker(session):
        await accept_replies(session, [item])
    (shown,) = await drafts.page(session, {"message_id": event.message_id}, None, 2)
    draft = await work.do(await drafts.get(session, shown.draft_id))
    await approve_draft(session, draft, by="ann")
    later = await work.do(await accept(replied(workspace_id, lead_id="another")))
    await reject_draft(session, later, by="ann", reason=None)
    assert await correlations(session) == [
        ("created", "order-42"),
        ("approved", "order-42"),
        ("created", later.message_id),
        ("rejected", later.message_id),
    ]
