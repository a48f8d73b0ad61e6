"""Files that people have: instructions without front matter, agents, character cards."""

import json
import struct
import time
import tracemalloc
import zlib
from base64 import b64encode
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from persona_svc.domain.character_card import MAX_CARD_BYTES, to_card
from persona_svc.domain.front_matter import PersonaFileError
from persona_svc.domain.import_lines import find_import_lines
from persona_svc.domain.markdown import MAX_FILE_BYTES, PersonaFile, from_markdown, to_markdown
from persona_svc.domain.metadata import MAX_METADATA_BYTES, metadata_json
from persona_svc.domain.persona import MAX_CONTENT_BYTES
from persona_svc.domain.persona_import import FileUnreadableError, read_import
from persona_svc.domain.png_text import SIGNATURE
from service_kit.errors import InvalidError

CLAUDE = """# CLAUDE.md

This file provides guidance to Claude Code (claude.ai/code) when working with this repository.

## Voice

Calm, short, no jargon.
"""
GEMINI = "# Sales of Acme\n\nYou answer leads of a bicycle shop.\n\n---\n\n- Be kind.\n"
AGENTS = "You are **Nova**, the voice of Acme.\r\n\r\nNever promise a discount.\r\n"


@pytest.mark.parametrize(
    ("text", "name", "content"),
    [
        (CLAUDE, "Voice", CLAUDE.rstrip("\n")),
        (GEMINI, "Sales of Acme", GEMINI.rstrip("\n")),
        (AGENTS, "You are **Nova**, the voice of Acme.", AGENTS.rstrip("\r\n")),
        ("\ufeff\n\n# Größe\nIst kurz.", "Größe", "# Größe\nIst kurz."),
        ("GEMINI.md\n\n> Be brief\n", "Be brief", "GEMINI.md\n\n> Be brief"),
        ("# 接客\n丁寧に。", "接客", "# 接客\n丁寧に。"),
    ],
)
def test_markdown_needs_no_front_matter(text: str, name: str, content: str) -> None:
    file = read_import(text.encode())
    assert (file.fields.name, file.fields.content) == (name, content)
    assert file.fields.metadata == {}
    assert file.dropped == ()


def test_a_given_name_wins() -> None:
    assert read_import(CLAUDE.encode(), "Nova").fields.name == "Nova"
    assert read_import(b"---\nname: Kim\n---\n", "Nova").fields.name == "Nova"
    assert read_import(card_json(name="Kim"), "Nova").fields.name == "Nova"


def test_a_long_first_line_is_cut_to_a_name() -> None:
    assert len(read_import(("word " * 100).encode()).fields.name) <= 80


@pytest.mark.parametrize(
    ("front", "model", "metadata"),
    [
        (
            "name: reviewer\ndescription: Reviews.\ntools: Read, Grep\nmodel: sonnet\ncolor: blue",
            "sonnet",
            {"tools": "Read, Grep", "color": "blue"},
        ),
        (
            (
                "description: Plans.\nmode: subagent\nmodel: anthropic/claude-sonnet-4\n"
                "temperature: 0.1\ntools:\n  write: False"
            ),
            "anthropic/claude-sonnet-4",
            {"mode": "subagent", "temperature": 0.1, "tools": {"write": False}},
        ),
        ("name: helper\nmodel: inherit", None, {}),
        ("name: 'helper'\nmodel: GPT-4.1 (copilot)", "GPT-4.1 (copilot)", {}),
        ("name: helper\nmodel: {name: m, temperature: 1}", "m", {}),
    ],
)
def test_files_of_agents_name_their_model(front: str, model: str | None, metadata: dict) -> None:
    fields = read_import(f"---\n{front}\n---\n\n# Helper\n\nBe brief.\n".encode()).fields
    assert fields.model.name == model
    assert fields.as_dict()["metadata"] == metadata
    assert fields.name in {"reviewer", "Helper", "helper"}
    assert fields.content == "# Helper\n\nBe brief."


@pytest.mark.parametrize(
    "description",
    [
        "Use it so: first ask. Examples: <example>user: 'hi'</example>",
        'Use this agent when: a lead says "too dear": calmly',
        "Größe: 5 # not a comment: text",
    ],
)
def test_a_text_of_one_line_may_have_colons(description: str) -> None:
    text = f"---\r\nname: helper\r\ndescription: {description}\r\nmodel: opus\r\n---\r\nBe brief."
    fields = read_import(text.encode()).fields
    assert (fields.name, fields.description) == ("helper", description)
    assert fields.model.name == "opus"


@pytest.mark.parametrize(
    "front",
    [
        "a: b: c\na: d: e",
        "a: b: c\nd: !tag x",
        "a: b: c\nd: *x",
        "a: b: c\n  e: f: g",
        "a: [b: c: d",
    ],
)
def test_what_else_is_no_yaml_stays_refused(front: str) -> None:
    with pytest.raises(PersonaFileError, match="front matter"):
        read_import(f"---\nname: helper\n{front}\n---\n".encode())


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("@docs/style.md", "docs/style.md"),
        ("- @~/.claude/mine.md", "~/.claude/mine.md"),
        ("@./GEMINI-voice.md\r", "./GEMINI-voice.md"),
        ("@import ../rules.md", "../rules.md"),
        ('@import "my rules.md"', "my rules.md"),
        ("  * @README.md  ", "README.md"),
        ("@</etc/passwd>", "/etc/passwd"),
    ],
)
def test_import_lines_are_found_and_told(line: str, path: str) -> None:
    text = f"# Voice\n\n{line}\n\nBe brief."
    (found,) = find_import_lines(text)
    assert (found.number, found.path) == (3, path)
    file = read_import(text.encode())
    assert [(item.field, path in item.reason) for item in file.dropped] == [("content", True)]
    assert file.fields.content == text


@pytest.mark.parametrize(
    "line",
    [
        "Ask @anna for @docs/style.md",
        "@anna",
        "anna@acme.example",
        "`@docs/style.md`",
        "```\n@docs/style.md\n```",
        "~~~~ css\n@import url.css\n~~~\n~~~~",
        "@media (min-width: 1px)",
        "@...",
        "@",
    ],
)
def test_other_lines_import_nothing(line: str) -> None:
    assert list(find_import_lines(line)) == []


def card(spec: str = "chara_card_v2", **data: object) -> dict:
    return {"spec": spec, "spec_version": "2.0", "data": {"name": "Nova", **data}}


def card_json(spec: str = "chara_card_v2", **data: object) -> bytes:
    return json.dumps(card(spec, **data)).encode()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


END = chunk(b"IEND", b"")
PICTURE = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)) + chunk(
    b"IDAT", zlib.compress(b"\0\0")
)


def text_chunk(keyword: str, body: bytes) -> bytes:
    return chunk(b"tEXt", keyword.encode() + b"\0" + b64encode(body))


def png(*chunks: bytes) -> bytes:
    return SIGNATURE + PICTURE + b"".join(chunks) + END


FULL = {
    "name": "Nova",
    "description": "{{char}} sells bicycles of Acme to {{user}}.",
    "personality": "calm, curious",
    "scenario": "A lead has answered.",
    "first_mes": "Hi {{user}}, {{char}} here.",
    "mes_example": "<START>\n{{user}}: Hi\n{{char}}: Hello!",
    "creator_notes": "Made for the shop.",
    "system_prompt": "{{original}} Be brief.",
    "post_history_instructions": "Ask one question.",
    "alternate_greetings": ["Yo"],
    "character_book": {"entries": [{"keys": ["price"], "content": "15 euros"}]},
    "tags": ["sales"],
    "creator": "ada",
    "character_version": "1.2",
    "extensions": {"depth_prompt": {"depth": 4, "prompt": "x"}, "talkativeness": "0.5"},
}
FORMS = {
    "v1": json.dumps({key: FULL[key] for key in list(FULL)[:6]}).encode(),
    "v2": json.dumps({"spec": "chara_card_v2", "spec_version": "2.0", "data": FULL}).encode(),
    "v3": json.dumps(
        {
            "spec": "chara_card_v3",
            "spec_version": "3.0",
            "data": {**FULL, "nickname": "Nova Berg", "assets": [{"type": "icon", "uri": "x"}]},
        }
    ).encode(),
}
FORMS["with a byte order mark"] = b"\xef\xbb\xbf" + FORMS["v2"]
FORMS["png of v2"] = png(text_chunk("chara", FORMS["v2"]))
FORMS["png of both"] = png(text_chunk("chara", b"{}"), text_chunk("ccv3", FORMS["v3"]))
FORMS["png, text before the picture"] = (
    SIGNATURE + text_chunk("chara", FORMS["v2"]) + PICTURE + chunk(b"tEXt", b"Author\0Ada") + END
)


@pytest.mark.parametrize("form", FORMS)
def test_a_card_becomes_a_persona(form: str) -> None:
    fields = read_import(FORMS[form]).fields
    assert fields.name == "Nova"
    assert fields.tone == "calm, curious"
    assert fields.greeting == "Hi {firstName|there}, Nova here."
    assert fields.content is not None
    assert fields.content.startswith("## Description\n\nNova sells bicycles of Acme to the lead.")
    assert "## Scenario\n\nA lead has answered." in fields.content
    assert "## Example conversations\n\n<START>\nthe lead: Hi\nNova: Hello!" in fields.content
    if form != "v1":
        assert "## Instructions\n\nBe brief." in fields.content
        assert fields.description == "Made for the shop."
        metadata = fields.as_dict()["metadata"]
        assert metadata["extensions"] == FULL["extensions"]
        assert metadata["character_card"]["creator"] == "ada"
        dropped = {item.field for item in read_import(FORMS[form]).dropped}
        assert dropped >= {"alternate_greetings", "character_book"}
    assert fields.persona_name == ("Nova Berg" if form in {"v3", "png of both"} else None)


def test_what_has_no_place_is_told_and_costs_nothing_else() -> None:
    body = card_json(
        name="N" * 100 + "\nx",
        personality="p" * 600,
        description="d" * 23_000,
        scenario="s" * 5_000,
        first_mes="{{random::a,b}} hello",
        creator_notes="c" * 3_000,
        system_prompt=5,
        extensions={"big": "x" * 20_000, "deep": json.loads("[" * 9 + "]" * 9), "small": 1},
        world="Earth",
    )
    file = read_import(body)
    fields, dropped = file.fields, {item.field: item.reason for item in file.dropped}
    assert fields.name == "N" * 80
    assert (fields.tone, fields.greeting) == (None, None)
    assert fields.content is not None
    assert "## Personality" in fields.content
    assert "{{random::a,b}} hello" in fields.content
    assert fields.as_dict()["metadata"]["extensions"] == {"small": 1}
    assert dropped.keys() == {
        "name",
        "scenario",
        "creator_notes",
        "system_prompt",
        "extensions.big",
        "extensions.deep",
        "world",
    }
    assert "levels" in dropped["extensions.deep"]


def test_halves_of_characters_and_nul_cost_themselves_alone() -> None:
    body = card_json(description="a\ud83d b\0c 😀")
    assert read_import(body).fields.content == "a\ufffd bc 😀"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"x" * (MAX_FILE_BYTES + 1), "the file has more than"),
        (b"---\nname: a\n", "the front matter has no end"),
        (b"{", "the card is not JSON"),
        (b'{"a":' * 100_000, "the card is not JSON"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "the card is not JSON"),
        (b'{"spec": 1' + b"0" * 5_000 + b"}", "the card is not JSON"),
        (b"{}", "the JSON is no character card"),
        (b'{"spec": "chara_card_v2", "data": []}', "the JSON is no character card"),
        (b'{"name": "package", "version": "1"}', "the JSON is no character card"),
        (b"{" + b" " * MAX_CARD_BYTES + b"}", "the card has more than"),
        (SIGNATURE, "the PNG is cut short"),
        (png(text_chunk("chara", FORMS["v2"]))[:-20], "the PNG is cut short"),
        (SIGNATURE + b"\xff\xff\xff\xfftEXt", "the PNG is cut short"),
        (png(), "the PNG holds no character card"),
        (png(chunk(b"tEXt", b"chara")), "the PNG holds no character card"),
        (png(text_chunk("chara", FORMS["v2"]).replace(b"chara", b"ccv3a")), "the PNG holds no"),
        (png(text_chunk("chara", FORMS["v2"])[:-1] + b"?"), "the PNG's text chara is damaged"),
        (png(chunk(b"tEXt", b"chara\0not base64!")), "the PNG's character card is not base64"),
        (png(text_chunk("chara", b"\xff\xfe")), "the card is not JSON"),
        (png(text_chunk("chara", b" " * 2 * MAX_CARD_BYTES)), "the card has more than"),
        (SIGNATURE + chunk(b"IDAT", b"") * 30_000 + END, "the PNG has more than 20,000 parts"),
    ],
)
def test_what_is_no_such_file_is_refused_quickly(body: bytes, message: str) -> None:
    began = time.process_time()
    with pytest.raises(PersonaFileError) as refused:
        read_import(body)
    assert str(refused.value).startswith(message)
    assert time.process_time() - began < 1


def test_what_is_not_text_is_refused() -> None:
    with pytest.raises(FileUnreadableError):
        read_import(b"GIF89a\xff\xfe")


@pytest.mark.parametrize(
    "bomb",
    [
        chunk(b"zTXt", b"chara\0\0" + zlib.compress(bytes(50_000_000))),
        chunk(b"iTXt", b"ccv3\0\1\0\0\0" + zlib.compress(bytes(50_000_000))),
        chunk(b"iCCP", b"chara\0\0" + zlib.compress(bytes(50_000_000))),
    ],
)
def test_packed_texts_of_a_png_are_never_unpacked(bomb: bytes) -> None:
    tracemalloc.start()
    file = read_import(png(bomb, text_chunk("chara", FORMS["v2"])))
    with pytest.raises(PersonaFileError, match="holds no character card"):
        read_import(png(bomb))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert file.fields.name == "Nova"
    assert peak < 5_000_000


def test_many_members_are_told_up_to_a_number_and_cost_little() -> None:
    began = time.process_time()
    body = card_json(extensions={f"k{at}": {"x" * 8: at} for at in range(30_000)})
    assert len(body) < MAX_CARD_BYTES
    dropped = read_import(body).dropped
    assert len(dropped) == 51
    assert dropped[-1].reason.endswith(" more")
    assert time.process_time() - began < 3


KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-1e15, 1e15)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
)
EXTENSIONS = st.dictionaries(
    KEYS,
    st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=12,
    ),
    max_size=5,
)


def fits(extensions: dict) -> bool:
    return not read_import(card_json(extensions=extensions)).dropped


@given(
    EXTENSIONS.filter(fits),
    st.sampled_from(["chara_card_v2", "chara_card_v3"]),
    st.sampled_from(["json", "png"]),
)
def test_an_imported_and_exported_card_gives_back_its_extensions(
    extensions: dict, spec: str, form: str
) -> None:
    body = card_json(spec, extensions=extensions, tags=["a"], creator="ada")
    file = read_import(png(text_chunk("chara", body)) if form == "png" else body)
    exported = to_card(file)["data"]
    assert exported["extensions"] == extensions
    assert (exported["tags"], exported["creator"]) == (["a"], "ada")
    # Markdown gives them back, too, and whatever is imported again.
    markdown = from_markdown(to_markdown(file))
    assert markdown.fields == file.fields
    assert to_card(read_import(json.dumps(to_card(file)).encode()))["data"] == exported


@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda tail: SIGNATURE + tail))
def test_any_bytes_are_a_persona_or_refused(body: bytes) -> None:
    with suppress(InvalidError):
        assert isinstance(read_import(body), PersonaFile)


@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner)))
def test_any_data_of_a_card_is_a_persona(value: object) -> None:
    for field in (*FULL.keys() - {"name"}, "nickname", "assets", "creation_date"):
        fields = read_import(card_json(**{field: value})).fields
        assert len((fields.content or "").encode()) <= MAX_CONTENT_BYTES
        assert len(metadata_json(fields.metadata).encode()) <= MAX_METADATA_BYTES
