"""Give every workspace that has no persona a default one: the backfill (A15, X6)."""

from service_kit.store import Store

from persona_svc.adapters import workspaces
from persona_svc.usecases.begin_change import SYSTEM, begin_change
from persona_svc.usecases.ensure_default import ensure_default


async def ensure_all_defaults(store: Store) -> int:
    """Return how many workspaces got their default persona, made from their legacy settings.

    Each workspace has its own transaction: run it again to finish what was interrupted.
    """
    async with store.worker() as session:
        waiting = await workspaces.without_default_in_all_workspaces(session)
    made = 0
    for workspace_id in waiting:
        async with store.worker() as session:
            _, created = await ensure_default(await begin_change(session, workspace_id, SYSTEM))
        made += created
    return made
