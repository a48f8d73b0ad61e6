"""The examples run as they are."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest

FOLLOW = Path(__file__).parents[1] / "examples" / "follow_personas.py"

pytestmark = pytest.mark.processes


@pytest.fixture
def interruptible():
    """Let children be interrupted, also when this process ignores Ctrl-C (a job in background)."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
async def test_follow_personas_prints_each_change_and_ends_by_ctrl_c(broker, make):
    persona = make.persona("Ann")
    await broker.put(
        make.message(persona, "demo"),
        make.message(make.workspace(default_persona_id=persona.persona_id), "demo"),
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        FOLLOW,
        *("--nats", broker.url, "--workspace", "demo"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        first = json.loads(await process.stdout.readline())
        renamed = persona.model_copy(update={"name": "Bea", "revision": 2})
        await broker.put(make.message(renamed, "demo"))
        second = json.loads(await process.stdout.readline())
        process.send_signal(signal.SIGINT)
        rest, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()

    assert (first["tier"], first["sender_name"], first["freshness"]) == ("default", "Ann", "READY")
    assert (second["sender_name"], second["revision"]) == ("Bea", 2)
    assert (process.returncode, rest, errors) == (0, b"", b"")
