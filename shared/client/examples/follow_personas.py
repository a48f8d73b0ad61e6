#!/usr/bin/env python3
"""Print who speaks for a workspace, as JSON lines: now, and whenever that changes.

python shared/client/examples/follow_personas.py --nats nats://127.0.0.1:4222 --workspace demo
"""

import argparse
import asyncio
import contextlib
import json
import sys

from persona_client import Roster, RosterNotReadyError


def answer(roster: Roster, workspace_id: str) -> dict[str, object]:
    """Return the resolution without its age, which always changes."""
    try:
        resolution = roster.resolve(workspace_id).as_dict()
    except RosterNotReadyError:
        return {"freshness": roster.freshness}
    del resolution["age_seconds"]
    return resolution


async def follow(nats_url: str, workspace_id: str) -> None:
    """Print every change until cancelled."""
    shown: dict[str, object] = {}
    async with Roster(nats_url, workspaces=[workspace_id], name="follow-personas") as roster:
        while True:
            now = answer(roster, workspace_id)
            if now != shown:
                sys.stdout.write(json.dumps(now) + "\n")
                sys.stdout.flush()
                shown = now
            with contextlib.suppress(TimeoutError):
                next_revision = roster.revision(workspace_id) + 1
                await roster.wait_for(workspace_id, next_revision, timeout_seconds=1)


def main() -> None:
    """Read the command line and follow until Ctrl-C."""
    parser = argparse.ArgumentParser(description="Print who speaks for a workspace.")
    parser.add_argument("--nats", default="nats://127.0.0.1:4222", help="where the broker is")
    parser.add_argument("--workspace", default="demo", help="whose personas to follow")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(follow(arguments.nats, arguments.workspace))


if __name__ == "__main__":
    main()
