"""Help costs what typer costs: it loads nothing that a command needs to do its work."""

import json
import subprocess
import sys
from importlib import import_module

import pytest
import typer
from dramatis.__main__ import GROUPS, MODULES
from service_devkit.testing.waiting import HANG_SECONDS

HELPS = """
import contextlib, io, json, sys
from dramatis.__main__ import main

loaded = {}
for words in json.loads(sys.argv[1]):
    before = set(sys.modules)
    sys.argv = ["dramatis", *words, "--help"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        main()
    tops = {name.partition(".")[0] for name in set(sys.modules) - before}
    loaded[" ".join(words)] = sorted(tops - sys.stdlib_module_names)
kit = sorted(name for name in sys.modules if name.startswith("service_kit."))
print(json.dumps({"loaded": loaded, "kit": kit}))
"""
TYPER = {
    *("typer", "click", "shellingham", "annotated_doc"),
    *("rich", "pygments", "markdown_it", "mdurl", "linkify_it"),
    *("typing_extensions", "attr", "attrs"),
}
"""Typer, and what it draws help with."""


@pytest.fixture(scope="module")
def helps():
    """Return what each help has loaded besides the standard library, and all modules of the kit."""
    words = [[], *([name] for name in GROUPS)]
    printed = subprocess.run(
        [sys.executable, "-c", HELPS, json.dumps(words)],
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=True,
    )
    return json.loads(printed.stdout)


@pytest.mark.parametrize("words", ["", *GROUPS])
def test_help_loads_typer_and_the_command_alone(helps, words):
    strangers = {name for name in helps["loaded"][words] if not name.startswith("_")}
    assert strangers - TYPER - {"dramatis", "service_kit"} == set()


def test_help_loads_of_the_kit_its_errors_alone(helps):
    assert helps["kit"] == ["service_kit.errors"]


@pytest.mark.parametrize("name", GROUPS)
def test_the_list_says_of_a_command_what_its_own_help_says(name):
    app = typer.Typer()
    app.callback()(lambda: None)
    import_module(f"dramatis.commands.{MODULES.get(name, name)}").register(app)
    command = typer.main.get_command(app).commands[name]
    assert (command.help or "").partition("\n\n")[0].replace("\n", " ") == GROUPS[name]
