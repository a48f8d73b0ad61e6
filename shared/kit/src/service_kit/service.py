"""One process: HTTP, broker, relay, workers and signals in one event loop.

A service's `__main__` builds a `Service`, hands it what is its own, and calls `main`.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import Any

import uvicorn
from fastapi import FastAPI
from persona_client import Roster
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from service_kit import crash_points, idempotency, inbox, outbox
from service_kit.batch_work import BatchPool
from service_kit.broker import Broker
from service_kit.clock import utc_now
from service_kit.consumer import Subscription
from service_kit.health import Health, RosterHealth
from service_kit.http_app import HttpApi, build_app
from service_kit.logs import configure_logging
from service_kit.migrations import migrate, schema_is_current
from service_kit.reconcile import Reconciler, Refill
from service_kit.relay import Outbox, Relay, Source
from service_kit.responder import Responder
from service_kit.settings import ServiceSettings, SettingsError
from service_kit.store import Store
from service_kit.tokens import SigningKeys, Tokens
from service_kit.topology import STATE_STREAM
from service_kit.tracing import configure_tracing
from service_kit.wakeups import OUTBOX_CHANNEL, WORK_CHANNEL, Wakeups
from service_kit.work import STOP_SECONDS, WorkPool

PRUNE_SECONDS = 3_600
DRAIN_HTTP_SECONDS = 5

log = get_logger(__name__)


class StandInRefusedError(SettingsError):
    """A stand-in was chosen in the production profile."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a service adds to the kit."""

    api: HttpApi
    state: Mapping[str, object] = field(default_factory=dict[str, object])
    """Objects that routes find on `request.app.state`."""
    pools: Sequence[WorkPool[Any] | BatchPool[Any]] = ()
    sources: Sequence[Source] = ()
    """What the relay publishes before the outbox, such as state documents."""
    stand_ins: Sequence[str] = ()
    responders: Sequence[Responder] = ()
    start: Callable[[], Awaitable[None]] | None = None
    """Called once before work begins, for what must not block start-up (heavy imports)."""
    stop: Callable[[], Awaitable[None]] | None = None
    """Called once when work has ended."""


class Service:
    """The common parts of a service, built from its settings; nothing is connected yet."""

    def __init__(
        self,
        name: str,
        settings: ServiceSettings,
        *,
        subscriptions: Callable[[Roster], Sequence[Subscription[Any]]] = lambda _: (),
        owned: Mapping[str, Refill],
        follows_personas: bool = False,
    ) -> None:
        """Take the service's name (`draft-svc`) and the streams it writes, with their refills.

        `subscriptions` returns what is done with events, given the Roster to ask who speaks.
        """
        self.name = name
        self.settings = settings
        self.store = Store(
            settings.database_url.get_secret_value(),
            name,
            pool_size=settings.database_pool_size,
            lease=settings.lease,
        )
        self.roster = Roster(
            settings.nats_url.get_secret_value(),
            snapshot_path=settings.data_dir / f"{name}-roster.jsonl.gz",
            name=name,
        )
        self.broker = Broker(
            settings.nats_url.get_secret_value(),
            self.store,
            subscriptions(self.roster),
            ack_wait_seconds=settings.ack_wait_seconds,
        )
        self._follows_personas = follows_personas
        self._owned = owned
        self._package: ModuleType = import_module(name.replace("-", "_"))
        self._stopping = asyncio.Event()

    def main(self, parts: Parts) -> None:
        """Do what the command line says: serve (no argument), or `migrate` and end.

        Raises:
            StandInRefusedError: `parts` has a stand-in and the profile is production.
        """
        configure_logging(self.name, self.settings.log_level)
        if sys.argv[1:] == ["migrate"]:
            migrate(self._package, self.settings)
        elif sys.argv[1:]:
            sys.exit(f"usage: python -m {self._package.__name__} [migrate]")
        else:
            refused = self.settings.profile == "production" and parts.stand_ins
            if refused:
                raise StandInRefusedError(
                    f"DRAMATIS_PROFILE=production refuses stand-ins: {', '.join(parts.stand_ins)}"
                )
            asyncio.run(self._serve(parts))

    async def _serve(self, parts: Parts) -> None:
        _collect_garbage_seldom()
        tracing = configure_tracing(self.name, self.settings.otlp_endpoint)
        if self.settings.die_at is not None:
            crash_points.die_at(self.settings.die_at)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        health = Health(
            stand_ins=parts.stand_ins,
            roster=self._roster_health if self._follows_personas else None,
        )
        server = _server(self._app(parts, health), self.settings)
        serving = asyncio.create_task(server.serve())
        tasks = [asyncio.create_task(work) for work in self._background(parts, health)]
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait([serving, stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        failed = [task for task in (serving, *tasks) if task.done()]
        log.info("service.stopping", asked=self._stopping.is_set())
        server.should_exit = True
        await cancelled(tasks)
        await asyncio.wait([serving])
        await self._close()
        if parts.stop:
            await parts.stop()
        tracing.shutdown()
        for task in failed:
            task.result()

    def _app(self, parts: Parts, health: Health) -> FastAPI:
        settings = self.settings
        tokens = Tokens(
            SigningKeys(settings.jwks_url),
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
        )
        app = build_app(parts.api, store=self.store, tokens=tokens, health=health)
        for name, value in parts.state.items():
            setattr(app.state, name, value)
        return app

    def _background(self, parts: Parts, health: Health) -> list[Any]:
        wakeups = Wakeups(self.store, OUTBOX_CHANNEL, WORK_CHANNEL)
        outbox_wakeup = wakeups.subscribe(OUTBOX_CHANNEL)
        relay = Relay(self.store, self.broker.publishing, [*parts.sources, Outbox(utc_now)])
        work = [
            health.watch_database(self.store, lambda s: schema_is_current(s, self._package)),
            wakeups.run(),
            self._prune(),
            self._connected(health, relay, outbox_wakeup),
            *(pool.run(wakeups.subscribe(WORK_CHANNEL)) for pool in parts.pools),
        ]
        if self._follows_personas:
            work.append(self._follow())
        if parts.start:
            work.append(_once(parts.start))
        self.broker.answer(parts.responders)
        return work

    async def _connected(self, health: Health, relay: Relay, wakeup: asyncio.Event) -> None:
        """Connect to the broker, however long that takes; then relay and reconcile."""
        health.degraded("broker")
        await self.broker.start()
        reconciler = Reconciler(
            self.store,
            self.broker,
            health,
            owned=self._owned,
            followed=[STATE_STREAM] if self._follows_personas else [],
            replicas=self.settings.stream_replicas,
        )
        # No TaskGroup: it cancels once, and a child that loses that would keep it for ever.
        tasks = [asyncio.create_task(work) for work in (reconciler.run(), relay.run(wakeup))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await cancelled(tasks, patience_seconds=1)

    async def _follow(self) -> None:
        async with self.roster:
            await asyncio.Event().wait()

    def _roster_health(self) -> RosterHealth:
        return RosterHealth(
            freshness=self.roster.freshness.value,
            age_seconds=self.roster.age_seconds,
            stream_sequence=self.roster.stream_sequence,
        )

    async def _prune(self) -> None:
        """Forget, now and then, what no promise needs any more."""
        while True:
            await asyncio.sleep(PRUNE_SECONDS)
            try:
                async with self.store.worker() as session:
                    for forget in (inbox.prune, outbox.prune, idempotency.prune):
                        await forget(session)
            except (SQLAlchemyError, OSError) as error:
                log.warning("prune.failed", reason=type(error).__name__)

    async def _close(self) -> None:
        await self.broker.stop()
        await self.store.close()
        log.info("service.stopped")


class _Server(uvicorn.Server):
    """A server that leaves signals to `Service`."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture nothing."""
        yield


def _server(app: FastAPI, settings: ServiceSettings) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            host=settings.http_host,
            port=settings.http_port,
            access_log=False,
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=DRAIN_HTTP_SECONDS,
            server_header=False,
        )
    )


async def cancelled(
    tasks: Sequence[asyncio.Task[Any]], patience_seconds: float = STOP_SECONDS + 1
) -> None:
    """Cancel `tasks` until all have ended: on Python 3.11 libraries may lose a cancellation.

    The second try comes after `patience_seconds`, then one each second.
    """
    waiting, seconds = set(tasks), patience_seconds
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=seconds)
        seconds = 1.0


def _collect_garbage_seldom() -> None:
    """Leave alone what start-up made, and look at the rest less often: a fifth of the work."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def _once(start: Callable[[], Awaitable[None]]) -> None:
    await start()
    await asyncio.Event().wait()
