"""Whether a text says something, or only greets, signs or gives notice."""

import re

from draft_svc.domain.footers import is_footer, is_notice, speaks

MIN_WORDS = 4
MIN_UNSPACED_CHARS = 6
"""In a script without spaces between words."""
MAX_SALUTATION_WORDS = 6
MAX_LINE_CHARS = 400

_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_ENDS_SENTENCE = re.compile(r"\W{0,40}?[.!?\u2026\u3002\uff01\uff1f\u061f\u06d4\u0964]")
"""Of a line from its end to its start."""
_QUESTION = re.compile(r"[?\uff1f\u061f]")
_GREETING = re.compile(
    r"(?:hi|hello|hey|hallo|moin|guten tag|bonjour|salut|hola|ciao|buongiorno|olá|hej|hoi|cześć"
    r"|dzień dobry|ahoj|dobrý den|привет|здравствуйте|добрый день|merhaba|szia|bună|你好|您好"
    r"|こんにちは|안녕하세요)(?:\s++[^\s?]{1,30}+){0,2}\W*",
    re.IGNORECASE,
)
_SALUTATION_END = (",", "\uff0c", "\u3001", "\u060c", ":", "\uff1a")


def is_salutation(text: str) -> bool:
    """Return whether `text` is empty, or one short line as "Hi Tom" or "Dear Ms Li,"."""
    line = text.strip()
    if not line:
        return True
    return "\n" not in line and (
        _GREETING.fullmatch(line) is not None
        or (line.endswith(_SALUTATION_END) and len(line.split()) <= MAX_SALUTATION_WORDS)
    )


def has_prose(text: str) -> bool:
    """Return whether a paragraph of `text` is a sentence, and no notice of a server."""
    return any(map(_is_prose, re.split(r"\n\s*\n", text)))


def _is_prose(paragraph: str) -> bool:
    lines = [line.strip()[:MAX_LINE_CHARS] for line in paragraph.split("\n") if line.strip()]
    if not lines or is_notice(lines) or (is_footer(lines[0]) and not speaks(" ".join(lines))):
        return False
    return any(map(_is_sentence, lines))


def _is_sentence(line: str) -> bool:
    if len(_UNSPACED.findall(line)) >= MIN_UNSPACED_CHARS:
        return _ENDS_SENTENCE.match(line[::-1]) is not None
    words = line.split()
    if len(words) < MIN_WORDS:
        return len(words) > 1 and _QUESTION.search(line) is not None
    return _ENDS_SENTENCE.match(line[::-1]) is not None and any(
        word[0].islower() for word in words[1:]
    )
