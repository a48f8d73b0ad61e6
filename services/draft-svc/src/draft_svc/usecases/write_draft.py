"""Write one draft: clean the reply, choose the persona, ask for knowledge, plan, write, sign."""

from time import monotonic

from persona_client import Resolution
from persona_contracts import Channel, LeadRepliedV1
from persona_model.errors import NothingWrittenError
from persona_model.knowledge import KnowledgeAnswer, KnowledgeStatus
from persona_model.make_voice import make_voice
from persona_model.sentences import questions
from persona_model.usage import NO_USAGE
from prometheus_client import Counter
from service_kit.crash_points import crash_point
from service_kit.errors import ServiceError
from service_kit.leases import Claim
from service_kit.personas import resolve_persona, wait_for_revision
from service_kit.store import Session, after_commit
from service_kit.subjects import reply_subject
from service_kit.templates import is_missing
from service_kit.work import Finish

from draft_svc.adapters import drafts
from draft_svc.domain.brief import Brief, ThreadTurn, Written
from draft_svc.domain.draft import Draft, DraftContent, DraftFailure, KeptStrategy
from draft_svc.domain.placeholders import require_filled
from draft_svc.domain.reply import CleanReply
from draft_svc.domain.text import finish_text
from draft_svc.usecases.ask_for_body import ask_for_body
from draft_svc.usecases.ask_for_strategy import ask_for_strategy
from draft_svc.usecases.complete_draft import complete_draft
from draft_svc.usecases.fail_draft import fail_draft
from draft_svc.usecases.ports import Cleaner, Knowledge, Personas, Writer
from draft_svc.usecases.read_reply import read_reply

unknown_workspaces_total = Counter(
    "dramatis_drafts_of_unknown_workspaces_total",
    "Drafts of workspaces that no persona and no setting was ever seen of.",
)
dropped_citations_total = Counter(
    "dramatis_citations_dropped_total", "Passages that a model named and was not given."
)


UNKNOWN_WORKSPACE = (
    "Nothing is known of the workspace {workspace_id}: no persona, no setting. Is its name right?"
)


class WriteDraft:
    """The work on one claimed draft; it implements `service_kit.work.Work`."""

    def __init__(
        self, cleaner: Cleaner, personas: Personas, knowledge: Knowledge, writer: Writer
    ) -> None:
        self._cleaner = cleaner
        self._personas = personas
        self._knowledge = knowledge
        self._writer = writer

    async def do(self, claim: Claim[Draft]) -> Finish:
        """Return how to store the finished draft.

        Raises:
            ReplyTooComplexError: reading the reply costs too much.
            ReplyUnreadableError: the words are encrypted, or in a format of one program alone.
            ReplyEmptyError: nothing is left of the reply once quotes and signatures are gone.
            ModelRefusedError: the model will not answer.
            PlaceholderLeftError: it, or the persona's signature, left something to be filled.
            PersonasNotReadyError: nothing is known of the personas (retried).
            PersonasBehindError: they are not yet known as the reply needs them (retried).
            UpstreamError: the model cannot answer now (retried).
        """
        started_at, draft = monotonic(), claim.item
        reply = LeadRepliedV1.model_validate(draft.reply)
        clean = await read_reply(self._cleaner, draft)
        clean.require_words()
        resolution = await self._resolve(draft, reply.at_least_revision)
        knowledge = await self._knowledge.search(draft.workspace_id, resolution, clean.text)
        brief = _brief(reply, clean, resolution, knowledge)
        require_filled({"signature": brief.voice.signature or ""}, "")
        plan = await self._plan(claim, brief, resolution)
        written = await ask_for_body(self._writer, brief, plan.parse() if plan else None)
        crash_point("after-model-answer")
        content = _content(draft, brief, resolution, knowledge.status, written, plan)
        if self._personas.revision(draft.workspace_id) == 0:
            content = content.warn(UNKNOWN_WORKSPACE.format(workspace_id=draft.workspace_id))
            unknown_workspaces_total.inc()
        took_ms = round((monotonic() - started_at) * 1000)

        async def finish(session: Session) -> None:
            stored = (await drafts.get(session, claim.item_id)).keep_strategy(plan)
            await complete_draft(session, stored, content, took_ms=took_ms)
            if dropped := written.dropped_citations:
                after_commit(session, lambda: dropped_citations_total.inc(dropped))

        return finish

    async def give_up(self, session: Session, claim: Claim[Draft], error: ServiceError) -> None:
        """Mark the draft failed, with the reason."""
        stored = await drafts.get(session, claim.item_id)
        await fail_draft(session, stored, error, attempts=claim.attempts)

    async def note_retry(self, session: Session, claim: Claim[Draft], error: ServiceError) -> None:
        """Show why it is tried again."""
        await drafts.note_failure(session, claim.item_id, DraftFailure.of(error))

    async def _resolve(self, draft: Draft, at_least_revision: int | None) -> Resolution:
        if at_least_revision is not None:
            await wait_for_revision(self._personas, draft.workspace_id, at_least_revision)
        return resolve_persona(
            self._personas,
            draft.workspace_id,
            campaign_id=draft.campaign_id,
            channel=draft.channel,
        )

    async def _plan(
        self, claim: Claim[Draft], brief: Brief, resolution: Resolution
    ) -> KeptStrategy | None:
        """Return the strategy, if there is to be one; an earlier attempt's is used again."""
        if brief.channel is not Channel.EMAIL or not brief.voice.plans:
            return None
        made_for = {"persona_id": str(resolution.persona_id), "version": resolution.version}
        kept = claim.item.strategy
        if kept is None or kept.made_for != made_for:
            kept = await ask_for_strategy(self._writer, brief, made_for)
            crash_point("after-plan")
            if kept.usage != NO_USAGE:
                await _keep(claim, kept)
        return kept


async def _keep(claim: Claim[Draft], strategy: KeptStrategy) -> None:
    """Store it now, so that a crash while writing does not cost a second plan (I10)."""

    async def change(session: Session) -> None:
        stored = await drafts.get(session, claim.item_id)
        await drafts.save(session, stored.keep_strategy(strategy))

    await claim.keep(change)


def _brief(
    reply: LeadRepliedV1, clean: CleanReply, resolution: Resolution, knowledge: KnowledgeAnswer
) -> Brief:
    fields = reply.lead.model_dump(exclude={"attributes"}, exclude_none=True)
    return Brief(
        voice=make_voice(resolution, "write"),
        channel=reply.channel,
        reply_text=clean.text,
        reply_subject=clean.subject,
        lead={name: value for name, value in fields.items() if not is_missing(value)},
        attributes={
            name: str(value)
            for name, value in reply.lead.attributes.items()
            if isinstance(value, str | int | float) and not isinstance(value, bool)
        },
        thread=tuple(ThreadTurn(author=turn.author, body=turn.body) for turn in reply.thread),
        passages=knowledge.passages,
    )


def _content(
    draft: Draft,
    brief: Brief,
    resolution: Resolution,
    knowledge: KnowledgeStatus,
    written: Written,
    plan: KeptStrategy | None,
) -> DraftContent:
    channel, voice = brief.channel, brief.voice
    finished = finish_text(channel=channel, body=written.body, voice=voice, lead=brief.greeted())
    if not finished.words:
        raise NothingWrittenError("the model greeted and signed, and wrote nothing between")
    return DraftContent(
        subject=reply_subject(brief.reply_subject) if channel is Channel.EMAIL else None,
        finished=finished,
        citations=tuple(brief.passages[number - 1] for number in written.cited),
        knowledge=knowledge,
        resolution={
            **resolution.as_dict(),
            "campaign_from": draft.campaign_from,
            "content_digest": voice.digest(),
        },
        model=written.model,
        usage=(plan.usage if plan else NO_USAGE) + written.usage,
        unanswered=_questions(brief, plan) if knowledge == "none" else (),
    )


def _questions(brief: Brief, plan: KeptStrategy | None) -> tuple[str, ...]:
    """Return what the lead asks: as the strategy has it, else each sentence that is a question."""
    strategy = plan.parse() if plan else None
    return strategy.questions if strategy else tuple(questions(brief.reply_text))
