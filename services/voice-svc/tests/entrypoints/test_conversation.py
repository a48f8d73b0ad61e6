"""A whole call: an address, the greeting, a question, the tool, a cited answer, the record."""

import hashlib
import json

import psycopg
import pytest
from calling import WEBHOOK_SECRET, Library, Phone, passage, persona
from elevenlabs_clients import client as provider
from service_devkit.testing.api import running, service_env
from service_devkit.testing.waiting import wait_until
from service_devkit.vendors.elevenlabs import KEY, FakeElevenLabs
from voice_svc.adapters.elevenlabs.agents import ElevenLabsAgents
from voice_svc.domain.agent_spec import AgentSpec, AgentVoice, SecretSpec, ToolSpec
from voice_svc.domain.agent_tool import TOOL_NAME
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

pytestmark = pytest.mark.processes
GREETING = "Hello, this is Nova. How can I help?"
SECRET = "secret-of-novas-tool"


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    with FakeElevenLabs(tmp_path_factory.mktemp("fake") / "fake.log") as started:
        yield started


@pytest.fixture(scope="module")
def api(voice_database, nats, fake, tmp_path_factory):
    folder = tmp_path_factory.mktemp("voice")
    env = service_env(
        folder,
        database_url=voice_database.login_url,
        nats_url=nats.url,
        more={
            "DRAMATIS_VOICE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "DRAMATIS_VOICE_ELEVENLABS_API_KEY": KEY,
            "DRAMATIS_VOICE_ELEVENLABS_BASE_URL": fake.url,
            "DRAMATIS_VOICE_ELEVENLABS_FAKE": "true",
        },
    )
    with running("voice_svc", folder, env) as started:
        fake.behave(
            post_call_url=f"{started.url}/elevenlabs/post-call", post_call_secret=WEBHOOK_SECRET
        )
        yield started


@pytest.fixture
async def phone(api, connection, workspace_id, voice_database):
    with psycopg.connect(voice_database.admin_url, autocommit=True) as rows:
        async with Library(connection).open() as library, api.client(workspace_id) as client:
            yield Phone(workspace_id, connection, client, rows, library)


@pytest.fixture
async def nova(phone, fake, api):
    """Return a persona whose agent and tool are at the provider."""
    who, _, _ = await phone.agent(persona(revision=3))
    vendor = provider(fake)
    agents = ElevenLabsAgents(vendor)
    secret_id = await agents.create_secret(SecretSpec(name="nova", value=SECRET))
    tool_id = await agents.create_tool(
        ToolSpec(
            name=TOOL_NAME,
            description="Look up what the company knows.",
            url=f"{api.url}/elevenlabs/function-call/{who.persona_id}",
            secret_id=secret_id,
            response_timeout_seconds=10,
        )
    )
    agent_id = await agents.create_agent(
        AgentSpec(
            name="Nova",
            tags=(f"persona:{who.persona_id}",),
            prompt="You are Nova.",
            first_message=GREETING,
            language="en",
            llm="gemini-2.5-flash",
            temperature=0.3,
            voice=AgentVoice(voice_id="EXAVITQu4vr4xnSDxMaL"),
            tool_ids=(tool_id,),
            turn_timeout_seconds=7,
            max_duration_seconds=600,
            retention_days=30,
        )
    )
    phone.rows.execute(
        "update agent set agent_id = %s, tool_secret_sha256 = %s where persona_id = %s",
        [agent_id, hashlib.sha256(SECRET.encode()).digest(), who.persona_id],
    )
    await vendor.close()
    phone.runs(agent_id, who, 3)
    return who


async def start(phone, who, **body):
    return await phone.client.post(f"/api/personas/{who.persona_id}/voice/session", json=body)


class Talk:
    """One side of a call, as a browser has it."""

    def __init__(self, socket):
        self.socket = socket

    async def until(self, kind):
        """Return the next message of a kind."""
        while True:
            message = json.loads(await self.socket.recv())
            if message["type"] == kind:
                return message

    async def begin(self, session):
        first = {
            "type": "conversation_initiation_client_data",
            "dynamic_variables": session["dynamic_variables"],
        }
        await self.socket.send(json.dumps(first))
        started = await self.until("conversation_initiation_metadata")
        return started["conversation_initiation_metadata_event"]["conversation_id"]

    async def hear(self):
        return (await self.until("agent_response"))["agent_response_event"]["agent_response"]

    async def ask(self, question):
        await self.socket.send(json.dumps({"type": "user_message", "text": question}))
        tool = await self.until("agent_tool_response")
        return tool["agent_tool_response"], await self.hear()


async def held(phone, nova, session):
    """Hold a call: a question that the documents answer, and one that they do not."""
    phone.library.put(
        phone.workspace_id,
        nova.persona_id,
        passage("A team of ten pays 490 EUR a month.", 3),
        passage("Teams may leave each month.", 7, "terms.pdf"),
    )
    async with connect(session["signed_url"]) as socket:
        talk = Talk(socket)
        conversation_id = await talk.begin(session)
        assert await talk.hear() == GREETING
        tool, told = await talk.ask("What does a team of ten pay?")
        assert (tool["tool_name"], tool["is_error"]) == (TOOL_NAME, False)
        assert "From prices.pdf, page 3: A team of ten pays 490 EUR a month." in told
        phone.library.shelves.clear()
        _, told = await talk.ask("Who won the cup in 1954?")
        assert "not in my documents" in told
    return conversation_id


async def test_a_call_from_its_address_to_its_record(phone, nova, fake):
    answer = await start(phone, nova, lead_id="lead-1")
    assert answer.status_code == 200
    session = answer.json()
    assert (session["revision"], session["dynamic_variables"]) == (3, {"lead_id": "lead-1"})
    assert [key for key in (KEY, SECRET) if key in answer.text] == []
    conversation_id = await held(phone, nova, session)

    async def recorded():
        return await phone.calls(lead_id="lead-1")

    (listed,) = await wait_until(recorded)
    call = (await phone.client.get(f"/api/calls/{listed['call_id']}")).json()
    assert call["conversation_id"] == conversation_id
    assert (call["persona_id"], call["revision"]) == (str(nova.persona_id), 3)
    roles = ["agent", "user", "agent", "user", "agent"]
    assert [turn["role"] for turn in call["transcript"]] == roles
    places = [("prices.pdf", 3), ("terms.pdf", 7)]
    assert [(c["source"], c["page"]) for c in call["citations"]] == places
    (event,) = await phone.told()
    assert event["conversation_id"] == conversation_id
    state = fake.state()
    assert (state["post_calls"][-1:], state["violations"]) == ([200], [])


async def test_an_address_is_for_one_call(phone, nova):
    session = (await start(phone, nova)).json()
    assert session["dynamic_variables"] == {}
    async with connect(session["signed_url"]) as socket:
        await Talk(socket).begin(session)
    async with connect(session["signed_url"]) as socket:
        with pytest.raises(ConnectionClosed):
            await socket.recv()


async def test_a_call_keeps_the_agent_that_it_began_with(phone, nova, fake):
    session = (await start(phone, nova)).json()
    changed = {"conversation_config": {"agent": {"first_message": "Changed."}}}
    async with connect(session["signed_url"]) as socket:
        talk = Talk(socket)
        await talk.begin(session)
        fake.change("agents", session["agent_id"], changed)
        assert await talk.hear() == GREETING
    session = (await start(phone, nova)).json()
    async with connect(session["signed_url"]) as socket:
        talk = Talk(socket)
        await talk.begin(session)
        assert await talk.hear() == "Changed."


async def test_who_may_only_read_and_other_workspaces_get_no_address(phone, nova, api):
    address = f"/api/personas/{nova.persona_id}/voice/session"
    async with api.client(phone.workspace_id, "viewer") as viewer:
        assert (await viewer.post(address)).status_code == 403
    async with api.client(f"{phone.workspace_id}-next") as other:
        assert (await other.post(address)).status_code == 404


async def test_without_an_agent_there_is_no_address(phone):
    who = persona()
    await phone.state(who.persona_id, who)
    answer = await start(phone, who)
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["type"] == "urn:dramatis:problem:agent-not-ready"
    assert problem["agent_status"] == "not_configured"


async def test_an_agent_that_the_provider_lost_is_told(phone, nova, fake):
    agent_id = (await start(phone, nova)).json()["agent_id"]
    fake.delete("agents", agent_id)
    answer = await start(phone, nova)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
