"""A process dies in the middle of an answer: another writes it, once, and nothing is lost."""

import httpx
import pytest
from chatting import Room, persona
from service_devkit.embedded.ports import free_port
from service_devkit.testing.api import running, service_env
from service_devkit.testing.http_stub import HttpStub, Reply
from service_devkit.testing.waiting import wait_until

pytestmark = pytest.mark.processes
PATH = "/v1/chat/completions"
SHORT = {
    "DRAMATIS_LEASE_SECONDS": "4",
    "DRAMATIS_HEARTBEAT_SECONDS": "1",
    "DRAMATIS_ACK_WAIT_SECONDS": "4",
}


@pytest.fixture(scope="module")
def start(chat_database, nats, tmp_path_factory):
    """Return a function that starts chat-svc beside the stub of a model at a port."""
    folder = tmp_path_factory.mktemp("chat")

    def started(port, **more):
        model = {
            "DRAMATIS_CHAT_MODEL": "m",
            "DRAMATIS_CHAT_OPENAI_API_KEY": "sk-x",
            "DRAMATIS_CHAT_OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1",
        }
        env = service_env(
            folder,
            database_url=chat_database.login_url,
            nats_url=nats.url,
            more={**SHORT, **model, **more},
        )
        return running("chat_svc", folder, env)

    return started


@pytest.mark.parametrize(
    ("step", "calls"),
    [
        pytest.param("after-claim", 1, marks=pytest.mark.faults),
        pytest.param("chat-after-begin", 1, marks=pytest.mark.faults),
        ("chat-after-answer", 2),
    ],
)
async def test_whoever_takes_over_writes_the_answer_once(
    start, connection, workspace_id, step, calls
):
    port = free_port()
    part = {"choices": [{"delta": {"content": "Yes."}, "finish_reason": "stop"}], "model": "m"}
    async with HttpStub(port) as model:
        model.on("POST", PATH, Reply.of_events(part))
        with start(port, DRAMATIS_DIE_AT=step) as api:
            async with Room(api, connection, workspace_id) as room:
                anna = await room.cast(persona())
                with pytest.raises(httpx.TransportError):
                    await room.say(anna, "Are you there?")
                await wait_until(lambda: not api.process.is_running)
        with start(port) as api:
            async with Room(api, connection, workspace_id) as room:
                await room.cast(persona("Bert", 2))
                (made,) = (await room.client.get("/api/conversations")).json()["items"]
                answer = await room.until(made["conversation_id"], "completed")
                assert answer["content"] == "Yes."
                assert len(await room.messages(made["conversation_id"])) == 2
                resumed = await room.back(made["conversation_id"], f"{answer['message_id']}:0")
                assert resumed.text == "Yes."
        assert len(model.requests) == calls
