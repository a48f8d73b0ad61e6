"""The programs of docs/guides/chat.md, run as they stand there."""

import asyncio
import json
import os
import re
import shutil
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from chatting import persona
from persona_contracts import KNOWLEDGE_SEARCH_SUBJECT
from service_devkit.embedded.ports import free_port
from service_devkit.testing.api import running, service_env
from service_devkit.testing.http_stub import HttpStub, Reply
from service_devkit.testing.waiting import HANG_SECONDS

pytestmark = pytest.mark.processes
GUIDE = Path(__file__).parents[4] / "docs/guides/chat.md"
CLIENTS = Path(__file__).parents[1] / "clients"
NODE = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
NEEDS_NPM = pytest.mark.skipif(
    NODE is None or not (CLIENTS / "node_modules/ai").is_dir(),
    reason="needs node, and npm's packages: npm ci --prefix services/chat-svc/tests/clients",
)
QUESTION = "What does a bicycle cost?"
WORDS = "A bicycle costs 490 EUR a year [1]."
PROGRAMS = re.findall(
    r"^## ([^\n]+)\n|^```(js|python)\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL
)


def programs():
    """Yield each program of the guide, named for its section and its place there."""
    section, number = "", 0
    for heading, language, text in PROGRAMS:
        if heading:
            section, number = heading, 0
            continue
        number += 1
        marks = NEEDS_NPM if language == "js" else ()
        yield pytest.param(language, text, id=f"{section} {number}", marks=marks)


@pytest.fixture(scope="module")
def port():
    return free_port()


@pytest.fixture(scope="module")
def api(chat_database, nats, tmp_path_factory, port):
    folder = tmp_path_factory.mktemp("chat")
    more = {
        "DRAMATIS_CHAT_MODEL": "m",
        "DRAMATIS_CHAT_OPENAI_API_KEY": "none",
        "DRAMATIS_CHAT_OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1",
    }
    env = service_env(folder, database_url=chat_database.login_url, nats_url=nats.url, more=more)
    with running("chat_svc", folder, env) as started:
        yield started


@pytest.fixture
async def model(port):
    """Return a model that takes about two seconds for WORDS, so that one can come back to them."""
    parts = [{"choices": [{"delta": {"content": char}}], "model": "m-1"} for char in WORDS]
    end = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
    counted = {"choices": [], "usage": {"prompt_tokens": 900, "completion_tokens": 20}}
    async with HttpStub(port) as stub:
        answer = Reply.of_events(*parts, end, counted, part_seconds=0.06)
        stub.on("POST", "/v1/chat/completions", answer)
        yield stub


@pytest.fixture
async def prices(connection):
    passage = {"text": "A bicycle costs 490 EUR a year.", "source": "prices.pdf", "page_start": 3}
    passage |= {"file_id": "f", "chunk_id": "c", "score": 1.0}

    async def answer(message):
        found = {"passages": [passage], "knowledge_revision": 1, "mode": "lexical"}
        await message.respond(json.dumps(found).encode())

    serving = await connection.subscribe(KNOWLEDGE_SEARCH_SUBJECT, cb=answer)
    await connection.flush()
    yield
    await serving.unsubscribe()


@pytest.mark.usefixtures("prices")
@pytest.mark.parametrize(("language", "program"), [*programs()])
async def test_a_program_of_the_guide_prints_the_answer(api, room, model, language, program):
    anna = await room.cast(persona())
    command = [NODE, "--input-type=module"] if language == "js" else [sys.executable]
    token = api.token(room.workspace_id, "viewer")
    where = {"CHAT_URL": api.url, "TOKEN": token, "PERSONA": str(anna.persona_id)}
    process = await asyncio.create_subprocess_exec(
        *command,
        "-",
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        cwd=CLIENTS,
        env={**os.environ, **where},
    )
    try:
        async with asyncio.timeout(HANG_SECONDS):
            printed, complained = await process.communicate(program.encode())
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, complained.decode()
    assert WORDS in printed.decode()
    (request,) = model.requests
    assert QUESTION in request.json()["messages"][-1]["content"]


def test_the_guide_has_all_programs():
    sections = [parameter.id for parameter in programs()]
    assert sections == [
        "Plain fetch 1",
        "EventSource 1",
        "AI SDK 1",
        "OpenAI's clients 1",
        "OpenAI's clients 2",
        "OpenAI's clients 3",
    ]
