"""What a model or a person left to be filled: a lead must not read it."""

import re
from collections.abc import Mapping

from service_kit.errors import FieldError, InvalidError
from service_kit.templates import Placeholder, find_placeholders, is_merge_field

from draft_svc.domain.brief import Brief
from draft_svc.domain.sign_off import signature_places
from draft_svc.domain.text import finish_text

_LETTER = re.compile(r"[^\W\d_]")
MAX_TOLD = 100
MAX_TOLD_CHARS = 80


class PlaceholderLeftError(InvalidError):
    """Something in the message is left to be filled, and nothing fills it."""

    slug = "placeholder-left"


def placeholders_left(body: str, brief: Brief) -> list[str]:
    """Return the tokens, merge fields and doubled braces that would be sent of a model's `body`.

    What the lead's own mail or a passage holds is quoted, not left.
    """
    if not _left(body):
        return []
    finished = finish_text(
        channel=brief.channel, body=body, voice=brief.voice, lead=brief.greeted()
    )
    passages = (passage.text for passage in brief.passages)
    held = "\n".join((brief.reply_subject or "", brief.reply_text, *passages))
    return [text for _, text in _left(finished.body) if text not in held]


def require_filled(texts: Mapping[str, str], held: str) -> None:
    """Return if the texts, by the names of their fields, leave nothing to be filled.

    Args:
        texts: what is to be sent.
        held: what may be quoted.

    Raises:
        PlaceholderLeftError: they do, but for what is `held`; with each place.
    """
    errors = [
        FieldError(name, f"has {text[:MAX_TOLD_CHARS]} at character {at + 1:,}: nothing fills it")
        for name, whole in texts.items()
        for at, text in _left(whole)
        if text not in held
    ][:MAX_TOLD]
    if errors:
        detail = "; ".join(f"{error.field} {error.message}" for error in errors)
        raise PlaceholderLeftError(detail, errors=errors)


def has_left(text: str) -> bool:
    """Return whether `text` leaves something to be filled."""
    return bool(_left(text))


def _left(text: str) -> list[tuple[int, str]]:
    """Return where something is to be filled, and how it is written."""
    found = {each.position: each.text for each in find_placeholders(text) if _is_left(each, text)}
    return sorted({**signature_places(text), **found}.items())


def _is_left(found: Placeholder, text: str) -> bool:
    """Return whether it is no code: `{"id": 7}` is, and `{name` without its end is not."""
    if found.text == "{":
        return bool(_LETTER.match(text, found.position + 1))
    if found.text == "}":
        return bool(_LETTER.match(text, max(found.position - 1, 0)))
    return is_merge_field(found.text)
