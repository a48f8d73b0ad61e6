"""Personas to ask questions about."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from persona_svc.domain.persona import Persona, PersonaFields
from persona_svc.domain.voice import ModelSettings, Voice, VoiceSettings

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def make_persona() -> Callable[..., Persona]:
    """Return a builder: `make_persona("Name", parent=…, tone=…)`."""

    def make(
        name: str,
        *,
        parent: Persona | None = None,
        updated_at: datetime = NOON,
        persona_id: UUID | None = None,
        **fields: object,
    ) -> Persona:
        return Persona(
            persona_id=persona_id or uuid4(),
            workspace_id="acme",
            fields=PersonaFields(name=name, parent_id=parent and parent.persona_id, **fields),
            version=1,
            revision=1,
            created_by="ada",
            created_at=NOON,
            updated_at=updated_at,
        )

    return make


@pytest.fixture(scope="session")
def full_fields() -> dict[str, object]:
    """Return a value for every field but `name` and `parent_id`."""
    return {
        "persona_name": "Kim Lane",
        "display_name": "Kim L.",
        "description": "For enterprise.",
        "tone": "Kind",
        "greeting": "Hi {first_name},",
        "sms_greeting": "Hi!",
        "signature": "-- \nKim Lane\nCEO",
        "goals": "Meet",
        "service_description": "We mend bikes.",
        "content": "# Rules\n\n- Be short.",
        "is_active": False,
        "model": ModelSettings(name="large", temperature=0.2, max_tokens=500),
        "voice": Voice(provider="elevenlabs", voice_id="v1", settings=VoiceSettings(speed=1.1)),
        "language": "en-GB",
        "metadata": {"starter": "direct"},
    }
