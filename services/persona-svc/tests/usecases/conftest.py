"""Changes in process: an admin's, in a transaction that is undone after the test."""

import pytest
from persona_svc.usecases.begin_change import Actor, begin_change


@pytest.fixture
def begin(session, workspace_id):
    """Return a function that begins a change."""

    async def begun():
        return await begin_change(session, workspace_id, Actor(subject="anna", role="admin"))

    return begun
