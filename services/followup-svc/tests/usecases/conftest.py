"""Use cases in process: a rolled-back transaction, and personas that are known at once."""

from types import SimpleNamespace
from uuid import uuid4

import pytest
from following import persona
from followup_svc.adapters.sequence_versions import SequenceVersions
from followup_svc.domain.sequence import Definition, OnReply, Step
from followup_svc.domain.window import Delay, DelayUnit
from followup_svc.usecases.create_sequence import create_sequence
from followup_svc.usecases.send_due import SendDue
from followup_svc.usecases.start_instances import LeadToStart, start_instances
from persona_client import Freshness
from persona_client.answer import Resolution
from persona_client.resolution import WorkspaceView, resolve_in
from persona_contracts import Channel, WorkspaceState
from service_devkit.testing.rollback import as_worker
from service_kit.leases import Claims
from sqlalchemy import text

NOW = Delay(amount=0, unit=DelayUnit.MINUTES)


class KnownPersonas:
    """The port `Personas`, with one default persona in every workspace."""

    def __init__(self):
        self.default = persona()
        self.freshness = Freshness.READY

    def resolve(self, _workspace_id, **asked):
        view = WorkspaceView(
            workspace=WorkspaceState(default_persona_id=self.default.persona_id, revision=1),
            personas={self.default.persona_id: self.default},
            campaigns={},
        )
        return Resolution(resolve_in(view, **asked), 0.0, self.freshness)


@pytest.fixture
def personas():
    return KnownPersonas()


@pytest.fixture
def versions():
    return SequenceVersions()


def _definition(*bodies, name="Sequence", delay=NOW, **values):
    steps = tuple(
        Step(channel=Channel.EMAIL, delay=delay, subject="Hi", body=body)
        for body in bodies or ("Hi, it is {senderName}.",)
    )
    known = {
        "ai_persona_id": None,
        "send_window": None,
        "stop_on_reply": True,
        "on_reply": OnReply.STOP,
        "trigger": None,
    }
    return Definition(name=name, steps=steps, **{**known, **values})


@pytest.fixture
def a_definition():
    """Return the builder of what a sequence says."""
    return _definition


@pytest.fixture
def on_the_way(session, workspace_id):
    """Return a function that starts a lead in a new sequence; it gives both."""

    async def start(*bodies, lead_id="lead", **values):
        sequence = await create_sequence(
            session, workspace_id, _definition(*bodies, **values), by="tester"
        )
        chosen = [LeadToStart(lead_id=lead_id, campaign_id=None)]
        (instance,), _ = await start_instances(
            session, sequence, chosen, by="tester", skip_unavailable=False
        )
        return SimpleNamespace(sequence=sequence, instance=instance)

    return start


@pytest.fixture
def send(session, personas, versions):
    """Return a function that does what the pool does with instances that it has claimed.

    A claim compares with `now()`, which is before these instances started: it needs commits.
    """

    async def send(*chosen):
        token = uuid4()
        async with as_worker(session):
            await session.execute(
                text("update instance_due set lease_token = :token where instance_id = any(:ids)"),
                {"token": token, "ids": [item.instance_id for item in chosen]},
            )
            batch = Claims(item_ids=[item.instance_id for item in chosen], token=token)
            await SendDue(personas, versions).do(session, batch)

    return send
