"""Changes in process: begun as an admin's, published, and undone after the test."""

from contextlib import asynccontextmanager

import pytest
from persona_svc.usecases.change import Actor, begin_change
from persona_svc.usecases.publish_change import publish_change
from service_kit.store import database_now


@pytest.fixture
def changing(session, workspace_id):
    """Return a context manager that gives a change, and publishes it at its end."""

    @asynccontextmanager
    async def change(action="test"):
        actor = Actor(subject="anna", role="admin", at=await database_now(session))
        begun = await begin_change(session, workspace_id, actor, action)
        yield begun
        await publish_change(begun)

    return change
