"""One kill of each service; `make faults` has every step, random kills, and all other faults."""

import pytest
from killing import kill_draft, kill_followup, kill_ingest, kill_persona

pytestmark = [pytest.mark.processes, pytest.mark.long]


async def test_a_killed_draft_svc_writes_one_draft(world, monkeypatch):
    await kill_draft(world, monkeypatch, ["before-commit"])


async def test_what_a_killed_persona_svc_stored_is_heard(world, monkeypatch):
    await kill_persona(world, monkeypatch, "state-before-publish")


async def test_the_file_of_a_killed_ingest_svc_is_ready_once(ingest, shelf):
    await kill_ingest(ingest, shelf, "ingest-after-index")


async def test_a_killed_followup_svc_requests_each_step_once(followups, connection):
    await kill_followup(followups, connection, ["before-commit"])
