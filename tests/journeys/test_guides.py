"""Every block of the guides for a CRM and for subscribers, run as it stands, in its order."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from dramatis.stack import Stack
from service_devkit.testing.waiting import HANG_SECONDS

pytestmark = pytest.mark.processes
GUIDES = Path(__file__).parents[2] / "docs/guides"
CLIENTS = Path(__file__).parent / "clients"
BIN = Path(sys.executable).parent
PATH = f"{BIN}{os.pathsep}{os.environ['PATH']}"
NODE = shutil.which("node", path=PATH)
NEEDS_NPM = pytest.mark.skipif(
    NODE is None or not (CLIENTS / "node_modules/@nats-io").is_dir(),
    reason="needs node, and npm's packages: npm ci --prefix tests/journeys/clients",
)
BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LANGUAGES = ["python", pytest.param("js", marks=NEEDS_NPM)]
INTERPRETERS = {"python": f"{sys.executable} -", "js": f"{NODE} --input-type=module -"}


@pytest.fixture(scope="module")
def stack():
    with Stack(ephemeral=True, services=["persona", "draft", "followup"]) as running:
        yield running


@pytest.fixture(scope="module")
def follow(stack, tmp_path_factory):
    """Return a function that runs a guide, and gives what its programs printed, by language.

    As somebody would who copies each block into one shell, in the folder of the stack.
    """
    folder = tmp_path_factory.mktemp("reader")
    (folder / ".dramatis").symlink_to(stack.data_dir)
    (folder / "node_modules").symlink_to(CLIENTS / "node_modules")

    def call(guide):
        exports, printed = "", {language: [] for language in INTERPRETERS}
        for language, block in BLOCKS.findall((GUIDES / guide).read_text()):
            if language == "sh":
                run(folder, exports + block)
                exports += "".join(re.findall(r"^export .*\n", block, re.MULTILINE))
            elif language == "python" or not NEEDS_NPM.args[0]:
                program = f"{exports}exec {INTERPRETERS[language]} <<'X'\n{block}X\n"
                printed[language].append(run(folder, program))
        return printed

    return call


def run(folder, script):
    """Return what a shell printed."""
    done = subprocess.run(
        [str(shutil.which("bash")), "-eu", "-o", "pipefail"],
        input=script,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PATH": PATH},
        timeout=HANG_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def crm(follow):
    return follow("crm.md")


@pytest.fixture(scope="module")
def subscriber(stack, follow):
    """Return what a subscriber printed who came after a persona was made and edited."""
    headers = {"Authorization": f"Bearer {stack.token()}"}
    with httpx.Client(base_url=stack.url("persona"), headers=headers) as personas:
        made = personas.post("/api/personas", json={"name": "Kim"}).json()
        path, match = f"/api/personas/{made['persona_id']}", {"If-Match": '"1"'}
        personas.patch(path, json={"tone": "dry"}, headers=match).raise_for_status()
    return follow("subscribe.md")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_crm_gets_a_draft_and_answers_a_send_request(crm, language):
    draft, sends = crm[language]
    name = {"python": "python", "js": "node"}[language]
    assert draft.splitlines()[0] == f"case-{name} Re: An hour a day"
    assert "Hi Robin," in draft
    assert "Nova Lind" in draft
    assert sends.startswith("Ten minutes, Robin?\nHi Robin, shall we?")
    assert sends.endswith("completed\n")


def test_a_python_subscriber_hears_what_happened_before_it_came_and_again(subscriber):
    heard, replayed = subscriber["python"]
    assert "demo Kim" in heard
    assert "persona.updated.v1.demo" in replayed


@NEEDS_NPM
def test_a_node_subscriber_hears_what_happened_before_it_came(subscriber):
    (heard,) = subscriber["js"]
    assert "persona.created.v1.demo" in heard
    assert "persona.updated.v1.demo" in heard
