"""The whole stack on a broker that lets each process do what it needs, and nothing else."""

import subprocess
import sys
from contextlib import suppress
from types import SimpleNamespace

import psycopg
import pytest
from dramatis.__main__ import main
from dramatis.access import load_access
from dramatis.nats_users import OPERATOR, TOPOLOGY, configuration, users
from dramatis.services import SERVICES
from dramatis.stack import Stack
from service_devkit.embedded.nats import NatsProcess
from service_devkit.testing.api import until_started

CRM = "crm"
"""The test itself: it plays the CRM, and looks at everything."""
PASSWORD = "p@ss/word:%41"


class ClosedStack(Stack):
    """A stack whose services connect as their own users; only the controller creates."""

    def __init__(self):
        super().__init__(ephemeral=True, fake_elevenlabs=True)
        self.permissions = users(load_access())
        granted = {**self.permissions, CRM: {"publish": ">", "subscribe": ">"}}
        included = configuration(granted, dict.fromkeys(granted, PASSWORD))
        self.nats = NatsProcess(self.data_dir / "nats", port=self._ports["nats"], included=included)
        self.controller = None

    @property
    def nats_url(self):
        return self.url_of(CRM)

    def url_of(self, user):
        return self.nats.address.replace("://", f"://{user}:p%40ss%2Fword%3A%2541@")

    @property
    def operator_url(self):
        return self.url_of(OPERATOR)

    def start_controller(self):
        with (self.data_dir / "topology.log").open("ab") as log:
            command = ["-m", "dramatis", "topology", "run", "--nats", self.url_of(TOPOLOGY)]
            self.controller = subprocess.Popen([sys.executable, *command], stdout=log, stderr=log)

    def count(self, sql):
        """Return a number of persona-svc's database."""
        url = self.postgres.url("postgres", "persona")
        with psycopg.connect(url) as connection:
            return connection.execute(sql).fetchone()[0]

    def stop(self):
        if self.controller is not None:
            self.controller.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.controller.wait(20)
        super().stop()

    async def _apply_streams(self):
        self.start_controller()

    def _env(self, spec):
        own = {
            "DRAMATIS_NATS_URL": self.url_of(f"{spec.name}-svc"),
            "DRAMATIS_TOPOLOGY": "controller",
        }
        return {**super()._env(spec), **own}


@pytest.fixture(scope="session")
def closed():
    """Return the running stack, the same for all tests of a run; every service consumes."""
    with ClosedStack() as running:
        for spec in SERVICES:
            until_started(running.services[spec.name])
        yield running


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Return a function that runs `dramatis` with arguments: exit code and what it printed."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["dramatis", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        printed = capsys.readouterr()
        return SimpleNamespace(code=code, out=printed.out, err=printed.err)

    return call
