"""Stop, or pause, what a lead has replied to."""

from collections.abc import Iterable
from datetime import datetime

from persona_contracts.types import ReplyKind
from service_kit.store import Session, database_now

from followup_svc.adapters import instances
from followup_svc.adapters.sequence_versions import SequenceVersions
from followup_svc.domain.instance import Instance, Note, Reason, SavedInstance, State
from followup_svc.domain.lead_event import LeadEvent
from followup_svc.domain.sequence import Definition, OnReply
from followup_svc.usecases.save_instances import save_instances

REPLIED_DETAIL = "The lead has replied: answer it, then resume or stop."


async def stop_on_reply(
    session: Session, replies: Iterable[LeadEvent], versions: SequenceVersions
) -> None:
    """Stop or pause the instances of locked leads that these replies, oldest first, concern.

    Auto-replies and bounces answer nothing.

    A reply concerns only instances that were started before it was received (events.md §2),
    with a leeway for the CRM's clock.
    """
    newest = {
        reply.key: reply
        for reply in replies
        if reply.kind is ReplyKind.REPLY and not reply.is_repeat
    }
    if not newest:
        return
    live = await instances.lock_live_of_leads(session, newest)
    definitions = await versions.get_all(session, {item.version_key for item in live})
    now = await database_now(session)
    concerned = [item for item in live if item.started_at < newest[item.lead_key].answers_until]
    saved = [_replied(item, definitions[item.version_key], now) for item in concerned]
    await save_instances(session, [item for item in saved if item is not None], now=now)


def _replied(item: Instance, definition: Definition, now: datetime) -> SavedInstance | None:
    """Return the instance after a reply; None: nothing changes."""
    by = "lead.replied"
    if not definition.stop_on_reply:
        return None
    if definition.on_reply is OnReply.STOP:
        stopped = item.stopped(Reason.REPLIED, at=now)
        return SavedInstance(instance=stopped, note=Note(what="stopped", by=by))
    if item.state is State.ACTIVE:
        paused = item.paused(Reason.REPLIED, REPLIED_DETAIL)
        return SavedInstance(instance=paused, note=Note(what="paused", by=by))
    return None
