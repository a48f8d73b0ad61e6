"""`dramatis topology run`: the one process that may make streams and consumers."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

import uvicorn
from persona_client import NatsAddress
from persona_client.connection import Connection
from persona_client.tasks import cancelled
from service_kit.health import Health, livez, startupz
from service_kit.permissions import Permissions
from service_kit.service import Server
from service_kit.topology_controller import TopologyController
from starlette.applications import Starlette
from starlette.routing import Route

from dramatis.access import load_access


async def run_controller(address: NatsAddress, *, replicas: int, health_at: str | None) -> None:
    """Connect, however long that takes, and reconcile until SIGTERM or SIGINT."""
    health, permissions = Health(), Permissions()
    connection = Connection(address.domain)
    durables = [durable for access in load_access() for durable in access.durables]
    controller = TopologyController(connection, durables, health, permissions, replicas=replicas)

    async def reconcile() -> None:
        await connection.connect(
            **address.arguments,
            name="dramatis-topology",
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            ping_interval=5,
            error_cb=permissions.note,
        )
        await controller.run()

    work: list[Coroutine[Any, Any, None]] = [reconcile(), _stopped()]
    if health_at is not None:
        work.append(_answer(health, health_at))
    tasks = [asyncio.create_task(each) for each in work]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    await cancelled(tasks)
    await connection.close()
    for task in done:
        task.result()


async def _stopped() -> None:
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()


async def _answer(health: Health, at: str) -> None:
    app = Starlette(routes=[Route("/livez", livez), Route("/startupz", startupz)])
    app.state.health = health
    host, _, port = at.rpartition(":")
    config = uvicorn.Config(app, host=host, port=int(port), log_config=None, access_log=False)
    await Server(config).serve()
