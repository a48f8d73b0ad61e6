"""Which model speaks: the persona's and the workspace's choice, within what is allowed."""

from uuid import uuid4

import pytest
from persona_client.answer import Freshness, Resolution
from persona_client.resolution import WorkspaceView, resolve_in
from persona_contracts import ModelPolicy, ResolvedPersona, WorkspaceState
from persona_model.make_voice import make_voice
from service_kit.clock import utc_now


def voice(policy, own=None, task="write"):
    persona = ResolvedPersona.model_validate(
        {
            "persona_id": uuid4(),
            "name": "Anna",
            "prompts": {"system": "", "rag": "", "user": ""},
            "model": own or {},
            "version": 1,
            "revision": 1,
            "updated_at": utc_now(),
        }
    )
    workspace = WorkspaceState(
        default_persona_id=persona.persona_id, models=ModelPolicy(**policy), revision=1
    )
    view = WorkspaceView(workspace=workspace, personas={persona.persona_id: persona}, campaigns={})
    return make_voice(Resolution(resolve_in(view), 0.0, Freshness.READY), task)


@pytest.mark.parametrize(
    ("policy", "own", "model"),
    [
        ({}, None, None),
        ({}, "own", "own"),
        ({"write": "big", "chat": "small"}, None, "big"),
        ({"write": "big"}, "own", "own"),
        ({"allowed": ["big", "own"], "write": "big"}, "own", "own"),
        ({"allowed": ["big"], "write": "big"}, "own", "big"),
        ({"allowed": ["first", "second"]}, "own", "first"),
    ],
)
def test_the_personas_model_speaks_if_it_is_allowed_else_that_of_the_task(policy, own, model):
    assert voice(policy, {"name": own} if own else None).model == model


def test_a_strategy_has_its_own_model_and_can_be_left_out():
    spoken = voice({"strategy": "thinker", "write": "big", "plan_drafts": False})
    assert (spoken.strategy_model, spoken.model, spoken.plans) == ("thinker", "big", False)
    assert voice({"write": "big", "strategy": "big"}).strategy_model is None


def test_the_limit_bounds_the_persona_and_its_temperature_is_its_own():
    limited = voice({"max_tokens": 100, "temperature": 0.5}, {"max_tokens": 900, "temperature": 0})
    assert (limited.max_tokens, limited.temperature) == (100, 0)
    open_ended = voice({"max_tokens": 100, "temperature": 0.5}, {"max_tokens": 50})
    assert (open_ended.max_tokens, open_ended.temperature) == (50, 0.5)
