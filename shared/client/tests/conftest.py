"""A real broker whose life is in the test's hands, and documents to put into it."""

import asyncio
import contextlib
import json
import shutil
import signal
import subprocess
import sysconfig
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import nats
import pytest
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from persona_contracts import (
    COMPLETE_HEADER,
    CampaignState,
    Document,
    Prompts,
    ResolvedPersona,
    StateKind,
    WorkspaceState,
    state_subject,
)
from service_devkit.testing.waiting import HANG_SECONDS

STREAM = "PERSONA_STATE"


async def until(condition: Callable[[], bool], seconds: float = HANG_SECONDS) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(seconds):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


class Broker:
    """One nats-server process; its port and store survive a restart."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = -1
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self._port}"

    async def start(self) -> None:
        self._process = self._launch()
        ports = self._folder / f"nats-server_{self._process.pid}.ports"
        await until(lambda: ports.exists() and ports.read_text().endswith("}"))
        self._port = int(json.loads(ports.read_text())["nats"][0].rpartition(":")[2])

    def _launch(self) -> subprocess.Popen[bytes]:
        config = self._folder / "nats.conf"
        config.write_text(
            f'listen: "127.0.0.1:{self._port}"\nports_file_dir: "{self._folder}"\n'
            f'jetstream {{ store_dir: "{self._folder / "store"}", sync_interval: always }}\n'
        )
        server = Path(sysconfig.get_path("scripts")) / "nats-server"
        return subprocess.Popen(
            [server, "-c", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Keep the connections but answer nothing, like a half-open link."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def delete_store(self) -> None:
        shutil.rmtree(self._folder / "store")

    @asynccontextmanager
    async def jetstream(self) -> AsyncIterator[JetStreamContext]:
        async with await nats.connect(self.url) as client:
            yield client.jetstream()

    async def create_stream(self) -> None:
        async with self.jetstream() as js:
            await js.add_stream(
                name=STREAM, subjects=["persona-state.v1.*.*.*"], max_msgs_per_subject=1
            )

    async def put(self, *messages: tuple[str, bytes], complete: int | None = None) -> None:
        """Publish state documents; the stream is created first if it is missing.

        `complete` is the revision up to which they say that the stream has everything.
        """
        headers = None if complete is None else {COMPLETE_HEADER: str(complete)}
        async with self.jetstream() as js:
            try:
                await js.stream_info(STREAM)
            except NotFoundError:
                await self.create_stream()
            for subject, body in messages:
                await js.publish(subject, body, headers=headers)


class Link:
    """A TCP connection to the broker that can lose what the broker sends, and be cut."""

    def __init__(self, broker: Broker) -> None:
        self.is_losing = False
        self.lost = asyncio.Event()
        """Set when a message of a stream was lost."""
        self._broker = broker
        self._writers: list[asyncio.StreamWriter] = []
        self._connections: list[asyncio.Task[None] | None] = []
        self._port = 0

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self._port}"

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Link"]:
        server = await asyncio.start_server(self._connect, "127.0.0.1")
        self._port = server.sockets[0].getsockname()[1]
        async with server:
            yield self
        self.cut()
        await asyncio.gather(*filter(None, self._connections))

    def cut(self) -> None:
        """Close every connection; new ones lose nothing."""
        self.is_losing = False
        while self._writers:
            self._writers.pop().close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.append(asyncio.current_task())
        port = int(self._broker.url.rpartition(":")[2])
        from_broker, to_broker = await asyncio.open_connection("127.0.0.1", port)
        self._writers += [writer, to_broker]
        await asyncio.gather(
            self._pass_on(reader, to_broker), self._pass_on(from_broker, writer, may_lose=True)
        )

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, may_lose: bool = False
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                if not (may_lose and self.is_losing):
                    writer.write(data)
                elif b"$JS.ACK" in data:
                    self.lost.set()
        writer.close()


class Make:
    """State documents with everything that must be there."""

    def persona(self, name: str = "Support", revision: int = 1, **fields: Any) -> ResolvedPersona:
        return ResolvedPersona(
            **{
                "persona_id": uuid4(),
                "name": name,
                "prompts": Prompts(system="Be kind.", rag="", user=""),
                "version": 1,
                "revision": revision,
                "updated_at": datetime(2026, 1, 1, tzinfo=UTC),
                **fields,
            }
        )

    def workspace(self, revision: int = 1, **fields: Any) -> WorkspaceState:
        return WorkspaceState(revision=revision, **fields)

    def campaign(
        self, campaign_id: str, revision: int = 1, **assignments: UUID | None
    ) -> CampaignState:
        return CampaignState(
            campaign_id=campaign_id,
            name=campaign_id,
            revision=revision,
            assignments={key: value for key, value in assignments.items() if value},
        )

    def message(self, document: Document, workspace_id: str = "acme") -> tuple[str, bytes]:
        """Return subject and body of a document."""
        kind: StateKind = "workspace"
        entity_id = workspace_id
        if isinstance(document, ResolvedPersona):
            kind, entity_id = "persona", str(document.persona_id)
        elif isinstance(document, CampaignState):
            kind, entity_id = "campaign", document.campaign_id
        return state_subject(workspace_id, kind, entity_id), document.model_dump_json().encode()

    def tombstone(
        self, persona: ResolvedPersona, revision: int, workspace_id: str = "acme"
    ) -> tuple[str, bytes]:
        subject = state_subject(workspace_id, "persona", str(persona.persona_id))
        return subject, b'{"deleted":true,"revision":%d}' % revision


@pytest.fixture(scope="session")
def make() -> Make:
    return Make()


@pytest.fixture(name="until")
def _until() -> Callable[..., Awaitable[None]]:
    return until


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    """A running broker without streams."""
    broker = Broker(tmp_path)
    await broker.start()
    yield broker
    broker.kill()


@pytest.fixture
async def link(broker: Broker) -> AsyncIterator[Link]:
    """A way to the running broker that can be cut."""
    async with Link(broker).listening() as link:
        yield link
