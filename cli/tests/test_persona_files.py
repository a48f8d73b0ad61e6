"""What `@import` lines bring in, and what they never do."""

import os
from pathlib import Path

import pytest
from dramatis.errors import CliError
from dramatis.persona_files import PersonaSource, read_persona_file
from persona_svc.domain.markdown import MAX_FILE_BYTES
from persona_svc.domain.png_text import SIGNATURE

SECRET = "the word outside"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the given folder; a secret lies beside it."""
    (tmp_path / "secret.md").write_text(SECRET)
    folder = tmp_path / "given"
    (folder / "docs").mkdir(parents=True)
    return folder


def read(folder: Path, files: dict[str, str], start: str = "CLAUDE.md") -> PersonaSource:
    for name, text in files.items():
        (folder / name).write_text(text)
    return read_persona_file(folder / start, folder)


def test_imported_files_stand_where_their_lines_were(folder: Path) -> None:
    source = read(
        folder,
        {
            "CLAUDE.md": "# Voice\n@docs/style.md\n- @import 'facts.md'\nThe end.\n",
            "docs/style.md": "Be brief.\n@../facts.md\n",
            "facts.md": "\ufeffAcme sells bicycles.",
        },
    )
    assert source.body.decode() == (
        "# Voice\nBe brief.\nAcme sells bicycles.\nAcme sells bicycles.\nThe end.\n"
    )
    assert source.not_read == []


@pytest.mark.parametrize(
    "line",
    [
        "@../secret.md",
        "@docs/../../secret.md",
        "@{outside}/secret.md",
        "@~/secret.md",
        "@link.md",
        "@linked/secret.md",
        "@chain.md",
        "@import ../secret.md",
    ],
)
def test_nothing_leads_out_of_the_folder(folder: Path, line: str) -> None:
    (folder / "link.md").symlink_to("../secret.md")
    (folder / "linked").symlink_to("..")
    (folder / "chain.md").symlink_to("link.md")
    line = line.format(outside=folder.parent)
    source = read(folder, {"CLAUDE.md": f"# Voice\n{line}\nThe end."})
    assert source.body == b"# Voice\nThe end."
    (told,) = source.not_read
    assert told.line == f"CLAUDE.md, line 2: {line}"
    assert "outside of" in told.reason


def test_a_link_within_the_folder_is_followed(folder: Path) -> None:
    (folder / "docs/link.md").symlink_to("../facts.md")
    source = read(folder, {"CLAUDE.md": "@docs/link.md", "facts.md": "Acme."})
    assert source.body == b"Acme."


def test_the_file_s_own_folder_is_the_limit_unless_another_is_given(folder: Path) -> None:
    (folder / "docs/CLAUDE.md").write_text("@../facts.md")
    (folder / "facts.md").write_text("Acme.")
    assert read_persona_file(folder / "docs/CLAUDE.md").body == b""
    assert read_persona_file(folder / "docs/CLAUDE.md", folder).body == b"Acme."


@pytest.mark.parametrize(
    ("files", "circle"),
    [
        ({"CLAUDE.md": "a\n@CLAUDE.md"}, "CLAUDE.md → CLAUDE.md"),
        (
            {"CLAUDE.md": "a\n@docs/b.md", "docs/b.md": "@../CLAUDE.md"},
            "CLAUDE.md → docs/b.md → CLAUDE.md",
        ),
        ({"CLAUDE.md": "a\n@b.md", "b.md": "@c.md", "c.md": "@./b.md"}, "b.md → c.md → b.md"),
    ],
)
def test_a_cycle_is_told_and_ends(folder: Path, files: dict[str, str], circle: str) -> None:
    source = read(folder, files)
    assert source.body.decode().strip() == "a"
    (told,) = source.not_read
    assert told.reason == f"a cycle: {circle}"


def test_what_is_no_file_of_text_is_told(folder: Path) -> None:
    os.mkfifo(folder / "pipe.md")
    (folder / "loop.md").symlink_to("loop.md")
    (folder / "picture.md").write_bytes(b"\xff\xd8\xff")
    lines = [
        "@pipe.md",
        "@loop.md",
        "@picture.md",
        "@docs/",
        "@missing.md",
        "@nul\0.md",
        "@/dev/zero",
    ]
    source = read(folder, {"CLAUDE.md": "\n".join(["# Voice", *lines])})
    assert source.body == b"# Voice"
    assert [told.line.partition(": ")[2] for told in source.not_read] == lines


def test_files_are_read_five_deep(folder: Path) -> None:
    files = {f"{depth}.md": f"{depth}\n@{depth + 1}.md" for depth in range(8)}
    source = read(folder, files, "0.md")
    assert source.body == b"0\n1\n2\n3\n4\n5"
    assert [told.reason for told in source.not_read] == ["it is more than 5 files deep"]


def test_files_that_name_each_other_over_and_over_are_refused(folder: Path) -> None:
    files = {f"{depth}.md": f"@{depth + 1}.md\n" * 300 for depth in range(5)}
    with pytest.raises(CliError, match="more than"):
        read(folder, files | {"5.md": "x" * 100}, "0.md")
    with pytest.raises(CliError, match="more than"):
        read(folder, {"a.md": "@b.md", "b.md": "x" * (MAX_FILE_BYTES + 1)}, "a.md")


@pytest.mark.parametrize(
    "body", [SIGNATURE + b"\n@a.md\n", b'{"a": "\n@a.md\n"}', b"\xff\n@a.md\n"]
)
def test_other_files_are_sent_as_they_are(folder: Path, body: bytes) -> None:
    (folder / "card").write_bytes(body)
    (folder / "a.md").write_text("text")
    assert read_persona_file(folder / "card", folder) == PersonaSource(body)
