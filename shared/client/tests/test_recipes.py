"""The recipes for other people's processes run as they are."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from service_devkit.embedded.ports import free_port
from service_devkit.testing.waiting import HANG_SECONDS, wait_until

EXAMPLES = Path(__file__).parents[1] / "examples"

pytestmark = pytest.mark.processes


@pytest.fixture
async def ann(broker, make):
    persona = make.persona("Ann")
    await broker.put(
        make.message(persona, "demo"),
        make.message(make.workspace(default_persona_id=persona.persona_id), "demo"),
    )
    return persona


@contextmanager
def running(*arguments, cwd=EXAMPLES, **env):
    command = [sys.executable, "-m", *map(str, arguments)]
    with subprocess.Popen(command, env=os.environ | env, cwd=cwd) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(HANG_SECONDS)


def get(url):
    with urllib.request.urlopen(url) as answer:  # noqa: S310 — our own address
        return json.load(answer)


async def first_answer(url):
    def ask():
        try:
            return get(url)
        except urllib.error.URLError:
            return None

    return await wait_until(ask)


async def rename(broker, make, persona, name):
    renamed = persona.model_copy(update={"name": name, "revision": persona.revision + 1})
    await broker.put(make.message(renamed, "demo"))


async def test_every_worker_of_gunicorn_follows(broker, ann, make):
    port = free_port()
    options = ("--preload", "--workers", 2, "--bind", f"127.0.0.1:{port}", "--log-level", "error")
    with running("gunicorn", *options, "wsgi_app:app", NATS_URL=broker.url):
        url = f"http://127.0.0.1:{port}/?workspace=demo"
        await first_answer(url)

        async def of_both(name):
            workers = set()

            def ask():
                answer = get(url)
                if (answer["sender_name"], answer["freshness"]) == (name, "READY"):
                    workers.add(answer["pid"])
                return len(workers) == 2

            await wait_until(ask)

        await of_both("Ann")
        await rename(broker, make, ann, "Bea")
        await of_both("Bea")


async def test_fastapi_follows_while_it_runs(broker, ann, make):
    port = free_port()
    options = ("--host", "127.0.0.1", "--port", port, "--log-level", "error")
    with running("uvicorn", "fastapi_app:app", *options, NATS_URL=broker.url):
        url = f"http://127.0.0.1:{port}/speaker?workspace=demo"
        assert (await first_answer(url))["sender_name"] == "Ann"
        await rename(broker, make, ann, "Bea")
        await wait_until(lambda: get(url)["sender_name"] == "Bea")


async def test_the_processes_of_a_celery_worker_follow(broker, ann, make, tmp_path):
    celery = pytest.importorskip("celery")
    for name in ("data_in", "control", "results"):
        (tmp_path / name).mkdir()
    (tmp_path / "data_out").symlink_to("data_in")
    urls = {"BROKER_URL": "filesystem://", "RESULT_URL": f"file://{tmp_path / 'results'}"}
    sender = celery.Celery("tests", broker=urls["BROKER_URL"], backend=urls["RESULT_URL"])
    sender.conf.broker_transport_options = {
        "data_folder_in": tmp_path / "data_in",
        "data_folder_out": tmp_path / "data_in",
        "control_folder": tmp_path / "control",
    }

    def greeting():
        return sender.send_task("greet", ["demo", "Carl"]).get(timeout=HANG_SECONDS)

    options = ("-A", "celery_app", "worker", "--concurrency", 2, "--pool", "prefork")
    quiet = ("--loglevel", "ERROR", "--without-gossip", "--without-mingle", "--without-heartbeat")
    env = {**urls, "NATS_URL": broker.url, "PYTHONPATH": str(EXAMPLES)}
    with running("celery", *options, *quiet, cwd=tmp_path, **env):
        assert greeting() == "Ann to Carl (READY)"
        await rename(broker, make, ann, "Bea")
        await wait_until(lambda: greeting() == "Bea to Carl (READY)")
    sender.close()
