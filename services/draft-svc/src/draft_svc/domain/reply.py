"""A lead's reply reduced to the words the lead wrote last."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypedDict

from persona_model.plain_text import plain_text
from service_kit.errors import ConflictError, FieldError, InvalidError, UpstreamError
from service_kit.subjects import decoded_subject

from draft_svc.domain.html_text import html_text
from draft_svc.domain.mime import Mail, read_mail
from draft_svc.domain.pgp import ENCRYPTED, is_encrypted, without_armour
from draft_svc.domain.prose import has_prose, is_salutation
from draft_svc.domain.quotes import unquoted_regions
from draft_svc.domain.signatures import without_device_lines, without_signature

MAX_PASSES = 5
"""Removing one thing can expose another, such as a signature above a removed one."""

MAX_LINES = 10_000
"""Nobody writes more; below it there is only history."""

_BLANK_LINES = re.compile(r"\n{3,}")
_NO_MAIL = Mail(text="", subject=None, unreadable=None)


class ReplyEmptyError(InvalidError):
    """The reply has no new words."""

    slug = "reply-empty"


class ReplyUnreadableError(InvalidError):
    """The reply's words cannot be read: they are encrypted, or in a format of one program."""

    slug = "reply-unreadable"


class ReplyTooComplexError(InvalidError):
    """Reading the reply costs too much."""

    slug = "reply-too-complex"


class BrokerAwayError(UpstreamError):
    """The broker cannot store the reply now; send it again."""

    slug = "broker-unavailable"


class MessageIdReusedError(ConflictError):
    """Another reply has this message_id."""

    slug = "message-id-reused"


WORDS = ("subject", "body_text", "body_html", "raw_email")


def require_same_words(
    message_id: str, stored: Mapping[str, Any], given: Mapping[str, Any]
) -> None:
    """Return if two replies of one `message_id` are one reply that was sent again.

    Raises:
        MessageIdReusedError: the lead wrote something else.
    """
    if any(stored.get(name) != given.get(name) for name in WORDS):
        raise MessageIdReusedError(
            "a reply with other words has this message_id: give each reply its own",
            errors=[FieldError("message_id", "is that of another reply")],
            extra={"message_id": message_id},
        )


class ReplyForms(TypedDict):
    """The forms in which a CRM may give a reply, and its subject."""

    body_text: str | None
    body_html: str | None
    raw_email: str | None
    subject: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanReply:
    """The newest words of a reply; `text` is empty if the mail only quotes others."""

    text: str
    subject: str | None
    unreadable: str | None = None
    """What holds the words if none can be read, such as "an S/MIME encrypted part"."""

    def require_words(self) -> None:
        """Refuse a reply that there is nothing to answer in.

        Raises:
            ReplyUnreadableError: its words are encrypted, or in a format of one program alone.
            ReplyEmptyError: nothing is left once quotes and signatures are gone.
        """
        if self.unreadable:
            raise ReplyUnreadableError(f"the words are in {self.unreadable}")
        if not self.text:
            raise ReplyEmptyError("nothing is left without quotes, signatures and footers")


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
    If all words of a form are quoted, the text is empty: a poorer form would only hide that.

    If nothing is left, or only a salutation, and there is prose in what looked like a signature
    or a notice, the lead typed it there: then only history is removed.

    `subject` wins over the mail's own. Never raises, whatever the input.
    """
    forms = (body_text, body_html, raw_email)
    mail = _read(*forms, with_signature=False)
    words = _newest_words(without_armour(mail.text))
    if is_salutation(words):
        whole = _read(*forms, with_signature=True)
        careful = _without_history(without_armour(whole.text))
        words = careful if has_prose(careful) else words.strip()
    unreadable = ENCRYPTED if is_encrypted(mail.text) else mail.unreadable
    return CleanReply(
        text=words,
        subject=_one_line(subject or mail.subject),
        unreadable=None if words else unreadable,
    )


def _read(
    body_text: str | None, body_html: str | None, raw_email: str | None, *, with_signature: bool
) -> Mail:
    mail = read_mail(raw_email, with_signature=with_signature) if raw_email else _NO_MAIL
    text = mail.text
    if not text.strip() and body_html:
        text = html_text(body_html, with_signature=with_signature)
    if not text.strip() and body_text:
        text = plain_text(body_text)
    return replace(mail, text=text)


def _newest_words(text: str) -> str:
    text = _joined([_lines(text)])
    for _ in range(MAX_PASSES):
        shorter = _without_what_others_wrote(text)
        if shorter == text:
            break
        text = shorter
    return text


def _without_what_others_wrote(text: str) -> str:
    return _joined([without_signature(region) for region in unquoted_regions(_lines(text))])


def _without_history(text: str) -> str:
    regions = unquoted_regions(_lines(text), careful=True)
    return _joined([without_device_lines(region) for region in regions])


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.split("\n", MAX_LINES)[:MAX_LINES]]


def _joined(regions: list[list[str]]) -> str:
    texts = ("\n".join(region).strip() for region in regions)
    return _BLANK_LINES.sub("\n\n", "\n\n".join(filter(None, texts)))


def _one_line(subject: str | None) -> str | None:
    return " ".join(plain_text(decoded_subject(subject or "")).split()) or None
