"""Sends replies to draft-svc and waits for their drafts."""

import time
from collections.abc import Generator, Iterable
from typing import Any

from persona_contracts import LeadRepliedV1

from dramatis.rest import Rest

POLL_SECONDS = 0.1
UNFINISHED = {"queued", "generating"}


def send_reply(drafts: Rest, reply: LeadRepliedV1) -> dict[str, Any]:
    """Send one reply; returns `event_id` and `message_id` once the broker has it on disk.

    Raises:
        CliError: draft-svc refused it, or does not answer.
    """
    body = reply.model_dump_json(exclude_none=True)
    headers = {"content-type": "application/json"}
    return drafts.send("POST", "/api/replies", content=body, headers=headers).json()


def wait_for_drafts(
    drafts: Rest, message_ids: Iterable[str], timeout_seconds: float
) -> Generator[dict[str, Any]]:
    """Yield each finished draft (also failed and superseded ones) once, as they are finished.

    Raises:
        TimeoutError: some are not finished in time; the text names their messages.
        CliError: draft-svc does not answer.
    """
    waiting = dict.fromkeys(message_ids)
    deadline = time.monotonic() + timeout_seconds
    while waiting:
        for message_id in list(waiting):
            for draft in drafts.get("/api/drafts", message_id=message_id)["items"]:
                if draft["status"] not in UNFINISHED:
                    del waiting[message_id]
                    yield draft
        if waiting and time.monotonic() > deadline:
            raise TimeoutError(", ".join(waiting))
        time.sleep(POLL_SECONDS if waiting else 0)
