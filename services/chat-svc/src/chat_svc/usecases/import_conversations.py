"""Take over conversations that were held elsewhere, with their ids."""

from collections.abc import Callable, Sequence
from uuid import UUID

from service_kit.store import Session

from chat_svc.adapters import conversations, messages
from chat_svc.domain.imported import ImportedConversation, ImportResult, Outcome

KnowsPersona = Callable[[UUID], bool]


async def import_conversations(
    session: Session,
    workspace_id: str,
    imported: Sequence[ImportedConversation],
    knows_persona: KnowsPersona,
    *,
    dry_run: bool,
) -> list[ImportResult]:
    """Return what became of each: all of it is stored, or nothing; a dry run stores nothing.

    One that is there already stays as it is: an import may be repeated.
    """
    return [
        await _import(session, workspace_id, each, knows_persona, dry_run=dry_run)
        for each in imported
    ]


async def _import(
    session: Session,
    workspace_id: str,
    imported: ImportedConversation,
    knows_persona: KnowsPersona,
    *,
    dry_run: bool,
) -> ImportResult:
    conversation_id = imported.conversation_id
    if imported.persona_id is not None and not knows_persona(imported.persona_id):
        return _refused(conversation_id, f"there is no persona {imported.persona_id}")
    if await conversations.is_of(session, conversation_id, imported.user_id):
        return ImportResult(conversation_id=conversation_id, outcome=Outcome.THERE)
    async with session.begin_nested() as step:
        conversation = imported.conversation(workspace_id)
        stored = imported.stored_messages(workspace_id)
        is_new = await conversations.add_new(session, conversation)
        is_whole = is_new and await messages.add_new(session, stored)
        if dry_run or not is_whole:
            await step.rollback()
    if not is_whole:
        return _refused(conversation_id, "another conversation or message has this id")
    return ImportResult(
        conversation_id=conversation_id, outcome=Outcome.IMPORTED, message_count=len(stored)
    )


def _refused(conversation_id: UUID, reason: str) -> ImportResult:
    return ImportResult(conversation_id=conversation_id, outcome=Outcome.REFUSED, reason=reason)
