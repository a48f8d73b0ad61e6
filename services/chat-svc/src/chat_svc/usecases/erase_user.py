"""Erase what is kept of a user."""

from service_kit.erasure import erase_traces
from service_kit.store import Store

from chat_svc.adapters.erasing import delete_user, ids_of_user


async def erase_user(store: Store, workspace_id: str, user_id: str) -> None:
    """Delete a user's conversations, also those that the user deleted, and the events about them.

    What was cut short is done by the next call.
    """
    async with store.worker() as session:
        found = await ids_of_user(session, workspace_id, user_id)
        await erase_traces(session, workspace_id, [user_id, *map(str, found)])
    await delete_user(store, workspace_id, user_id)
