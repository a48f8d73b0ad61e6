"""Erase what is kept of a user."""

from collections.abc import Awaitable, Callable

from service_kit.erasure import erase_traces
from service_kit.store import Session, Store

from chat_svc.adapters.erasing import delete_user, ids_of_user


async def erase_user(
    store: Store,
    workspace_id: str,
    user_id: str,
    record: Callable[[Session], Awaitable[None]],
) -> None:
    """Delete a user's conversations, also those that the user deleted, and the events about them.

    `record` tells who does this, in the first transaction. What was cut short is done by the next
    call.
    """
    async with store.worker() as session:
        await record(session)
        found = await ids_of_user(session, workspace_id, user_id)
        await erase_traces(session, workspace_id, [user_id, *map(str, found)])
    await delete_user(store, workspace_id, user_id)
