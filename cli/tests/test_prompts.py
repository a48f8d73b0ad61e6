"""Prompts by command, on a whole stack."""

import json
import re
import subprocess
from pathlib import Path

import httpx
import pytest
from dramatis.tokens import embedded_token

pytestmark = pytest.mark.processes
GUIDE = Path(__file__).parents[2] / "docs/guides/prompts.md"


@pytest.fixture
def workspace(tmp_path):
    return f"prompts-{tmp_path.name}".replace("_", "-")[:60]


@pytest.fixture
def prompts(run, stack, workspace):
    """Return a function that runs `dramatis prompts` in a new workspace that has Nova."""
    headers = {"Authorization": f"Bearer {stack.token(workspace)}"}
    url = f"{stack.url('persona')}/api/personas"
    assert httpx.post(url, headers=headers, json={"name": "Nova"}).is_success

    def done(*arguments, code=0):
        result = run("prompts", *arguments, "--workspace", workspace, "--data-dir", stack.data_dir)
        assert result.code == code, result.err
        return result.err if code else result.out

    return done


@pytest.fixture
def edit(prompts, tmp_path):
    def edited(text, *more, code=0):
        file = tmp_path / "text.txt"
        file.write_text(text, encoding="utf-8")
        return prompts("edit", "Nova", "rag", "--file", file, *more, code=code)

    return edited


def test_a_text_is_saved_listed_compared_and_taken_back(prompts, edit):
    assert "Version 1 is used." in edit("Quote.\n")
    assert "-Quote." in edit("Quote pages.\n", "-m", "pages")
    listed = json.loads(prompts("list", "Nova", "rag", "--json"))["versions"]
    assert [(each["version"], each["is_active"]) for each in listed] == [(2, True), (1, False)]
    assert "pages" in prompts("list", "Nova", "rag")
    assert "+Quote pages." in prompts("diff", "Nova", "rag", "1", "2")
    assert "Version 1 is used." in prompts("recover", "Nova", "rag")
    assert prompts("show", "Nova", "rag") == "Quote.\n"
    assert prompts("show", "Nova", "rag", "--version", "2") == "Quote pages.\n"
    assert json.loads(prompts("activate", "Nova", "rag", "2", "--json"))["success"] is True


def test_a_text_with_errors_is_told_by_line_and_fails_the_command(prompts, edit):
    edit("Quote.\n")
    told = edit("fine\n{{ secret }}\n", code=1)
    assert "Version 2 is stored, not used: line 2" in told
    assert prompts("show", "Nova", "rag") == "Quote.\n"


def test_another_admin_approves_what_was_proposed(prompts, edit, stack, workspace):
    edit("Quote.\n")
    headers = {"Authorization": f"Bearer {stack.token(workspace)}"}
    url = f"{stack.url('persona')}/api/workspace/settings"
    assert httpx.put(url, headers=headers, json={"prompt_approval": True}).is_success
    assert "Version 2 waits for another admin" in edit("Quote pages.\n")
    prompts("approve", "Nova", "rag", "2", code=1)
    ben = embedded_token(stack.data_dir, workspace, subject="ben")
    assert "Version 2 is used." in prompts("approve", "Nova", "rag", "2", "--token", ben)


def test_a_template_is_taken_over_and_an_unknown_one_refused(prompts):
    assert "researcher" in prompts("templates")
    prompts("templates", "-p", "Nova", "--apply", "direct_mentor")
    assert "mentor" in prompts("show", "Nova", "system")
    told = prompts("templates", "-p", "Nova", "--apply", "nobody", code=1)
    assert "direct_mentor" in told


def test_the_commands_of_the_guide_work(prompts, stack, workspace, tmp_path):
    """Run each as it stands there, in one folder, as an admin of a workspace that has Nova."""
    env = {"TOKEN": stack.token(workspace), "PERSONA_URL": stack.url("persona")}
    commands = re.findall(r"^    (\S.*)$", GUIDE.read_text(), re.MULTILINE)
    assert len(commands) >= 12
    for command in commands:
        if command.startswith("dramatis prompts "):
            shown = prompts(*command.split()[2:])
        else:
            shell = ["bash", "-ec", command.replace("curl ", "curl -sf ")]
            subprocess.run(shell, cwd=tmp_path, env={"PATH": "/usr/bin:/bin", **env}, check=True)
    assert "proposed" in shown
