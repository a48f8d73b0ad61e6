"""Documents from the wire: the higher revision wins, the unreadable is skipped."""

import logging

import pytest
from persona_client import resolve_in
from persona_client.contents import Contents


@pytest.fixture
def contents():
    return Contents("today", 0)


def default_of(contents):
    return resolve_in(contents.view("acme"))


def fill(contents, make, *documents):
    for document in documents:
        assert contents.apply(*make.message(document)).workspace_id == "acme"


def test_lower_and_equal_revisions_are_ignored(contents, make):
    persona = make.persona(revision=5, tone="newest")
    fill(contents, make, persona, make.workspace(default_persona_id=persona.persona_id))

    for revision in (4, 5):
        old = persona.model_copy(update={"revision": revision, "tone": "old"})
        assert contents.apply(*make.message(old)) is None

    assert default_of(contents).tone == "newest"
    assert contents.revision("acme") == 5


def test_tombstone_removes_and_late_older_documents_stay_away(contents, make):
    persona = make.persona(revision=5)
    fill(contents, make, persona, make.workspace(default_persona_id=persona.persona_id))

    assert contents.apply(*make.tombstone(persona, revision=6)).workspace_id == "acme"
    assert contents.apply(*make.message(persona)) is None

    assert [item.reason for item in default_of(contents).skipped] == ["DANGLING_REF"]
    assert contents.document_count == 1


def test_persona_can_return_after_its_tombstone(contents, make):
    persona = make.persona(revision=7)
    fill(contents, make, make.workspace(default_persona_id=persona.persona_id))
    contents.apply(*make.tombstone(persona, revision=6))

    fill(contents, make, persona)

    assert default_of(contents).persona == persona
    assert contents.document_count == 2


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"', b'{"revision":"x"}', b'{"deleted":true}', b"\xff\x00"],
)
def test_document_that_is_no_json_object_with_a_revision_is_skipped_and_logged(
    contents, make, body, caplog
):
    persona = make.persona(tone="known")
    fill(contents, make, persona, make.workspace(default_persona_id=persona.persona_id))
    subject, _ = make.message(persona)

    with caplog.at_level(logging.WARNING):
        assert contents.apply(subject, body) is None

    assert subject in caplog.text
    assert default_of(contents).tone == "known"


def test_undecodable_newer_document_leaves_the_known_one(contents, make, caplog):
    persona = make.persona(tone="known")
    fill(contents, make, persona, make.workspace(default_persona_id=persona.persona_id))
    subject, _ = make.message(persona)

    assert contents.apply(subject, b'{"revision":2,"name":"secret text"}') is None

    assert default_of(contents).tone == "known"
    assert subject in caplog.text
    assert "secret text" not in caplog.text


def test_undecodable_first_document_is_missing_hides_no_other_and_can_come_again(
    contents, make, caplog
):
    good, bad = make.persona(tone="good"), make.persona(tone="mended")
    fill(contents, make, good, make.workspace(default_persona_id=good.persona_id))
    subject, body = make.message(bad)
    contents.apply(subject, b'{"revision":1}')

    for _ in range(2):
        choice = resolve_in(contents.view("acme"), sequence_persona_id=bad.persona_id)
        assert (choice.tone, choice.skipped[0].reason) == ("good", "DANGLING_REF")

    assert caplog.text.count(str(bad.persona_id)) == 1
    assert contents.document_count == 2
    assert contents.apply(subject, body).workspace_id == "acme"
    again = resolve_in(contents.view("acme"), sequence_persona_id=bad.persona_id)
    assert again.tone == "mended"


@pytest.mark.parametrize(
    "subject",
    [
        "persona-state.v1.acme.persona.no-uuid",
        "persona-state.v1.acme.later-kind.x",
        "persona-state.v2.acme.campaign.x",
        "persona-state.v1.ac me.campaign.x",
        "else",
    ],
)
def test_unknown_subjects_change_nothing(contents, subject):
    assert contents.apply(subject, b'{"revision":1}') is None
    assert contents.document_count == 0


def test_workspaces_see_only_their_own_documents(contents, make):
    persona = make.persona()
    contents.apply(*make.message(persona, "other"))
    fill(contents, make, make.workspace(default_persona_id=persona.persona_id))

    assert [item.reason for item in default_of(contents).skipped] == ["DANGLING_REF"]


def test_limited_contents_leave_other_workspaces_out(make):
    contents = Contents("today", 0, {"acme"})
    assert contents.apply(*make.message(make.persona(), "other")) is None
    assert contents.apply(*make.message(make.persona(), "acme")).workspace_id == "acme"
    assert contents.document_count == 1
