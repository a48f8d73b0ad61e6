"""Events that were sent once can be read without end, and schemas only grow.

`golden/` holds one real message per event and version, and in `golden/schemas/<version>/` the
schemas of each release. Both are never edited, only added to.
"""

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from persona_contracts import STRUCTURED_CONTENT_TYPE, CrmEvent, Event, OwnEvent, decode
from persona_contracts.catalogue import DOCUMENTS, IMPACT_RESPONSE, KNOWLEDGE_RESPONSE
from persona_contracts.schemas import json_schema

BreakingChanges = Callable[..., list[tuple[str, str]]]

GOLDEN = Path(__file__).parent / "golden"
MESSAGES = sorted(GOLDEN.glob("*.json"))
BASELINES = sorted(GOLDEN.glob("schemas/*/*.json"))
SENT_BY_US = {
    name
    for name, model in DOCUMENTS.items()
    if issubclass(model, OwnEvent) or name.startswith("persona-state.")
} | {KNOWLEDGE_RESPONSE, IMPACT_RESPONSE}


def document_name(message: Path) -> str:
    """`lead.replied.v1.plain.json` is another message of `lead.replied.v1`."""
    stem = message.name.removesuffix(".json")
    return stem if stem in DOCUMENTS else stem.rpartition(".")[0]


def data_of(golden: dict[str, Any]) -> dict[str, Any]:
    media_type = golden["headers"].get("Content-Type", "").partition(";")[0]
    return golden["body"]["data"] if media_type == STRUCTURED_CONTENT_TYPE else golden["body"]


def assert_kept(sent: object, read: object, path: str = "$") -> None:
    """What was sent with a value is still there after reading."""
    if isinstance(sent, dict):
        assert isinstance(read, dict), path
        for key, value in sent.items():
            assert key in read, f"{path}.{key} was lost"
            assert_kept(value, read[key], f"{path}.{key}")
    elif isinstance(sent, list):
        assert isinstance(read, list), path
        assert len(sent) == len(read), path
        for index, value in enumerate(sent):
            assert_kept(value, read[index], f"{path}[{index}]")
    else:
        assert type(sent) is type(read), path


@pytest.mark.parametrize("message", MESSAGES, ids=lambda path: path.name)
def test_every_golden_message_is_still_read_whole(message: Path) -> None:
    golden = json.loads(message.read_text(encoding="utf-8"))
    model = DOCUMENTS[document_name(message)]
    body = json.dumps(golden["body"], ensure_ascii=False).encode()
    if issubclass(model, Event):
        read = decode(model, golden["subject"], golden["headers"], body).event
    else:
        read = model.model_validate_json(body)
    assert_kept(data_of(golden), read.model_dump(mode="json"))


@pytest.mark.parametrize("message", MESSAGES, ids=lambda path: path.name)
def test_every_golden_message_fits_its_schema(message: Path) -> None:
    golden = json.loads(message.read_text(encoding="utf-8"))
    name = document_name(message)
    Draft202012Validator(json_schema(name, DOCUMENTS[name])).validate(data_of(golden))


def test_every_document_has_a_golden_message() -> None:
    assert {document_name(message) for message in MESSAGES} == DOCUMENTS.keys()


def test_golden_messages_show_all_three_ways_in_which_the_crm_sends() -> None:
    ways: set[str] = set()
    for message in MESSAGES:
        golden = json.loads(message.read_text(encoding="utf-8"))
        if issubclass(DOCUMENTS[document_name(message)], CrmEvent):
            ways.add("binary" if "ce-id" in golden["headers"] else str(golden["headers"]))
    assert len(ways) >= 3


@pytest.mark.parametrize("baseline", BASELINES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_no_schema_breaks_an_earlier_release(
    baseline: Path, breaking_changes: BreakingChanges
) -> None:
    name = baseline.name.removesuffix(".json")
    old = json.loads(baseline.read_text(encoding="utf-8"))
    new = json_schema(name, DOCUMENTS[name])
    assert breaking_changes(old, new, sent_by_us=name in SENT_BY_US) == []


def test_this_version_has_its_baseline() -> None:
    kept = {path.name for path in (GOLDEN / "schemas" / version("persona-contracts")).iterdir()}
    assert kept == {f"{name}.json" for name in DOCUMENTS}


NEW_TO_READERS = [
    pytest.param(baseline, message, id=f"{baseline.parent.name}-{message.name}")
    for baseline in BASELINES
    for message in MESSAGES
    if document_name(message) == baseline.name.removesuffix(".json")
]


@pytest.mark.parametrize(("baseline", "message"), NEW_TO_READERS)
def test_a_subscriber_of_an_earlier_release_reads_what_is_sent_now(
    baseline: Path, message: Path
) -> None:
    """It ignores what it does not know; whatever its schema promised is there."""
    golden = json.loads(message.read_text(encoding="utf-8"))
    model = DOCUMENTS[document_name(message)]
    body = model.model_validate(data_of(golden)).model_dump(mode="json")
    if issubclass(model, CrmEvent):
        body = {name: value for name, value in body.items() if name in data_of(golden)}
    released = json.loads(baseline.read_text(encoding="utf-8"))
    Draft202012Validator(released).validate(body)
