"""The example runs: an event in, a row, an event out, a route, an end when it is asked to."""

import ast
import json
import os
import re
import signal
from pathlib import Path

import pytest
from persona_contracts import LeadRepliedV1, subject_for
from service_devkit.testing.api import running, service_env
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.clock import utc_now

FOLDER = Path(__file__).parents[1]
MAX_LINES = 150
ORIGIN = "https://studio.example"


@pytest.fixture(scope="module")
def api(database, nats, tmp_path_factory):
    folder = tmp_path_factory.mktemp("note")
    env = service_env(
        folder,
        database_url=database("note_svc").login_url,
        nats_url=nats.url,
        more={"DRAMATIS_CORS_ORIGINS": f'["{ORIGIN}"]'},
    )
    with running("note_svc", folder, env) as started:
        yield started


async def test_a_reply_becomes_a_note_and_an_event_and_the_service_ends(api, connection):
    reply = LeadRepliedV1(
        workspace_id="acme",
        message_id="m-1",
        lead_id="lead",
        channel="email",
        received_at=utc_now(),
        body_text="What does it cost for a team of ten?",
    )
    js = connection.jetstream()
    await js.publish(subject_for(reply), reply.model_dump_json().encode())

    written = await js.subscribe("draft.noted.v1.acme", stream="DRAFT")
    message = await written.next_msg(timeout=HANG_SECONDS)
    told = json.loads(message.data)

    async with api.client("acme", "viewer") as client, api.client("other") as other:
        (note,) = (await client.get("/api/notes")).json()["items"]
        assert note == {"note_id": told["note_id"], "text": "What does it cost for"}
        assert (await other.get("/api/notes")).json()["items"] == []

    async with api.client("acme", "viewer") as client:
        answer = await client.get("/api/notes", headers={"Origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == ORIGIN

    os.kill(api.process.pid, signal.SIGTERM)
    await wait_until(lambda: not api.process.is_running)
    assert api.process._child.returncode == 0


def test_the_readme_of_the_kit_shows_the_example():
    readme = (FOLDER.parents[1] / "README.md").read_text()
    blocks = re.findall(r"```python\n# (\S+)\n(.*?)```", readme, re.DOTALL)
    assert len(blocks) == readme.count("```python") >= 5
    assert [path for path, text in blocks if (FOLDER / path).read_text() != text] == []


def lines_of(path):
    """Count the lines with code: no blank ones, no docstrings."""
    tree = ast.parse(path.read_text())
    docs = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for line in range(node.lineno, (node.end_lineno or 0) + 1)
    }
    code = enumerate(path.read_text().splitlines(), 1)
    return sum(bool(line.strip()) and number not in docs for number, line in code)


def test_the_example_stays_small():
    folders = FOLDER / "src", FOLDER / "migrations" / "versions"
    paths = [path for folder in folders for path in folder.rglob("*.py")]
    assert sum(map(lines_of, paths)) <= MAX_LINES
