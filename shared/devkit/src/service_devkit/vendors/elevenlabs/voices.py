"""The voices that the stand-in has from the start."""

from collections.abc import Mapping
from typing import Any

VOICES = 120
"""More than the largest page."""
DEFAULT_VOICE_ID = "EXAVITQu4vr4xnSDxMaL"
_NAMES = (
    "Sarah", "Brian", "Lily", "Daniel", "Alice", "George", "Jessica", "Eric", "Matilda", "Will",
    "Laura", "Chris",
)  # fmt: skip
_ACCENTS = ("american", "british", "australian", "irish", "swedish")
_LANGUAGES = ("en", "en", "en", "de", "sv")
_CATEGORIES = ("premade", "professional", "generated", "cloned")
_AGES = ("young", "middle_aged", "old")
_USES = ("conversational", "narration", "characters_animation")


def first_voices(base_url: str) -> dict[str, dict[str, Any]]:
    """Return VOICES voices by id; each tenth has no sample."""
    voices = [_voice(number, base_url) for number in range(VOICES)]
    return {voice["voice_id"]: voice for voice in voices}


def matches(voice: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    """Return whether a voice is what `GET /v2/voices` was asked for."""
    labels: Mapping[str, str] = voice["labels"]
    for name in ("gender", "accent", "age", "language"):
        if name in query and labels.get(name) != query[name]:
            return False
    if "category" in query and voice["category"] != query["category"]:
        return False
    text = " ".join([voice["name"], voice["description"], *labels.values()]).lower()
    return query.get("search", "").lower() in text


def _voice(number: int, base_url: str) -> dict[str, Any]:
    voice_id = DEFAULT_VOICE_ID if number == 0 else f"voice{number:016d}"
    series, name = divmod(number, len(_NAMES))
    labels = {
        "gender": ("female", "male")[number % 2],
        "accent": _ACCENTS[number % len(_ACCENTS)],
        "age": _AGES[number % len(_AGES)],
        "language": _LANGUAGES[number % len(_LANGUAGES)],
        "use_case": _USES[number % len(_USES)],
    }
    return {
        "voice_id": voice_id,
        "name": f"{_NAMES[name]} {series}" if series else _NAMES[name],
        "category": _CATEGORIES[series % len(_CATEGORIES)],
        "labels": labels,
        "description": f"A {labels['age'].replace('_', ' ')} {labels['accent']} voice.",
        "preview_url": None if number % 10 == 9 else f"{base_url}/samples/{voice_id}.mp3",
        "available_for_tiers": [],
        "high_quality_base_model_ids": ["eleven_flash_v2_5"],
        "is_legacy": False,
    }
