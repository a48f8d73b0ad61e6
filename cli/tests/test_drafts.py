"""Drafts by command, on a running stack."""

import json

import httpx
import pytest

pytestmark = pytest.mark.processes
WORKSPACE = "drafts-by-command"


@pytest.fixture
def dramatis(run, stack):
    """Return a function that runs a command in a workspace, and returns its JSON."""

    def done(*words, code=0):
        place = ("--workspace", WORKSPACE, "--data-dir", stack.data_dir, "--json")
        result = run(*words, *place)
        assert result.code == code, result.err
        return result.err if code else json.loads(result.out)

    return done


@pytest.fixture
def draft(dramatis, stack, tmp_path):
    """Return a function that has a reply drafted, and returns the draft."""
    headers = {"Authorization": f"Bearer {stack.token(WORKSPACE)}"}
    made = httpx.post(f"{stack.url('persona')}/api/personas", headers=headers, json={"name": "N"})
    assert made.status_code in {201, 409}

    def drafted(text):
        file = tmp_path / "reply.txt"
        file.write_text(text)
        return dramatis("replies", "send", file, "--new", "--wait")

    return drafted


def test_a_draft_is_listed_edited_and_approved(dramatis, draft, tmp_path):
    found = draft("What does it cost for ten people?")
    draft_id = found["draft_id"]
    assert dramatis("drafts", "show", draft_id)["text"] == found["text"]
    listed = dramatis("drafts", "list", "--lead", found["lead_id"])["items"]
    assert [each["draft_id"] for each in listed] == [draft_id]
    file = tmp_path / "body.txt"
    file.write_text(found["body"])
    assert "nothing was approved" in dramatis("drafts", "edit", draft_id, "-f", file, code=1)
    file.write_text("Ten seats are ten euros.")
    approved = dramatis("drafts", "edit", draft_id, "-f", file)
    assert (approved["status"], approved["body"]) == ("approved", "Ten seats are ten euros.")
    assert "409" in dramatis("drafts", "approve", draft_id, code=1)


def test_a_draft_is_written_anew_and_rejected(dramatis, draft):
    draft_id = draft("Can we talk on Monday?")["draft_id"]
    assert dramatis("drafts", "reject", draft_id, "--reason", "no lead")["status"] == "rejected"
    other = draft("Who are you?")["draft_id"]
    assert dramatis("drafts", "regenerate", other)["status"] in {"queued", "generating", "ready"}
    third = draft("And on Tuesday?")["draft_id"]
    assert dramatis("drafts", "approve", third)["status"] == "approved"
