"""Say a text with a persona's voice: from what is kept, or by the provider within the limits."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from time import monotonic
from uuid import UUID

from service_kit.errors import ServiceError
from service_kit.store import Store
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from voice_svc.adapters import known_voices, speech_usage
from voice_svc.adapters.audio_cache import MAX_AUDIO_BYTES, AudioCache
from voice_svc.domain.provider import (
    ProviderBusyError,
    ProviderRefusedError,
    ProviderThingNotFoundError,
)
from voice_svc.domain.speech import SpeechLimits, Utterance
from voice_svc.usecases.choose_voice import ChooseVoice
from voice_svc.usecases.fair_gate import FairGate
from voice_svc.usecases.ports import Audio, Speech
from voice_svc.usecases.spoken import BytesAhead, Spoken
from voice_svc.usecases.tell_replaced_voice import (
    DISCONTINUED,
    UNAVAILABLE,
    tell_replaced_voice,
)

BUSY_SECONDS = (0.1, 0.4)
"""Before the provider is asked again, if it does not say when."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakRequest:
    """What is to be said, and by whom; each wish stands in for the one before, if that cannot."""

    workspace_id: str
    persona_id: UUID
    wishes: Sequence[Utterance]

    @property
    def characters(self) -> int:
        """What it costs."""
        return len(self.wishes[0].text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Audio that was kept."""

    audio: bytes
    voice_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """Audio that is being made, by the voice that could."""

    spoken: Spoken
    voice_id: str


@dataclass(slots=True, kw_only=True)
class Speak:
    """Says texts for all requests of a process."""

    store: Store
    speech: Speech
    voices: ChooseVoice
    gate: FairGate
    cache: AudioCache
    limits: SpeechLimits
    wait_seconds: float
    """How long a busy provider is asked again, before the text is given up."""
    ahead: BytesAhead

    async def speak(self, request: SpeakRequest) -> Recording | Live:
        """Return audio whose first part is there; whoever gets it live must close it.

        Raises:
            SpeechLimitError: too few characters are left this month.
            SpeechQueueError: too much is being said at once.
            ServiceError: as the port `Speech` says.
        """
        wishes = request.wishes
        digest = self.cache.digest(request.persona_id, wishes[0])
        async with self.store.workspace(request.workspace_id) as session:
            kept = await self.cache.get(session, digest)
            if kept is not None:
                return Recording(audio=kept, voice_id=wishes[0].voice_id)
            # Before they are spoken, so that requests at once keep the limit.
            used, month = await speech_usage.reserve(
                session, request.workspace_id, request.persona_id, request.characters, self.limits
            )
            used.require(request.characters)
        try:
            audio, utterance = await self._start(request)
        except BaseException:
            await asyncio.shield(self._count(request, -request.characters, month))
            raise

        async def end(whole: bytes | None) -> None:
            self.gate.leave()
            # What a stand-in says is not kept: the persona's own voice may be back.
            if whole is not None and utterance is wishes[0]:
                await self._keep(request, digest, whole)

        spoken = Spoken(audio, self.ahead, max_kept_bytes=MAX_AUDIO_BYTES, at_end=end)
        return Live(spoken=spoken, voice_id=utterance.voice_id)

    async def _count(self, request: SpeakRequest, characters: int, month: date) -> None:
        try:
            async with self.store.workspace(request.workspace_id) as session:
                await speech_usage.add(
                    session, request.workspace_id, request.persona_id, characters, month
                )
        except (SQLAlchemyError, OSError) as error:
            log.warning("speech.not_counted", reason=type(error).__name__, characters=characters)

    async def _start(self, request: SpeakRequest) -> tuple[Audio, Utterance]:
        """Return the audio of the first voice that can, with a place of the gate taken."""
        await self.gate.enter(request.workspace_id)
        try:
            audio, utterance = await self._first_that_can(request)
        except BaseException:
            self.gate.leave()
            raise
        if audio.concurrency_limit is not None:
            self.gate.resize(audio.concurrency_limit)
        return audio, utterance

    async def _first_that_can(self, request: SpeakRequest) -> tuple[Audio, Utterance]:
        *rest, last = request.wishes
        found, reason = await self._first_of(rest)
        if found is None and rest:
            voice_id = await self.voices.find_similar(request.workspace_id, rest[0].voice_id)
            similar = [replace(rest[0], voice_id=voice_id)] if voice_id is not None else []
            found, _ = await self._first_of(similar)
        if found is None:
            found = await self._when_not_busy(last), last
        if found[1] is not request.wishes[0]:
            await self._tell(request, found[1].voice_id, reason)
        return found

    async def _first_of(
        self, wishes: Sequence[Utterance]
    ) -> tuple[tuple[Audio, Utterance] | None, str]:
        """Return the first whose voice can speak, if any, and why the first could not."""
        reason = ""
        for utterance in wishes:
            try:
                return (await self._when_not_busy(utterance), utterance), reason
            except (ProviderThingNotFoundError, ProviderRefusedError) as error:
                reason = reason or _reason(error)
        return None, reason

    async def _when_not_busy(self, utterance: Utterance) -> Audio:
        until: float | None = None
        while True:
            try:
                return await self.speech.say(utterance)
            except ProviderBusyError as error:
                until = until or monotonic() + self.wait_seconds
                wait = error.extra.get("retry_after_seconds", random.uniform(*BUSY_SECONDS))  # noqa: S311 — jitter
                if not isinstance(wait, float) or monotonic() + wait > until:
                    raise
                await asyncio.sleep(wait)

    async def _tell(self, request: SpeakRequest, replacement: str, reason: str) -> None:
        voice_id = request.wishes[0].voice_id
        log.warning(
            "speech.voice_replaced",
            persona_id=str(request.persona_id),
            voice_id=voice_id,
            replacement_voice_id=replacement,
            reason=reason,
        )
        async with self.store.workspace(request.workspace_id) as session:
            await tell_replaced_voice(
                session,
                request.workspace_id,
                request.persona_id,
                (voice_id, replacement),
                reason=reason,
            )

    async def _keep(self, request: SpeakRequest, digest: bytes, audio: bytes) -> None:
        voice_id = request.wishes[0].voice_id
        traits = await self.voices.find_traits(voice_id)
        try:
            async with self.store.workspace(request.workspace_id) as session:
                await self.cache.put(
                    session, request.workspace_id, request.persona_id, digest, audio
                )
                if traits is not None:
                    await known_voices.add(
                        session, request.workspace_id, request.persona_id, voice_id, traits
                    )
        except (SQLAlchemyError, OSError) as error:
            log.warning("speech.not_kept", reason=type(error).__name__)


def _reason(error: ServiceError) -> str:
    """Return why a voice cannot speak.

    Raises:
        ServiceError: `error`, if the voice is not to blame.
    """
    if isinstance(error, ProviderThingNotFoundError):
        return DISCONTINUED
    if "voice" in str(error.extra.get("code", "")):
        return UNAVAILABLE
    raise error
