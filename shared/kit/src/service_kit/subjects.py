"""Subjects of e-mails that answer: one `Re: `, whatever marks stood there before."""

import re
from email.errors import HeaderParseError
from email.header import decode_header

from service_kit.charsets import decode

MAX_SUBJECT_CHARS = 4_000
"""A longer one is read up to here: taking encoded words apart costs time."""

_MARK = re.compile(
    r"(?:re|ré|rép|r|aw|antw|antwort|wg|fwd?|wtr|tr|rv|res|enc|rif|i|sv|vs|vb|vl|vá|továbbítás"
    r"|odp|odg|prosl|pd|nf|пересл|ynt|yanıt|cev|ilt|i̇lt|bls|trs|atb|doorst"
    r"|αν|απ|πρθ|σχετ|отв|ответ|пер"
    r"|回复|回覆|答复|答覆|转发|轉寄|轉發|返信|転送|답장|전달|회신|ตอบ(?:กลับ)?"
    r"|trả lời|chuyển tiếp|תגובה|תשובה|השב|הועבר|رد|إعادة توجيه)"
    r"\.?\s{0,3}(?:[\[(^*]{0,2}\d{1,3}[\])]?)?\s{0,3}[:\uff1a]\s{0,10}",
    re.IGNORECASE,
)
"""What mail programs put before the subject of a reply or a forwarded mail, with its counter."""
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
    """Return what `subject` is about: on one line, without the marks of replies and forwards."""
    bare = " ".join(decoded_subject(subject or "").split())
    while mark := _MARK.match(bare):
        bare = bare[mark.end() :]
    return bare


def reply_subject(subject: str | None) -> str | None:
    """Return `Re: …` for what `subject` is about; None when it is about nothing."""
    bare = bare_subject(subject)
    return f"Re: {bare}" if bare else None
