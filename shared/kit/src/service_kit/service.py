"""One process: HTTP, broker, relay, workers and signals in one event loop.

A service's `__main__` makes a `Service`, builds its deps from it, and calls `run`.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from types import ModuleType
from typing import Any, Generic

import uvicorn
import uvloop
from fastapi import FastAPI
from persona_client import Roster
from persona_client.tasks import cancelled
from structlog import get_logger

from service_kit import crash_points, idempotency, inbox, outbox
from service_kit.access import ACCESS, Access, Subjects
from service_kit.batch_work import BatchPool
from service_kit.broker import Broker
from service_kit.cors import allow_origins
from service_kit.credentials import Credentials
from service_kit.events import DepsT, EventRouter
from service_kit.health import Build, Health, RosterHealth
from service_kit.http_app import HttpApi, build_app
from service_kit.key_ring import KeyRing
from service_kit.logs import configure_logging
from service_kit.migrations import await_schema, migrate, schema_is_current
from service_kit.notices_api import stand_in_notices
from service_kit.parked import ParkedEvents
from service_kit.patience import MAX_CONNECTIONS, PatientProtocol
from service_kit.personas import roster_age_seconds, roster_sequence
from service_kit.rate_limits import RateLimits, subject_of
from service_kit.reconcile import Reconciler, Refill
from service_kit.relay import Outbox, Relay, Source
from service_kit.repeating import repeat
from service_kit.rpc import RpcRouter
from service_kit.settings import ServiceSettings, SettingsError, unknown_variables
from service_kit.store import Store
from service_kit.tokens import Claims, FindsKeys, SigningKeys, Tokens
from service_kit.topology import KEY_STREAM, STATE_STREAM
from service_kit.tracing import configure_tracing
from service_kit.wakeups import OUTBOX_CHANNEL, WORK_CHANNEL, Wakeups
from service_kit.work import STOP_SECONDS, WorkPool
from service_kit.work_metrics import watch_work

PRUNE_SECONDS = 3_600
DRAIN_HTTP_SECONDS = 5
NO_SUBJECTS = Subjects()
COMMANDS = "migrate | await-schema | access"
"""Prepare the database, wait until it is, or print what the service needs of the broker."""

Background = Callable[[], Coroutine[Any, Any, None]]
"""Runs beside everything else, from the start on: what it opens must not be needed to start.

It may end. If it does not, it is cancelled when requests, events and pools have ended: then it
closes what they used. If it raises, the process ends.
"""

log = get_logger(__name__)


class StandInRefusedError(SettingsError):
    """A stand-in was chosen in the production profile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts(Generic[DepsT]):
    """What a service adds to the kit."""

    deps: DepsT
    api: HttpApi
    pools: Sequence[WorkPool[Any] | BatchPool]
    background: Sequence[Background]


class Service:
    """The common parts of a service, built from its settings; nothing is connected yet."""

    def __init__(
        self,
        package: ModuleType,
        settings: ServiceSettings,
        *,
        streams: Mapping[str, Refill],
        sources: Sequence[Source] = (),
        subjects: Subjects = NO_SUBJECTS,
        follows_personas: bool = False,
    ) -> None:
        """Take what is true of every process of the service.

        Args:
            package: such as `draft_svc`; the service's name is made of it.
            settings: of this process.
            streams: those that it writes, each with how a lost one is refilled.
            sources: what is published before the outbox, such as state documents.
            subjects: what it may use of the broker beside its streams, events and requests.
            follows_personas: whether it keeps a Roster.
        """
        self.name = package.__name__.replace("_", "-")
        self.settings = settings
        self.store = Store(
            settings.database_url.get_secret_value(),
            self.name,
            pool_size=settings.database_pool_size,
            lease=settings.lease,
        )
        address = settings.nats_address(self.name)
        self.roster = Roster(
            address,
            snapshot_path=settings.data_dir / f"{self.name}-roster.jsonl.gz",
            name=self.name,
        )
        pepper = settings.api_key_pepper.get_secret_value().encode()
        self.keys = KeyRing(address, pepper, name=self.name)
        self.rate_limits = RateLimits(
            per_key=settings.rate_limit_per_key, per_workspace=settings.rate_limit_per_workspace
        )
        self.broker = Broker(address, self.store, ack_wait_seconds=settings.ack_wait_seconds)
        self._package = package
        self._streams = streams
        self._sources = sources
        self._subjects = subjects
        self._follows_personas = follows_personas
        self._own_issuers: dict[str, FindsKeys] = {}
        self._stopping = asyncio.Event()

    @property
    def stopping(self) -> asyncio.Event:
        """Set when the process is asked to end: streams that last end then, too."""
        return self._stopping

    def signs_as(self, issuer: str, keys: FindsKeys) -> None:
        """Take tokens of `issuer`, which this process signs itself, by these keys."""
        self._own_issuers[issuer] = keys

    def run(
        self,
        deps: DepsT,
        *,
        api: HttpApi,
        events: EventRouter[DepsT] | None = None,
        rpc: RpcRouter[DepsT] | None = None,
        pools: Sequence[WorkPool[Any] | BatchPool] = (),
        background: Sequence[Background] = (),
    ) -> None:
        """Do what the command line says: serve (no argument), or one of COMMANDS.

        Raises:
            StandInRefusedError: the settings have a stand-in and the profile is production.
            SettingsError: the profile is production and API keys have the embedded pepper.
        """
        configure_logging(self.name, self.settings.log_level)
        if sys.argv[1:] == ["migrate"]:
            migrate(self._package, self.settings)
            return
        if sys.argv[1:] == ["await-schema"]:
            uvloop.run(self._await_schema())
            return
        if sys.argv[1:] == ["access"]:
            sys.stdout.write(ACCESS.dump_json([self._access(events, rpc)]).decode())
            return
        if sys.argv[1:]:
            sys.exit(f"usage: python -m {self._package.__name__} [{COMMANDS}]")
        if self.settings.profile == "production" and self.settings.stand_ins:
            refused = ", ".join(self.settings.stand_ins)
            raise StandInRefusedError(f"DRAMATIS_PROFILE=production refuses stand-ins: {refused}")
        self.settings.require_own_pepper()
        if events is not None:
            self.broker.include_events(events, deps)
        if rpc is not None:
            self.broker.include_rpc(rpc, deps)
        parts = _Parts(deps=deps, api=api, pools=pools, background=background)
        uvloop.run(self._serve(parts))

    def _access(self, events: EventRouter[DepsT] | None, rpc: RpcRouter[DepsT] | None) -> Access:
        """Return what this service needs of the broker."""
        return Access(
            service=self.name,
            durables=events.durables if events else (),
            streams=sorted(self._streams),
            answers=sorted(each.subject for each in rpc.procedures) if rpc else (),
            queue=rpc.queue if rpc else None,
            beside=Subjects(
                sends=[*self._subjects.sends, subject_of(self.name)],
                listens=[*self._subjects.listens, subject_of(self.name)],
            ),
            follows_personas=self._follows_personas,
        )

    async def _await_schema(self) -> None:
        try:
            await await_schema(self.store, self._package)
        finally:
            await self.store.close()

    async def _serve(self, parts: _Parts[Any]) -> None:
        self._prepare()
        tracing = configure_tracing(self.name, self.settings.otlp_endpoint)
        health = Health(
            build=Build(service=self.name, version=version(self.name), commit=self.settings.commit),
            stand_ins=self.settings.stand_ins,
            roster=self._roster_health if self._follows_personas else None,
            keys_are_silent=lambda: self.keys.is_silent,
        )
        for capability in self.settings.not_configured:
            health.degraded(capability, "not configured")
        server = _server(self._app(parts, health), self.settings)
        serving = asyncio.create_task(server.serve())
        background = [asyncio.create_task(_lasting(run)) for run in parts.background]
        working = [asyncio.create_task(work) for work in self._work(parts, health)]
        tasks = [serving, *background, *working]
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        failed = [task for task in tasks if task.done()]
        log.info("service.stopping", asked=self._stopping.is_set())
        server.should_exit = True
        await cancelled(working, STOP_SECONDS + 1)
        await asyncio.wait([serving])
        await self.broker.stop()
        await cancelled(background, STOP_SECONDS + 1)
        await self.store.close()
        log.info("service.stopped")
        tracing.shutdown()
        for task in failed:
            task.result()

    def _prepare(self) -> None:
        _collect_garbage_seldom()
        for line in unknown_variables(type(self.settings)):
            log.warning("settings.unknown", what=line)
        if self.settings.die_at is not None:
            crash_points.die_at(self.settings.die_at)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)

    def _app(self, parts: _Parts[Any], health: Health) -> FastAPI:
        settings = self.settings
        tokens = Tokens(
            SigningKeys(settings.jwks_url),
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
            others={
                **{issuer: SigningKeys(url) for issuer, url in settings.jwt_other_issuers.items()},
                **self._own_issuers,
            },
            claims=Claims(
                workspace=settings.jwt_workspace_claim,
                role=settings.jwt_role_claim,
                roles=settings.jwt_roles,
            ),
        )
        app = build_app(
            parts.api,
            version=version(self.name),
            store=self.store,
            credentials=Credentials(tokens, self.keys),
            health=health,
            roster=self.roster if self._follows_personas else None,
        )
        app.state.deps, app.state.rate_limits = parts.deps, self.rate_limits
        app.state.parked = ParkedEvents(self.broker)
        app.state.standing_notices = stand_in_notices(settings)
        if settings.cors_origins:
            allow_origins(app, settings.cors_origins)
        return app

    def _work(self, parts: _Parts[Any], health: Health) -> Sequence[Coroutine[Any, Any, Any]]:
        wakeups = Wakeups(self.store, OUTBOX_CHANNEL, WORK_CHANNEL)
        outbox_wakeup = wakeups.subscribe(OUTBOX_CHANNEL)
        sources = [*self._sources, Outbox()]
        relay = Relay(self.store, self.broker.publishing, sources, streams=self._streams)
        work = [
            health.watch_database(self.store, lambda s: schema_is_current(s, self._package)),
            wakeups.run(),
            repeat(self._prune, PRUNE_SECONDS, failed="prune.failed"),
            self._connected(health, relay, outbox_wakeup),
            self.keys.run(),
            watch_work(self.store, parts.pools),
            *(pool.run(wakeups.subscribe(WORK_CHANNEL, pool.name)) for pool in parts.pools),
        ]
        if self._follows_personas:
            roster_age_seconds.set_function(lambda: self.roster.age_seconds or 0)
            roster_sequence.set_function(lambda: self.roster.stream_sequence)
            work.append(self._follow())
        return work

    async def _connected(self, health: Health, relay: Relay, wakeup: asyncio.Event) -> None:
        """Connect to the broker, however long that takes; then relay and reconcile."""
        health.degraded("broker")
        await self.broker.start()
        followed = {KEY_STREAM: None, **({STATE_STREAM: None} if self._follows_personas else {})}
        reconciler = Reconciler(
            self.store,
            self.broker,
            health,
            streams={**followed, **self._streams},
            replicas=self.settings.stream_replicas,
            creates=self.settings.creates_topology,
        )
        # No TaskGroup: it cancels once, and a child that loses that would keep it waiting.
        lasting = [
            reconciler.run(),
            relay.run(wakeup),
            relay.watch(health),
            self.broker.until_closed(),
            self.keys.report_uses(self.broker.publishing),
        ]
        if self.rate_limits.is_on:
            lasting.append(self.rate_limits.exchange(self.broker.publishing, self.name))
        tasks = [asyncio.create_task(work) for work in lasting]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await cancelled(tasks)

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
        """Forget what no promise needs any more."""
        async with self.store.worker() as session:
            for forget in (inbox.prune, outbox.prune, idempotency.prune):
                await forget(session)


class Server(uvicorn.Server):
    """A server that leaves signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture nothing."""
        yield


def _server(app: FastAPI, settings: ServiceSettings) -> Server:
    return Server(
        uvicorn.Config(
            app,
            host=settings.http_host,
            port=settings.http_port,
            http=PatientProtocol,
            limit_concurrency=MAX_CONNECTIONS,
            access_log=False,
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=DRAIN_HTTP_SECONDS,
            server_header=False,
            headers=[("X-Content-Type-Options", "nosniff")],
        )
    )


def _collect_garbage_seldom() -> None:
    """Leave alone what start-up made, and look at the rest less often: a fifth of the work."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def _lasting(run: Background) -> None:
    await run()
    await asyncio.Event().wait()
