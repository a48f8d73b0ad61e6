"""A persona as a Markdown file."""

from contextlib import suppress
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from persona_svc.domain.front_matter import PersonaFileError
from persona_svc.domain.markdown import MAX_FILE_BYTES, PersonaFile, from_markdown, to_markdown
from persona_svc.domain.metadata import InvalidMetadataError, frozen_metadata, metadata_json
from persona_svc.domain.persona import (
    LABEL_LIMITS,
    MAX_CONTENT_BYTES,
    TEXT_LIMITS,
    InvalidPersonaError,
    PersonaFields,
)
from persona_svc.domain.voice import ModelSettings, Voice, VoiceSettings
from service_kit.errors import InvalidError
from service_kit.names import name_key

CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
TRICKY = st.sampled_from(
    ["---", "\n---\n", "--- \r\n", "\r\n", "\r", "\n\n", " \n", "\t", "no", "# x", "- a", ": ",
     "\ufeff", "\x85", "\u2028", "😀", "\U0010ffff", "\x1b", "'", '"', "\\", "...", "{}", "<!--"]
)  # fmt: skip
TEXTS = st.none() | st.lists(TRICKY | st.text(CHARACTERS, max_size=8), max_size=8).map("".join)
LINES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=40)
NAMES = LINES.filter(name_key)
UNIT_SCALE = st.none() | st.floats(0, 1)
VOICES = st.builds(
    Voice,
    provider=NAMES,
    voice_id=st.none() | LINES,
    name=st.none() | LINES,
    settings=st.builds(
        VoiceSettings,
        stability=UNIT_SCALE,
        similarity_boost=UNIT_SCALE,
        style=UNIT_SCALE,
        speed=st.none() | st.floats(0.7, 1.2),
        use_speaker_boost=st.none() | st.booleans(),
    ),
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-(2.0**53) + 1, 2.0**53 - 1)
    | st.text(CHARACTERS, max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(CHARACTERS, max_size=20), inner, max_size=3)
    ),
    max_leaves=8,
)


def is_metadata(value: object) -> bool:
    try:
        frozen_metadata(value)
    except InvalidMetadataError:
        return False
    return True


FIELDS = st.builds(
    PersonaFields,
    name=NAMES,
    **{field: st.none() | LINES for field in LABEL_LIMITS},
    **dict.fromkeys(TEXT_LIMITS, TEXTS),
    content=TEXTS,
    parent_id=st.none(),
    is_active=st.booleans(),
    model=st.builds(
        ModelSettings,
        name=st.none() | LINES,
        temperature=st.none() | st.floats(0, 2),
        max_tokens=st.none() | st.integers(1, 128_000),
    ),
    voice=st.none() | VOICES,
    language=st.sampled_from([None, "no", "en", "pt-BR", "on", "y"]).filter(lambda tag: tag != "y"),
    metadata=st.dictionaries(st.text(CHARACTERS, max_size=20), JSON, max_size=4).filter(
        is_metadata
    ),
)


@settings(deadline=None)
@given(fields=FIELDS, parent_name=st.none() | NAMES.map(str.strip))
def test_a_file_loses_nothing(fields: PersonaFields, parent_name: str | None) -> None:
    file = PersonaFile(fields=fields, parent_name=parent_name)
    read = from_markdown(to_markdown(file))
    assert read == file
    assert metadata_json(read.fields.metadata) == metadata_json(fields.metadata)


@settings(deadline=None)
@given(fields=FIELDS)
def test_plain_values_lose_nothing(fields: PersonaFields) -> None:
    assert PersonaFields.from_dict(fields.as_dict()) == fields


@settings(deadline=None)
@given(text=st.text(st.characters(), max_size=80) | st.text("-\r\n:a# ", max_size=40))
def test_any_file_is_read_or_refused(text: str) -> None:
    for file in (text, f"---\n{text}", f"---\nname: Sales\n{text}\n---\n{text}"):
        with suppress(InvalidError):
            assert from_markdown(file).fields.name


def test_a_file_written_by_hand_is_read() -> None:
    file = from_markdown(
        "---\n"
        "name: Closer  # a comment\n"
        "parent: Base\n"
        "language: no\n"
        "is_active: false\n"
        "signature: |\n"
        "  -- \n"
        "  Kim Lane\n"
        "model: {temperature: 1}\n"
        "voice:\n"
        "  provider: elevenlabs\n"
        "  settings: {stability: 0.5}\n"
        "---\n"
        "\n"
        "# Rules\n"
        "\n"
        "---\n"
        "\n"
        "- Be short.\n"
    )
    assert file.parent_name == "Base"
    assert file.fields == PersonaFields(
        name="Closer",
        language="no",
        is_active=False,
        signature="-- \nKim Lane\n",
        model=ModelSettings(temperature=1.0),
        voice=Voice(provider="elevenlabs", settings=VoiceSettings(stability=0.5)),
        content="# Rules\n\n---\n\n- Be short.",
    )


def test_a_file_with_crlf_and_a_byte_order_mark_is_read() -> None:
    file = from_markdown("\ufeff---\r\nname: Sales\r\ntone: |\r\n  a\r\n  b\r\n---\r\n\r\n# A\r\n")
    assert (file.fields.name, file.fields.tone, file.fields.content) == ("Sales", "a\nb\n", "# A")


@pytest.mark.parametrize("body", ["", "\n", "\n\n", " \n\t\n"])
def test_a_blank_body_is_no_content(body: str) -> None:
    assert from_markdown(f"---\nname: Sales\n---\n{body}").fields.content is None


def test_front_matter_may_end_with_the_file() -> None:
    assert from_markdown("---\nname: Sales\n---").fields == PersonaFields(name="Sales")


def test_only_what_is_not_at_its_default_is_written() -> None:
    file = PersonaFile(fields=PersonaFields(name="Sales"), parent_name=None)
    assert to_markdown(file) == "---\nname: Sales\n---\n"


def test_unknown_keys_are_kept_in_metadata() -> None:
    text = "---\nname: Sales\nauthor: Ada\nkinds: [a, b]\nmetadata: {version: 3}\n---\n"
    fields = from_markdown(text).fields
    assert fields.as_dict()["metadata"] == {"version": 3, "author": "Ada", "kinds": ["a", "b"]}


def test_a_key_in_two_places_is_refused() -> None:
    text = "---\nname: Sales\nauthor: Ada\nmetadata: {author: Bob}\n---\n"
    with pytest.raises(InvalidPersonaError, match="author: stands both in the front matter and"):
        from_markdown(text)


def test_fields_with_another_place_are_refused() -> None:
    text = f"---\nname: Sales\ncontent: x\nparent_id: {uuid4()}\n---\n"
    with pytest.raises(InvalidPersonaError) as caught:
        from_markdown(text)
    assert [error.field for error in caught.value.errors] == ["content", "parent_id"]


def test_everything_wrong_is_reported_at_once() -> None:
    text = f"---\ntone: {'x' * 501}\nparent: 5\nmetadata: text\nextra: 1\nname: 2024\n---\n\0"
    with pytest.raises(InvalidPersonaError) as caught:
        from_markdown(text)
    found = {error.field: error.message for error in caught.value.errors}
    assert set(found) == {"tone", "parent", "metadata", "name", "content"}
    assert found["name"] == "must be text: put it in quotes"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the first line must be ---"),
        ("# Rules\n", "the first line must be ---"),
        ("\n---\nname: a\n---\n", "the first line must be ---"),
        ("----\nname: a\n---\n", "the first line must be ---"),
        ("---\nname: a\n", "the front matter has no end"),
        ("---\nname: a\n ---\n", "the front matter has no end"),
        ("---\nname: a\nname: b\n---\n", "front matter: line 3: repeats the key name"),
        ("---\nname: a\n--- b\n---\n", "front matter: line 3: starts a second document"),
    ],
)
def test_what_is_no_persona_file_is_refused_with_the_mend(text: str, message: str) -> None:
    with pytest.raises(PersonaFileError) as caught:
        from_markdown(text)
    assert str(caught.value).startswith(message)
    assert caught.value.status == 422


def test_a_missing_name_is_refused_by_field() -> None:
    with pytest.raises(InvalidPersonaError, match="name: is required"):
        from_markdown("---\n---\n")


def test_a_file_may_have_512_kib() -> None:
    head = "---\nname: Sales\n---\n"
    with pytest.raises(InvalidPersonaError, match="content: has 524,2"):
        from_markdown(head + "x" * (MAX_FILE_BYTES - len(head)))
    with pytest.raises(PersonaFileError, match="more than 524,288 bytes"):
        from_markdown(head + "x" * (MAX_FILE_BYTES - len(head) + 1))


@pytest.mark.parametrize("character", ["\x01", "😀", "\u2028", "x"])
def test_the_largest_persona_fits_a_file(character: str) -> None:
    nested: object = [1] * 5_000
    for _ in range(6):
        nested = [nested]
    fields = PersonaFields(
        name="Sales",
        **{field: "." + character * (limit - 2) + "." for field, limit in TEXT_LIMITS.items()},
        content="x" * MAX_CONTENT_BYTES,
        metadata={"k": nested},
    )
    file = PersonaFile(fields=fields, parent_name=None)
    assert from_markdown(to_markdown(file)) == file


@pytest.mark.parametrize(("written", "tags"), [("[a, b]", ("a", "b")), ("sales", ("sales",))])
def test_tags_are_read_as_people_write_them_and_written_back(written: str, tags: object) -> None:
    file = from_markdown(f"---\nname: Sales\ntags: {written}\n---\n")
    assert file.fields.tags == tags
    assert from_markdown(to_markdown(file)) == file
