"""What a model left to be filled: a lead must not read it."""

from service_kit.errors import InvalidError
from service_kit.templates import find_placeholders, is_merge_field

from draft_svc.domain.brief import Brief
from draft_svc.domain.text import finish_text


class PlaceholderLeftError(InvalidError):
    """The model left something to be filled in its answer, twice."""

    slug = "placeholder-left"


def placeholders_left(body: str, brief: Brief) -> list[str]:
    """Return the tokens, merge fields and doubled braces that would be sent of a model's `body`.

    What the lead's own mail or a passage holds is quoted, not left.
    """
    if not _merge_fields(body):
        return []
    finished = finish_text(
        channel=brief.channel, body=body, voice=brief.voice, lead=brief.greeted()
    )
    passages = (passage.text for passage in brief.passages)
    held = "\n".join((brief.reply_subject or "", brief.reply_text, *passages))
    return [text for text in _merge_fields(finished.body) if text not in held]


def _merge_fields(text: str) -> list[str]:
    return [found.text for found in find_placeholders(text) if is_merge_field(found.text)]
