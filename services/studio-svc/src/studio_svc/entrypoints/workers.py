"""The pool that erases, and what runs beside it."""

import asyncio
from functools import partial
from typing import Any, NoReturn

from service_kit.erasure import erasing_pool
from service_kit.service import Background
from service_kit.work import WorkPool
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from studio_svc.deps import StudioDeps
from studio_svc.usecases.erase_workspace import erase_workspace
from studio_svc.usecases.forget_sessions import forget_sessions

FORGET_SECONDS = 3_600.0

log = get_logger(__name__)


def pools(deps: StudioDeps) -> list[WorkPool[Any]]:
    """Return the pool that erases."""
    return [erasing_pool(deps.store, workspace=partial(erase_workspace, deps.store))]


def background(deps: StudioDeps) -> list[Background]:
    """Return what forgets, what hears of changes, and what ends with the process."""
    return [
        partial(keep_forgetting, deps),
        deps.hear_changes.run,
        partial(end_streams, deps),
        partial(keep_connected, deps),
    ]


async def keep_forgetting(deps: StudioDeps) -> NoReturn:
    """Forget, now and each FORGET_SECONDS, the sessions that are over."""
    while True:
        try:
            await forget_sessions(deps.store)
        except (SQLAlchemyError, OSError) as error:
            log.warning("sessions.not_forgotten", reason=type(error).__name__)
        await asyncio.sleep(FORGET_SECONDS)


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
