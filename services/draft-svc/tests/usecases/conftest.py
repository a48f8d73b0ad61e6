"""Use cases in process: a rolled-back transaction, and ports given as small real objects."""

from dataclasses import replace
from types import SimpleNamespace
from uuid import uuid4

import pytest
from draft_svc.adapters import drafts
from draft_svc.adapters.cleaning_pool import CleaningPool
from draft_svc.adapters.offline_writer import OfflineWriter
from draft_svc.domain.draft import DraftStatus
from draft_svc.usecases.accept_replies import accept_replies
from draft_svc.usecases.write_draft import WriteDraft
from drafting import persona, replied
from persona_client import Freshness, RosterNotReadyError
from persona_client.answer import Resolution
from persona_client.resolution import WorkspaceView, resolve_in
from persona_contracts import ModelPolicy, Received, WorkspaceState
from persona_model.knowledge import KnowledgeAnswer
from service_devkit.testing.rollback import as_worker
from service_kit.leases import Claim


class KnownPersonas:
    """The port `Personas`: one default persona in every workspace; None: not read yet."""

    def __init__(self):
        self.default = persona()
        self.models = ModelPolicy()

    def resolve(self, _workspace_id, **asked):
        if self.default is None:
            raise RosterNotReadyError("nothing is known yet")
        view = WorkspaceView(
            workspace=WorkspaceState(
                default_persona_id=self.default.persona_id, models=self.models, revision=1
            ),
            personas={self.default.persona_id: self.default},
            campaigns={},
        )
        return Resolution(resolve_in(view, **asked), 0.0, Freshness.READY)

    def revision(self, _workspace_id):
        return self.default.revision

    async def wait_for(self, workspace_id, revision, _timeout_seconds):
        if self.revision(workspace_id) < revision:
            raise TimeoutError


class Shelf:
    """The port `Knowledge`: always the same answer."""

    def __init__(self):
        self.answer = KnowledgeAnswer("none")

    async def search(self, *_asked):
        return self.answer


class CountingWriter(OfflineWriter):
    """The offline writer; it counts its calls, and may give other answers."""

    def __init__(self):
        self.plans = self.writes = 0
        self.plan_text = self.body = None
        self.bodies = []

    async def plan(self, brief):
        self.plans += 1
        text, usage = await super().plan(brief)
        return self.plan_text or text, usage

    async def write(self, brief, strategy):
        self.writes += 1
        written = await super().write(brief, strategy)
        body = self.bodies.pop(0) if self.bodies else self.body
        return written if body is None else replace(written, body=body)


@pytest.fixture
def personas():
    return KnownPersonas()


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def writer():
    return CountingWriter()


@pytest.fixture
def accept(session, workspace_id):
    """Return a function that accepts replies, and returns the first one's draft."""

    async def accepted(*events, **values):
        events = events or [replied(workspace_id, **values)]
        batch = [Received(event=event, event_id=event.message_id, source="crm") for event in events]
        async with as_worker(session):
            await accept_replies(session, batch)
        (draft,) = await drafts.page(session, {"message_id": events[0].message_id}, None, 2)
        return await drafts.get(session, draft.draft_id)

    return accepted


@pytest.fixture
def work(session, personas, shelf, writer):
    """Return the work on a claim, as a pool of this transaction does it."""
    write_draft = WriteDraft(CleaningPool(), personas, shelf, writer)

    async def keep(change):
        async with as_worker(session):
            await change(session)

    def claim(draft):
        return Claim(
            item=draft,
            item_id=draft.draft_id,
            workspace_id=draft.workspace_id,
            token=uuid4(),
            attempts=1,
            deaths=0,
            traceparent=None,
            keep=keep,
        )

    async def do(draft):
        finish = await write_draft.do(claim(draft))
        async with as_worker(session):
            await finish(session)
        return await drafts.get(session, draft.draft_id)

    async def give_up(draft, error):
        async with as_worker(session):
            await write_draft.give_up(session, claim(draft), error)
        return await drafts.get(session, draft.draft_id)

    return SimpleNamespace(do=do, give_up=give_up)


@pytest.fixture
def a_ready_draft(accept, work):
    """Return a function that makes a draft which waits for a decision."""

    async def made(**values):
        draft = await work.do(await accept(**values))
        assert draft.status is DraftStatus.READY
        return draft

    return made
