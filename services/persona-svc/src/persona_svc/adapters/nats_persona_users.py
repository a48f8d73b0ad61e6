"""Asks the other services what uses a persona: `rpc.persona.impact.v1.<service>` (events.md §3)."""

import asyncio
from uuid import UUID

from nats.aio.client import Client
from nats.errors import Error as NatsError
from persona_contracts import (
    PERSONA_IMPACT_TIMEOUT_SECONDS,
    PersonaImpactV1,
    PersonaUsesV1,
    impact_subject,
)
from pydantic import ValidationError
from structlog import get_logger

from persona_svc.domain.impact import MAX_NAMES, Use, Uses

SERVICES = ("followup", "ingest", "voice")

log = get_logger(__name__)


class NatsPersonaUsers:
    """Questions over request/reply, side by side; a service that does not answer is unknown."""

    def __init__(self, connection: Client) -> None:
        self._connection = connection

    async def uses(self, workspace_id: str, persona_id: UUID) -> dict[str, Uses | None]:
        """Return what uses the persona in each service; None for one that did not answer."""
        question = PersonaImpactV1(workspace_id=workspace_id, persona_id=persona_id)
        body = question.model_dump_json().encode()
        answers = await asyncio.gather(*(self._ask(service, body) for service in SERVICES))
        return dict(zip(SERVICES, answers, strict=True))

    async def _ask(self, service: str, body: bytes) -> Uses | None:
        try:
            answer = await self._connection.request(
                impact_subject(service), body, timeout=PERSONA_IMPACT_TIMEOUT_SECONDS
            )
            found = PersonaUsesV1.model_validate_json(answer.data)
        except (NatsError, TimeoutError, ValidationError) as error:
            log.info("impact.unknown", service=service, reason=type(error).__name__)
            return None
        if found.error is not None:
            log.info("impact.unknown", service=service, reason=found.error)
            return None
        return tuple(
            Use(kind=use.kind, count=use.count, names=tuple(use.names[:MAX_NAMES]))
            for use in found.uses
        )
