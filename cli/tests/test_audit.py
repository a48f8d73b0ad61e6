"""`dramatis audit` on a whole stack."""

import json

import pytest

pytestmark = pytest.mark.processes


@pytest.fixture
def dramatis(run, stack, tmp_path):
    """Return a function that runs the command in a new workspace."""
    workspace = f"audit-{tmp_path.name}".replace("_", "-")[:60]

    def done(*arguments, code=0):
        result = run(*arguments, "--workspace", workspace, "--data-dir", stack.data_dir)
        assert result.code == code, result.err
        return result

    return done


def test_who_changed_what_is_shown_newest_first_from_all_services(dramatis, tmp_path):
    assert "Nothing was changed." in dramatis("audit").out
    persona = tmp_path / "nova.md"
    persona.write_text("---\nname: Nova\n---\nYou are Nova.\n")
    dramatis("personas", "import", persona)
    dramatis("keys", "create", "shop", "--role", "viewer")

    entries = [json.loads(line) for line in dramatis("audit", "--json").out.splitlines()]
    assert {entry["service"] for entry in entries} == {"persona"}
    assert {entry["action"] for entry in entries} >= {"persona.import", "key.create"}
    assert [entry["at"] for entry in entries] == sorted(
        (entry["at"] for entry in entries), reverse=True
    )
    table = dramatis("audit", "--service", "persona").out
    assert "persona.import" in table
    assert "Nothing was changed." in dramatis("audit", "--service", "draft").out
    made = next(entry for entry in entries if entry["entity"] == "persona")
    one = dramatis("audit", "--entity", made["entity_id"], "--json", "--all").out.splitlines()
    assert made in [json.loads(line) for line in one]


def test_a_service_that_is_not_there_is_named_with_those_that_are(dramatis):
    result = dramatis("audit", "--service", "drafts", code=1)
    assert "There is no service 'drafts'." in result.err
    assert "draft" in result.err
