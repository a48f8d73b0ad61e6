import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from dramatis.__main__ import main
from dramatis.broker import connected
from dramatis.stack import Stack
from nats.aio.client import Client
from service_kit.topology import STREAMS, apply_streams


@dataclass(frozen=True)
class Result:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture(scope="session")
def stack():
    """Return a running stack, the same for all tests of a run: each uses its own workspaces."""
    with Stack(ephemeral=True) as running:
        yield running


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path) -> Run:
    """Return a function that runs `dramatis` with arguments, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["dramatis", *map(str, arguments)])
        capsys.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        printed = capsys.readouterr()
        assert isinstance(code, int)
        return Result(code, printed.out, printed.err)

    return call


@pytest.fixture
def streams(nats_url: str) -> str:
    """Return the address of a broker whose streams are there, and empty."""

    async def prepare() -> None:
        async with connected(nats_url) as connection:
            js = connection.jetstream()
            await apply_streams(js)
            for name in STREAMS:
                await js.purge_stream(name)

    asyncio.run(prepare())
    return nats_url


def on_broker(url: str, do):
    """Return what `do(connection)` returns."""

    async def call():
        async with connected(url) as connection:
            return await do(connection)

    return asyncio.run(call())


@pytest.fixture
def broker(streams: str):
    """Return a function that runs a coroutine function with a connection."""

    def call(do: Callable[[Client], object]):
        return on_broker(streams, do)

    return call
