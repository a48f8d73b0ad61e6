"""Ask the client as it was released for whom each question resolves to.

Run it with the wheels of `vendor/` on PYTHONPATH: `python as_released.py NATS_URL`. It takes a JSON
list of keyword arguments of `Roster.resolve` from stdin, and writes the answers as a JSON list.
"""

import asyncio
import json
import sys
from typing import Any

import persona_client
import persona_contracts
from persona_client import Roster


async def answers(nats_url: str, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the resolution of each question as a dictionary."""
    async with Roster(nats_url, start_timeout_seconds=60) as roster:
        return [roster.resolve(**question).as_dict() for question in questions]


if __name__ == "__main__":
    for package in (persona_client, persona_contracts):
        assert ".whl" in str(package.__file__), package
    json.dump(asyncio.run(answers(sys.argv[1], json.load(sys.stdin))), sys.stdout)
