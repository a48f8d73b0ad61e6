"""The work on one draft: what is written, what is asked once, and why there may be no text."""

from uuid import uuid4

import pytest
from draft_svc.adapters import drafts
from draft_svc.adapters.tables import DraftRow
from draft_svc.domain.draft import DraftFailure, DraftStatus
from draft_svc.domain.reply import ReplyEmptyError, ReplyUnreadableError
from draft_svc.usecases.write_draft import WriteDraft
from drafting import ANNA
from persona_contracts import ModelPolicy
from persona_model.errors import NothingWrittenError
from persona_model.knowledge import KnowledgeAnswer, PassageText
from service_devkit.testing.rollback import as_worker, published
from service_devkit.testing.statements import statements
from service_kit.errors import UpstreamError
from service_kit.leases import Settlement
from service_kit.personas import PersonasBehindError, PersonasNotReadyError
from service_kit.store import database_now
from sqlalchemy import text

QUOTED = "On Mon, Nov 16, 2026 at 9:00 AM Anna <anna@example.com> wrote:\n\n> hi\n> there"
ENCRYPTED = "-----BEGIN PGP MESSAGE-----\n\nhQEMA5x\n=abcd\n-----END PGP MESSAGE-----"
PRICES = PassageText(
    text="Ten people pay 490 EUR a month. It costs nothing for two.",
    source="prices.pdf",
    page_start=2,
    file_id="f1",
    chunk_id="c1",
    persona_id=uuid4(),
)


async def test_a_draft_is_ready_and_says_so(session, accept, work, personas):
    draft = await work.do(await accept(campaign_id="spring"))
    assert (draft.status, draft.revision, draft.model) == (DraftStatus.READY, 2, "offline")
    assert (draft.signature, draft.subject) == (ANNA, "Re: Bicycles")
    assert draft.text == f"{draft.body}\n\n{ANNA}"
    assert draft.generated_body == draft.body
    assert draft.knowledge == "none"
    assert draft.resolution["persona_id"] == str(personas.default.persona_id)
    assert draft.resolution["campaign_from"] == "reply"
    ((subject, event),) = await published(session)
    assert subject.startswith("draft.created.v1.")
    assert (event["text"], event["body"]) == (draft.text, draft.body)
    assert (event["campaign_id"], event["model"]) == ("spring", "offline")
    assert event["took_ms"] >= 0


@pytest.mark.parametrize("channel", ["email", "sms"])
async def test_what_the_lead_asks_and_no_passage_answers_is_told(session, accept, work, channel):
    await work.do(await accept(body_text="Hello. Do you rent tandems? I wait.", channel=channel))
    ((_, event),) = await published(session)
    assert event["unanswered"] == ["Do you rent tandems?"]


async def test_a_question_with_a_passage_is_not_told_as_unanswered(session, accept, work, shelf):
    shelf.answer = KnowledgeAnswer("used", (PRICES,))
    await work.do(await accept(body_text="Do you rent tandems?"))
    ((_, event),) = await published(session)
    assert event.get("unanswered", []) == []


async def test_the_next_draft_obeys_the_models_of_the_workspace(accept, work, writer, personas):
    personas.models = ModelPolicy(plan_drafts=False)
    draft = await work.do(await accept())
    assert (draft.strategy, writer.plans, writer.writes) == (None, 0, 1)


async def test_what_is_stored_is_what_is_read(session, accept, work, shelf):
    shelf.answer = KnowledgeAnswer("used", (PRICES,))
    draft = await work.do(await accept())
    assert draft.citations == (PRICES,)
    await session.flush()
    await session.refresh(await session.get_one(DraftRow, draft.draft_id))
    assert await drafts.get(session, draft.draft_id) == draft
    ((_, event),) = await published(session)
    assert event["citations"][0]["persona_id"] == str(PRICES.persona_id)


async def test_a_strategy_is_kept_for_the_next_attempt(session, accept, work, writer):
    draft = await accept()
    writer.body = ""
    with pytest.raises(NothingWrittenError):
        await work.do(draft)
    writer.body = None
    assert (writer.plans, writer.writes) == (1, 1)
    kept = await work.do(await drafts.get(session, draft.draft_id))
    assert (writer.plans, writer.writes) == (1, 2)
    assert kept.strategy.steps["intent"] == "question"
    assert kept.usage.output_tokens > kept.strategy.usage.output_tokens > 0


async def test_another_persona_makes_another_strategy(session, accept, work, writer, personas):
    draft = await accept()
    writer.body = ""
    with pytest.raises(NothingWrittenError):
        await work.do(draft)
    writer.body = None
    personas.default = personas.default.model_copy(update={"version": 2})
    await work.do(await drafts.get(session, draft.draft_id))
    assert writer.plans == 2


async def test_only_an_email_is_planned(accept, work, writer):
    draft = await work.do(await accept(channel="sms", subject=None))
    assert (writer.plans, draft.strategy, draft.subject) == (0, None, None)


async def test_without_a_valid_strategy_a_draft_is_written_and_says_why(accept, work, writer):
    writer.plan_text = "Sure! I would offer a call."
    draft = await work.do(await accept())
    assert (writer.plans, draft.status) == (2, DraftStatus.READY)
    assert (draft.strategy.text, draft.strategy.steps) == (None, None)
    assert draft.strategy.failure.type == "strategy-invalid"
    again = await work.do(draft)
    assert (writer.plans, again.status) == (2, DraftStatus.READY)


@pytest.mark.parametrize(
    ("body_text", "error"), [(QUOTED, ReplyEmptyError), (ENCRYPTED, ReplyUnreadableError)]
)
async def test_a_reply_without_readable_words_is_not_answered(accept, work, body_text, error):
    with pytest.raises(error):
        await work.do(await accept(body_text=body_text))


async def test_an_answer_that_only_greets_and_signs_is_refused(accept, work, writer, personas):
    writer.body = f"{personas.default.greeting}\n\nBest regards\n{ANNA}"
    with pytest.raises(NothingWrittenError):
        await work.do(await accept())


async def test_a_draft_waits_for_the_personas(accept, work, personas):
    draft = await accept(at_least_revision=2)
    with pytest.raises(PersonasBehindError, match="Revision 2 was asked for; 1 is known here"):
        await work.do(draft)
    personas.default = personas.default.model_copy(update={"revision": 2})
    assert (await work.do(draft)).resolution["revision"] == 2
    personas.default = None
    with pytest.raises(PersonasNotReadyError):
        await work.do(await accept())


async def test_a_draft_that_is_given_up_says_why(session, accept, work):
    draft = await work.give_up(await accept(), UpstreamError("no answer from the model"))
    assert (draft.status, draft.revision) == (DraftStatus.FAILED, 2)
    assert (draft.failure.type, draft.failure.detail) == (
        "upstream-unavailable",
        "no answer from the model",
    )
    ((subject, event),) = await published(session)
    assert subject.startswith("draft.failed.v1.")
    assert (event["error"]["detail"], event["attempts"]) == ("no answer from the model", 1)


async def test_results_that_share_a_transaction_have_one_time(session, accept, work):
    await work.do(await accept())
    await work.give_up(await accept(), UpstreamError("no answer from the model"))
    (_, created), (_, failed) = await published(session)
    assert created["occurred_at"] == failed["occurred_at"]


async def leased(session, draft):
    """Lease a draft; return the token."""
    row = await session.get_one(DraftRow, draft.draft_id)
    row.lease_token = uuid4()
    await session.flush()
    return row.lease_token


async def test_a_finished_draft_and_its_lease_are_written_at_once(accept, session):
    draft = await accept()
    async with as_worker(session):
        token = await leased(session, draft)
        done = Settlement(item_id=draft.draft_id, token=token, due_in_seconds=None)
        with statements() as sent:
            assert await drafts.LEASES.begin_settling(session, [done])
            await drafts.save(session, draft.fail(DraftFailure(type="x", title="x", detail="x")))
            await drafts.LEASES.end_settling(session)
        row = await session.get_one(DraftRow, draft.draft_id)
    assert [each.lstrip().startswith("update draft") for each in sent].count(True) == 1
    assert (row.due_at, row.lease_token, row.status) == (None, None, "failed")


async def test_a_lease_whose_draft_is_not_saved_ends_too(accept, session):
    draft = await accept()
    async with as_worker(session):
        token = await leased(session, draft)
        later = Settlement(item_id=draft.draft_id, token=token, due_in_seconds=3600)
        await drafts.LEASES.begin_settling(session, [later])
        await drafts.LEASES.end_settling(session)
        row = await session.get_one(DraftRow, draft.draft_id)
    assert row.lease_token is None
    assert row.due_at > draft.created_at


async def test_a_lease_that_is_lost_is_not_settled(accept, session):
    draft = await accept()
    async with as_worker(session):
        token = await leased(session, draft)
        lost = Settlement(item_id=draft.draft_id, token=uuid4(), due_in_seconds=None)
        assert not await drafts.LEASES.begin_settling(session, [lost])
        await drafts.LEASES.end_settling(session)
        row = await session.get_one(DraftRow, draft.draft_id, populate_existing=True)
    assert row.lease_token == token


async def test_a_draft_that_waits_for_another_try_shows_why_and_when(session, accept):
    draft = await accept()
    async with as_worker(session):
        await session.execute(text("update draft set due_at = now()"))
        (claim,) = await drafts.LEASES.claim(session, 1)
        work = WriteDraft(None, None, None, None)
        await drafts.LEASES.settle(session, [Settlement.retry(claim, 60)])
        await work.note_retry(session, claim, UpstreamError("the model is away"))
        session.expire_all()
    waiting = await drafts.get(session, draft.draft_id)
    assert (waiting.status, waiting.attempts) == (DraftStatus.QUEUED, 1)
    assert (waiting.last_failure.type, waiting.last_failure.detail) == (
        UpstreamError.slug,
        "the model is away",
    )
    assert waiting.next_try_at > await database_now(session)


async def test_a_workspace_that_nothing_is_known_of_is_named_in_the_draft(
    session, personas, accept, work
):
    known = await work.do(await accept(lead_id="known"))
    assert "warnings" not in known.resolution
    personas.revision = lambda _: 0
    misspelt = await work.do(await accept(lead_id="misspelt"))
    (warning,) = misspelt.resolution["warnings"]
    assert misspelt.workspace_id in warning
    created = [body for subject, body in await published(session) if ".created." in subject]
    assert [each["resolution"]["warnings"] for each in created] == [[], [warning]]
