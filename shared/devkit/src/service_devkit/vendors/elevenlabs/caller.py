"""One who calls an agent, as a browser does: by text, for the stand-in listens to no audio."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from websockets.sync.client import ClientConnection, connect

ANSWER_SECONDS = 30.0


def hold_call(signed_url: str, variables: Mapping[str, Any], questions: Sequence[str]) -> list[str]:
    """Return what the agent says: its first words, and an answer to each question.

    Raises:
        TimeoutError: it says nothing for ANSWER_SECONDS.
    """
    with connect(signed_url) as socket:
        first = {
            "type": "conversation_initiation_client_data",
            "dynamic_variables": dict(variables),
        }
        socket.send(json.dumps(first))
        spoken = [_hear(socket)]
        for question in questions:
            socket.send(json.dumps({"type": "user_message", "text": question}))
            spoken.append(_hear(socket))
    return spoken


def _hear(socket: ClientConnection) -> str:
    while True:
        message: dict[str, Any] = json.loads(socket.recv(ANSWER_SECONDS))
        if message["type"] == "agent_response":
            return str(message["agent_response_event"]["agent_response"])
