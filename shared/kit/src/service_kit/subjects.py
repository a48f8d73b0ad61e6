"""Subjects of e-mails that answer: one `Re: `, whatever marks stood there before."""

import re
from email.errors import HeaderParseError
from email.header import decode_header

from service_kit.charsets import decode

MAX_SUBJECT_CHARS = 4_000
"""A longer one is read up to here: taking encoded words apart costs time."""
MAX_TAGS = 5
MAX_MARK_CHARS = 80

_MARK_WORDS = (
    r"(?:re|ré|rép|r|aw|antw|antwort|wg|fwd?|wtr|tr|rv|res|enc|rif|i|sv|vs|vb|vl|vá|továbbítás"
    r"|odp|odg|prosl|pd|nf|пересл|ynt|yanıt|cev|ilt|i̇lt|bls|balas|trs|atb|ats|doorst|videresendt"
    r"|vidarebefordra[td]|edasi|edastatud|αν|απ|πρθ|σχετ|отв|ответ|отг|пер"
    r"|回信|回复|回覆|答复|答覆|转发|轉寄|轉發|返信|転送|답장|전달|회신|ตอบ(?:กลับ)?|ส่งต่อ"
    r"|trả lời|chuyển tiếp|תגובה|תשובה|השב|הועבר|رد|الرد|إعادة توجيه)"
)
_MARK = re.compile(
    rf"{_MARK_WORDS}\.?\s{{0,3}}(?:[\[(^*]{{0,2}}\d{{1,3}}[\])]?)?(?:\s{{0,3}}[:\uff1a]){{1,3}}\s{{0,10}}"
    rf"|\[{_MARK_WORDS}[:\uff1a]?\]\s{{0,10}}",
    re.IGNORECASE,
)
"""What mail programs put before the subject of a reply or a forwarded mail, with its counter."""
_FORWARDED = re.compile(rf"\[{_MARK_WORDS}[:\uff1a]\s(.+)\]", re.IGNORECASE)
"""How some programs put the whole subject of a forwarded mail into brackets."""
_TAG = re.compile(
    r"(?:\[[^\[\]]{1,60}\]|\([^()]{1,20}\)|\*{1,3}[^*]{1,30}\*{1,3}|\u3010[^\u3011]{1,30}\u3011"
    r"|[A-Z]{3,12}(?=:)):?\s{0,10}"
)
"""What lists, ticket systems and mail servers put before a subject; it stays."""
_UNSEEN = (
    " \u00ad\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2066\u2067\u2068\u2069\ufeff"
)
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
"""Full-width letters and signs as the ASCII ones they stand for."""
_ENCODED_WORD = re.compile(r"=\?[^?\s]{1,60}\?[bqBQ]\?")


def decoded_subject(subject: str) -> str:
    """Return `subject` with its encoded words (RFC 2047) read; a broken one stays as it is."""
    subject = subject[:MAX_SUBJECT_CHARS]
    if _ENCODED_WORD.search(subject) is None:
        return subject
    try:
        pieces = decode_header(subject)
    except HeaderParseError:
        return subject
    return "".join(
        piece if isinstance(piece, str) else decode(piece, charset).text
        for piece, charset in pieces
    )


def bare_subject(subject: str | None) -> str:
    """Return what `subject` is about: on one line, without the marks of replies and forwards.

    A tag such as "[list]" stays, once; marks behind it go.
    """
    rest = " ".join(decoded_subject(subject or "").split()).strip(_UNSEEN)
    tags: list[str] = []
    while True:
        rest = _without_marks(rest)
        tag = _TAG.match(rest) if len(tags) < MAX_TAGS else None
        behind = rest[tag.end() :].lstrip(_UNSEEN) if tag else ""
        is_repeated = tag is not None and tag[0].strip() in tags
        if tag is None or not (is_repeated or _is_marked(behind)):
            return " ".join((*tags, rest)).strip()
        if not is_repeated:
            tags.append(tag[0].strip())
        rest = behind


def _without_marks(subject: str) -> str:
    while mark := _mark(subject):
        subject = subject[mark.end() :].lstrip(_UNSEEN)
    forwarded = _FORWARDED.fullmatch(subject)
    return _without_marks(forwarded[1]) if forwarded else subject


def _is_marked(subject: str) -> bool:
    """Return whether a mark stands at the start, or behind more tags."""
    for _ in range(MAX_TAGS):
        tag = _TAG.match(subject)
        if _mark(subject) or tag is None:
            break
        subject = subject[tag.end() :]
    return _mark(subject) is not None


def _mark(subject: str) -> re.Match[str] | None:
    return _MARK.match(subject[:MAX_MARK_CHARS].translate(_NARROW))


def reply_subject(subject: str | None) -> str | None:
    """Return `Re: …` for what `subject` is about; None when it is about nothing."""
    bare = bare_subject(subject)
    return f"Re: {bare}" if bare else None
