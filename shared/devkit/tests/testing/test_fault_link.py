import asyncio
import time

import pytest
from service_devkit.testing import HANG_SECONDS, FaultLink, free_port
from service_devkit.testing.tcp import LoopbackServer


class Echo(LoopbackServer):
    def __init__(self):
        super().__init__()
        self.ended = asyncio.Event()

    async def _serve(self, reader, writer):
        while data := await reader.read(1000):
            writer.write(data)
        self.ended.set()


@pytest.fixture
async def echo():
    async with Echo() as server:
        yield server


@pytest.fixture
async def link(echo):
    async with FaultLink(echo.port) as link:
        yield link


@pytest.fixture
async def connect(link):
    opened = []

    async def connect():
        reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
        opened.append(writer)
        return reader, writer

    yield connect
    for writer in opened:
        writer.transport.abort()
    await asyncio.sleep(0)


async def ask(connection, data=b"x", timeout_seconds=HANG_SECONDS):
    reader, writer = connection
    writer.write(data)
    return await asyncio.wait_for(reader.readexactly(len(data)), timeout_seconds)


async def test_bytes_pass_unchanged(connect):
    data = bytes(range(256)) * 4_000
    connection = await connect()
    assert await ask(connection, data) == data


async def test_the_end_of_one_side_reaches_the_other(connect, echo):
    reader, writer = await connect()
    writer.write(b"last words")
    writer.write_eof()
    await asyncio.wait_for(echo.ended.wait(), HANG_SECONDS)
    assert await reader.read() == b"last words"


async def test_a_stall_holds_bytes_back_and_loses_none(connect, link):
    connection = await connect()
    assert await ask(connection) == b"x"
    link.stall()
    with pytest.raises(TimeoutError):
        await ask(connection, b"held", timeout_seconds=0.1)
    link.restore()
    assert await asyncio.wait_for(connection[0].readexactly(4), HANG_SECONDS) == b"held"


async def test_a_cut_resets_open_and_new_connections(connect, link):
    connection = await connect()
    assert await ask(connection) == b"x"
    link.cut()
    with pytest.raises(ConnectionError):
        await connection[0].readexactly(1)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await ask(await connect())
    link.restore()
    assert await ask(await connect()) == b"x"


async def test_a_half_open_connection_stays_silent_while_new_ones_work(connect, link, echo):
    lost = await connect()
    assert await ask(lost) == b"x"
    link.half_open()
    with pytest.raises(TimeoutError):
        await ask(lost, timeout_seconds=0.1)
    assert await ask(await connect()) == b"x"
    link.restore()
    with pytest.raises(TimeoutError):
        await ask(lost, timeout_seconds=0.1)
    lost[1].close()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(echo.ended.wait(), 0.1)


async def test_a_delay_is_added_to_each_direction_once(connect, link):
    connection = await connect()
    assert await ask(connection) == b"x"
    link.delay(0.1)
    many = b"y" * 30_000_000
    started_at = time.monotonic()
    assert await ask(connection, many) == many
    took = time.monotonic() - started_at
    assert 0.2 <= took < 30  # not once for each of 450 chunks


async def test_a_server_that_is_away_is_a_reset():
    async with FaultLink(free_port()) as link:
        reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()


async def test_leaving_does_not_wait_for_stalled_connections(echo):
    async with FaultLink(echo.port) as link:
        _, writer = await asyncio.open_connection("127.0.0.1", link.port)
        link.stall()
        writer.write(b"held")
        started_at = time.monotonic()
    assert time.monotonic() - started_at < HANG_SECONDS
    writer.close()
