"""F14 for voice-svc: listeners that leave, and listeners that are slow, cost nobody anything."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from time import monotonic
from urllib.parse import urlsplit

import psutil
import pytest
from service_devkit.testing.waiting import wait_until
from speakers import a_speaker, path

pytestmark = [pytest.mark.processes, pytest.mark.faults]
AT_ONCE = 40
WAVES = 5
LONG = "It takes a while to say all this. " * 25
MOST_AHEAD = 64 * 1024 * 1024
LIMITS = {
    "DRAMATIS_VOICE_SPEECH_CONCURRENCY": str(AT_ONCE),
    "DRAMATIS_VOICE_PERSONA_CHARACTERS_PER_MONTH": "100000000",
    "DRAMATIS_VOICE_WORKSPACE_CHARACTERS_PER_MONTH": "100000000",
    "DRAMATIS_VOICE_VENDOR_TIMEOUT_SECONDS": "20",
}


@pytest.fixture
async def talking(new_voices, database, nats_url, connection, workspace_id):
    """Return a running voice-svc, a client of it, and a persona that talks."""
    voices = new_voices(database("voice_svc"), nats_url, **LIMITS)
    voices.fake.behave(max_concurrent=2 * AT_ONCE, character_limit=10**9)
    await voices.start()
    nova = await a_speaker(connection, workspace_id)
    async with voices.api.client(workspace_id) as client:

        async def is_heard():
            return (await client.post(path(nova), json={"text": "Hello."})).is_success

        await wait_until(is_heard)
        yield voices, client, nova


def memory(voices):
    return psutil.Process(voices.processes[0].pid).memory_info().rss


async def until_closed(voices):
    await wait_until(lambda: voices.fake.state()["streams_open"] == 0)


async def test_of_200_streams_whose_listeners_leave_midway_none_stays_open(talking):
    voices, client, nova = talking
    voices.fake.behave(chunk_seconds=0.05)

    async def leave(number):
        body = {"text": f"{LONG} {number}"}
        async with client.stream("POST", path(nova), json=body) as answer:
            parts = answer.aiter_raw()
            for _ in range(1 + number % 5):
                await anext(parts)

    used = list[int]()
    for wave in range(WAVES):
        await asyncio.gather(*(leave(wave * AT_ONCE + number) for number in range(AT_ONCE)))
        await until_closed(voices)
        used.append(memory(voices))
    assert voices.fake.state()["most_streams_open"] > AT_ONCE // 8
    assert used[-1] < used[0] * 1.1
    assert (await client.post(path(nova), json={"text": "Still there?"})).status_code == 200


@asynccontextmanager
async def slow_listener(client, nova, text):
    """Ask for audio over a connection whose buffers are small, and read its head alone."""
    address = urlsplit(str(client.base_url))
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    opened.settimeout(0)
    await asyncio.get_running_loop().sock_connect(opened, (address.hostname, address.port))
    reader, writer = await asyncio.open_connection(sock=opened, limit=1_024)
    body = json.dumps({"text": text}).encode()
    head = {**client.headers, "host": "voice", "content-length": str(len(body))}
    lines = [f"POST {path(nova)} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
    writer.write("\r\n".join([*lines, "content-type: application/json", "", ""]).encode() + body)
    assert b" 200 " in await reader.readline()
    try:
        yield reader
    finally:
        writer.close()


async def test_listeners_at_1_kb_a_second_hold_nobody_up_and_memory_stays_bounded(talking):
    voices, client, nova = talking
    voices.fake.behave(chunk_seconds=0)
    before = memory(voices)

    async def listen(number, is_over):
        async with slow_listener(client, nova, f"{LONG} slow {number}") as reader:
            while not is_over.is_set():
                await reader.read(1_024)
                await asyncio.sleep(1)

    async def heard(number):
        began = monotonic()
        answer = await client.post(path(nova), json={"text": f"Hello {number}"})
        assert answer.status_code == 200
        return monotonic() - began

    alone = max([await heard(number) for number in range(10)])
    peaks = list[int]()
    for wave in range(2):
        is_over = asyncio.Event()
        slow = [asyncio.create_task(listen(wave * 50 + n, is_over)) for n in range(AT_ONCE // 2)]
        await asyncio.sleep(3)
        took = max([await heard(f"{wave} {number}") for number in range(10)])
        assert took < alone * 3 + 1
        # The vendor is long free: what it has made waits here.
        await until_closed(voices)
        peaks.append(memory(voices))
        is_over.set()
        await asyncio.gather(*slow)
    assert peaks[0] - before < 1.5 * MOST_AHEAD
    assert peaks[1] < peaks[0] * 1.1
