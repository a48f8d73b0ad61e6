"""The comparison of schemas finds every kind of breaking change, and no other."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from persona_contracts.catalogue import DOCUMENTS
from persona_contracts.schemas import json_schema

Schema = dict[str, Any]
BreakingChanges = Callable[..., list[tuple[str, str]]]


def _drop_field(schema: Schema) -> None:
    del schema["properties"]["changed_by"]


def _drop_nested_field(schema: Schema) -> None:
    del schema["$defs"]["Voice"]["properties"]["voice_id"]


def _require_field(schema: Schema) -> None:
    schema["required"].append("summary")


def _require_new_field(schema: Schema) -> None:
    schema["properties"]["ticket"] = {"type": "string"}
    schema["required"].append("ticket")


def _change_type(schema: Schema) -> None:
    schema["properties"]["version"]["type"] = "string"


def _forbid_null(schema: Schema) -> None:
    schema["properties"]["summary"] = {"type": "string"}


def _shorten(schema: Schema) -> None:
    schema["properties"]["changed_by"]["maxLength"] = 10


def _raise_minimum(schema: Schema) -> None:
    schema["$defs"]["ResolvedPersona"]["properties"]["version"]["minimum"] = 2


def _change_pattern(schema: Schema) -> None:
    schema["properties"]["workspace_id"]["pattern"] = "^[a-z]+$"


def _add_format(schema: Schema) -> None:
    schema["properties"]["changed_by"]["format"] = "email"


def _limit_values(schema: Schema) -> None:
    schema["properties"]["changed_by"]["enum"] = ["a", "b"]


def _narrow_items(schema: Schema) -> None:
    schema["properties"]["changed_fields"]["items"] = {"type": "integer"}


def _narrow_free_values(schema: Schema) -> None:
    schema["$defs"]["Voice"]["properties"]["settings"]["additionalProperties"] = {"type": "number"}


def _close(schema: Schema) -> None:
    schema["additionalProperties"] = False


def _demand_one_of(schema: Schema) -> None:
    schema["anyOf"] = [{"required": ["summary"]}]


@pytest.mark.parametrize(
    ("seed", "path", "what"),
    [
        (_drop_field, "$.changed_by", "removed"),
        (_drop_nested_field, "$.persona.voice.voice_id", "removed"),
        (_require_field, "$.summary", "required"),
        (_require_new_field, "$.ticket", "required"),
        (_change_type, "$.version", "type"),
        (_forbid_null, "$.summary", "type"),
        (_shorten, "$.changed_by", "maxLength"),
        (_raise_minimum, "$.persona.version", "minimum"),
        (_change_pattern, "$.workspace_id", "pattern"),
        (_add_format, "$.changed_by", "format"),
        (_limit_values, "$.changed_by", "enum"),
        (_narrow_items, "$.changed_fields.items", "type"),
        (_narrow_free_values, "$.persona.voice.settings.additionalProperties", "type"),
        (_close, "$", "closed"),
        (_demand_one_of, "$", "anyOf"),
    ],
)
def test_a_breaking_change_is_found(
    seed: Callable[[Schema], None], path: str, what: str, breaking_changes: BreakingChanges
) -> None:
    old = json_schema("persona.updated.v1", DOCUMENTS["persona.updated.v1"])
    new = copy.deepcopy(old)
    seed(new)
    assert (path, what) in breaking_changes(old, new, sent_by_us=False)


def test_what_readers_of_ours_could_no_longer_rely_on_is_found(
    breaking_changes: BreakingChanges,
) -> None:
    old = json_schema("persona.updated.v1", DOCUMENTS["persona.updated.v1"])
    new = copy.deepcopy(old)
    new["required"].remove("changed_by")
    new["properties"]["version"] = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
    assert breaking_changes(old, new, sent_by_us=False) == []
    assert {path for path, _ in breaking_changes(old, new, sent_by_us=True)} == {
        "$.changed_by",
        "$.version",
    }


@pytest.mark.parametrize("sent_by_us", [True, False])
def test_optional_fields_and_enum_values_may_be_added(
    *, sent_by_us: bool, breaking_changes: BreakingChanges
) -> None:
    old = json_schema("lead.replied.v1", DOCUMENTS["lead.replied.v1"])
    new = copy.deepcopy(old)
    new["properties"]["ticket"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    new["$defs"]["Channel"]["enum"].append("whatsapp")
    new["properties"]["message_id"]["maxLength"] = 300
    new["title"] = "Another title"
    assert breaking_changes(old, new, sent_by_us=sent_by_us) == []
