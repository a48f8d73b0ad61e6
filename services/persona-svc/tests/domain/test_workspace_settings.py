"""Workspace settings and the mirror of the default persona."""

import json
from dataclasses import replace

import pytest
from persona_svc.domain.compiled import compile_persona
from persona_svc.domain.persona import LABEL_LIMITS, TEXT_LIMITS
from persona_svc.domain.workspace_settings import (
    MIRRORED,
    InvalidSettingsError,
    WorkspaceSettings,
    mirror,
    persona_changes_from_legacy,
    persona_from_settings,
)

LIMITS = {setting: (TEXT_LIMITS | LABEL_LIMITS)[field] for setting, field in MIRRORED.items()} | {
    "ideal_customer_profile": 8_000
}


def problems(values: dict) -> dict[str, str]:
    with pytest.raises(InvalidSettingsError) as caught:
        WorkspaceSettings.from_dict(values)
    return {error.field: error.message for error in caught.value.errors}


@pytest.mark.parametrize(("setting", "limit"), LIMITS.items())
def test_a_setting_may_be_as_long_as_the_personas_field(setting: str, limit: int) -> None:
    assert getattr(WorkspaceSettings.from_dict({setting: "x" * limit}), setting) == "x" * limit
    assert list(problems({setting: "x" * (limit + 1)})) == [setting]


@pytest.mark.parametrize("setting", LIMITS)
def test_blank_settings_are_null(setting: str) -> None:
    assert WorkspaceSettings.from_dict({setting: " \n"}) == WorkspaceSettings()


def test_the_signature_is_kept_verbatim() -> None:
    text = "\n-- \nKim  \r\n"
    assert WorkspaceSettings(ai_signature=text).ai_signature == text


def test_50_questions_of_500_characters_are_allowed() -> None:
    questions = ["?" * 500] * 50
    settings = WorkspaceSettings.from_dict({"qualification_questions": questions})
    assert settings.as_dict()["qualification_questions"] == questions
    assert (
        "51 questions: keep up to 50"
        in (problems({"qualification_questions": [*questions, "?"]})["qualification_questions"])
    )
    found = problems({"qualification_questions": ["ok", "?" * 501, " ", None, 5]})
    assert found == {
        "qualification_questions.1": "has 501 characters: shorten it to 500",
        "qualification_questions.2": "is required: give 1 to 500 characters",
        "qualification_questions.3": "is required: give 1 to 500 characters",
        "qualification_questions.4": "must be text: put it in quotes",
    }


@pytest.mark.parametrize("questions", ["What?", {"a": "b"}, 5])
def test_questions_are_a_list(questions: object) -> None:
    assert problems({"qualification_questions": questions}) == {
        "qualification_questions": "must be a list of texts"
    }


def test_everything_wrong_is_reported_at_once() -> None:
    found = problems({"ai_tone": "x" * 501, "ai_persona_name": "a\nb", "tone": "x"})
    assert set(found) == {"ai_tone", "ai_persona_name", "tone"}


def test_settings_survive_json() -> None:
    settings = WorkspaceSettings(ai_tone="Kind", qualification_questions=("Why?", "When?"))
    assert WorkspaceSettings.from_dict(json.loads(json.dumps(settings.as_dict()))) == settings


def test_the_mirror_shows_the_default_persona_with_what_it_inherits(make_persona) -> None:
    parent = make_persona("Base", tone="Kind", signature="-- \nKim")
    child = make_persona("Sales", parent=parent, persona_name="Kim", goals="Meet")
    settings = WorkspaceSettings(
        ai_tone="old",
        ai_greeting="old",
        ideal_customer_profile="Bakeries",
        qualification_questions=("Why?",),
    )
    assert mirror(settings, compile_persona((child, parent))) == WorkspaceSettings(
        ai_persona_name="Kim",
        ai_tone="Kind",
        ai_signature="-- \nKim",
        ai_goals="Meet",
        ideal_customer_profile="Bakeries",
        qualification_questions=("Why?",),
    )


def test_the_label_is_never_mirrored_as_the_sender(make_persona) -> None:
    compiled = compile_persona((make_persona("Sales"),))
    assert mirror(WorkspaceSettings(), compiled).ai_persona_name is None


def test_a_mirror_of_a_mirror_changes_nothing(make_persona, full_fields) -> None:
    compiled = compile_persona((make_persona("Sales", **full_fields),))
    once = mirror(WorkspaceSettings(), compiled)
    assert mirror(once, compiled) == once
    assert persona_changes_from_legacy(once, compiled) == {}


def test_written_settings_change_only_the_fields_that_differ(make_persona) -> None:
    parent = make_persona("Base", tone="Kind")
    child = make_persona("Sales", parent=parent, goals="Meet", greeting="Hi")
    compiled = compile_persona((child, parent))
    asked = replace(
        mirror(WorkspaceSettings(), compiled),
        ai_goals="Sell",
        ai_greeting=None,
        ai_persona_name="Kim",
        ideal_customer_profile="Bakeries",
    )
    changes = persona_changes_from_legacy(asked, compiled)
    assert changes == {"goals": "Sell", "greeting": None, "persona_name": "Kim"}

    changed = replace(child, fields=child.fields.patched(changes))
    assert mirror(asked, compile_persona((changed, parent))) == asked
    assert changed.fields.tone is None


def test_the_first_persona_is_made_of_the_settings(make_persona) -> None:
    settings = WorkspaceSettings(
        ai_persona_name="Kim",
        ai_tone="t",
        ai_greeting="g",
        ai_sms_greeting="s",
        ai_signature="-- \nKim",
        ai_goals="o",
        service_description="d",
        ideal_customer_profile="Bakeries",
        qualification_questions=("Why?",),
    )
    fields = persona_from_settings(settings)
    assert (fields.name, fields.persona_name) == ("Default Persona", "Kim")
    compiled = compile_persona((replace(make_persona("x"), fields=fields),))
    assert mirror(settings, compiled) == settings


def test_settings_at_their_limits_make_a_persona() -> None:
    settings = WorkspaceSettings(**{setting: "x" * limit for setting, limit in LIMITS.items()})
    assert persona_from_settings(settings).goals == settings.ai_goals
