"""Agents, tools and secrets as ElevenLabs takes and gives them."""

from dataclasses import fields, replace

import pytest
from elevenlabs_clients import client
from pydantic import ValidationError
from service_devkit.vendors.elevenlabs.voices import DEFAULT_VOICE_ID
from voice_svc.adapters.elevenlabs.agents import ElevenLabsAgents
from voice_svc.domain.agent_spec import AgentSpec, AgentVoice, SecretSpec, ToolSpec
from voice_svc.domain.provider import (
    ProviderAmbiguousError,
    ProviderBusyError,
    ProviderNotConfiguredError,
    ProviderQuotaError,
    ProviderRefusedError,
    ProviderThingNotFoundError,
    ProviderUnauthorizedError,
    ProviderUnavailableError,
)

pytestmark = pytest.mark.processes
CREATE = "POST /v1/convai/agents/create"
GET = "GET /v1/convai/agents/{agent_id}"


def a_spec(**changes):
    spec = AgentSpec(
        name="Nova",
        tags=("persona:1", "workspace:w1"),
        prompt="You are Nova. Talk to {{lead_name}}.",
        first_message="Hello {{lead_name}}",
        language="en",
        llm="gemini-2.5-flash",
        temperature=0.3,
        voice=AgentVoice(voice_id=DEFAULT_VOICE_ID, stability=0.4, similarity_boost=0.7, speed=1.1),
        dynamic_variables={"lead_name": "there"},
        turn_timeout_seconds=8,
        max_duration_seconds=300,
        retention_days=30,
        record_voice=False,
        post_call_webhook_id="webhook_1",
    )
    return replace(spec, **changes)


def a_tool(secret_id, persona_id="1"):
    return ToolSpec(
        name="query_persona_knowledge",
        description="Looks the answer up.",
        url=f"https://voice.example/elevenlabs/function-call/{persona_id}",
        secret_id=secret_id,
        response_timeout_seconds=10,
    )


async def listed(things):
    return [thing async for thing in things]


async def test_what_is_set_of_an_agent_is_read_back_field_by_field(vendor, agents):
    secret_id = await agents.create_secret(SecretSpec(name="persona:1", value="s3cret"))
    tool_id = await agents.create_tool(a_tool(secret_id))
    spec = a_spec(tool_ids=(tool_id,))
    agent_id = await agents.create_agent(spec)
    observed = await agents.get_agent(agent_id)
    assert observed.agent_id == agent_id
    assert observed.spec == spec
    assert vendor.state()["violations"] == []
    assert vendor.state()["agents"][agent_id]["conversation_config"]["tts"]["voice_id"] == (
        DEFAULT_VOICE_ID
    )


@pytest.mark.parametrize("field", [field.name for field in fields(AgentSpec)])
async def test_each_field_of_an_agent_can_be_changed_in_one_request(vendor, agents, field):
    changes = {
        "name": "Nova Lind",
        "tags": ("persona:2",),
        "prompt": "Other",
        "first_message": "",
        "language": "de",
        "llm": "gpt-4o",
        "temperature": 0.0,
        "voice": AgentVoice(voice_id="voice0000000000000001", stability=0, speed=0.7),
        "tool_ids": (),
        "dynamic_variables": {"company": "Northwind"},
        "turn_timeout_seconds": 3.0,
        "max_duration_seconds": 60,
        "retention_days": 0,
        "record_voice": True,
        "post_call_webhook_id": None,
    }
    secret_id = await agents.create_secret(SecretSpec(name="persona:1", value="s3cret"))
    before = a_spec(tool_ids=(await agents.create_tool(a_tool(secret_id)),))
    agent_id = await agents.create_agent(before)
    vendor.forget_counts()
    after = replace(before, **{field: changes[field]})
    await agents.update_agent(agent_id, after)
    assert sum(vendor.state()["requests"].values()) == 1
    assert (await agents.get_agent(agent_id)).spec == after
    assert vendor.state()["violations"] == []


async def test_a_field_that_the_vendor_does_not_keep_is_seen(vendor, agents):
    vendor.behave(forgets=["conversation_config.tts.speed"])
    agent_id = await agents.create_agent(a_spec())
    assert (await agents.get_agent(agent_id)).spec.voice.speed == 1.0


@pytest.mark.parametrize(
    ("language", "model"), [("en", "eleven_flash_v2"), ("sv", "eleven_flash_v2_5")]
)
async def test_the_model_goes_by_the_language(vendor, agents, language, model):
    agent_id = await agents.create_agent(a_spec(language=language))
    config = vendor.state()["agents"][agent_id]["conversation_config"]
    assert config["tts"]["model_id"] == model


@pytest.mark.parametrize(
    "voice", [{"stability": 50}, {"speed": 2}, {"similarity_boost": -0.1}, {"voice_id": ""}]
)
async def test_what_is_out_of_range_is_refused_before_the_vendor_is_asked(vendor, agents, voice):
    spec = a_spec(voice=replace(a_spec().voice, **voice))
    with pytest.raises(ValidationError):
        await agents.create_agent(spec)
    assert vendor.state()["requests"] == {}


async def test_a_tool_has_its_secret_as_a_reference_and_a_url_of_its_own(vendor, agents):
    secret_id = await agents.create_secret(SecretSpec(name="persona:7", value="s3cret"))
    tool_id = await agents.create_tool(a_tool(secret_id, "7"))
    assert (await agents.get_tool(tool_id)).spec == a_tool(secret_id, "7")
    assert [each.tool_id for each in await listed(agents.tools(a_tool("", "7").url))] == [tool_id]
    assert "s3cret" not in str(vendor.state()["tools"])
    other = replace(a_tool(secret_id, "7"), description="Another", response_timeout_seconds=5)
    await agents.update_tool(tool_id, other)
    assert (await agents.get_tool(tool_id)).spec == other
    assert vendor.state()["violations"] == []


async def test_secrets_are_found_by_name_and_can_be_replaced(vendor, agents):
    secret_id = await agents.create_secret(SecretSpec(name="persona:8", value="one"))
    assert [each.secret_id for each in await listed(agents.secrets("persona:8"))] == [secret_id]
    await agents.update_secret(secret_id, SecretSpec(name="persona:8", value="two"))
    assert vendor.state()["secrets"][secret_id]["value"] == "two"


def test_a_secret_is_not_shown():
    assert "s3cret" not in repr(SecretSpec(name="persona:1", value="s3cret"))


async def test_lists_are_read_to_their_last_page(vendor, agents):
    made = {await agents.create_agent(a_spec(tags=("persona:many",))) for _ in range(205)}
    vendor.forget_counts()
    found = await listed(agents.agents("persona:many"))
    assert {each.agent_id for each in found} == made
    assert vendor.state()["requests"]["GET /v1/convai/agents"] == 3
    assert await listed(agents.agents("persona:nobody")) == []


async def test_what_is_deleted_is_gone_and_deleting_it_again_is_no_error(vendor, agents):
    secret_id = await agents.create_secret(SecretSpec(name="persona:9", value="s"))
    tool_id = await agents.create_tool(a_tool(secret_id, "9"))
    agent_id = await agents.create_agent(a_spec(tool_ids=(tool_id,)))
    for _ in range(2):
        await agents.delete_agent(agent_id)
        await agents.delete_tool(tool_id)
        await agents.delete_secret(secret_id)
    state = vendor.state()
    assert agent_id not in state["agents"]
    assert tool_id not in state["tools"]
    assert secret_id not in state["secrets"]


async def test_a_tool_is_deleted_though_an_agent_names_it(vendor, agents):
    secret_id = await agents.create_secret(SecretSpec(name="persona:9", value="s"))
    tool_id = await agents.create_tool(a_tool(secret_id, "9"))
    await agents.create_agent(a_spec(tool_ids=(tool_id,)))
    await agents.delete_tool(tool_id)
    assert tool_id not in vendor.state()["tools"]


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (
            {"status": 400, "code": "bad", "message": "No\nsuch llm"},
            ProviderRefusedError,
            "No such",
        ),
        ({"status": 401, "code": "invalid_api_key"}, ProviderUnauthorizedError, "401"),
        ({"status": 401, "code": "quota_exceeded"}, ProviderQuotaError, "401"),
        ({"status": 400, "code": "quota_exceeded"}, ProviderQuotaError, "400"),
        ({"status": 429, "code": "system_busy"}, ProviderBusyError, "429"),
        ({"status": 503, "code": "system_busy"}, ProviderBusyError, "503"),
        ({"status": 429, "code": "too_many_concurrent_requests"}, ProviderBusyError, "429"),
        ({"status": 500}, ProviderAmbiguousError, "500"),
        ({"status": 408}, ProviderAmbiguousError, "408"),
    ],
)
async def test_each_answer_of_the_vendor_has_its_error_and_is_not_repeated(
    vendor, agents, fault, error, words
):
    vendor.fail({"operation": CREATE, **fault})
    with pytest.raises(error, match=words) as raised:
        await agents.create_agent(a_spec())
    assert raised.type is error
    assert vendor.state()["requests"] == {CREATE: 1}


async def test_a_refusal_names_the_field(agents):
    with pytest.raises(ProviderRefusedError, match="nobody was not found"):
        await agents.create_agent(a_spec(voice=AgentVoice(voice_id="nobody")))


async def test_the_vendors_wait_is_told(vendor, agents):
    vendor.fail({"operation": CREATE, "status": 429, "retry_after_seconds": 7})
    with pytest.raises(ProviderBusyError) as raised:
        await agents.create_agent(a_spec())
    assert raised.value.extra["retry_after_seconds"] == 7


@pytest.mark.parametrize(
    "fault", [{"kind": "hang"}, {"kind": "half"}, {"kind": "status"}], ids=lambda each: each["kind"]
)
async def test_what_may_have_been_done_is_ambiguous_and_can_be_found_by_its_tag(
    vendor, hasty, fault
):
    agents = ElevenLabsAgents(hasty)
    tag = f"persona:{fault['kind']}"
    vendor.fail({"operation": CREATE, "after": True, "times": 1, **fault})
    with pytest.raises(ProviderAmbiguousError):
        await agents.create_agent(a_spec(tags=(tag,)))
    assert len(await listed(agents.agents(tag))) == 1


@pytest.mark.parametrize("kind", ["hang", "half", "status"])
async def test_a_read_that_fails_has_done_nothing(vendor, hasty, kind):
    agent_id = await ElevenLabsAgents(hasty).create_agent(a_spec())
    vendor.fail({"operation": GET, "kind": kind})
    with pytest.raises(ProviderUnavailableError) as raised:
        await ElevenLabsAgents(hasty).get_agent(agent_id)
    assert raised.type is ProviderUnavailableError


async def test_an_agent_that_is_gone_is_told(vendor, agents):
    agent_id = await agents.create_agent(a_spec())
    vendor.delete("agents", agent_id)
    with pytest.raises(ProviderThingNotFoundError):
        await agents.get_agent(agent_id)
    with pytest.raises(ProviderThingNotFoundError):
        await agents.update_agent(agent_id, a_spec())


async def test_a_vendor_out_of_reach_has_done_nothing(vendor):
    elevenlabs = client(vendor)
    elevenlabs.base_url = "http://127.0.0.1:1"
    with pytest.raises(ProviderUnavailableError) as raised:
        await ElevenLabsAgents(elevenlabs).create_agent(a_spec())
    assert raised.type is ProviderUnavailableError
    await elevenlabs.close()


async def test_a_wrong_key_is_told_and_not_shown(vendor):
    elevenlabs = client(vendor, key="wrong-key")
    with pytest.raises(ProviderUnauthorizedError) as raised:
        await ElevenLabsAgents(elevenlabs).create_agent(a_spec())
    assert "wrong-key" not in str(raised.value)
    assert "wrong-key" not in repr(elevenlabs)
    await elevenlabs.close()


async def test_without_a_key_nothing_is_loaded_or_asked(vendor):
    elevenlabs = client(vendor, key=None)
    with pytest.raises(ProviderNotConfiguredError, match="ELEVENLABS_API_KEY"):
        await ElevenLabsAgents(elevenlabs).create_agent(a_spec())
    assert vendor.state()["requests"] == {}
