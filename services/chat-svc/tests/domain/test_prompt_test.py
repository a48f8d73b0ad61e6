"""Drafts of prompts: in place of the active ones, and refused by line."""

from uuid import uuid4

import pytest
from chat_svc.domain.prompt_test import Content, DraftRefusedError, Drafts
from persona_model.voice import Voice

ANNA = uuid4()


def spoken(draft, system, present, *, is_inherited=False):
    content = Content(persona_id=ANNA, text=present, is_inherited=is_inherited)
    return Drafts(system=draft).spoken_in(Voice(instructions=system), content).instructions


def test_a_draft_takes_the_place_of_the_own_content():
    system = "You are Anna.\n\n# Instructions\n\nBe short."
    assert spoken("Be long.", system, "Be short.") == system.replace("short", "long")


def test_where_there_was_none_it_is_added():
    added = "You are Anna.\n\n# Instructions\n\nBe long."
    assert spoken("Be long.", "You are Anna.", "") == added


def test_what_ancestors_say_stays_before_it():
    theirs = f"<!-- from persona: Old ({uuid4()}) -->\nBe kind."
    system = f"# Instructions\n\n{theirs}"
    assert spoken("Be long.", system, theirs, is_inherited=True) == f"{system}\n\nBe long."
    own = f"{theirs}\n\n<!-- from persona: Anna ({ANNA}) -->\nBe short."
    text = spoken("Be long.", f"# Instructions\n\n{own}", own)
    assert text == f"# Instructions\n\n{own}".replace("short", "long")


@pytest.mark.parametrize("layer", ["rag", "user"])
def test_what_is_no_template_is_refused_by_line(layer):
    with pytest.raises(DraftRefusedError) as refused:
        Drafts(**{layer: "Fine.\n{{ query.secret() }}"})
    assert refused.value.errors[0].field == f"{layer}, line 2"
