"""The provider's voices: asked for at most every 15 minutes, and kept while it is away."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from service_kit.clock import utc_now
from service_kit.errors import ServiceError, UpstreamError
from structlog import get_logger

from voice_svc.domain.provider import ProviderNotConfiguredError
from voice_svc.domain.speech import Voice
from voice_svc.usecases.ports import Voices

FRESH_SECONDS = 15 * 60.0
RETRY_SECONDS = 15.0
"""Before a provider that is away is asked again."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceFilter:
    """What voices must be; None for what does not matter. `text` is anywhere in what is told."""

    gender: str | None = None
    accent: str | None = None
    category: str | None = None
    language: str | None = None
    text: str | None = None

    def takes(self, voice: Voice) -> bool:
        """Return whether a voice is what is asked for, in any case."""
        pairs = (
            (self.gender, voice.gender),
            (self.accent, voice.accent),
            (self.category, voice.category),
            (self.language, voice.language),
        )
        if any(asked and asked.casefold() != (has or "").casefold() for asked, has in pairs):
            return False
        told = (voice.name, voice.description, voice.accent, voice.age, voice.category)
        return (self.text or "").casefold() in " ".join(filter(None, told)).casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceList:
    """All voices, as they were at `read_at`; stale if the provider is away since."""

    voices: Sequence[Voice]
    read_at: datetime
    is_stale: bool


@dataclass(slots=True, kw_only=True)
class ListVoices:
    """All voices, in memory."""

    provider: Voices
    fresh_seconds: float = FRESH_SECONDS
    _voices: Sequence[Voice] = ()
    _read_at: datetime | None = None
    _ask_again_at: float = 0.0
    _is_stale: bool = False
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def all(self) -> VoiceList:
        """Return all voices.

        Raises:
            ServiceError: as the port `Voices` says, if they have never been read.
        """
        async with self._asking:
            if monotonic() >= self._ask_again_at:
                await self._ask()
        if self._read_at is None:
            raise UpstreamError("The voices have not been read yet.")
        return VoiceList(voices=self._voices, read_at=self._read_at, is_stale=self._is_stale)

    async def _ask(self) -> None:
        try:
            self._voices = await self.provider.voices()
        except ServiceError as error:
            if self._read_at is None or isinstance(error, ProviderNotConfiguredError):
                raise
            log.warning("voices.stale", reason=str(error))
            self._is_stale = True
            self._ask_again_at = monotonic() + RETRY_SECONDS
            return
        self._read_at, self._is_stale = utc_now(), False
        self._ask_again_at = monotonic() + self.fresh_seconds
