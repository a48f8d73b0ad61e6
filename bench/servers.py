"""What a row measures services on: one broker, and one Postgres that waits for the disk."""

import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from service_devkit.embedded import NatsProcess, PostgresProcess, free_port
from service_devkit.testing.api import Api, running, service_env
from service_devkit.testing.database import Database, Databases

NO_MORE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Servers:
    """The same for both sides of a comparison."""

    broker: NatsProcess
    databases: Databases
    folder: Path

    @contextmanager
    def service(
        self,
        package: str,
        *,
        prepare: Callable[[Database], None] = lambda _: None,
        more: Mapping[str, str] = NO_MORE,
    ) -> Generator[tuple[Database, Api]]:
        """Run a service on its own database, which `prepare` fills before the service starts."""
        database = self.databases.new(package)
        prepare(database)
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        env = service_env(
            folder, database_url=database.login_url, nats_url=self.broker.url, more=more
        )
        with running(package, folder, env) as api:
            yield database, api
        self.databases.drop(database)


@contextmanager
def durable_servers() -> Generator[Servers]:
    """Start the servers in a temporary folder."""
    with (
        tempfile.TemporaryDirectory() as name,
        NatsProcess(Path(name) / "nats") as broker,
        PostgresProcess(Path(name) / "postgres", port=free_port()) as postgres,
    ):
        yield Servers(broker, Databases(postgres), Path(name))
