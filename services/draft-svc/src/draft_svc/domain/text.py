"""What is sent, per channel: greeting, the model's words and the signature, each once (D13)."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from persona_contracts.types import Channel
from persona_model.voice import Voice
from rapidfuzz.distance import Levenshtein
from service_kit.errors import InvalidError

from draft_svc.domain.greeting import greeting, without_greeting
from draft_svc.domain.sign_off import unsigned

SMS_MAX_CHARS = 320
"""Two text messages; counted in UTF-16 units, as SMS does beyond its basic alphabet (3GPP TS
23.038), so that an emoji takes two."""

_SENTENCE_END = re.compile(r"[.!?\u2026](?=\s)")
_CUT = "..."


class SmsTooLongError(InvalidError):
    """A text message may have up to 320 characters."""

    slug = "sms-too-long"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedText:
    """`text` is exactly what would be sent: `body`, and on e-mail the signature under it."""

    body: str
    signature: str | None
    text: str
    words: str
    """Of `body`, what the model wrote between greeting and signature; "" if nothing."""


def finish_text(
    *, channel: Channel, body: str, voice: Voice, lead: Mapping[str, str] | None = None
) -> FinishedText:
    """Return a model's words as they can be sent, whatever the model greeted or signed with.

    The persona's greeting (e-mail, SMS) opens the body once; the signature ends the text once, on
    e-mail alone. A text message is cut at a sentence or a word. If the model wrote no more than
    that, the body is the greeting.
    """
    lead = lead or {}
    opening = greeting(channel, voice, lead)
    words = unsigned(body, signature=voice.signature, sender_name=voice.sender_name)
    if opening is not None:
        words = without_greeting(words, opening)
    if channel == Channel.SMS:
        sms = _sms(opening, words)
        return FinishedText(body=sms, signature=None, text=sms, words=words)
    whole = _joined(opening, words)
    signature = (voice.signature or "").strip() and voice.signature
    if channel != Channel.EMAIL or not signature:
        return FinishedText(body=whole, signature=None, text=whole, words=words)
    text = _joined(whole, signature)
    return FinishedText(body=whole, signature=signature, text=text, words=words)


def compose_text(*, channel: Channel, body: str, signature: str | None) -> str:
    """Return what would be sent of a person's body; a signature in it is not repeated.

    Raises:
        SmsTooLongError: a person's words are never cut.
    """
    if channel == Channel.SMS and _units(body) > SMS_MAX_CHARS:
        raise SmsTooLongError(f"the text message has {_units(body)} characters")
    if channel != Channel.EMAIL or not signature:
        return body
    return _joined(unsigned(body, signature=signature, sender_name=None), signature)


def edit_distance(before: str, after: str) -> int:
    """Return how many characters were inserted, deleted or replaced (Levenshtein)."""
    return Levenshtein.distance(before, after)


def _joined(*parts: str | None) -> str:
    return "\n\n".join(filter(None, parts))


def _sms(opening: str | None, words: str) -> str:
    """Return both within SMS_MAX_CHARS; a long greeting leaves half of it to the words."""
    if not opening:
        return _shortened(words, SMS_MAX_CHARS)
    return _shortened(f"{_shortened(opening, SMS_MAX_CHARS // 2)} {words}".strip(), SMS_MAX_CHARS)


def _shortened(text: str, limit: int) -> str:
    """Return at most `limit` UTF-16 units: whole sentences if they fill half, else whole words."""
    if _units(text) <= limit:
        return text
    start = _first_units(text, limit)
    ends = [end.end() for end in _SENTENCE_END.finditer(text, 0, len(start) + 1)]
    if ends and ends[-1] >= len(start) // 2:
        return text[: ends[-1]]
    start = _first_units(text, limit - len(_CUT))
    at = len(start) if text[len(start)].isspace() else len(re.sub(r"\S+\Z", "", start))
    return (text[:at].rstrip() or _whole_characters(text, len(start))) + _CUT


def _whole_characters(text: str, end: int) -> str:
    """Return `text[:end]` without the start of a character that is made of several."""
    while end > 0 and (_joins(text[end]) or text[end - 1] == "\u200d"):
        end -= 1
    return text[:end]


def _joins(character: str) -> bool:
    """Return whether it belongs to the one before: a combining mark, a joiner, a skin tone."""
    return (
        character == "\u200d"
        or unicodedata.category(character) in {"Mn", "Me"}
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _first_units(text: str, count: int) -> str:
    return text.encode("utf-16-le", "surrogatepass")[: 2 * count].decode("utf-16-le", "ignore")
