"""API keys by command, on a whole stack."""

import json
import re
from pathlib import Path

import httpx
import pytest
from service_kit.api_keys import is_well_formed, new_key

pytestmark = pytest.mark.processes
GUIDE = Path(__file__).parents[2] / "docs/guides/keys.md"


@pytest.fixture
def keys(run, stack, tmp_path):
    """Return a function that runs `dramatis keys` in a new workspace."""
    workspace = f"keys-{tmp_path.name}".replace("_", "-")[:60]

    def done(*arguments, code=0):
        result = run("keys", *arguments, "--workspace", workspace, "--data-dir", stack.data_dir)
        assert result.code == code, result.err
        return result.out

    return done


def test_a_key_is_made_used_listed_and_revoked(keys, run, stack, monkeypatch):
    key = keys("create", "shop", "--role", "editor").strip()
    assert is_well_formed(key)
    (listed,) = json.loads(keys("list", "--json"))["items"]
    assert (listed["name"], listed["role"]) == ("shop", "editor")
    table = keys("list")
    assert listed["key_id"] in table
    assert key not in table
    url = stack.url("draft")
    headers = {"Authorization": f"Bearer {key}"}
    assert httpx.get(f"{url}/api/drafts", headers=headers).status_code == 200
    monkeypatch.setenv("DRAMATIS_TOKEN", key)
    assert run("personas", "list", "--data-dir", stack.data_dir).code == 0
    monkeypatch.delenv("DRAMATIS_TOKEN")
    assert listed["key_id"] in keys("revoke", listed["key_id"])
    assert "No API keys" in keys("list")


def test_a_key_in_a_command_line_is_refused_without_repeating_it(run, stack):
    key = new_key()
    result = run("personas", "list", "--token", key, "--data-dir", stack.data_dir)
    assert result.code == 1
    assert "DRAMATIS_TOKEN" in result.err
    assert key not in result.err


def test_the_commands_of_the_guide_work(keys, stack, tmp_path):
    """Run each as it stands there, but for the ids and the workspace."""
    workspace = f"keys-{tmp_path.name}".replace("_", "-")[:60]
    headers = {"Authorization": f"Bearer {stack.token(workspace)}"}
    new = {"name": "Nova"}
    httpx.post(f"{stack.url('persona')}/api/personas", headers=headers, json=new)
    commands = re.findall(
        r"^    (?:\w+=\$\()?dramatis keys ([^)\n]+?)\)?$", GUIDE.read_text(), re.MULTILINE
    )
    assert len(commands) >= 4
    for command in commands:
        (*_, newest) = json.loads(keys("list", "--json"))["items"] or [{"key_id": "none"}]
        keys(*re.sub(r"\S+…", newest["key_id"], command).split())
