"""Rosters of documents, for other people's tests."""

import pytest
from persona_client import Freshness
from persona_client.testing import roster_of


def test_a_roster_of_documents_answers_without_a_broker(make):
    persona, other = make.persona("Ann"), make.persona("Bea")
    roster = roster_of(
        {
            "acme": [
                persona,
                other,
                make.workspace(default_persona_id=persona.persona_id),
                make.campaign("spring", email=other.persona_id),
            ]
        }
    )
    assert roster.resolve("acme").sender_name == "Ann"
    assert roster.resolve("acme", campaign_id="spring").sender_name == "Bea"
    assert roster.resolve("globex").tier == "none"
    assert roster.freshness is Freshness.READY
    assert roster.resolve("acme").freshness is Freshness.READY
    assert roster.revision("acme") == 1


@pytest.mark.parametrize("workspace_id", ["", "a b", "a.b", ">", "*", "x" * 65, "é"])
def test_what_can_be_no_workspace_is_refused(make, workspace_id):
    roster = roster_of({"acme": [make.persona()]})
    for ask in (roster.resolve, roster.personas, roster.revision):
        with pytest.raises(ValueError, match="no workspace id"):
            ask(workspace_id)
    with pytest.raises(ValueError, match="no workspace id"):
        roster_of({workspace_id: []})
