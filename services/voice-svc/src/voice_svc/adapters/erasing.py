"""What is erased of a lead, a persona or a workspace."""

from datetime import datetime
from uuid import UUID

from service_kit.crash_points import crash_point
from service_kit.erasure import BATCH, delete_rows
from service_kit.store import Store
from sqlalchemy import ColumnElement, delete, select

from voice_svc.adapters import conversation_removals
from voice_svc.adapters.tables import (
    AgentRevisionRow,
    AgentRow,
    AudioRow,
    CallRow,
    KnownVoiceRow,
    SpeechUsageRow,
    VoiceReplacementRow,
)
from voice_svc.domain.call import VendorCall

_OF_SPEECH = (AudioRow, KnownVoiceRow, SpeechUsageRow, VoiceReplacementRow)


async def delete_calls_of_lead(
    store: Store, workspace_id: str, lead_id: str, before: datetime
) -> None:
    """Delete the calls of a lead that began up to `before`, and queue the vendor's copies."""
    await _delete_calls(
        store,
        CallRow.workspace_id == workspace_id,
        CallRow.lead_id == lead_id,
        CallRow.started_at <= before,
    )


async def delete_calls_of_persona(store: Store, workspace_id: str, persona_id: UUID) -> None:
    """Delete every call of a persona, and queue the vendor's copies."""
    await _delete_calls(
        store, CallRow.workspace_id == workspace_id, CallRow.persona_id == persona_id
    )


async def delete_calls_of_workspace(store: Store, workspace_id: str) -> None:
    """Delete every call of a workspace, and queue the vendor's copies."""
    await _delete_calls(store, CallRow.workspace_id == workspace_id)


async def delete_agent(store: Store, workspace_id: str, persona_id: UUID) -> None:
    """Delete the row of a persona's agent, and what tells which agents spoke as it."""
    for table in (AgentRow, AgentRevisionRow):
        await delete_rows(
            store, table, table.workspace_id == workspace_id, table.persona_id == persona_id
        )


async def delete_agents_of_workspace(store: Store, workspace_id: str) -> None:
    """Delete the rows of all agents of a workspace, and what tells as whom they spoke."""
    for table in (AgentRow, AgentRevisionRow):
        await delete_rows(store, table, table.workspace_id == workspace_id)


async def delete_speech_of_persona(store: Store, workspace_id: str, persona_id: UUID) -> None:
    """Delete what is kept of what a persona has spoken, and what that has cost."""
    for table in _OF_SPEECH:
        await delete_rows(
            store, table, table.workspace_id == workspace_id, table.persona_id == persona_id
        )


async def delete_speech_of_workspace(store: Store, workspace_id: str) -> None:
    """Delete what is kept of what was spoken in a workspace, and what that has cost."""
    for table in _OF_SPEECH:
        await delete_rows(store, table, table.workspace_id == workspace_id)


async def _delete_calls(store: Store, *conditions: ColumnElement[bool]) -> None:
    some = (
        select(CallRow.call_id)
        .where(*conditions)
        .order_by(CallRow.call_id)
        .limit(BATCH)
        .with_for_update()
    )
    statement = (
        delete(CallRow)
        .where(CallRow.call_id.in_(some))
        .returning(CallRow.workspace_id, CallRow.persona_id, CallRow.conversation_id)
        .execution_options(synchronize_session=False)
    )
    while True:
        async with store.worker() as session:
            deleted = [
                VendorCall(
                    workspace_id=workspace_id,
                    persona_id=persona_id,
                    conversation_id=conversation_id,
                )
                for workspace_id, persona_id, conversation_id in await session.execute(statement)
            ]
            await conversation_removals.queue(session, deleted)
            crash_point("erase-before-commit")
        crash_point("erase-after-commit")
        if len(deleted) < BATCH:
            return
