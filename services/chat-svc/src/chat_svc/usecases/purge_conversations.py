"""Delete for good what users deleted."""

from datetime import timedelta
from typing import Final

from service_kit.store import Store

from chat_svc.adapters.erasing import delete_hidden

KEPT: Final = timedelta(days=30)
"""How long a deleted conversation stays hidden in the store."""


async def purge_conversations(store: Store) -> None:
    """Delete the conversations that were deleted longer ago than KEPT, in all workspaces."""
    await delete_hidden(store, KEPT)
