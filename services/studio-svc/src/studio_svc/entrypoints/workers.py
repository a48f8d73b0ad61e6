"""The pool that erases, and what runs beside it."""

import asyncio
from functools import partial
from typing import Any

from service_kit.erasure import erasing_pool
from service_kit.repeating import repeat
from service_kit.service import Background
from service_kit.work import WorkPool

from studio_svc.deps import StudioDeps
from studio_svc.usecases.erase_workspace import erase_workspace
from studio_svc.usecases.forget_sessions import forget_sessions

FORGET_SECONDS = 3_600.0


def pools(deps: StudioDeps) -> list[WorkPool[Any]]:
    """Return the pool that erases."""
    return [erasing_pool(deps.store, workspace=partial(erase_workspace, deps.store))]


def background(deps: StudioDeps) -> list[Background]:
    """Return what forgets, what hears of changes, and what ends with the process."""
    forget = partial(forget_sessions, deps.store)
    return [
        partial(repeat, forget, FORGET_SECONDS, failed="sessions.not_forgotten"),
        deps.hear_changes.run,
        partial(end_streams, deps),
        partial(keep_connected, deps),
    ]


async def end_streams(deps: StudioDeps) -> None:
    """Let the browsers go when the process is asked to end: they come back to another."""
    await deps.stopping.wait()
    deps.changes.end()


async def keep_connected(deps: StudioDeps) -> None:
    """Close the connections to the services when the process ends."""
    try:
        await asyncio.Event().wait()
    finally:
        await deps.services.close()
        if deps.oidc is not None:
            await deps.oidc.close()
