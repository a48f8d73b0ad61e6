"""Audio on its way to a listener: read as fast as it comes, sent as fast as it is taken."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress

from service_kit.errors import UpstreamError
from structlog import get_logger

from voice_svc.domain.provider import ProviderUnavailableError
from voice_svc.usecases.ports import Audio

MAX_BYTES_AHEAD = 64 * 1024 * 1024
"""Of all listeners together, that were read and not yet taken, or are kept to be heard again."""

log = get_logger(__name__)


class BytesAhead:
    """What a process holds of audio."""

    def __init__(self, limit: int = MAX_BYTES_AHEAD) -> None:
        self.held = 0
        self._limit = limit
        self._less = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Whether no more should be read."""
        return self.held >= self._limit

    def add(self, size: int) -> None:
        """Hold `size` bytes more, or fewer."""
        self.held += size
        if size < 0:
            self._less.set()

    async def wait_for_less(self) -> None:
        """Return when somebody has let go of some."""
        self._less.clear()
        await self._less.wait()


class Spoken:
    """One listener's audio. A slow listener holds up neither the provider nor anybody else.

    `at_end(audio)` is called when the provider has ended, with the whole of it, or None if it broke
    off, was left, or is too long to be kept.
    """

    def __init__(
        self,
        audio: Audio,
        ahead: BytesAhead,
        *,
        max_kept_bytes: int,
        at_end: Callable[[bytes | None], Awaitable[None]],
    ) -> None:
        self.voice_id = ""
        self._audio = audio
        self._ahead = ahead
        self._max_kept_bytes = max_kept_bytes
        self._at_end = at_end
        self._parts: deque[bytes] = deque()
        self._kept: list[bytes] | None = []
        self._kept_bytes = 0
        self._more = asyncio.Event()
        self._error: UpstreamError | None = None
        self._is_over = False
        self._reading = asyncio.create_task(self._read())

    async def parts(self) -> AsyncGenerator[bytes]:
        """Yield the parts as they come.

        Raises:
            ProviderUnavailableError: the audio broke off.
        """
        while True:
            while self._parts:
                part = self._parts.popleft()
                yield part
                self._ahead.add(-len(part))
            if self._is_over and not self._parts:
                break
            self._more.clear()
            await self._more.wait()
        if self._error is not None:
            raise self._error

    async def close(self) -> None:
        """Let go: the provider is left, if it has not ended."""
        if not self._is_over:
            self._reading.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.shield(self._reading)
        for part in self._parts:
            self._ahead.add(-len(part))
        self._parts.clear()

    async def _read(self) -> None:
        whole: bytes | None = None
        try:
            async for part in self._audio:
                self._take(part)
                while self._ahead.is_full and len(self._parts) > 1:
                    await self._ahead.wait_for_less()
            whole = None if self._kept is None else b"".join(self._kept)
        except ProviderUnavailableError as error:
            self._error = error
            log.warning("speech.broken_off", reason=str(error))
        finally:
            self._is_over = True
            self._more.set()
            self._drop_kept()
            await self._audio.close()
            await self._at_end(whole)

    def _take(self, part: bytes) -> None:
        self._parts.append(part)
        self._ahead.add(len(part))
        self._more.set()
        if self._kept is None:
            return
        if self._ahead.is_full or self._kept_bytes + len(part) > self._max_kept_bytes:
            self._drop_kept()
            return
        self._kept.append(part)
        self._kept_bytes += len(part)
        self._ahead.add(len(part))

    def _drop_kept(self) -> None:
        self._ahead.add(-self._kept_bytes)
        self._kept, self._kept_bytes = None, 0
