"""The pool that erases."""

from functools import partial

from service_kit.erasure import ErasureRow, erasing_pool
from service_kit.work import WorkPool

from persona_svc.deps import PersonaDeps
from persona_svc.usecases.erase_lead import erase_lead
from persona_svc.usecases.erase_persona import erase_persona
from persona_svc.usecases.erase_workspace import erase_workspace


def pools(deps: PersonaDeps) -> list[WorkPool[ErasureRow]]:
    """Return the pool."""
    return [
        erasing_pool(
            deps.store,
            persona=partial(erase_persona, deps.store),
            lead=partial(erase_lead, deps.store),
            workspace=partial(erase_workspace, deps.store),
        )
    ]
