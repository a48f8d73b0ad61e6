"""Edits a persona and measures how soon a follower in this process knows it."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from persona_client import Roster

from dramatis.rest import Rest

WAIT_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredEdit:
    """The persona after the edit, and how long it took to be known."""

    persona: dict[str, Any]
    commit_to_known_ms: float
    """From the answer to the edit, which follows its commit, until the Roster had applied it;
    below zero when it was known before the answer arrived."""
    request_to_known_ms: float
    """From the sending of the edit."""


async def edit_and_measure(
    nats_url: str, personas: Rest, persona: dict[str, Any], patch: dict[str, Any], workspace_id: str
) -> MeasuredEdit:
    """Change `persona` while a Roster follows its workspace; nobody else may change anything.

    Raises:
        CliError: persona-svc refused the edit.
        TimeoutError: the Roster did not hear of it in WAIT_SECONDS.
    """
    path = f"/api/personas/{persona['persona_id']}"
    headers = {"If-Match": f'"{persona["version"]}"'}

    def edit() -> tuple[dict[str, Any], float]:
        answer = personas.send("PATCH", path, json=patch, headers=headers)
        answered_at = time.perf_counter()
        return answer.json(), answered_at

    async with Roster(nats_url, [workspace_id], name="demo") as roster:
        next_revision = roster.revision(workspace_id) + 1
        knowing = asyncio.create_task(_known_at(roster, workspace_id, next_revision))
        sent_at = time.perf_counter()
        edited, answered_at = await asyncio.to_thread(edit)
        known_at = await knowing
        await roster.wait_for(workspace_id, edited["revision"], WAIT_SECONDS)
    return MeasuredEdit(
        persona=edited,
        commit_to_known_ms=(known_at - answered_at) * 1_000,
        request_to_known_ms=(known_at - sent_at) * 1_000,
    )


async def _known_at(roster: Roster, workspace_id: str, revision: int) -> float:
    await roster.wait_for(workspace_id, revision, WAIT_SECONDS)
    return time.perf_counter()
