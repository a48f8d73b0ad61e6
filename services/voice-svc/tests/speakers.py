"""Personas that are to be heard, as persona-svc publishes them."""

from uuid import uuid4

from persona_contracts import (
    PersonaErasedV1,
    Prompts,
    ResolvedPersona,
    Voice,
    WorkspaceErasedV1,
    encode_headers,
    state_subject,
    subject_for,
)
from service_devkit.vendors.elevenlabs import KEY
from service_kit.clock import utc_now

SETTINGS = {"stability": 0.4, "similarity_boost": 0.7, "speed": 1.1}
SPEAKING = {
    "DRAMATIS_VOICE_ELEVENLABS_API_KEY": KEY,
    "DRAMATIS_VOICE_ELEVENLABS_FAKE": "true",
    "DRAMATIS_VOICE_VENDOR_TIMEOUT_SECONDS": "1",
    "DRAMATIS_VOICE_SPEECH_WAIT_SECONDS": "1",
    "DRAMATIS_VOICE_PERSONA_CHARACTERS_PER_MONTH": "20000",
    "DRAMATIS_VOICE_WORKSPACE_CHARACTERS_PER_MONTH": "30000",
}
SAY = "POST /v1/text-to-speech/{voice_id}/stream"


async def a_speaker(
    connection, workspace_id, *, voice_id="voice0000000000000001", fallbacks=(), **values
):
    """Publish a persona that has a voice; return it."""
    persona = ResolvedPersona.model_validate(
        {
            "persona_id": uuid4(),
            "name": "Nova",
            "prompts": Prompts(system="You are Nova.", rag="", user=""),
            "voice": Voice(
                provider="elevenlabs",
                voice_id=voice_id,
                settings=SETTINGS,
                fallback_voice_ids=list(fallbacks),
            ),
            "version": 1,
            "revision": 1,
            "updated_at": utc_now(),
            **values,
        }
    )
    subject = state_subject(workspace_id, "persona", str(persona.persona_id))
    await connection.jetstream().publish(subject, persona.model_dump_json().encode())
    return persona


def path(persona, last="stream"):
    return f"/api/personas/{persona.persona_id}/voice/{last}"


async def erase(connection, workspace_id, persona_id=None):
    """Publish that a persona, or the whole workspace, is to be forgotten."""
    told = {"workspace_id": workspace_id, "occurred_at": utc_now()}
    event = WorkspaceErasedV1(**told)
    if persona_id is not None:
        event = PersonaErasedV1(**told, persona_id=persona_id, revision=2)
    headers = encode_headers(
        event, event_id=str(uuid4()), source="urn:dramatis:persona-svc", time=event.occurred_at
    )
    body = event.model_dump_json().encode()
    await connection.jetstream().publish(subject_for(event), body, headers=headers)
