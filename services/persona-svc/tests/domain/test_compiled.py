"""A persona flattened and compiled."""

import json
from datetime import timedelta

import pytest
from persona_client.resolution import DEFAULT_LABEL
from persona_contracts import ResolvedPersona
from persona_svc.domain.compiled import DEFAULT_NAME, TEXTS, compile_persona
from persona_svc.domain.persona import InvalidPersonaError
from persona_svc.domain.prompt import MAX_CONTENT_BYTES
from persona_svc.domain.prompts import (
    MAX_COMPILED_TOKENS,
    RAG_PROMPT,
    USER_PROMPT,
    PersonaTooLongError,
)
from persona_svc.domain.voice import ModelSettings, Voice


def a_line(make_persona, *fields_of_eldest_first: dict):
    """Return personas A, B, …, each the child of the one before, nearest first."""
    line = []
    for letter, fields in zip("ABCDEF", fields_of_eldest_first, strict=False):
        line.insert(0, make_persona(letter, parent=line[0] if line else None, **fields))
    return tuple(line)


def test_the_document_is_what_the_contract_reads(make_persona, full_fields) -> None:
    line = a_line(make_persona, {"tone": "Kind"}, full_fields)
    compiled = compile_persona(line)
    document = json.loads(json.dumps(compiled.as_dict()))

    resolved = ResolvedPersona.model_validate(document)

    assert set(document) == set(ResolvedPersona.model_fields)
    assert ResolvedPersona.model_validate(resolved.model_dump(mode="json")) == resolved
    assert resolved.lineage == [line[1].persona_id]
    assert resolved.model_dump(mode="json")["voice"] == document["voice"]
    assert resolved.updated_at == compiled.updated_at


def test_a_persona_alone_is_itself(make_persona) -> None:
    persona = make_persona("Sales", tone="Kind", content="# Rules\n\n- Be short.\n")
    compiled = compile_persona((persona,))
    assert (compiled.tone, compiled.content) == ("Kind", "# Rules\n\n- Be short.\n")
    assert (compiled.lineage, dict(compiled.inherited_from)) == ((), {})


@pytest.mark.parametrize("field", TEXTS)
def test_null_takes_the_nearest_ancestors_text(make_persona, field: str) -> None:
    line = a_line(make_persona, {field: "eldest"}, {field: "mid"}, {}, {})
    compiled = compile_persona(line)
    assert getattr(compiled, field) == "mid"
    assert compiled.inherited_from == {field: line[2].persona_id}
    assert compiled.lineage == tuple(item.persona_id for item in line[1:])


@pytest.mark.parametrize("field", TEXTS)
def test_an_own_text_is_not_inherited(make_persona, field: str) -> None:
    compiled = compile_persona(a_line(make_persona, {field: "parents"}, {field: "own"}))
    assert (getattr(compiled, field), compiled.inherited_from) == ("own", {})


def test_name_activity_and_metadata_are_never_inherited(make_persona) -> None:
    line = a_line(make_persona, {"is_active": False, "metadata": {"a": 1}}, {})
    compiled = compile_persona(line)
    assert (compiled.name, compiled.is_active) == ("B", True)
    assert compiled.inherited_from == {}


def test_an_inactive_ancestor_gives_like_an_active_one(make_persona) -> None:
    line = a_line(make_persona, {"is_active": False, "tone": "Kind"}, {})
    assert compile_persona(line).tone == "Kind"


@pytest.mark.parametrize(
    ("parent", "own", "expected", "giver"),
    [
        (None, None, False, False),
        (True, None, True, True),
        (True, False, False, False),
        (False, True, True, False),
    ],
)
def test_whether_sources_are_cited_is_inherited(make_persona, parent, own, expected, giver) -> None:
    line = a_line(make_persona, {"cite_sources": parent}, {"cite_sources": own})
    compiled = compile_persona(line)
    assert compiled.cite_sources is expected
    assert ("cite_sources" in compiled.inherited_from) is giver


def test_model_settings_are_inherited_part_by_part(make_persona) -> None:
    line = a_line(
        make_persona,
        {"model": ModelSettings(name="large", temperature=0.1, max_tokens=900)},
        {"model": ModelSettings(name="small")},
        {"model": ModelSettings(temperature=0.7)},
    )
    compiled = compile_persona(line)
    assert compiled.model == ModelSettings(name="small", temperature=0.7, max_tokens=900)
    assert compiled.inherited_from == {
        "model.name": line[1].persona_id,
        "model.max_tokens": line[2].persona_id,
    }


def test_a_voice_is_inherited_whole_or_not_at_all(make_persona) -> None:
    parents = Voice(provider="elevenlabs", voice_id="v1", name="Sarah")
    own = Voice(provider="elevenlabs", voice_id="v2")
    inherited = compile_persona(a_line(make_persona, {"voice": parents}, {}))
    assert (inherited.voice, list(inherited.inherited_from)) == (parents, ["voice"])
    overridden = compile_persona(a_line(make_persona, {"voice": parents}, {"voice": own}))
    assert (overridden.voice, overridden.inherited_from) == (own, {})


def test_contents_are_joined_eldest_first_with_their_origin(make_persona) -> None:
    line = a_line(make_persona, {"content": "one\n"}, {}, {"content": "three"})
    compiled = compile_persona(line)
    assert compiled.content == (
        f"<!-- from persona: A ({line[2].persona_id}) -->\none\n\n\n"
        f"<!-- from persona: C ({line[0].persona_id}) -->\nthree"
    )
    assert "content" not in compiled.inherited_from


def test_a_content_that_is_all_inherited_says_from_whom(make_persona) -> None:
    line = a_line(make_persona, {"content": "one"}, {"content": "two"}, {})
    compiled = compile_persona(line)
    assert compiled.content.startswith(f"<!-- from persona: A ({line[2].persona_id}) -->\none")
    assert compiled.inherited_from == {"content": line[1].persona_id}


@pytest.mark.parametrize("name", ["A-->", "--", "a--b", "--!>", "x---->y"])
def test_a_name_cannot_end_the_comment_it_stands_in(make_persona, name: str) -> None:
    parent = make_persona(name, content="one")
    first_line = compile_persona((make_persona("Z", parent=parent), parent)).content.split("\n")[0]
    assert first_line.startswith("<!-- from persona: ")
    assert "--" not in first_line.removeprefix("<!--").removesuffix("-->")


def test_the_system_prompt_holds_the_whole_character(make_persona) -> None:
    persona = make_persona(
        "Closer",
        persona_name="Kim Lane",
        tone="Kind",
        goals="Meet",
        service_description="We mend bikes.",
        content="- Be short.",
        language="no",
        description="for us only",
        signature="-- \nKim",
    )
    prompts = compile_persona((persona,)).prompts
    assert prompts.system == (
        "# Who you are\n\nYou write as Kim Lane. Write in the language with the tag no.\n\n"
        "# Tone\n\nKind\n\n# Goals\n\nMeet\n\n# What the company offers\n\nWe mend bikes.\n\n"
        "# Instructions\n\n- Be short."
    )
    assert (prompts.rag, prompts.user) == (RAG_PROMPT, USER_PROMPT)


def test_the_label_is_the_name_of_a_persona_without_a_sender(make_persona) -> None:
    assert "You write as Closer." in compile_persona((make_persona("Closer"),)).prompts.system


def test_nobody_writes_as_default_persona(make_persona) -> None:
    system = compile_persona((make_persona(DEFAULT_NAME),)).prompts.system
    assert system == "# Who you are\n\nYou write on behalf of the company."
    assert DEFAULT_NAME == DEFAULT_LABEL


def test_the_newest_time_among_persona_and_ancestors_counts(make_persona) -> None:
    parent = make_persona("A")
    newer = make_persona("A", updated_at=parent.updated_at + timedelta(days=1))
    child = make_persona("B", parent=parent)
    assert compile_persona((child, newer)).updated_at == newer.updated_at
    assert compile_persona((child, parent)).updated_at == child.updated_at


def test_tokens_are_counted_per_part(make_persona) -> None:
    line = a_line(make_persona, {"content": "one"}, {"tone": "x" * 392, "content": "two"})
    tokens = compile_persona(line).tokens
    assert list(tokens) == [
        "identity",
        "tone",
        "content of A",
        "content",
        "prompts.rag",
        "prompts.user",
    ]
    assert tokens["tone"] == 100  # 8 characters of heading, 392 of text, 4 in a token


def test_8000_tokens_are_allowed_and_one_more_is_refused(make_persona) -> None:
    content = "x" * MAX_CONTENT_BYTES
    used = compile_persona((make_persona("Sales", content=content),)).tokens
    room = MAX_COMPILED_TOKENS - sum(used.values())
    heading = len("# What the company offers\n\n")

    offer = "y" * (4 * room - heading)
    fitting = make_persona("Sales", content=content, service_description=offer)
    assert sum(compile_persona((fitting,)).tokens.values()) == MAX_COMPILED_TOKENS

    too_long = make_persona("Sales", content=content, service_description=offer + "y")
    with pytest.raises(PersonaTooLongError) as caught:
        compile_persona((too_long,))
    error = caught.value
    assert str(error).startswith('compiled, "Sales" would take 8,001 tokens of 8,000: content ')
    assert error.extra["tokens"] == {**used, "service_description": room + 1}
    assert [item.field for item in error.errors][:2] == ["content", "service_description"]
    assert error.errors[1].message == f"takes {room + 1:,} tokens"


def test_a_layer_is_its_own_or_the_nearest_ancestors_or_built_in(make_persona) -> None:
    line = a_line(make_persona, {"rag_prompt": "Quote {{ query }}."}, {"user_prompt": "Answer."})
    compiled = compile_persona(line)
    assert (compiled.prompts.rag, compiled.prompts.user) == ("Quote {{ query }}.", "Answer.")
    assert compiled.prompt_sources == {"system": "built_in", "rag": "inherited", "user": "own"}
    assert compiled.inherited_from["rag_prompt"] == line[1].persona_id
    assert compiled.tokens["prompts.user"] == 2
    alone = compile_persona((make_persona("B", content="Be kind."),))
    assert alone.prompt_sources == {"system": "own", "rag": "built_in", "user": "built_in"}


def test_a_layer_that_is_no_template_is_refused_by_line(make_persona) -> None:
    with pytest.raises(InvalidPersonaError) as refused:
        make_persona("A", rag_prompt="fine\n{{ secret }}", user_prompt="{% set x = 1 %}")
    assert [(error.field, error.message.split(":")[0]) for error in refused.value.errors] == [
        ("rag_prompt", "line 2"),
        ("user_prompt", "line 1"),
    ]
