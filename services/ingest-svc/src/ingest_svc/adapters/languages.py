"""Which language a text is in, as far as that matters for the forms of its words."""

import asyncio
from importlib import import_module
from typing import Any

STEMMED = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "fi": "finnish", "fr": "french", "hu": "hungarian", "it": "italian",
    "nb": "norwegian", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip
"""Codes of ISO 639-1 → names of `qdrant_edge.Bm25Config`."""
DEFAULT = "english"
MIN_CHARS = 20
MIN_PROBABILITY = 0.8


class Languages:
    """Recognises languages; the model is loaded at first use."""

    def __init__(self) -> None:
        self._identifier: Any = None
        self._loading = asyncio.Lock()

    async def of(self, text: str) -> str:
        """Return the name of the language of `text`; DEFAULT when it is not clear."""
        if len(text) < MIN_CHARS:
            return DEFAULT
        async with self._loading:
            if self._identifier is None:
                self._identifier = await asyncio.to_thread(_load)
        code, probability = await asyncio.to_thread(self._identifier.classify, text)
        return STEMMED.get(code, DEFAULT) if probability >= MIN_PROBABILITY else DEFAULT


def _load() -> Any:  # noqa: ANN401 — the library has no types
    langid = import_module("py3langid.langid")
    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
