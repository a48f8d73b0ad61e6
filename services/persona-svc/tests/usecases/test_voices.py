"""A persona's voice: how it sounds, whether it has an agent, and who asked for one."""

from datetime import timedelta
from uuid import uuid4

import pytest
from persona_contracts import Received, VoiceSetupRequestedV1
from persona_svc.adapters import personas
from persona_svc.domain.persona import InvalidPersonaError, PersonaFields
from persona_svc.usecases.create_persona import create_persona
from persona_svc.usecases.set_up_voices import set_up_voices
from persona_svc.usecases.update_persona import update_persona
from persona_svc.usecases.update_voice import update_voice
from service_devkit.testing.rollback import as_worker, published
from service_kit.call_variables import UnknownVariableError
from service_kit.clock import utc_now

SARAH = {"provider": "elevenlabs", "voice_id": "sarah", "settings": {"stability": 0.4}}


@pytest.fixture
def create(begin):
    async def created(name="Anna", **values):
        return await create_persona(
            await begin(), PersonaFields.from_dict({"name": name, **values})
        )

    return created


@pytest.fixture
def voice_of(session, workspace_id):
    async def found(persona):
        return (await personas.get_compiled(session, workspace_id, persona.persona_id)).voice

    return found


@pytest.fixture
def ask(session, workspace_id):
    """Return a function that hands over requests for agents, oldest first."""

    async def asked(*requests):
        batch = [
            Received(
                event=VoiceSetupRequestedV1(
                    workspace_id=workspace_id,
                    occurred_at=utc_now() + timedelta(milliseconds=number),
                    persona_id=persona_id,
                    enabled=enabled,
                    requested_by="ann",
                ),
                event_id=str(uuid4()),
                source="urn:dramatis:voice-svc",
            )
            for number, (persona_id, enabled) in enumerate(requests)
        ]
        async with as_worker(session):
            await set_up_voices(session, batch)

    return asked


async def test_at_first_a_persona_has_no_agent(create, voice_of):
    assert (await voice_of(await create(voice=SARAH))).enabled is False


async def test_a_request_gives_an_agent_once_and_takes_it(session, create, voice_of, ask):
    anna = await create(voice=SARAH)
    await ask((anna.persona_id, True), (anna.persona_id, True))
    assert (await voice_of(anna)).enabled is True
    told = [item for item in await published(session) if item[0].startswith("persona.updated")]
    assert len(told) == 1
    await ask((anna.persona_id, True), (anna.persona_id, False), (anna.persona_id, False))
    voice = await voice_of(anna)
    assert (voice.enabled, voice.voice_id, voice.settings.stability) == (False, "sarah", 0.4)


async def test_a_request_for_nobody_changes_nothing(ask, session):
    before = len(await published(session))
    await ask((uuid4(), True))
    assert len(await published(session)) == before


async def test_a_persona_without_a_voice_can_have_an_agent(create, voice_of, ask):
    anna = await create()
    await ask((anna.persona_id, True))
    voice = await voice_of(anna)
    assert (voice.provider, voice.voice_id, voice.enabled) == ("elevenlabs", None, True)


async def test_a_child_sounds_like_its_parent_and_has_no_agent_of_it(create, voice_of, ask):
    parent = await create("Parent", voice={**SARAH, "enabled": True, "fallback_voice_ids": ["x"]})
    child = await create("Child", parent_id=str(parent.persona_id))
    voice = await voice_of(child)
    assert (voice.voice_id, voice.enabled, voice.fallback_voice_ids) == ("sarah", False, ("x",))
    await ask((child.persona_id, True))
    voice = await voice_of(child)
    assert (voice.voice_id, voice.enabled, voice.settings.stability) == ("sarah", True, 0.4)


async def test_settings_change_alone_and_the_rest_of_the_voice_stays(begin, create, voice_of):
    anna = await create(voice={**SARAH, "enabled": True})
    await update_voice(
        await begin(), anna, {"settings": {"speed": 1.1}, "fallback_voice_ids": ["a", "b", "a"]}
    )
    voice = await voice_of(anna)
    assert (voice.settings.stability, voice.settings.speed) == (0.4, 1.1)
    assert (voice.enabled, voice.fallback_voice_ids) == (True, ("a", "b"))


@pytest.mark.parametrize(
    ("patch", "says"),
    [
        ({"settings": {"stability": 50}}, "scale is 0.0 to 1.0: write 0.5"),
        ({"settings": {"speed": 2}}, "scale is 0.7 to 1.2"),
        ({"settings": {"pitch": 1}}, "set speed"),
        ({"settings": {"loudness": 1}}, "is not known"),
        ({"fallback_voice_ids": list("abcdef")}, "name up to 5"),
        ({"fallback_voice_ids": [""]}, "is required"),
        ({"fallback_voice_ids": "abc"}, "must be a list"),
        ({"enabled": "yes"}, "must be true or false"),
    ],
)
async def test_what_breaks_a_rule_is_refused_and_says_the_rule(begin, create, patch, says):
    anna = await create(voice=SARAH)
    with pytest.raises(InvalidPersonaError, match=says):
        await update_voice(await begin(), anna, patch)


async def test_what_an_older_release_stored_is_read(begin, create):
    older = PersonaFields.from_dict({"name": "Anna", "voice": {**SARAH, "name": None}})
    assert older.voice is not None
    assert older.voice.as_dict() == {
        **SARAH,
        "name": None,
        "enabled": False,
        "fallback_voice_ids": [],
    }
    anna = await create(voice=SARAH)
    same = await update_persona(await begin(), anna, {"voice": {"enabled": False}})
    assert same.version == anna.version


ENABLED = {**SARAH, "enabled": True}


@pytest.mark.parametrize("field", ["tone", "goals", "service_description", "content"])
async def test_a_variable_that_no_call_fills_is_refused_of_who_talks(begin, create, field):
    with pytest.raises(UnknownVariableError, match=r"\{\{mood\}\}"):
        await create(voice=ENABLED, **{field: "Be {{ mood }}."})
    silent = await create("Silent", voice=SARAH, **{field: "Be {{mood}}."})
    with pytest.raises(UnknownVariableError, match=field):
        await update_voice(await begin(), silent, {"enabled": True})


async def test_what_a_call_brings_may_stand_in_the_texts_of_who_talks(create):
    await create(voice=ENABLED, content="Lead {{lead_id}}, at {{system__time_utc}}.")


async def test_an_ancestor_cannot_make_an_heir_speechless(begin, create):
    parent = await create("Parent", content="Calm.")
    await create("Child", voice=ENABLED, parent_id=str(parent.persona_id))
    with pytest.raises(UnknownVariableError, match="Child"):
        await update_persona(await begin(), parent, {"content": "{{mood}}"})


async def test_a_request_for_who_cannot_talk_changes_nothing(session, create, voice_of, ask):
    anna = await create(voice=SARAH, content="{{mood}}")
    await ask((anna.persona_id, True))
    assert (await voice_of(anna)).enabled is False
    found = await personas.find(session, anna.workspace_id, [anna.persona_id])
    assert found[anna.persona_id].version == anna.version
