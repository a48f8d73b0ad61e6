"""What is erased of a workspace."""

from service_kit.erasure import delete_rows
from service_kit.store import Store

from voice_svc.adapters.tables import AgentRow


async def delete_workspace(store: Store, workspace_id: str) -> None:
    """Delete every row of a workspace."""
    await delete_rows(store, AgentRow, AgentRow.workspace_id == workspace_id)
