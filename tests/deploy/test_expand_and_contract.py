"""A rollback needs no migration back: the code from before the newest migration runs after it.

The old code is that of the commit before the one that added the newest migration. Where the clone
has no such history the test is skipped.
"""

import io
import subprocess
import sys
import sysconfig
import tarfile
import venv
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from service_devkit.embedded import ServiceProcess
from service_devkit.testing.api import Api, running, service_env
from service_devkit.testing.waiting import wait_until
from service_kit.clock import utc_now

ROOT = Path(__file__).parents[2]
WORKSPACE = "acme"
pytestmark = [pytest.mark.long, pytest.mark.slow]


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)  # noqa: S607
    return done.stdout if done.returncode == 0 else b""


@cache
def commit_before_newest_migration(service):
    newest = max((ROOT / "services" / service / "migrations/versions").glob("0*.py"))
    added = git("log", "--diff-filter=A", "--format=%H", "-1", "--", str(newest)).decode().strip()
    before = git("rev-parse", f"{added}^").decode().strip() if added else ""
    return before if before and git("ls-tree", before, f"services/{service}/src") else None


def old_python(service, folder):
    """Return a Python that finds a service's old code and the old kit, also in its children."""
    before = commit_before_newest_migration(service)
    if before is None:
        pytest.skip(f"{service}: the history does not reach to before its newest migration")
    archive = git("archive", before, "shared", f"services/{service}")
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    venv.create(folder / "venv", symlinks=True)
    (site,) = folder.glob("venv/lib/python*/site-packages")
    sources = [*folder.glob("shared/*/src"), folder / "services" / service / "src"]
    # Added as a plain path, the present environment lends its packages, but not the present code.
    installed = sysconfig.get_path("purelib")
    (site / "old.pth").write_text("\n".join([*map(str, sources), installed]))
    return str(folder / "venv/bin/python")


class PythonService(ServiceProcess):
    """A service of the code that `python` finds."""

    def __init__(self, python, package, **options):
        super().__init__(package, **options)
        self._python = python

    def _command(self):
        command = super()._command()
        return replace(command, arguments=[self._python, *command.arguments[1:]])


async def answer(client, method, path, **request):
    answered = await client.request(method, path, **request)
    assert answered.is_success, answered.text
    return answered.json()


async def write_persona(client, _persona_id, number):
    made = await answer(client, "POST", "/api/personas", json={"name": f"Persona {number}"})
    await answer(client, "POST", f"/api/personas/{made['persona_id']}/default", json={})
    return f"/api/personas/{made['persona_id']}"


async def write_draft(client, _persona_id, number):
    reply = {
        "workspace_id": WORKSPACE,
        "message_id": f"m-{number}",
        "lead_id": f"lead-{number}",
        "channel": "email",
        "received_at": utc_now().isoformat(),
        "body_text": "How much is a seat?",
    }
    await answer(client, "POST", "/api/replies", json=reply)

    async def drafts():
        found = (await answer(client, "GET", "/api/drafts"))["items"]
        return [d for d in found if d["message_id"] == f"m-{number}" and d["status"] == "ready"]

    (draft,) = await wait_until(drafts)
    await answer(client, "POST", f"/api/drafts/{draft['draft_id']}/approve", json={})
    return f"/api/drafts/{draft['draft_id']}"


async def write_sequence(client, _persona_id, number):
    step = {"channel": "email", "delay": {"amount": 1, "unit": "hours"}, "body": "Hi {firstName}."}
    body = {"name": f"Sequence {number}", "steps": [step]}
    made = await answer(client, "POST", "/api/sequences", json=body)
    return f"/api/sequences/{made['sequence_id']}"


async def write_file(client, persona_id, number):
    files = {"files": (f"{number}.txt", f"Seat {number} costs 90 euros a month.".encode())}
    await answer(client, "POST", f"/api/personas/{persona_id}/files", files=files)

    async def ready():
        found = (await answer(client, "GET", f"/api/personas/{persona_id}/files"))["items"]
        return [f for f in found if f["file_name"] == f"{number}.txt" and f["status"] == "ready"]

    (file,) = await wait_until(ready)
    return f"/api/personas/{persona_id}/files/{file['file_id']}"


WRITES = {
    "persona_svc": write_persona,
    "draft_svc": write_draft,
    "followup_svc": write_sequence,
    "ingest_svc": write_file,
}


@pytest.fixture
async def persona_id(database, nats_url, tmp_path):
    """Return the default persona of the workspace; persona-svc, as it is now, has published it."""
    env = service_env(tmp_path, database_url=database("persona_svc").login_url, nats_url=nats_url)
    with running("persona_svc", tmp_path, env) as api:
        async with api.client(WORKSPACE) as client:
            made = await answer(client, "POST", "/api/personas", json={"name": "Nova"})
        yield made["persona_id"]


@pytest.mark.parametrize("package", WRITES)
async def test_old_code_and_new_code_take_turns_on_the_new_schema(
    package, database, nats_url, persona_id, tmp_path
):
    service = package.replace("_", "-")
    old = old_python(service, tmp_path / "old")
    data = tmp_path / "data"
    data.mkdir()
    url = database(package).login_url
    env = service_env(data, database_url=url, nats_url=nats_url)
    paths = []
    for number, python in enumerate((sys.executable, old, sys.executable)):
        # Not `running`: old code may have no /startupz.
        process = PythonService(python, package, env=env, log_path=data / f"{number}.log")
        with process:
            async with Api(process, data).client(WORKSPACE) as client:
                await answer(client, "GET", "/readyz")
                if package != "persona_svc":
                    client.headers["Dramatis-At-Least"] = "1"
                paths.append(await WRITES[package](client, persona_id, number))
                for path in paths:
                    await answer(client, "GET", path)
