"""A service under test as a process, and clients with tokens for it."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from time import monotonic, sleep
from types import MappingProxyType

import httpx
from service_kit.dev_keys import ensure_dev_keys, issue_token
from service_kit.identity import Principal, Role

from service_devkit.embedded import ServiceProcess
from service_devkit.embedded.process import POLL_SECONDS, StartError
from service_devkit.testing.waiting import HANG_SECONDS

ISSUER = AUDIENCE = "dramatis"
NO_MORE: Mapping[str, str] = MappingProxyType({})


class Api:
    """A running service."""

    def __init__(self, process: ServiceProcess, folder: Path) -> None:
        self.process = process
        self._folder = folder

    @property
    def url(self) -> str:
        """The address of its API."""
        return self.process.url

    def token(self, workspace_id: str, role: str = "admin", subject: str = "tester") -> str:
        """Return a valid token."""
        principal = Principal(workspace_id=workspace_id, subject=subject, role=Role(role))
        return issue_token(
            self._folder, principal, profile="embedded", issuer=ISSUER, audience=AUDIENCE
        )

    def client(
        self, workspace_id: str, role: str = "admin", subject: str = "tester"
    ) -> httpx.AsyncClient:
        """Return a client for one workspace; close it, or use it in `async with`."""
        return httpx.AsyncClient(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self.token(workspace_id, role, subject)}"},
            timeout=HANG_SECONDS,
        )


def service_env(
    folder: Path, *, database_url: str, nats_url: str, more: Mapping[str, str] = NO_MORE
) -> dict[str, str]:
    """Return the settings of a service under test, with keys and data in `folder`."""
    return {
        "DRAMATIS_PROFILE": "embedded",
        "DRAMATIS_NATS_URL": nats_url,
        "DRAMATIS_DATABASE_URL": database_url,
        "DRAMATIS_DATA_DIR": str(folder),
        "DRAMATIS_JWKS_URL": ensure_dev_keys(folder, "embedded"),
        "DRAMATIS_JWT_ISSUER": ISSUER,
        "DRAMATIS_JWT_AUDIENCE": AUDIENCE,
        **more,
    }


@contextmanager
def running(package: str, folder: Path, env: Mapping[str, str]) -> Generator[Api]:
    """Start a service, and stop it at the end of the block.

    In the block its streams and durables are there: `/startupz` has answered 200.
    """
    with ServiceProcess(package, env=env, log_path=folder / f"{package}.log") as process:
        until_started(process)
        yield Api(process, folder)


def until_started(process: ServiceProcess) -> None:
    """Wait until `/startupz` answers 200: streams and durables are there, and it consumes.

    Raises:
        StartError: it does not within HANG_SECONDS.
    """
    deadline = monotonic() + HANG_SECONDS
    while httpx.get(f"{process.url}/startupz", timeout=HANG_SECONDS).status_code != HTTPStatus.OK:
        if monotonic() > deadline:
            raise StartError(f"{process.name} has not met its broker in {HANG_SECONDS} s")
        sleep(POLL_SECONDS)
