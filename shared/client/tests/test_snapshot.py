"""The disk copy: what was written comes back, what is unusable is ignored."""

import gzip
import json
import logging
import stat

import pytest
from persona_client import resolve_in
from persona_client.contents import Contents
from persona_client.snapshot import load, save


@pytest.fixture
def path(tmp_path):
    return tmp_path / "roster.gz"


@pytest.fixture
def contents(make):
    persona = make.persona(tone='two\nlines and "quotes"', revision=3)
    contents = Contents("today", 17)
    contents.apply(*make.message(persona, "acme"))
    contents.apply(*make.message(make.workspace(default_persona_id=persona.persona_id), "acme"))
    contents.apply(*make.message(make.persona(), "other"))
    return contents


def write(path, contents, only=None, age_seconds=0.0):
    for _ in save(path, contents, only=only, age_seconds=age_seconds):
        pass


def test_documents_position_and_age_come_back(path, contents):
    write(path, contents, age_seconds=100)

    loaded, age_seconds = load(path, None)

    assert loaded.position == ("today", 17)
    assert loaded.subjects() == contents.subjects()
    assert loaded.revision("acme") == 3
    assert resolve_in(loaded.view("acme")) == resolve_in(contents.view("acme"))
    assert 100 <= age_seconds < 110


def test_what_is_complete_comes_back(path, contents, make):
    contents.reached_end()
    contents.apply(*make.message(make.persona(revision=5), "acme"), 4)
    write(path, contents)

    loaded, _ = load(path, None)

    assert loaded.revision("acme") == 5
    assert loaded.complete_revisions() == contents.complete_revisions() == {"acme": 3, "other": 1}


def test_file_that_does_not_say_what_is_complete_is_so_up_to_its_documents(path, contents):
    write(path, contents)
    header, rest = gzip.decompress(path.read_bytes()).split(b"\n", 1)
    old = {name: value for name, value in json.loads(header).items() if name != "complete"}
    path.write_bytes(gzip.compress(json.dumps(old).encode() + b"\n" + rest))

    loaded, _ = load(path, None)

    assert loaded.complete_revisions() == {"acme": 3, "other": 1}


def test_tombstones_come_back(path, contents, make):
    persona = make.persona(revision=4)
    contents.apply(*make.tombstone(persona, revision=5))
    write(path, contents)

    loaded, _ = load(path, None)

    assert loaded.apply(*make.message(persona)) is None
    assert loaded.document_count == contents.document_count


def test_every_line_is_json_even_if_a_document_was_spread_over_lines(path, contents, make):
    subject, body = make.message(make.persona(), "spread")
    contents.apply(subject, json.dumps(json.loads(body), indent=2).encode())
    write(path, contents)

    header, *lines = map(json.loads, gzip.decompress(path.read_bytes()).splitlines())

    assert (header["stream_created"], header["last_seq"]) == ("today", 17)
    assert {line["subject"] for line in lines} == contents.subjects()
    assert load(path, None)[0].subjects() == contents.subjects()


def test_only_the_owner_may_read_it_and_nothing_else_is_left(path, contents):
    write(path, contents)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_given_up_half_way_the_old_one_stays(path, contents, make):
    write(path, contents)
    before = path.read_bytes()
    for _ in range(250):
        contents.apply(*make.message(make.persona()))

    writing = save(path, contents, only=None, age_seconds=0)
    next(writing)
    writing.close()

    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_documents_may_change_while_it_is_written(path, contents, make):
    for number in range(250):
        contents.apply(*make.message(make.persona(), f"w{number}"))
    for number, _ in enumerate(save(path, contents, only=None, age_seconds=0)):
        contents.apply(*make.message(make.persona(), f"late-{number}"))
        contents.apply(*make.message(make.persona(), "acme"))
    assert load(path, None) is not None


def test_missing_one_is_no_warning(path, caplog):
    with caplog.at_level(logging.WARNING):
        assert load(path, None) is None
    assert not caplog.records


def cut(data):
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    "damage",
    [
        cut,
        lambda _: b"",
        lambda _: b"no gzip at all",
        lambda data: data[:20] + b"\0\0\0\0" + data[24:],
        lambda _: gzip.compress(b"not json\n"),
        lambda _: gzip.compress(b'{"last_seq":1}\n'),
        lambda _: gzip.compress(b""),
    ],
)
def test_unreadable_one_is_ignored_with_a_warning(path, contents, damage, caplog):
    write(path, contents)
    path.write_bytes(damage(path.read_bytes()))

    assert load(path, None) is None

    assert "ignored" in caplog.text


def test_folder_in_its_place_is_ignored_with_a_warning(path, caplog):
    path.mkdir()
    assert load(path, None) is None
    assert "ignored" in caplog.text


@pytest.mark.parametrize(
    ("written_for", "workspaces", "usable"),
    [
        (None, None, True),
        (None, {"acme"}, True),
        ({"acme", "other"}, {"acme"}, True),
        ({"acme"}, {"acme"}, True),
        ({"acme"}, {"acme", "other"}, False),
        ({"acme"}, {"other"}, False),
        ({"acme"}, None, False),
    ],
)
def test_snapshot_of_fewer_workspaces_is_never_taken_for_all(
    path, contents, written_for, workspaces, usable
):
    write(path, contents, only=written_for)

    loaded = load(path, workspaces)

    assert (loaded is not None) is usable
    if loaded and workspaces:
        assert {subject.split(".")[2] for subject in loaded[0].subjects()} <= workspaces
