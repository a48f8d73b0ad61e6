"""Keep a call that has ended."""

from enum import StrEnum

from persona_contracts import VoiceConversationEndedV1
from service_kit.erasure import ErasureKind, was_erased
from service_kit.ids import new_id
from service_kit.outbox import publish
from service_kit.store import Session, database_now

from voice_svc.adapters import agent_revisions, calls, conversation_removals
from voice_svc.domain.call import Call, EndedCall, VendorCall


class RecordedCall(StrEnum):
    """What became of a call that was told."""

    STORED = "stored"
    REPEATED = "repeated"
    UNKNOWN_AGENT = "unknown_agent"
    ERASED = "erased"


async def record_call(session: Session, ended: EndedCall) -> RecordedCall:
    """Store a call once, with the revision that spoke, and publish that it ended; as a worker.

    A call of an agent that is not ours is not stored, nor one whose lead or workspace was erased
    since it began: of the latter, the vendor's copy is deleted.
    """
    speaker = await agent_revisions.find(session, ended.agent_id, ended.started_at)
    if speaker is None:
        return RecordedCall.UNKNOWN_AGENT
    subjects = {ErasureKind.PERSONA: str(speaker.persona_id)}
    if ended.lead_id is not None:
        subjects[ErasureKind.LEAD] = ended.lead_id
    if await was_erased(session, speaker.workspace_id, subjects, ended.started_at):
        erased = VendorCall(
            workspace_id=speaker.workspace_id,
            persona_id=speaker.persona_id,
            conversation_id=ended.conversation_id,
        )
        await conversation_removals.queue(session, [erased])
        return RecordedCall.ERASED
    call = Call(call_id=new_id(), speaker=speaker, ended=ended)
    if not await calls.add_once(session, call):
        return RecordedCall.REPEATED
    await publish(
        session,
        VoiceConversationEndedV1(
            workspace_id=speaker.workspace_id,
            occurred_at=await database_now(session),
            persona_id=speaker.persona_id,
            conversation_id=ended.conversation_id,
            agent_id=ended.agent_id,
            revision=speaker.revision,
            lead_id=ended.lead_id,
            started_at=ended.started_at,
            duration_seconds=ended.duration_seconds,
            transcript_turns=len(ended.transcript),
            cost=ended.cost,
        ),
    )
    return RecordedCall.STORED
