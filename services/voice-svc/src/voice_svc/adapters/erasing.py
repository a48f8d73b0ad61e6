"""What is erased of a lead, a persona or a workspace."""

from datetime import datetime
from uuid import UUID

from service_kit.erasure import delete_rows
from service_kit.store import Store

from voice_svc.adapters.tables import (
    AgentRevisionRow,
    AgentRow,
    AudioRow,
    CallRow,
    SpeechUsageRow,
    VoiceReplacementRow,
)

_OF_SPEECH = (AudioRow, SpeechUsageRow, VoiceReplacementRow)


async def delete_calls_of_lead(
    store: Store, workspace_id: str, lead_id: str, before: datetime
) -> None:
    """Delete the calls of a lead that began up to `before`."""
    await delete_rows(
        store,
        CallRow,
        CallRow.workspace_id == workspace_id,
        CallRow.lead_id == lead_id,
        CallRow.started_at <= before,
    )


async def delete_calls_of_persona(store: Store, workspace_id: str, persona_id: UUID) -> None:
    """Delete every call of a persona, and what tells which agents spoke as it."""
    for table in (CallRow, AgentRevisionRow):
        await delete_rows(
            store, table, table.workspace_id == workspace_id, table.persona_id == persona_id
        )


async def delete_agent(store: Store, workspace_id: str, persona_id: UUID) -> None:
    """Delete the row of a persona's agent."""
    await delete_rows(
        store, AgentRow, AgentRow.workspace_id == workspace_id, AgentRow.persona_id == persona_id
    )


async def delete_speech_of_persona(store: Store, workspace_id: str, persona_id: UUID) -> None:
    """Delete what is kept of what a persona has spoken, and what that has cost."""
    for table in _OF_SPEECH:
        await delete_rows(
            store, table, table.workspace_id == workspace_id, table.persona_id == persona_id
        )


async def delete_workspace(store: Store, workspace_id: str) -> None:
    """Delete every row of a workspace."""
    for table in (AgentRow, CallRow, AgentRevisionRow, *_OF_SPEECH):
        await delete_rows(store, table, table.workspace_id == workspace_id)
