"""The archetypes that ship with the service."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from persona_svc.adapters.starters import Starter, starters
from persona_svc.domain.compiled import compile_persona
from persona_svc.domain.markdown import from_markdown, to_markdown
from persona_svc.domain.persona import Persona
from service_kit.names import name_key

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_four_archetypes_are_there() -> None:
    assert list(starters()) == [
        "casual-friendly",
        "consultative-educational",
        "direct-aggressive",
        "formal-professional",
    ]
    names = {name_key(starter.persona.fields.name) for starter in starters().values()}
    assert len(names) == 4


@pytest.mark.parametrize("starter", starters().values(), ids=lambda starter: starter.starter_id)
def test_a_starter_is_a_complete_voice_and_no_real_person(starter: Starter) -> None:
    fields = starter.persona.fields
    assert fields.description
    assert all((fields.tone, fields.greeting, fields.sms_greeting, fields.goals, fields.content))
    assert (fields.persona_name, fields.signature) == ("Customer team", None)
    assert (starter.persona.parent_name, fields.parent_id) == (None, None)


@pytest.mark.parametrize("starter", starters().values(), ids=lambda starter: starter.starter_id)
def test_a_starter_says_which_one_it_is(starter: Starter) -> None:
    assert dict(starter.persona.fields.metadata) == {
        "starter": starter.starter_id,
        "starter_version": 1,
    }


@pytest.mark.parametrize("starter", starters().values(), ids=lambda starter: starter.starter_id)
def test_a_starter_survives_export_and_is_short(starter: Starter) -> None:
    assert from_markdown(to_markdown(starter.persona)) == starter.persona
    persona = Persona(
        persona_id=uuid4(),
        workspace_id="acme",
        fields=starter.persona.fields,
        version=1,
        revision=1,
        created_by="ada",
        created_at=NOON,
        updated_at=NOON,
    )
    assert sum(compile_persona((persona,)).tokens.values()) < 800
