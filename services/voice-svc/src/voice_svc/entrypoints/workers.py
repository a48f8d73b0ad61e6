"""The pools: agents are brought into step, what is to be erased goes; what runs beside them."""

from functools import partial
from typing import Any, NoReturn

from service_kit.erasure import erasing_pool
from service_kit.repeating import repeat
from service_kit.service import Background
from service_kit.work import WorkPool
from structlog import get_logger

from voice_svc.adapters import conversation_removals
from voice_svc.adapters.agents import LEASES
from voice_svc.deps import VoiceDeps
from voice_svc.usecases.delete_conversation import DeleteConversation
from voice_svc.usecases.erase_at_vendor import EraseAtVendor
from voice_svc.usecases.erase_lead import erase_lead
from voice_svc.usecases.erase_persona import erase_persona
from voice_svc.usecases.erase_workspace import erase_workspace
from voice_svc.usecases.reconcile_agent import AgentTimes, ReconcileAgent

PRUNE_SECONDS = 600.0
REMOVALS_AT_ONCE = 2

log = get_logger(__name__)


def pools(deps: VoiceDeps) -> list[WorkPool[Any]]:
    """Return the pools: several replicas share what is to be done."""
    settings = deps.settings
    vendor = EraseAtVendor(
        store=deps.store,
        agents=deps.agents,
        conversations=deps.conversations,
        public_url=settings.public_url,
    )
    times = AgentTimes(
        settle_seconds=settings.settle_seconds,
        resync_seconds=settings.resync_seconds,
        retry_delays_seconds=settings.retry_delays_seconds,
    )
    return [
        WorkPool(
            deps.store,
            LEASES,
            ReconcileAgent(deps.roster, deps.agents, deps.choose_voice, deps.agent_defaults, times),
            concurrency=settings.agent_concurrency,
            retry_delays=settings.retry_delays_seconds,
        ),
        erasing_pool(
            deps.store,
            persona=partial(erase_persona, deps.store, vendor),
            lead=partial(erase_lead, deps.store),
            workspace=partial(erase_workspace, deps.store, vendor),
        ),
        WorkPool(
            deps.store,
            conversation_removals.LEASES,
            DeleteConversation(deps.conversations),
            concurrency=REMOVALS_AT_ONCE,
            retry_delays=settings.retry_delays_seconds,
        ),
    ]


def background(deps: VoiceDeps) -> list[Background]:
    """Return what keeps the audio in its bounds."""
    return [partial(keep_audio, deps)]


async def keep_audio(deps: VoiceDeps) -> NoReturn:
    """Delete, now and then, audio that is too old or too much; at the end, leave the vendor."""

    async def prune() -> None:
        async with deps.store.worker() as session:
            await deps.speak.cache.prune(session)

    try:
        await repeat(prune, PRUNE_SECONDS, failed="audio.not_pruned")
    finally:
        await deps.vendor.close()
