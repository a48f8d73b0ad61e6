"""Let the steps of somebody who is away wait for a day."""

from collections.abc import Iterable
from datetime import datetime

from persona_contracts.types import ReplyKind
from service_kit.store import Session, database_now

from followup_svc.adapters import instances
from followup_svc.adapters.sequence_versions import SequenceVersions
from followup_svc.domain.instance import Instance, Note, SavedInstance, State
from followup_svc.domain.lead_event import LeadEvent
from followup_svc.usecases.read_context import SendContext, read_context
from followup_svc.usecases.save_instances import save_instances


async def postpone_on_auto_reply(
    session: Session, replies: Iterable[LeadEvent], versions: SequenceVersions
) -> None:
    """Move steps of locked leads, due on the day of their auto-reply, to the next window.

    It stops nothing; the workspace may have chosen that it changes nothing.
    """
    newest = {reply.key: reply for reply in replies if reply.kind is ReplyKind.AUTO_REPLY}
    if not newest:
        return
    live = await instances.lock_live_of_leads(session, newest)
    waiting = [item for item in live if item.state is State.ACTIVE and not item.awaiting_answer]
    context = await read_context(session, waiting, versions)
    now = await database_now(session)
    moved = [_moved(item, newest[item.lead_key], context, now) for item in waiting]
    await save_instances(session, [item for item in moved if item is not None], now=now)


def _moved(
    item: Instance, reply: LeadEvent, context: SendContext, now: datetime
) -> SavedInstance | None:
    """Return the instance with another time for its step; None: nothing changes."""
    calendar = context.calendar(item)
    due_at = max(item.next_at or now, now)
    is_of_its_day = due_at < calendar.end_of_day(reply.at)
    if not is_of_its_day or not context.settings(item).postpone_on_auto_reply:
        return None
    note = Note(
        what="postponed", by=reply.event, detail=f"auto-reply, {reply.sign}", step=item.step
    )
    later = item.rescheduled(calendar.next_window(due_at))
    return SavedInstance(instance=later, note=note)
