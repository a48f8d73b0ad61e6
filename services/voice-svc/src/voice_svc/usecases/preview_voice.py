"""Let a voice be heard before it is chosen."""

from voice_svc.adapters.speech_usage import WHOLE_WORKSPACE
from voice_svc.domain.speech import DEFAULT_PREVIEW, Utterance
from voice_svc.usecases.ports import Voices
from voice_svc.usecases.speak import Live, Recording, Speak, SpeakRequest
from voice_svc.usecases.spoken import Spoken


async def preview_voice(
    voices: Voices, speak: Speak, workspace_id: str, voice_id: str, text: str | None
) -> Recording | Live:
    """Return the provider's own sample, or without one, or with a text, what the voice says.

    Raises:
        ProviderThingNotFoundError: there is no such voice.
        ServiceError: as `Speak.speak` says.
    """
    if text is None:
        sample = await voices.sample(voice_id)
        if sample is not None:
            spoken = Spoken(sample, speak.ahead, max_kept_bytes=0, at_end=_nothing)
            return Live(spoken=spoken, voice_id=voice_id)
    request = SpeakRequest(
        workspace_id=workspace_id,
        persona_id=WHOLE_WORKSPACE,
        wishes=[Utterance(text=text or DEFAULT_PREVIEW, voice_id=voice_id)],
    )
    return await speak.speak(request)


async def _nothing(_: bytes | None) -> None:
    """Keep no sample: the provider has it."""
