"""A lead's reply reduced to the words the lead wrote last."""

import re
from dataclasses import dataclass

from draft_svc.domain.html_text import html_text
from draft_svc.domain.mime import read_mail
from draft_svc.domain.plain_text import plain_text
from draft_svc.domain.quotes import unquoted_regions
from draft_svc.domain.signatures import without_signature

MAX_PASSES = 5
"""Removing one thing can show another, such as a signature above a removed one."""

MAX_LINES = 10_000
"""Nobody writes more; below it there is only history."""

_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanReply:
    """The newest words of a reply; `text` is empty when the mail only quotes others."""

    text: str
    subject: str | None


def clean_reply(
    *,
    body_text: str | None,
    body_html: str | None,
    raw_email: str | None,
    subject: str | None = None,
) -> CleanReply:
    """Return what the lead wrote, without history, signature, notices and footers.

    The first form that has any words is read: the raw mail, then HTML, then text. The raw mail is
    what the lead sent; HTML says which lines are quoted or a signature, plain text must be guessed.
    A form whose words are all quoted gives an empty text: a poorer form would only hide that.
    `subject` wins over the mail's own. Never raises, whatever the input.
    """
    text, mail_subject = read_mail(raw_email) if raw_email else ("", None)
    if not text.strip() and body_html:
        text = html_text(body_html)
    if not text.strip() and body_text:
        text = plain_text(body_text)
    return CleanReply(text=_newest_words(text), subject=_one_line(subject or mail_subject))


def _newest_words(text: str) -> str:
    for _ in range(MAX_PASSES):
        shorter = _without_what_others_wrote(text)
        if shorter == text:
            break
        text = shorter
    return text


def _without_what_others_wrote(text: str) -> str:
    lines = [line.rstrip() for line in text.split("\n", MAX_LINES)[:MAX_LINES]]
    regions = ("\n".join(without_signature(part)).strip() for part in unquoted_regions(lines))
    return _BLANK_LINES.sub("\n\n", "\n\n".join(filter(None, regions)))


def _one_line(subject: str | None) -> str | None:
    return " ".join(plain_text(subject or "").split()) or None
