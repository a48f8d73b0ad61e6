"""Voices and language models: scales and the mends their messages name."""

import math

import pytest
from persona_svc.domain.voice import (
    InvalidModelError,
    InvalidVoiceError,
    ModelSettings,
    Voice,
    VoiceSettings,
)

UNIT_SCALE = ["stability", "similarity_boost", "style"]


@pytest.mark.parametrize("name", UNIT_SCALE)
@pytest.mark.parametrize("value", [0, 0.0, 0.5, 1, 1.0])
def test_the_scale_ends_at_0_and_1(name: str, value: float) -> None:
    setting = getattr(VoiceSettings(**{name: value}), name)
    assert setting == value
    assert isinstance(setting, float)


@pytest.mark.parametrize("name", UNIT_SCALE)
def test_a_percentage_is_refused_with_the_scale_and_the_mend(name: str) -> None:
    with pytest.raises(InvalidVoiceError) as caught:
        VoiceSettings(**{name: 50.0})
    (error,) = caught.value.errors
    assert (error.field, error.message) == (
        name,
        "is 50.0, but the scale is 0.0 to 1.0: write 0.5",
    )


@pytest.mark.parametrize(
    "value", [-0.01, 1.01, math.inf, -math.inf, math.nan, pytest.param(10**5000, id="huge"), "0.5"]
)
def test_values_off_the_scale_are_refused(value: object) -> None:
    with pytest.raises(InvalidVoiceError, match="stability"):
        VoiceSettings(stability=value)


@pytest.mark.parametrize("value", [True, False])
def test_a_flag_is_no_number(value: object) -> None:
    with pytest.raises(InvalidVoiceError):
        VoiceSettings(stability=value)


def test_speed_has_a_scale_of_its_own() -> None:
    assert VoiceSettings(speed=0.7).speed == 0.7
    assert VoiceSettings(speed=1.2).speed == 1.2
    for value in (0.69, 1.21, 50):
        with pytest.raises(InvalidVoiceError, match=r"the scale is 0\.7 to 1\.2$"):
            VoiceSettings(speed=value)


def test_pitch_is_refused_with_a_message_of_its_own() -> None:
    with pytest.raises(InvalidVoiceError, match="pitch: is not supported: leave it out, or set sp"):
        VoiceSettings.from_dict({"pitch": 1.0})


def test_only_settings_that_are_set_are_written() -> None:
    voice = Voice.from_dict({"provider": "elevenlabs", "settings": {"use_speaker_boost": False}})
    assert voice.as_dict() == {
        "provider": "elevenlabs",
        "voice_id": None,
        "name": None,
        "settings": {"use_speaker_boost": False},
        "enabled": False,
        "fallback_voice_ids": [],
    }


@pytest.mark.parametrize("provider", [None, "", " ", "x" * 65, "a\nb"])
def test_a_voice_needs_a_provider(provider: str | None) -> None:
    with pytest.raises(InvalidVoiceError, match="provider"):
        Voice.from_dict({"provider": provider})


def test_a_missing_provider_and_a_wrong_setting_are_told_together() -> None:
    with pytest.raises(InvalidVoiceError) as caught:
        Voice.from_dict({"voice_id": "x" * 256, "settings": {"use_speaker_boost": 1}})
    assert [error.field for error in caught.value.errors] == [
        "settings.use_speaker_boost",
        "provider",
        "voice_id",
    ]


@pytest.mark.parametrize(
    "values",
    [{"temperature": 0}, {"temperature": 2}, {"max_tokens": 1}, {"max_tokens": 128_000}, {}],
)
def test_model_settings_at_the_border_are_accepted(values: dict) -> None:
    settings = ModelSettings.from_dict(values)
    assert {key: value for key, value in settings.as_dict().items() if value is not None} == values


@pytest.mark.parametrize(
    "values",
    [
        {"temperature": -0.1},
        {"temperature": 2.1},
        {"max_tokens": 0},
        {"max_tokens": 128_001},
        {"max_tokens": 10.0},
        {"max_tokens": True},
        {"name": "x" * 256},
        {"top_p": 1},
    ],
)
def test_model_settings_out_of_range_are_refused(values: dict) -> None:
    with pytest.raises(InvalidModelError):
        ModelSettings.from_dict(values)
