"""Answers what uses a persona, before it is deleted: `rpc.persona.impact.v1.<service>`."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from persona_contracts import PersonaImpactV1, PersonaUse, PersonaUsesV1, impact_subject
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from service_kit.responder import Responder
from service_kit.store import Session, Store

log = get_logger(__name__)

FindUses = Callable[[Session, UUID], Awaitable[list[PersonaUse]]]
"""Returns what uses a persona in the session's workspace."""


def impact_responder(store: Store, find_uses: FindUses) -> Responder:
    """Return what answers for the service of `store`; an error is an answer, too."""

    async def answer(body: bytes) -> bytes:
        return (await _answer(body)).model_dump_json().encode()

    async def _answer(body: bytes) -> PersonaUsesV1:
        try:
            question = PersonaImpactV1.model_validate_json(body)
            async with store.workspace(question.workspace_id) as session:
                return PersonaUsesV1(uses=await find_uses(session, question.persona_id))
        except ValidationError:
            return PersonaUsesV1(error="invalid")
        except (SQLAlchemyError, OSError) as error:
            log.warning("impact.failed", reason=type(error).__name__)
            return PersonaUsesV1(error="database-unavailable")

    return Responder(impact_subject(store.role), store.role, answer)
