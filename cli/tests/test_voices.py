"""Voices from the terminal, with the stand-in for their vendor."""

import json
import time

import pytest
from dramatis.rest import Rest, Written
from dramatis.stack import Stack
from service_devkit.vendors.elevenlabs import audio
from service_devkit.vendors.elevenlabs.voices import DEFAULT_VOICE_ID

pytestmark = [pytest.mark.processes, pytest.mark.long]


@pytest.fixture(scope="module")
def vendor_stack():
    services = ["persona", "voice"]
    with Stack(ephemeral=True, services=services, fake_elevenlabs=True) as running:
        yield running


@pytest.fixture
def done(run, vendor_stack):
    """Return a function that runs a command and returns what it prints."""

    def call(*arguments, code=0):
        result = run(*arguments, "--data-dir", vendor_stack.data_dir)
        assert result.code == code, result.err
        return result.out

    return call


def test_voices_are_listed_and_heard_and_what_was_spoken_is_shown(done, tmp_path):
    done("personas", "import", "--starter", "formal-professional")
    assert DEFAULT_VOICE_ID in done("voices", "list", "--text", "sarah")
    found = json.loads(done("voices", "list", "--accent", "british", "--json"))["items"]
    assert {voice["accent"] for voice in found} == {"british"}
    sound = tmp_path / "sarah.mp3"
    done("voices", "preview", DEFAULT_VOICE_ID, "-o", sound, "--text", "Hear me")
    assert audio.read_tag(sound.read_bytes())["text"] == "Hear me"
    (persona,) = json.loads(done("personas", "list", "--json"))["items"]
    used = json.loads(done("voices", "usage", "--persona", persona["name"], "--json"))
    assert (used["characters_used"], used["workspace_characters_used"]) == (0, 7)


@pytest.fixture
def nova(vendor_stack, tmp_path):
    """Return the workspace of a persona that has an agent, as options."""
    workspace = f"agents-{tmp_path.name}".replace("_", "-")[:60]
    persona = {"name": "Nova", "voice": {"provider": "elevenlabs", "enabled": True}}
    with Rest(vendor_stack.url("persona"), vendor_stack.token(workspace), Written()) as personas:
        personas.send("POST", "/api/personas", json=persona)
    return ("--workspace", workspace)


@pytest.fixture
def until(done, nova):
    """Return a function: it waits for a state of Nova's agent."""

    def reached(holds):
        while not holds(shown := json.loads(done("agents", "status", "Nova", "--json", *nova))):
            time.sleep(0.1)
        return shown

    return reached


def test_agents_are_shown_compared_changed_and_made_anew(done, vendor_stack, nova, until):
    first = until(lambda shown: shown["status"] == "ready")["agent_id"]
    assert first in done("agents", "list", *nova)
    assert "status: ready" in done("agents", "status", "Nova", *nova)
    assert "in step" in done("agents", "diff", "Nova", *nova)
    patch = {"conversation_config": {"agent": {"first_message": "Hm."}}}
    vendor_stack.elevenlabs.change("agents", first, patch)
    assert "first_message: Hm. → " in done("agents", "diff", "Nova", *nova)
    assert "differs" in done("agents", "test", *nova, code=1)
    assert "queued" in done("agents", "update", "Nova", *nova)
    while "in step" not in done("agents", "diff", "Nova", *nova):
        time.sleep(0.1)
    done("agents", "test", *nova)
    while "queued" not in done("agents", "recreate", *nova):
        time.sleep(0.1)
    until(lambda shown: shown["status"] == "ready" and shown["agent_id"] != first)


def test_orphans_are_listed_and_removed_when_asked(done, vendor_stack, nova, until):
    agent_id = until(lambda shown: shown["status"] == "ready")["agent_id"]
    assert done("agents", "orphans", *nova).startswith("No orphans")
    fake = vendor_stack.elevenlabs
    fake.put("agents", "agent_lost", fake.state()["agents"][agent_id])
    assert "agent_lost" in done("agents", "orphans", *nova)
    assert "removed: 1" in done("agents", "orphans", "--remove", *nova)
    assert "agent_lost" not in fake.state()["agents"]
