"""The pools: what is to be erased goes."""

from functools import partial
from typing import Any

from service_kit.erasure import erasing_pool
from service_kit.work import WorkPool

from voice_svc.deps import VoiceDeps
from voice_svc.usecases.erase_lead import erase_lead
from voice_svc.usecases.erase_persona import erase_persona
from voice_svc.usecases.erase_workspace import erase_workspace


def pools(deps: VoiceDeps) -> list[WorkPool[Any]]:
    """Return the pools: several replicas share what is to be done."""
    return [
        erasing_pool(
            deps.store,
            persona=partial(erase_persona, deps.store),
            lead=partial(erase_lead, deps.store),
            workspace=partial(erase_workspace, deps.store),
        )
    ]
