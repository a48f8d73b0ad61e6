"""The personas of some or all workspaces in memory, kept up to date from the broker."""

import asyncio
import contextlib
import logging
import math
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Final, Self
from uuid import UUID

from persona_contracts import Channel, ResolvedPersona, is_subject_id

from persona_client import snapshot
from persona_client.address import NatsAddress
from persona_client.answer import Freshness, Resolution
from persona_client.changes import Change, Listeners, OnChange
from persona_client.contents import Contents
from persona_client.errors import ForkedError, RosterNotReadyError, UnknownWorkspaceError
from persona_client.forks import tell_of_forks
from persona_client.memo import Memo, Question
from persona_client.reader import StateReader
from persona_client.recent_keys import RecentKeys
from persona_client.replica import Replica
from persona_client.resolution import Choice, WorkspaceView, resolve_in
from persona_client.tasks import cancelled

SNAPSHOT_SECONDS: Final = 30.0
FIND_SECONDS: Final = 1.0
REFUSED_SECONDS: Final = 10.0

_NO_CHOICES: Final[dict[Question, Choice]] = {}

log = logging.getLogger(__name__)


class Roster:
    """Answers who speaks, from memory, whatever happens to the broker.

    Use it with `async with`: entering starts one background task, leaving ends it.
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
        """Prepare to follow `workspaces` (None: all of them) over the broker at `nats_url`.

        `snapshot_path` names a file to start from when the broker is away; its folder must exist.
        `name` is shown in logs and by the broker. Entering waits `start_timeout_seconds` at most.
        `on_change` is called in the event loop for each change, and must return at once.

        Raises:
            ValueError: `workspaces` is empty or holds an id that cannot stand in a subject, or
                `nats_url` cannot be an address (`AddressError`).
        """
        address = nats_url if isinstance(nats_url, NatsAddress) else NatsAddress.parse(nats_url)
        if workspaces is not None and not (workspaces and all(map(is_subject_id, workspaces))):
            raise ValueError("workspaces must be None or one or more ids of [A-Za-z0-9_-]{1,64}")
        self._only = None if workspaces is None else frozenset(workspaces)
        self._snapshot_path = snapshot_path
        self._name = name
        self._start_timeout_seconds = start_timeout_seconds
        self._memo = Memo()
        self._remembered = self._memo.choices
        self._listeners = Listeners(on_change)
        self._replica = Replica(self._memo, self._only, self._listeners)
        self._is_forked = False
        subjects = [f"persona-state.v1.{token}.>" for token in sorted(self._only or {"*"})]
        self._reader = StateReader(address, self._replica, subjects=subjects, name=name)
        self._refused = RecentKeys(REFUSED_SECONDS)
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Start; return when the Roster is READY, or after the start timeout as it is then.

        Raises:
            ForkedError: it was started by the parent of this process.
        """
        if self._is_forked:
            raise ForkedError("this Roster was started before a fork: make a new one")
        tell_of_forks(self)
        if self._snapshot_path is not None:
            saved = snapshot.load(self._snapshot_path, self._only)
            if saved is not None:
                self._replica.start_from(*saved)
            self._tasks.append(asyncio.create_task(self._keep_snapshot(self._snapshot_path)))
        self._tasks.append(asyncio.create_task(self._reader.run()))
        try:
            async with asyncio.timeout(self._start_timeout_seconds):
                await self._replica.completed.wait()
        except TimeoutError:
            log.warning("roster %s: starts as %s", self._name, self.freshness.value)
        except asyncio.CancelledError:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop following and write the snapshot; what is known can still be asked for."""
        await self._stop()
        if self._snapshot_path is not None and self._replica.completed.is_set():
            await self._save(self._snapshot_path)

    async def _stop(self) -> None:
        await cancelled(self._tasks)
        self._tasks.clear()

    def resolve(
        self,
        workspace_id: str,
        *,
        campaign_id: str | None = None,
        sequence_persona_id: UUID | None = None,
        channel: str = Channel.EMAIL,
    ) -> Resolution:
        """Return who speaks in this workspace, for this campaign, sequence and channel.

        A workspace that nobody has written to resolves to the tier `none`.

        Raises:
            RosterNotReadyError: nothing is known yet; try again later.
            UnknownWorkspaceError: the Roster is limited to other workspaces.
            ValueError: it cannot be a workspace, or `channel` is not one of email, sms, linkedin.
        """
        try:
            choice = self._remembered[workspace_id][campaign_id, sequence_persona_id, channel]
        except KeyError:
            choice = self._choose(workspace_id, campaign_id, sequence_persona_id, channel)
        now = monotonic()
        replica = self._replica
        return Resolution(
            choice,
            now - replica.confirmed_at,
            Freshness.READY if now < replica.ready_until else Freshness.STALE,
        )

    def resolve_session(self, workspace_id: str, persona_id: UUID | None) -> Resolution:
        """Return who speaks in a conversation that was given a persona; it is never remembered.

        Raises:
            RosterNotReadyError: nothing is known yet; try again later.
            UnknownWorkspaceError: the Roster is limited to other workspaces.
        """
        choice = resolve_in(self._view(workspace_id), session_persona_id=persona_id)
        return Resolution(choice, monotonic() - self._replica.confirmed_at, self.freshness)

    def _choose(
        self,
        workspace_id: str,
        campaign_id: str | None,
        sequence_persona_id: UUID | None,
        channel: str,
    ) -> Choice:
        choice = resolve_in(
            self._view(workspace_id),
            campaign_id=campaign_id,
            sequence_persona_id=sequence_persona_id,
            channel=Channel(channel),
        )
        question = (campaign_id, sequence_persona_id, channel)
        self._memo.remember(workspace_id, question, choice)
        return choice

    def persona(self, workspace_id: str, persona_id: UUID) -> ResolvedPersona | None:
        """Return a persona by its id, active or not; None if the workspace has none with that id.

        Raises:
            RosterNotReadyError: nothing is known yet; try again later.
            UnknownWorkspaceError: the Roster is limited to other workspaces.
        """
        return self._view(workspace_id).personas.get(persona_id)

    def personas(self, workspace_id: str) -> list[ResolvedPersona]:
        """Return all personas of a workspace, by name.

        Raises:
            RosterNotReadyError: nothing is known yet; try again later.
            UnknownWorkspaceError: the Roster is limited to other workspaces.
        """
        found = self._view(workspace_id).personas.values()
        return sorted(found, key=lambda persona: (persona.name, persona.persona_id))

    @property
    def freshness(self) -> Freshness:
        """How fresh an answer would be now."""
        if self._replica.live is None:
            return Freshness.NOT_READY
        return Freshness.READY if monotonic() < self._replica.ready_until else Freshness.STALE

    @property
    def failing(self) -> str:
        """Why the broker cannot be followed now; empty while it can.

        Refused credentials, a missing permission with its subject, no stream, or unreachable.
        """
        return self._reader.failing

    @property
    def age_seconds(self) -> float | None:
        """Seconds since the documents were last confirmed complete; None if they never were."""
        return None if self._replica.live is None else monotonic() - self._replica.confirmed_at

    @property
    def document_count(self) -> int:
        """How many state documents are known, without tombstones."""
        return 0 if self._replica.live is None else self._replica.live.document_count

    @property
    def stream_sequence(self) -> int:
        """Up to where the stream PERSONA_STATE is known; 0 if nothing is."""
        return 0 if self._replica.live is None else self._replica.live.last_seq

    def revision(self, workspace_id: str) -> int:
        """Return the highest revision known for a workspace; 0 if nothing is known.

        Raises:
            UnknownWorkspaceError: the Roster is limited to other workspaces.
        """
        self._require_known(workspace_id)
        return 0 if self._replica.live is None else self._replica.live.revision(workspace_id)

    def changes(self) -> AsyncIterator[Change]:
        """Return what changes from now on, without end.

        Of a document that changed again before it was asked for, the newest change alone is told.
        After the broker's store was replaced, what differs from before is told.
        """
        return self._listeners.listen()

    def recall(
        self,
        workspace_id: str,
        campaign_id: str | None,
        sequence_persona_id: UUID | None,
        channel: str,
    ) -> Resolution | None:
        """Return a remembered answer to `resolve`, in any thread; None: there is none."""
        question = (campaign_id, sequence_persona_id, channel)
        choice = self._remembered.get(workspace_id, _NO_CHOICES).get(question)
        if choice is None:
            return None
        age_seconds = monotonic() - self._replica.confirmed_at
        return Resolution(choice, age_seconds, self.freshness)

    def know(self, contents: Contents) -> None:
        """Answer from these contents, as READY, until the Roster is entered."""
        self._replica.start_from(contents, age_seconds=0)
        self._replica.ready_until = math.inf

    def forget_parent(self) -> None:
        """Answer nothing: this process has a copy that nobody keeps up to date."""
        self._is_forked = True
        self._replica.forget_all()

    async def wait_for(self, workspace_id: str, revision: int, timeout_seconds: float) -> None:
        """Return when everything that the workspace had at `revision` is applied.

        The documents of one change come one after the other: this waits for all of them.

        Raises:
            TimeoutError: they did not come in `timeout_seconds`.
            UnknownWorkspaceError: the Roster is limited to other workspaces.
        """
        self._require_known(workspace_id)
        async with asyncio.timeout(timeout_seconds):
            while self._complete(workspace_id) < revision:
                await self._replica.updated.wait()

    def _complete(self, workspace_id: str) -> int:
        return 0 if self._replica.live is None else self._replica.live.complete(workspace_id)

    async def find_persona(
        self, workspace_id: str, persona_id: UUID, *, timeout_seconds: float = FIND_SECONDS
    ) -> ResolvedPersona | None:
        """Return a persona by its id, as `persona` does, but wait for one that is not known.

        It may have been created just now. An id that did not come is not waited for again within
        REFUSED_SECONDS.

        Raises:
            RosterNotReadyError: nothing is known yet; try again later.
            UnknownWorkspaceError: the Roster is limited to other workspaces.
        """
        key = (workspace_id, persona_id)
        if (found := self.persona(*key)) is not None or self._refused.has(key):
            return found
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                while (found := self.persona(*key)) is None:
                    await self._replica.updated.wait()
        if found is None:
            self._refused.add(key)
        return found

    def _view(self, workspace_id: str) -> WorkspaceView:
        """Return what is known of a workspace.

        Raises:
            RosterNotReadyError: nothing is known yet.
            UnknownWorkspaceError, ValueError: as `_require_known`.
        """
        self._require_known(workspace_id)
        if self._is_forked:
            raise ForkedError("this Roster was started before a fork: start one in this process")
        if self._replica.live is None:
            raise RosterNotReadyError("the persona documents have not been read yet")
        return self._replica.live.view(workspace_id)

    def _require_known(self, workspace_id: str) -> None:
        """Refuse what can be no workspace, or none that is followed.

        Raises:
            UnknownWorkspaceError: the Roster is limited to other workspaces.
            ValueError: it cannot be the id of a workspace.
        """
        if not is_subject_id(workspace_id):
            raise ValueError(
                f"{workspace_id!r} is no workspace id: it must be [A-Za-z0-9_-]{{1,64}}"
            )
        if self._only is not None and workspace_id not in self._only:
            raise UnknownWorkspaceError(f"this Roster does not follow workspace {workspace_id!r}")

    async def _keep_snapshot(self, path: Path) -> None:
        """Write the snapshot every SNAPSHOT_SECONDS if there is something new."""
        await self._replica.completed.wait()
        written = None
        while True:
            position = self._replica.live and self._replica.live.position
            if position != written:
                await self._save(path)
                written = position
            await asyncio.sleep(SNAPSHOT_SECONDS)

    async def _save(self, path: Path) -> None:
        live = self._replica.live
        if live is None:
            return
        age_seconds = monotonic() - self._replica.confirmed_at
        try:
            with contextlib.closing(
                snapshot.save(path, live, only=self._only, age_seconds=age_seconds)
            ) as slices:
                for _ in slices:
                    await asyncio.sleep(0)
        except OSError as error:
            log.warning("roster %s: no snapshot: %s", self._name, type(error).__name__)
