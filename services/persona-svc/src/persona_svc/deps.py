"""What routes, handlers and workers are given."""

from dataclasses import dataclass
from datetime import timedelta

from service_kit.service import Service
from service_kit.store import Store

from persona_svc.adapters.nats_persona_users import NatsPersonaUsers
from persona_svc.settings import PersonaSettings
from persona_svc.usecases.ports import PersonaUsers


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaDeps:
    """The parts of this service."""

    store: Store
    persona_users: PersonaUsers
    retention: timedelta
    """How long a deleted persona can be undeleted."""
    pepper: bytes
    """What API keys are hashed with."""


def build(service: Service, settings: PersonaSettings) -> PersonaDeps:
    """Return the parts; nothing is connected yet."""
    return PersonaDeps(
        store=service.store,
        persona_users=NatsPersonaUsers(service.broker.publishing),
        retention=settings.retention,
        pepper=settings.api_key_pepper.get_secret_value().encode(),
    )
