"""The demo's voice: an agent at the stand-in for the vendor follows its persona, and is called."""

import time
from collections.abc import Callable
from typing import Any

from service_devkit.vendors.elevenlabs import FakeElevenLabs
from service_devkit.vendors.elevenlabs.caller import hold_call

from dramatis.errors import CliError
from dramatis.rest import Rest

WAIT_SECONDS = 120.0
POLL_SECONDS = 0.05
CALLER = "a-caller"
QUESTION = "What does the plan Team cost per user and month?"


def first_words(voice: Rest, vendor: FakeElevenLabs, persona: dict[str, Any]) -> str:
    """Return what the agent of a persona says first, once it runs this version of it.

    Raises:
        CliError: it did not in WAIT_SECONDS.
    """
    path = f"/api/personas/{persona['persona_id']}/agent/status"
    ready = _until(
        lambda: voice.get(path),
        lambda shown: shown["status"] == "ready" and shown["revision"] >= persona["revision"],
    )
    agent = vendor.state()["agents"][ready["agent_id"]]
    return str(agent["conversation_config"]["agent"]["first_message"])


def call(voice: Rest, persona_id: str) -> dict[str, Any]:
    """Call the agent of a persona, ask QUESTION, and return the record that the call leaves.

    Raises:
        CliError: there is no record in WAIT_SECONDS.
    """
    path = f"/api/personas/{persona_id}/voice/session"
    session = voice.send("POST", path, json={"lead_id": CALLER}).json()
    hold_call(session["signed_url"], session["dynamic_variables"], [QUESTION])
    found = _until(lambda: voice.get("/api/calls", lead_id=CALLER), lambda calls: calls["items"])
    return voice.get(f"/api/calls/{found['items'][0]['call_id']}")


def _until(
    ask: Callable[[], dict[str, Any]], holds: Callable[[dict[str, Any]], object]
) -> dict[str, Any]:
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds(shown := ask()):
        if time.monotonic() > deadline:
            raise CliError(f"voice-svc still says {shown} after {WAIT_SECONDS:g} s.")
        time.sleep(POLL_SECONDS)
    return shown
