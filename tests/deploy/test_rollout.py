"""What holds a new version back until it can work: its schema, and its place at the broker."""

import asyncio
import subprocess
import sys
from importlib import import_module
from time import perf_counter

import httpx
import pytest
from every_service import SERVICES, first_alone
from service_devkit.embedded import ServiceProcess
from service_devkit.testing.api import service_env
from service_devkit.testing.fault_link import FaultLink
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.migrations import migrations_folder, upgrade

MAX_SECONDS_WITHOUT_BROKER = 5.0
HAD_ANOTHER_SCHEMA = [
    package
    for package in SERVICES
    if len([*migrations_folder(import_module(package)).glob("versions/*.py")]) > 1
]


async def answers(probe, path):
    return (await probe.get(path)).status_code == 200


async def is_degraded(probe):
    return (await probe.get("/readyz")).json()["degraded"]


@pytest.mark.parametrize("package", first_alone(HAD_ANOTHER_SCHEMA))
def test_an_init_container_ends_when_the_schema_is_there_and_not_before(
    package, old_database, tmp_path
):
    database = old_database(package, "0001")
    env = service_env(tmp_path, database_url=database.login_url, nats_url="nats://127.0.0.1:1")
    with subprocess.Popen(
        [sys.executable, "-m", package, "await-schema"],
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    ) as waiting:
        assert "older than this build" in waiting.stdout.readline()
        assert waiting.poll() is None
        upgrade(import_module(package), database.owner_url)
        assert waiting.wait(HANG_SECONDS) == 0


async def test_a_process_has_not_started_before_its_broker_confirms(database, fresh_nats, tmp_path):
    env = service_env(
        tmp_path, database_url=database("persona_svc").login_url, nats_url=fresh_nats.url
    )
    fresh_nats.stop()
    with ServiceProcess("persona_svc", env=env, log_path=tmp_path / "log") as process:
        async with httpx.AsyncClient(base_url=process.url, timeout=HANG_SECONDS) as probe:
            refused = await probe.get("/startupz")
            assert refused.status_code == 503
            assert refused.json()["type"] == "urn:dramatis:problem:not-started"
            assert (await probe.get("/readyz")).json()["degraded"] == ["broker"]
            fresh_nats.start()
            await wait_until(lambda: answers(probe, "/startupz"))
            fresh_nats.stop()
            await wait_until(lambda: is_degraded(probe))
            assert await answers(probe, "/startupz")


async def test_a_process_whose_connection_is_closed_for_good_ends_in_time(
    database, fresh_nats, tmp_path
):
    async with FaultLink(fresh_nats.port) as link:
        env = service_env(
            tmp_path,
            database_url=database("persona_svc").login_url,
            nats_url=fresh_nats.url.replace(f":{fresh_nats.port}", f":{link.port}"),
        )
        process = ServiceProcess("persona_svc", env=env, log_path=tmp_path / "log")
        await asyncio.to_thread(process.start)
        try:
            async with httpx.AsyncClient(base_url=process.url, timeout=HANG_SECONDS) as probe:
                await wait_until(lambda: answers(probe, "/startupz"))
            link.say(b"-ERR 'Maximum Payload Violation'\r\n")
            begun = perf_counter()
            await wait_until(lambda: not process.is_running)
            assert perf_counter() - begun < MAX_SECONDS_WITHOUT_BROKER
            assert "BrokerClosedError" in (tmp_path / "log").read_text()
        finally:
            await asyncio.to_thread(process.stop)
