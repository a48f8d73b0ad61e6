"""The documents that a Roster answers from, kept equal to the stream PERSONA_STATE."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from time import monotonic
from typing import Final

from persona_client.changes import Listeners
from persona_client.contents import Contents
from persona_client.memo import Memo

StateMessage = tuple[str, bytes, int | None]
"""Subject, body, and the revision up to which the stream had everything, if the sender says so."""
STALE_AFTER_SECONDS: Final = 15.0
QUIET_SECONDS: Final = 5.0
"""How long a replaced stream that lacks known entities must bring nothing new to be complete."""

log = logging.getLogger(__name__)


class Replica:
    """The live contents; while a stream is read from its beginning, also the incoming ones.

    Incoming contents become live when the stream has been read to its end. A replaced stream is
    refilled while it is read, so its end may come too early: as long as known entities are missing,
    documents reach the live contents too (the higher revision wins) and nothing vanishes.
    """

    def __init__(self, memo: Memo, only: Collection[str] | None, listeners: Listeners) -> None:
        self.live: Contents | None = None
        self.completed = asyncio.Event()
        """Set once the broker has confirmed that nothing is missing."""
        self.updated = asyncio.Event()
        """Wakes whoever waits at every change; never stays set."""
        self.confirmed_at = 0.0
        """Monotonic seconds of the last confirmation, perhaps by an earlier process."""
        self.ready_until = 0.0
        self._incoming: Contents | None = None
        self._last_news_at = 0.0
        self._memo = memo
        self._only = only
        self._listeners = listeners

    def start_from(self, contents: Contents, age_seconds: float) -> None:
        """Serve `contents` that were complete `age_seconds` ago, until the stream is read."""
        self.live = contents
        self.confirmed_at = monotonic() - age_seconds

    def forget_all(self) -> None:
        """Know nothing any more."""
        self.live = self._incoming = None
        self.confirmed_at = self.ready_until = 0.0
        self._memo.clear()

    def resume_after(self, stream_created: str, last_seq: int) -> int:
        """Return the sequence up to which the stream has been read; 0: read it from its beginning.

        `stream_created` tells a replaced stream. A stream that ends (`last_seq`) before what was
        read has lost its newest part and is another one, too.
        """
        read = self._incoming or self.live
        if read is not None and read.stream_created == stream_created and read.last_seq <= last_seq:
            return read.last_seq
        if self.live is not None:
            log.warning("PERSONA_STATE was replaced: reading it again from its beginning")
            self.live.forget_announced()
        self._incoming = Contents(stream_created, 0, self._only)
        self._last_news_at = monotonic()
        return 0

    def apply(self, documents: Sequence[StateMessage], last_seq: int) -> None:
        """Take the next documents; the last one stood at `last_seq`."""
        if self._incoming is not None:
            for document in documents:
                self._incoming.apply(*document)
            self._incoming.last_seq = last_seq
            self._last_news_at = monotonic()
        if self.live is not None:
            for document in documents:
                changed = self.live.apply(*document)
                if changed is not None:
                    self._memo.forget(changed.workspace_id)
                    self._listeners.tell(changed)
            if self._incoming is None:
                self.live.last_seq = last_seq
            self._wake()

    def confirm(self) -> None:
        """Take note that the broker has nothing more to send."""
        refilled = self._incoming is None or self._is_complete(self._incoming)
        if self._incoming is not None and refilled:
            before, self.live, self._incoming = self.live, self._incoming, None
            self._memo.clear()
            for change in self.live.changes_since(before) if before else ():
                self._listeners.tell(change)
        if self.live is not None:
            self.live.reached_end()
            self._wake()
        if not refilled:
            return
        self.confirmed_at = monotonic()
        self.ready_until = self.confirmed_at + STALE_AFTER_SECONDS
        self.completed.set()

    def _is_complete(self, incoming: Contents) -> bool:
        if self.live is None or self.live.subjects() <= incoming.subjects():
            return True
        quiet = monotonic() - self._last_news_at >= QUIET_SECONDS
        return quiet and incoming.document_count > 0

    def _wake(self) -> None:
        self.updated.set()
        self.updated.clear()
