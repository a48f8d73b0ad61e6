"""`schemas/` is what the models say, and what the specifications allow."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator
from persona_contracts import EVENTS, CrmEvent
from persona_contracts.asyncapi import asyncapi_document
from persona_contracts.catalogue import DOCUMENTS, event_name
from persona_contracts.schemas import FOLDER, json_schema, outdated, write
from persona_contracts.yaml_text import to_yaml

ASYNCAPI_SCHEMA = Path(__file__).parent / "vendor" / "asyncapi-3.0.0.schema.json"


def test_committed_schemas_are_current() -> None:
    assert outdated(FOLDER) == []


def test_a_missing_a_changed_and_a_foreign_file_are_not_current(tmp_path: Path) -> None:
    write(tmp_path)
    assert outdated(tmp_path) == []
    (tmp_path / "lead.replied.v1.json").unlink()
    (tmp_path / "asyncapi.yaml").write_text("asyncapi: 3.0.0\n")
    (tmp_path / "lead.replied.v0.json").write_text("{}")
    assert outdated(tmp_path) == ["asyncapi.yaml", "lead.replied.v0.json", "lead.replied.v1.json"]
    write(tmp_path)
    assert outdated(tmp_path) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_schema_is_valid_json_schema(name: str) -> None:
    Draft202012Validator.check_schema(json_schema(name, DOCUMENTS[name]))


@pytest.mark.parametrize("event", EVENTS, ids=event_name)
def test_the_schema_of_an_event_is_the_one_its_header_names(event: type[CrmEvent]) -> None:
    assert json_schema(event_name(event), event)["$id"] == event.schema_urn()


def test_asyncapi_is_valid_by_the_official_schema() -> None:
    official = json.loads(ASYNCAPI_SCHEMA.read_text(encoding="utf-8"))
    written = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text(encoding="utf-8"))
    assert [error.message for error in Draft7Validator(official).iter_errors(written)] == []


def test_every_reference_of_asyncapi_leads_somewhere() -> None:
    document = asyncapi_document()
    references = list(_references(document))
    assert references
    for reference in references:
        if reference.startswith("./"):
            assert (FOLDER / reference).is_file()
            continue
        place: object = document
        for part in reference.removeprefix("#/").split("/"):
            assert isinstance(place, dict)
            place = place[part]


def test_asyncapi_sends_what_is_ours_and_receives_what_is_the_crms() -> None:
    document = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text(encoding="utf-8"))
    actions = {
        operation["channel"]["$ref"].removeprefix("#/channels/"): operation["action"]
        for operation in document["operations"].values()
    }
    for event in EVENTS:
        name = event_name(event)
        assert document["channels"][name]["address"] == f"{name}.{{workspace_id}}"
        assert actions[name] == ("receive" if issubclass(event, CrmEvent) else "send")


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "a: b", "- a", "# a", "yes", "Null", "on", "1.0", "0x1", "1e3", "2026-01-01"),
        *("a #b", "ü", "'", '"', "\n", "a\nb: c", "{a}", "[a]", "*a", "&a", "!a", "%a", "@a", "~"),
        *(None, True, False, 0, -1, 1.5, [], {}, [[]], [[1, [2]], {"a": []}], {"a": {"b": [{}]}}),
        *({"y": 1, "a b": "c d", "1": 2}, [{"a": 1, "b": [{"c": "d"}]}]),
    ],
    ids=repr,
)
def test_yaml_text_reads_back_as_it_was(value: object) -> None:
    assert yaml.safe_load(to_yaml({"value": value})) == {"value": value}


def _references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for item in value.values() for found in _references(item)]
    if isinstance(value, list):
        return [found for item in value for found in _references(item)]
    return []
