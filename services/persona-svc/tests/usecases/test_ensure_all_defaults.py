"""The backfill: a default persona in every workspace that has none (A15, X6)."""

import pytest
from persona_svc.adapters import personas, workspaces
from persona_svc.usecases.begin_change import Actor, begin_change
from persona_svc.usecases.ensure_all_defaults import ensure_all_defaults
from persona_svc.usecases.update_settings import update_settings
from service_kit.store import Store

ADMIN = Actor(subject="anna", role="admin")


@pytest.fixture
async def store(persona_database):
    opened = Store(persona_database.login_url, "persona-svc")
    yield opened
    await opened.close()


async def test_each_workspace_gets_a_default_persona_made_from_its_settings_once(store):
    for workspace_id in ("one", "two"):
        async with store.workspace(workspace_id) as session:
            change = await begin_change(session, workspace_id, ADMIN)
            await update_settings(change, {"ai_persona_name": f"Anna of {workspace_id}"})
    assert await ensure_all_defaults(store) == 2
    for workspace_id in ("one", "two"):
        async with store.workspace(workspace_id) as session:
            default_id = (await workspaces.get(session, workspace_id)).default_persona_id
            persona = await personas.get(session, workspace_id, default_id)
        assert persona.fields.persona_name == f"Anna of {workspace_id}"
        assert persona.created_by == "persona-svc"
    assert await ensure_all_defaults(store) == 0
