"""Write one draft: clean the reply, choose the persona, ask for knowledge, plan, write, sign."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import persona_contracts as contracts
from persona_client import Resolution, Roster
from persona_contracts import (
    Channel,
    Citation,
    DraftCreatedV1,
    DraftError,
    DraftFailedV1,
    LeadRepliedV1,
    Usage,
)
from prometheus_client import Counter
from service_kit.crash_points import crash_point
from service_kit.errors import ServiceError
from service_kit.leases import Claim
from service_kit.outbox import publish
from service_kit.personas import wait_for_revision
from service_kit.store import Session, after_commit
from service_kit.subjects import reply_subject
from service_kit.work import Finish
from structlog import get_logger

from draft_svc.adapters.drafts import DraftRow
from draft_svc.adapters.knowledge import KnowledgeAnswer
from draft_svc.domain.brief import Brief, PassageText, ThreadTurn, TokenUsage, Written
from draft_svc.domain.draft import (
    DraftStatus,
    NothingWrittenError,
    ReplyEmptyError,
    ReplyUnreadableError,
)
from draft_svc.domain.reply import CleanReply, clean_reply
from draft_svc.domain.strategy import Strategy, StrategyInvalidError, parse_strategy
from draft_svc.domain.text import finish_text, own_words
from draft_svc.usecases.resolve_persona import resolve_persona, voice_of

STRATEGY_CALLS = 2
"""How often a model is asked before the draft is written without a strategy (A30)."""

log = get_logger(__name__)
dropped_citations_total = Counter(
    "dramatis_citations_dropped_total", "Passages that a model named and was not given."
)


class Writer(Protocol):
    """A language model, or the offline stand-in."""

    name: str

    async def plan(self, brief: Brief) -> tuple[str, TokenUsage]:
        """Return the strategy as JSON text, unchecked; one model call."""
        ...

    async def write(self, brief: Brief, strategy: Strategy | None) -> Written:
        """Return the body; one model call."""
        ...


class Knowledge(Protocol):
    """Where passages come from."""

    async def search(
        self, workspace_id: str, resolution: Resolution, query: str
    ) -> KnowledgeAnswer:
        """Return what the persona that speaks knows; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class _Plan:
    """A strategy as asked for; without one, why not."""

    strategy: Strategy | None
    text: str | None
    usage: TokenUsage
    error: DraftError | None


class WriteDraft:
    """The work on one claimed draft; it implements `service_kit.work.Work`."""

    def __init__(
        self,
        roster: Roster,
        knowledge: Knowledge,
        writer: Writer,
        clock: Callable[[], datetime],
    ) -> None:
        self._roster = roster
        self._knowledge = knowledge
        self._writer = writer
        self._clock = clock

    async def do(self, claim: Claim[DraftRow]) -> Finish:
        """Return how to store the finished draft.

        Raises:
            ReplyUnreadableError: the words are encrypted, or in a format of one program alone.
            ReplyEmptyError: nothing is left of the reply once quotes and signatures are gone.
            PersonasNotReadyError: nothing is known of the personas (retried).
            PersonasBehindError: they are not yet known as the reply needs them (retried).
            UpstreamError: the model cannot answer now (retried).
        """
        started_at = self._clock()
        reply = claim.item.incoming()
        clean = await asyncio.to_thread(_clean, reply)
        if reply.at_least_revision is not None:
            await wait_for_revision(self._roster, reply.workspace_id, reply.at_least_revision)
        resolution = resolve_persona(
            self._roster,
            reply.workspace_id,
            campaign_id=claim.item.campaign_id,
            channel=reply.channel,
        )
        knowledge = await self._knowledge.search(reply.workspace_id, resolution, clean.text)
        brief = _brief(reply, clean, resolution, knowledge)
        strategy, planned = await self._plan(claim, brief, resolution)
        written = await self._writer.write(brief, strategy)
        crash_point("after-model-answer")
        if not own_words(
            channel=brief.channel, body=written.body, voice=brief.voice, lead=brief.lead
        ):
            raise NothingWrittenError("the model greeted and signed, and said nothing")
        took_ms = round((self._clock() - started_at).total_seconds() * 1000)
        usage = planned + written.usage
        result = _Result(brief, clean, resolution, knowledge, written, usage, took_ms)

        async def finish(session: Session) -> None:
            await _store_result(session, claim.item_id, result, self._clock())

        return finish

    async def give_up(self, session: Session, claim: Claim[DraftRow], error: ServiceError) -> None:
        """Mark the draft failed, with the reason."""
        reason = _draft_error(error)
        row = await session.get_one(DraftRow, claim.item_id)
        row.stored_status = DraftStatus.FAILED
        row.error = reason.model_dump()
        row.revision += 1
        await publish(
            session,
            DraftFailedV1(
                workspace_id=row.workspace_id,
                occurred_at=self._clock(),
                draft_id=row.draft_id,
                message_id=row.message_id,
                error=reason,
                attempts=claim.attempts,
            ),
        )

    async def _plan(
        self, claim: Claim[DraftRow], brief: Brief, resolution: Resolution
    ) -> tuple[Strategy | None, TokenUsage]:
        """Return the strategy (e-mail only) and what it cost; an earlier try's is used again."""
        nothing = TokenUsage(input_tokens=0, output_tokens=0, cost_microusd=0)
        if brief.channel != Channel.EMAIL:
            return None, nothing
        made_for = {"persona_id": str(resolution.persona_id), "version": resolution.version}
        kept = claim.item.strategy
        if kept is not None and kept["made_for"] == made_for:
            usage = TokenUsage(**kept["usage"])
            return (parse_strategy(kept["text"]) if kept["text"] else None), usage
        plan = await self._ask_for_strategy(brief)
        crash_point("after-plan")
        await self._keep_strategy(
            claim,
            {
                "made_for": made_for,
                "text": plan.text,
                "steps": plan.strategy and plan.strategy.as_dict(),
                "usage": _usage(plan.usage).model_dump(),
                "error": plan.error and plan.error.model_dump(),
            },
        )
        return plan.strategy, plan.usage

    async def _ask_for_strategy(self, brief: Brief) -> _Plan:
        """Ask once, and once more if the answer is no valid strategy (A30)."""
        spent = TokenUsage(input_tokens=0, output_tokens=0, cost_microusd=0)
        problem: DraftError | None = None
        for _ in range(STRATEGY_CALLS):
            text, usage = await self._writer.plan(brief)
            spent += usage
            try:
                return _Plan(parse_strategy(text), text, spent, None)
            except StrategyInvalidError as error:
                log.warning("strategy.invalid", reason=str(error))
                problem = _draft_error(error)
        return _Plan(None, None, spent, problem)

    async def _keep_strategy(self, claim: Claim[DraftRow], strategy: dict[str, Any]) -> None:
        """Store it now, so that a crash while writing does not cost a second plan (I10)."""

        async def change(session: Session) -> None:
            row = await session.get_one(DraftRow, claim.item_id)
            row.strategy = strategy

        await claim.keep(change)


@dataclass(frozen=True, slots=True)
class _Result:
    brief: Brief
    clean: CleanReply
    resolution: Resolution
    knowledge: KnowledgeAnswer
    written: Written
    usage: TokenUsage
    took_ms: int


def _clean(reply: LeadRepliedV1) -> CleanReply:
    clean = clean_reply(
        body_text=reply.body_text,
        body_html=reply.body_html,
        raw_email=reply.raw_email,
        subject=reply.subject,
    )
    if clean.unreadable:
        raise ReplyUnreadableError(f"the words are in {clean.unreadable}")
    if not clean.text:
        raise ReplyEmptyError("nothing is left when quotes, signatures and footers are removed")
    return clean


def _brief(
    reply: LeadRepliedV1, clean: CleanReply, resolution: Resolution, knowledge: KnowledgeAnswer
) -> Brief:
    lead = reply.lead.model_dump(exclude={"attributes"}, exclude_none=True)
    return Brief(
        voice=voice_of(resolution),
        channel=reply.channel.value,
        reply_text=clean.text,
        reply_subject=clean.subject,
        lead=lead,
        thread=tuple(ThreadTurn(author=turn.author, body=turn.body) for turn in reply.thread),
        passages=tuple(
            PassageText(**passage.model_dump(exclude={"score", "persona_id"}))
            for passage in knowledge.passages
        ),
    )


async def _store_result(session: Session, draft_id: UUID, result: _Result, now: datetime) -> None:
    row, brief = await session.get_one(DraftRow, draft_id), result.brief
    finished = finish_text(
        channel=brief.channel, body=result.written.body, voice=brief.voice, lead=brief.lead
    )
    cited = [result.knowledge.passages[number - 1] for number in result.written.cited]
    citations = [passage.model_dump(mode="json", exclude={"score"}) for passage in cited]
    resolution = result.resolution
    row.stored_status = DraftStatus.READY
    is_email = row.channel == Channel.EMAIL
    row.subject = reply_subject(result.clean.subject) if is_email else None
    row.body, row.signature, row.text = finished.body, finished.signature, finished.text
    row.generated_body = finished.body
    row.citations = citations
    dropped = result.written.dropped_citations
    after_commit(session, lambda: dropped_citations_total.inc(dropped))
    row.knowledge = result.knowledge.status
    row.resolution = {
        **resolution.as_dict(),
        "campaign_from": row.campaign_from,
        "content_digest": brief.voice.digest(),
    }
    row.model = result.written.model
    row.usage = _usage(result.usage).model_dump()
    row.error = None
    row.revision += 1
    await publish(
        session,
        DraftCreatedV1(
            workspace_id=row.workspace_id,
            occurred_at=now,
            draft_id=row.draft_id,
            message_id=row.message_id,
            lead_id=row.lead_id,
            campaign_id=row.campaign_id,
            channel=Channel(row.channel),
            subject=row.subject,
            text=finished.text,
            body=finished.body,
            signature=finished.signature,
            citations=[Citation.model_validate(citation) for citation in citations],
            resolution=contracts.Resolution.model_validate(row.resolution),
            model=result.written.model,
            usage=_usage(result.usage),
            took_ms=result.took_ms,
        ),
    )


def _draft_error(error: ServiceError) -> DraftError:
    return DraftError(type=error.slug, title=error.title(), detail=str(error))


def _usage(usage: TokenUsage) -> Usage:
    return Usage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost_microusd=usage.cost_microusd,
    )
