"""Every action on personas by command, on a whole stack."""

import json
import shlex
import sys

import pytest

pytestmark = pytest.mark.processes
NOVA = "---\nname: Nova\ntone: calm\nteam: west\n---\n\nBe brief.\n"


@pytest.fixture
def ask(run, stack, tmp_path):
    """Return a function that runs a command in a workspace with the personas Nova and Kim."""
    workspace = f"personas-{tmp_path.name}".replace("_", "-")[:60]

    def done(*arguments, code=0):
        result = run(*arguments, "--workspace", workspace, "--data-dir", stack.data_dir)
        assert result.code == code, result.err + result.out
        return result

    (tmp_path / "nova.md").write_text(NOVA)
    (tmp_path / "kim.md").write_text(NOVA.replace("Nova", "Kim"))
    done("personas", "import", tmp_path / "nova.md", tmp_path / "kim.md")
    return done


def editor(monkeypatch, tmp_path, code):
    """Let $EDITOR run `code`, in which `path` is the file."""
    script = tmp_path / "editor.py"
    script.write_text(f"import sys, pathlib\npath = pathlib.Path(sys.argv[1])\n{code}\n")
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}")


def test_files_of_other_programs_are_imported_and_what_is_left_out_is_told(ask, tmp_path):
    (tmp_path / "given").mkdir()
    (tmp_path / "given/CLAUDE.md").write_text("# CLAUDE.md\n@style.md\n@../nova.md\n")
    (tmp_path / "given/style.md").write_text("Be brief.")
    imported = ask("personas", "import", tmp_path / "given/CLAUDE.md", "--name", "Acme")
    assert imported.out.startswith("Acme: ")
    assert "left out: CLAUDE.md, line 3: @../nova.md: it is outside of" in imported.err
    shown = json.loads(ask("personas", "show", "Acme", "--json").out)
    assert shown["content"] == "# CLAUDE.md\nBe brief."

    extensions = {"acme": {"team": "west"}}
    data = {"name": "Vela", "description": "Calm.", "assets": [1], "extensions": extensions}
    (tmp_path / "vela.json").write_text(json.dumps({"spec": "chara_card_v3", "data": data}))
    told = json.loads(ask("personas", "import", tmp_path / "vela.json", "--json").out)
    assert [item["field"] for item in told["dropped"]] == ["assets"]
    ask("personas", "export", "Vela", "--card", "-o", tmp_path / "out.json")
    exported = json.loads((tmp_path / "out.json").read_text())
    assert exported["data"]["extensions"] == extensions
    two = ask(
        "personas", "import", tmp_path / "nova.md", tmp_path / "kim.md", "--name", "x", code=2
    )
    assert "--name needs one file" in two.err


def test_a_persona_is_edited_in_an_editor(ask, monkeypatch, tmp_path):
    replace = 'path.write_text(path.read_text().replace("calm", "warm").replace("team: west", ""))'
    editor(monkeypatch, tmp_path, replace)
    edited = ask("personas", "edit", "Nova")
    assert edited.out == "Nova: version 2: changed metadata, tone\n"
    shown = json.loads(ask("personas", "show", "Nova", "--json").out)
    assert (shown["tone"], shown["metadata"], shown["content"]) == ("warm", {}, "Be brief.")
    editor(monkeypatch, tmp_path, "pass")
    assert ask("personas", "edit", "Nova").out == "Nova: Nothing has changed.\n"


def test_who_was_slower_sees_the_conflict_and_keeps_the_text(ask, monkeypatch, tmp_path):
    other = tmp_path / "other.md"
    other.write_text(NOVA.replace("calm", "loud"))
    # While the editor is open, somebody else saves another tone.
    command = ["personas", "edit", "Nova", "--file", other]
    opened = []

    def meanwhile(path):
        if not opened:
            opened.append(path)
            ask(*command)
        return NOVA.replace("Be brief.", "Be long.")

    monkeypatch.setattr("dramatis.commands.persona_changes.edited", meanwhile)
    refused = ask("personas", "edit", "Nova", code=1)
    assert "-tone: calm" in refused.out
    assert "+tone: loud" in refused.out
    assert "was faster: Nova has version 2 now" in refused.err
    assert str(opened[0]) in refused.err.replace("\n", "")
    assert opened[0].is_file()


def test_what_is_wrong_with_an_edited_persona_is_told_by_field(ask, tmp_path):
    bad = tmp_path / "bad.md"
    bad.write_text(NOVA.replace("calm", "x" * 501).replace("Nova", '""'))
    refused = ask("personas", "edit", "Nova", "--file", bad, code=1).err
    assert "tone" in refused
    assert "name" in refused
    missing = tmp_path / "missing.md"
    missing.write_text(NOVA.replace("team: west", "parent: Nobody"))
    assert (
        "parent: there is no persona 'Nobody'"
        in ask("personas", "edit", "Nova", "--file", missing, code=1).err
    )


def test_a_persona_is_deleted_after_its_impact_was_shown_and_comes_back(ask, tmp_path):
    child = tmp_path / "child.md"
    child.write_text(NOVA.replace("Nova", "Child").replace("team: west", "parent: Kim"))
    ask("personas", "import", child)
    refused = ask("personas", "delete", "Kim", "--yes", code=1)
    assert "children: 1 (Child)" in refused.out
    assert "409" in refused.err
    ask("personas", "delete", "Child", "--yes")
    deleted = ask("personas", "delete", "Nova", "--yes", "--promote", "Kim")
    assert "Nova is the default persona." in deleted.out
    assert "deleted: Nova" in deleted.out
    listed = ask("personas", "list", "--deleted").out
    assert "Nova" in listed
    assert "erased after" in listed
    assert ask("personas", "undelete", "Nova").out == "Nova: is back as version 2\n"
    again = json.loads(ask("personas", "delete", "Nova", "--yes", "--json").out)
    assert "ingest" not in again["impact"]["unknown"]
    assert "There is no deleted persona 'Kim'" in ask("personas", "undelete", "Kim", code=1).err


def test_versions_are_listed_compared_and_restored(ask, tmp_path):
    (tmp_path / "new.md").write_text(NOVA.replace("calm", "warm"))
    ask("personas", "edit", "Nova", "--file", tmp_path / "new.md")
    listed = json.loads(ask("personas", "versions", "Nova", "--json").out)["items"]
    assert [item["version"] for item in listed] == [2, 1]
    assert len(ask("personas", "versions", "Nova", "--limit", "1").out.splitlines()) == 2
    assert "-calm" in ask("personas", "diff", "Nova", "1").out
    assert ask("personas", "restore", "Nova", "1").out == "Nova: version 3 equals version 1\n"
    assert ask("personas", "diff", "Nova", "1", "3").out == "Nothing differs.\n"
    assert "404" in ask("personas", "restore", "Nova", "9", code=1).err


def test_a_copy_and_the_choice_of_a_model(ask):
    assert ask("personas", "clone", "Nova", "--name", "Nora").out.startswith("Nora: copied to ")
    chosen = ask(
        "personas", "settings", "Nora", "--model", "gpt-5-mini", "--temperature", "0.4"
    ).out
    assert "model name: gpt-5-mini" in chosen
    assert "model temperature: 0.4" in chosen
    refused = ask("personas", "settings", "Nora", "--temperature", "20", code=1).err
    assert "model.temperature" in refused


def test_who_speaks_is_assigned_and_explained(ask):
    assert "Nova speaks: tier default" in ask("personas", "explain").out
    refused = ask("personas", "assign", "Kim", "spring", code=1).err
    assert "no campaign spring" in refused
    explained = json.loads(ask("personas", "explain", "--campaign", "spring", "--json").out)
    assert [step["tier"] for step in explained["considered"]][-1] == "default"
    unknown = ask("personas", "explain", "--lead", "nobody", code=1).err
    assert "No draft answers lead 'nobody'" in unknown


def test_a_file_of_templates_is_checked_by_field(ask, tmp_path):
    good = tmp_path / "sequence.json"
    good.write_text(json.dumps({"steps": [{"subject": "Hi", "body": "Hi {firstName|there}"}]}))
    assert ask("sequences", "lint", good).out == "steps.0.subject: ok\nsteps.0.body: ok\n"
    bad = tmp_path / "mail.txt"
    bad.write_text("Hi {frstName}")
    refused = ask("sequences", "lint", bad, code=1)
    assert "template:" in refused.out
    assert "frstName" in refused.out
