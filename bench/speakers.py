"""Personas that talk, as persona-svc tells of them, and the stand-in for the vendor's settings."""

from collections.abc import Mapping
from uuid import uuid4

from nats.js import JetStreamContext
from persona_contracts import (
    PersonaCreatedV1,
    ResolvedPersona,
    encode_headers,
    state_subject,
    subject_for,
)
from service_devkit.vendors.elevenlabs import FakeElevenLabs
from service_kit.clock import utc_now
from service_kit.ids import new_id

WORKSPACE = "bench"


def vendor_settings(fake: FakeElevenLabs) -> Mapping[str, str]:
    """Return what voice-svc is told of the vendor."""
    return {
        "DRAMATIS_VOICE_ELEVENLABS_API_KEY": fake.key,
        "DRAMATIS_VOICE_ELEVENLABS_BASE_URL": fake.url,
        "DRAMATIS_VOICE_ELEVENLABS_FAKE": "true",
        "DRAMATIS_VOICE_PERSONA_CHARACTERS_PER_MONTH": "100000000",
        "DRAMATIS_VOICE_WORKSPACE_CHARACTERS_PER_MONTH": "100000000",
    }


def a_persona(number: int) -> ResolvedPersona:
    """Return a persona that has a voice agent."""
    return ResolvedPersona.model_validate(
        {
            "persona_id": str(new_id()),
            "name": f"Persona {number}",
            "prompts": {"system": f"You are persona {number}.", "rag": "", "user": ""},
            "voice": {"provider": "elevenlabs", "enabled": True},
            "version": 1,
            "revision": number + 1,
            "updated_at": utc_now().isoformat(),
        }
    )


async def show(js: JetStreamContext, persona: ResolvedPersona) -> None:
    """Publish the persona's document."""
    subject = state_subject(WORKSPACE, "persona", str(persona.persona_id))
    await js.publish(subject, persona.model_dump_json().encode())


async def tell(js: JetStreamContext, persona: ResolvedPersona) -> None:
    """Publish that the persona was made."""
    event = PersonaCreatedV1(
        workspace_id=WORKSPACE,
        occurred_at=utc_now(),
        persona=persona,
        version=1,
        revision=persona.revision,
        changed_by="bench",
    )
    headers = encode_headers(
        event, event_id=str(uuid4()), source="urn:dramatis:persona-svc", time=event.occurred_at
    )
    await js.publish(subject_for(event), event.model_dump_json().encode(), headers=headers)
