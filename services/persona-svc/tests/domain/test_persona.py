"""The rules for a persona's own fields."""

import json
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from persona_svc.domain.persona import (
    LABEL_LIMITS,
    MAX_CONTENT_BYTES,
    TEXT_LIMITS,
    InvalidPersonaError,
    PersonaFields,
)
from service_kit.errors import InvalidError

NAIVE = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
LIMITS = {"name": 80, **LABEL_LIMITS, **TEXT_LIMITS}


def problems(values: dict) -> dict[str, str]:
    with pytest.raises(InvalidPersonaError) as caught:
        PersonaFields.from_dict({"name": "Sales", **values})
    return {error.field: error.message for error in caught.value.errors}


@pytest.mark.parametrize(("field", "limit"), LIMITS.items())
def test_a_text_may_be_as_long_as_its_limit_and_no_longer(field: str, limit: int) -> None:
    longest = PersonaFields.from_dict({"name": "Sales", field: "é" * limit})
    assert getattr(longest, field) == "é" * limit

    found = problems({field: "é" * (limit + 1)})
    assert found == {field: f"has {limit + 1:,} characters: shorten it to {limit:,}"}


def test_content_is_limited_in_bytes() -> None:
    full = "é" * (MAX_CONTENT_BYTES // 2)
    assert PersonaFields(name="Sales", content=full).content == full
    message = "takes 24,577 bytes: shorten it to 24,576"
    assert problems({"content": full + "x"}) == {"content": message}


@pytest.mark.parametrize("field", [*TEXT_LIMITS, *LABEL_LIMITS, "content", "language"])
@pytest.mark.parametrize("blank", ["", " ", "\n\t \u00a0", None])
def test_blank_texts_are_stored_as_null(field: str, blank: str | None) -> None:
    assert getattr(PersonaFields.from_dict({"name": "Sales", field: blank}), field) is None


@pytest.mark.parametrize("field", [*TEXT_LIMITS, "content"])
def test_texts_are_kept_verbatim(field: str) -> None:
    text = "\n -- \nKim Lane  \r\nCEO\t\n\n"
    assert getattr(PersonaFields.from_dict({"name": "Sales", field: text}), field) == text


def test_labels_lose_the_space_around_them() -> None:
    fields = PersonaFields(name="  Sales\n", persona_name=" Kim ", display_name="\tKim L. ")
    assert (fields.name, fields.persona_name, fields.display_name) == ("Sales", "Kim", "Kim L.")


@pytest.mark.parametrize("name", [None, "", "   ", "\u200b", "\u200d \ufeff"])
def test_a_name_without_a_visible_character_is_refused(name: str | None) -> None:
    assert "name" in problems({"name": name})


@pytest.mark.parametrize("field", ["name", *LABEL_LIMITS])
@pytest.mark.parametrize("breaking", ["\n", "\r", "\t", "\x1b", "\x85", "\u2028"])
def test_a_label_is_one_line(field: str, breaking: str) -> None:
    assert "one line" in problems({field: f"Kim{breaking}Lane"})[field]


@pytest.mark.parametrize("field", LIMITS)
def test_nul_and_half_surrogates_are_refused_with_their_place(field: str) -> None:
    assert problems({field: "ab\0"}) == {field: "has a NUL at character 3: remove it"}
    assert "half a surrogate pair at character 2" in problems({field: "a\ud83d"})[field]


def test_everything_wrong_is_reported_at_once() -> None:
    found = problems(
        {
            "name": " ",
            "tone": "x" * 501,
            "signature": 7,
            "parent_id": "not-a-uuid",
            "is_active": None,
            "model": {"temperature": 3},
            "voice": {"settings": {"stability": 50.0, "pitch": 1}, "voice": "x"},
            "language": "?",
            "metadata": [],
            "colour": "red",
        }
    )
    assert set(found) == {
        "name",
        "tone",
        "signature",
        "parent_id",
        "is_active",
        "model.temperature",
        "voice.provider",
        "voice.voice",
        "voice.settings.stability",
        "voice.settings.pitch",
        "language",
        "metadata",
        "colour",
    }
    assert found["colour"].startswith("is not known: use one of name, persona_name,")
    assert found["signature"] == "must be text: put it in quotes"


def test_the_detail_of_the_error_repeats_fields_and_mends() -> None:
    with pytest.raises(InvalidPersonaError, match=r"^tone: has 501 .* 500; language: must be"):
        PersonaFields(name="Sales", tone="x" * 501, language="?")


def test_a_wrong_unknown_key_cannot_break_the_error_document() -> None:
    (field,) = problems({"\ud800" + "k" * 500: 1})
    assert field.startswith("\\ud800k")
    assert len(field) < 100


@pytest.mark.parametrize("language", ["en", "no", "pt-BR", "zh-Hant-TW", "de-CH-1996"])
def test_language_tags_are_accepted(language: str) -> None:
    assert PersonaFields(name="Sales", language=language).language == language


@pytest.mark.parametrize("language", ["English, please", "e", "en_GB", "en-", "-en", "x" * 36])
def test_other_languages_are_refused(language: str) -> None:
    assert "language" in problems({"language": language})


def test_wrong_types_of_parts_are_refused() -> None:
    found = problems({"voice": "Sarah", "model": ["gpt"], "metadata": "x", "is_active": "yes"})
    assert set(found) == {"voice", "model", "metadata", "is_active"}


def test_fields_survive_json() -> None:
    fields = PersonaFields.from_dict(
        {
            "name": "Sales",
            "parent_id": str(uuid4()),
            "is_active": False,
            "signature": "-- \nKim",
            "model": {"name": "gpt-5", "temperature": 1, "max_tokens": 500},
            "voice": {"provider": "elevenlabs", "settings": {"speed": 1, "style": 0.25}},
            "metadata": {"starter": "direct", "deep": [{"a": None}, 1.5, True]},
        }
    )
    assert PersonaFields.from_dict(json.loads(json.dumps(fields.as_dict()))) == fields
    assert isinstance(fields.parent_id, UUID)
    assert fields.as_dict()["voice"]["settings"] == {"style": 0.25, "speed": 1.0}


def test_fields_cannot_be_changed_in_place() -> None:
    given = {"list": [1], "map": {"a": 1}}
    fields = PersonaFields(name="Sales", metadata=given)
    given["map"]["a"] = 2
    given["list"].append(2)
    assert fields.as_dict()["metadata"] == {"list": [1], "map": {"a": 1}}
    with pytest.raises(FrozenInstanceError):
        fields.tone = "kind"
    with pytest.raises(TypeError):
        fields.metadata["map"]["a"] = 3
    assert replace(fields, tone="kind").metadata == fields.metadata


def test_a_patch_changes_only_what_it_names() -> None:
    fields = PersonaFields.from_dict(
        {
            "name": "Sales",
            "tone": "Kind",
            "voice": {"provider": "elevenlabs", "settings": {"speed": 1.1, "style": 0.5}},
            "metadata": {"a": 1, "b": {"c": 2, "d": 3}},
        }
    )
    patch = {
        "goals": "Meet",
        "voice": {"settings": {"style": None}},
        "metadata": {"b": {"c": None}},
    }
    assert fields.patched(patch) == PersonaFields.from_dict(
        {
            "name": "Sales",
            "tone": "Kind",
            "goals": "Meet",
            "voice": {"provider": "elevenlabs", "settings": {"speed": 1.1}},
            "metadata": {"a": 1, "b": {"d": 3}},
        }
    )


def test_null_in_a_patch_empties_a_field() -> None:
    fields = PersonaFields.from_dict(
        {"name": "Sales", "tone": "Kind", "voice": {"provider": "x"}, "metadata": {"a": 1}}
    )
    emptied = fields.patched({"tone": None, "voice": None, "metadata": None, "model": None})
    assert emptied == PersonaFields(name="Sales")


@pytest.mark.parametrize("field", ["name", "is_active"])
def test_null_in_a_patch_is_no_value_for_a_field_that_must_have_one(field: str) -> None:
    with pytest.raises(InvalidPersonaError):
        PersonaFields(name="Sales", is_active=False).patched({field: None})


def test_a_patch_nested_without_end_is_refused_and_nothing_worse() -> None:
    deep: dict = {}
    for _ in range(900):
        deep = {"a": deep}
    with pytest.raises(InvalidPersonaError, match="flatten it"):
        PersonaFields(name="Sales").patched({"metadata": deep})


def test_an_edit_makes_the_next_version(make_persona) -> None:
    persona = make_persona("Sales")
    later = persona.updated_at + timedelta(hours=1)
    edited = persona.edited(replace(persona.fields, tone="Kind"), revision=9, at=later)
    assert (edited.version, edited.revision, edited.updated_at) == (2, 9, later)
    assert (edited.persona_id, edited.created_by) == (persona.persona_id, "ada")
    assert edited.fields.tone == "Kind"
    assert persona.version == 1


@pytest.mark.parametrize(
    "wrong",
    [{"version": 0}, {"revision": 0}, {"updated_at": NAIVE}],
)
def test_a_persona_cannot_exist_with_wrong_counters_or_times(make_persona, wrong: dict) -> None:
    with pytest.raises(ValueError, match=r"start at 1|time zone"):
        replace(make_persona("Sales"), **wrong)


def test_a_persona_as_a_document_is_ready_for_json(make_persona) -> None:
    paris = timezone(timedelta(hours=1))
    persona = make_persona("Sales", tone="Kind", updated_at=datetime(2026, 1, 1, tzinfo=paris))
    document = json.loads(json.dumps(persona.as_dict()))
    assert document["persona_id"] == str(persona.persona_id)
    assert document["updated_at"] == "2025-12-31T23:00:00Z"
    assert datetime.fromisoformat(document["created_at"]).tzinfo == UTC
    assert (document["name"], document["tone"], document["version"]) == ("Sales", "Kind", 1)


def test_the_errors_are_422() -> None:
    assert issubclass(InvalidPersonaError, InvalidError)
    assert InvalidPersonaError.status == 422


def test_what_is_stored_holds_nothing_that_is_not_set_and_reads_as_it_was() -> None:
    for values in ({"name": "Nova"}, {"name": "Nova", "voice": {"provider": "p"}, "tone": "calm"}):
        fields = PersonaFields.from_dict(values)
        assert PersonaFields.from_dict(fields.stored()) == fields
        assert not {"rag_prompt", "user_prompt", "tags"} & fields.stored().keys()
    assert fields.stored()["voice"] == {"provider": "p"}
