"""A Roster for code without an event loop: Flask, Django, Celery, scripts."""

import asyncio
import threading
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self, TypeVar
from uuid import UUID

from persona_contracts import Channel, ResolvedPersona

from persona_client.address import NatsAddress
from persona_client.answer import Freshness, Resolution
from persona_client.changes import OnChange
from persona_client.forks import tell_of_forks
from persona_client.roster import FIND_SECONDS, Roster

ResultT = TypeVar("ResultT")


class _Running(NamedTuple):
    """A Roster in its own thread's event loop."""

    roster: Roster
    loop: asyncio.AbstractEventLoop
    end: asyncio.Event
    thread: threading.Thread


class SyncRoster:
    """Answers who speaks, from memory, in any thread; what it follows lives in its own thread.

    Use it with `with`, or `start` and `close`. A forked child (gunicorn's and Celery's workers)
    starts anew by itself when it is first asked, and never answers from its parent's copy.
    """

    def __init__(
        self,
        nats_url: str | NatsAddress,
        workspaces: Collection[str] | None = None,
        snapshot_path: Path | None = None,
        *,
        name: str = "roster",
        start_timeout_seconds: float = 5.0,
        on_change: OnChange | None = None,
    ) -> None:
        """Prepare to follow, with the arguments of `Roster`.

        `on_change` is called in the thread that follows. A forked child keeps no snapshot: one
        file is of one process.

        Raises:
            ValueError: as `Roster`.
        """

        def make(snapshot: Path | None) -> Roster:
            return Roster(
                nats_url,
                workspaces,
                snapshot,
                name=name,
                start_timeout_seconds=start_timeout_seconds,
                on_change=on_change,
            )

        make(None)  # what cannot be an address is refused here, not in the first answer
        self._make = make
        self._snapshot_path = snapshot_path
        self._running: _Running | None = None
        self._is_forked = False
        self._lock = threading.Lock()

    def start(self) -> Self:
        """Start, unless it runs; return when READY, or after the start timeout as it is then."""
        with self._lock:
            if self._running is None:
                self._running = self._start()
            return self

    def close(self) -> None:
        """Stop following and write the snapshot."""
        with self._lock:
            running, self._running, self._is_forked = self._running, None, False
        if running is not None:
            running.loop.call_soon_threadsafe(running.end.set)
            running.thread.join()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def resolve(
        self,
        workspace_id: str,
        *,
        campaign_id: str | None = None,
        sequence_persona_id: UUID | None = None,
        channel: str = Channel.EMAIL,
    ) -> Resolution:
        """Return who speaks, as `Roster.resolve` does and raises.

        Raises:
            RuntimeError: it was not started, or is closed.
        """
        running = self._running or self._restarted()
        question = (workspace_id, campaign_id, sequence_persona_id, channel)
        return running.roster.recall(*question) or self._ask(
            lambda roster: roster.resolve(
                workspace_id,
                campaign_id=campaign_id,
                sequence_persona_id=sequence_persona_id,
                channel=channel,
            )
        )

    def resolve_session(self, workspace_id: str, persona_id: UUID | None) -> Resolution:
        """Return who speaks in a conversation, as `Roster.resolve_session` does and raises."""
        return self._ask(lambda roster: roster.resolve_session(workspace_id, persona_id))

    def persona(self, workspace_id: str, persona_id: UUID) -> ResolvedPersona | None:
        """Return a persona by its id, as `Roster.persona` does and raises."""
        return self._ask(lambda roster: roster.persona(workspace_id, persona_id))

    def personas(self, workspace_id: str) -> list[ResolvedPersona]:
        """Return all personas of a workspace by name, as `Roster.personas` does and raises."""
        return self._ask(lambda roster: roster.personas(workspace_id))

    def revision(self, workspace_id: str) -> int:
        """Return the highest revision known, as `Roster.revision` does and raises."""
        return self._ask(lambda roster: roster.revision(workspace_id))

    def wait_for(self, workspace_id: str, revision: int, timeout_seconds: float) -> None:
        """Return when everything of `revision` is applied, as `Roster.wait_for` does and raises."""
        self._wait(lambda roster: roster.wait_for(workspace_id, revision, timeout_seconds))

    def find_persona(
        self, workspace_id: str, persona_id: UUID, *, timeout_seconds: float = FIND_SECONDS
    ) -> ResolvedPersona | None:
        """Return a persona, waiting for a new one, as `Roster.find_persona` does and raises."""
        return self._wait(
            lambda roster: roster.find_persona(
                workspace_id, persona_id, timeout_seconds=timeout_seconds
            )
        )

    @property
    def freshness(self) -> Freshness:
        """How fresh an answer would be now; in a forked child that was not asked yet NOT_READY."""
        return Freshness.NOT_READY if self._running is None else self._running.roster.freshness

    @property
    def failing(self) -> str:
        """Why the broker cannot be followed now; empty while it can."""
        return "" if self._running is None else self._running.roster.failing

    def _ask(self, call: Callable[[Roster], ResultT]) -> ResultT:
        """Call in the thread that follows, where nothing changes meanwhile."""
        running = self._running or self._restarted()
        if threading.current_thread() is running.thread:
            return call(running.roster)

        async def asked() -> ResultT:
            return call(running.roster)

        return asyncio.run_coroutine_threadsafe(asked(), running.loop).result()

    def _wait(self, call: Callable[[Roster], Coroutine[Any, Any, ResultT]]) -> ResultT:
        running = self._running or self._restarted()
        if threading.current_thread() is running.thread:
            raise RuntimeError("on_change cannot wait: it is called by what it would wait for")
        return asyncio.run_coroutine_threadsafe(call(running.roster), running.loop).result()

    def _restarted(self) -> _Running:
        """Return what runs in this process, started anew after a fork.

        Raises:
            RuntimeError: it was not started, or is closed.
        """
        if self._is_forked:
            self.start()
        if self._running is None:
            raise RuntimeError("start the SyncRoster before you ask it")
        return self._running

    def _start(self) -> _Running:
        started = Future[_Running]()
        roster = self._make(None if self._is_forked else self._snapshot_path)
        thread = threading.Thread(
            target=lambda: asyncio.run(_follow(roster, started)), name="roster", daemon=True
        )
        thread.start()
        tell_of_forks(self)
        return started.result()

    def forget_parent(self) -> None:
        """Start anew when asked: in this process there is no thread that follows."""
        self._lock = threading.Lock()  # perhaps held by a thread that is not here
        if self._running is not None:
            _OF_PARENTS.append(self._running)
            self._running, self._is_forked = None, True


async def _follow(roster: Roster, started: Future[_Running]) -> None:
    end = asyncio.Event()
    try:
        async with roster:
            loop = asyncio.get_running_loop()
            started.set_result(_Running(roster, loop, end, threading.current_thread()))
            await end.wait()
    except BaseException as error:
        if started.done():
            raise
        started.set_exception(error)


_OF_PARENTS: Final[list[_Running]] = []
"""Never freed: closing an event loop here would change what the parent's one waits for."""
