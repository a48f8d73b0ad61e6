"""What differs between two versions."""

from uuid import uuid4

import pytest
from persona_svc.domain.diff import changed_fields, changes_summary, diff
from persona_svc.domain.persona import PersonaFields


def fields(**values: object) -> PersonaFields:
    return PersonaFields.from_dict({"name": "Sales", **values})


def test_equal_versions_have_no_difference() -> None:
    assert diff(fields(tone="Kind"), fields(tone="Kind")) == []
    assert changes_summary(fields(), fields()) == "Nothing changed."


def test_changed_fields_stand_in_the_fields_order() -> None:
    old = fields(tone="Kind", metadata={"a": 1})
    new = fields(goals="Meet", metadata={"a": True}, name="Closer")
    assert changed_fields(old, new) == ["name", "tone", "goals", "metadata"]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ({}, {"name": "Closer"}, 'Renamed from "Sales" to "Closer".'),
        ({}, {"greeting": "Hi", "tone": "x"}, "Set tone and greeting."),
        (
            {"tone": "a", "goals": "a", "signature": "a"},
            {"tone": "b", "goals": "b", "signature": "b"},
            "Changed tone, signature and goals.",
        ),
        ({"sms_greeting": "Hi"}, {}, "Emptied sms greeting."),
        ({}, {"is_active": False}, "Deactivated."),
        ({"is_active": False}, {"tone": "a"}, "Activated; set tone."),
        ({}, {"parent_id": str(uuid4())}, "Set parent."),
        ({}, {"model": {"temperature": 0.2}}, "Changed model settings."),
        (
            {"metadata": {"a": 1}, "voice": {"provider": "x"}},
            {"name": "N", "content": "c"},
            'Renamed from "Sales" to "N"; set content; emptied voice and metadata.',
        ),
    ],
)
def test_the_summary_is_one_sentence_for_people(old: dict, new: dict, sentence: str) -> None:
    assert changes_summary(fields(**old), fields(**new)) == sentence


def test_texts_have_a_unified_diff() -> None:
    old = fields(content="# Rules\n\n- a\n- b\n")
    (change,) = diff(old, fields(content="# Rules\n\n- a\n- c\n"))
    assert (change.field, change.before) == ("content", "# Rules\n\n- a\n- b\n")
    assert change.unified == "@@ -1,5 +1,5 @@\n # Rules\n \n - a\n-- b\n+- c\n "


def test_a_line_end_alone_is_a_visible_difference() -> None:
    (change,) = diff(fields(signature="Kim"), fields(signature="Kim\n"))
    assert change.unified == "@@ -1 +1,2 @@\n Kim\n+"


def test_a_new_text_is_all_added() -> None:
    (change,) = diff(fields(), fields(tone="Kind"))
    assert (change.before, change.unified) == (None, "@@ -0,0 +1 @@\n+Kind")


def test_other_fields_show_plain_values_only() -> None:
    (change,) = diff(fields(), fields(voice={"provider": "elevenlabs"}))
    assert change.unified is None
    assert change.after == {
        "provider": "elevenlabs",
        "voice_id": None,
        "name": None,
        "settings": {},
        "enabled": False,
        "fallback_voice_ids": [],
    }


def test_texts_of_very_many_lines_are_not_compared_line_by_line() -> None:
    # Lines that each stand just under one in a hundred times are the slowest for difflib.
    old = "\n".join(str(place % 101) for place in range(8_000))
    new = "\n".join(str((place * 37) % 101) for place in range(8_000))
    (change,) = diff(fields(content=old), fields(content=new))
    assert change.unified is None
