"""Removes what a model signs itself: code adds the signature, once (D13)."""

import re

from persona_model.plain_text import plain_text

from draft_svc.domain.words import spans_of, words_of

MAX_UNKNOWN_LINES = 6
"""A name, a title, a company … under "Best regards," that the persona does not know."""
MAX_INLINE_CHARS = 200
"""Of a closing that stands behind the last sentence, its name aside."""

_REGARDS = (
    r"(?:(?:\w+ ){0,2}(?:regards|wishes|greetings|gr(?:ü|ue)(?:ß|ss)en?|salutations|saludos|saluti"
    r"|cumprimentos|groet(?:en)?|hälsningar|hilsen)|(?:all the )?best|warmly|cheers|respectfully"
    r"|(?:yours )?(?:sincerely|truly|faithfully|cordially)|(?:sincerely|truly) yours"
    r"|(?:bien )?cordialement|mfg|lg|vg|atentamente)"
)
_THANKS = (
    r"(?:(?:many |kind )?(?:thanks|thank you|thx|danke|vielen dank|merci|gracias|grazie)"
    r"(?: \w+){0,3}|(?:talk|speak|see you) soon|have a (?:great|nice|good|lovely) \w+)"
)
_CLOSING = re.compile(rf"(?P<regards>{_REGARDS})|{_THANKS}", re.IGNORECASE)
_DELIMITER = re.compile(r"[\s*_=~\u2013\u2014-]*")
_REST_OF_LINE = re.compile(r"[ \t*_=~\u2013\u2014-]*(?:\n|\Z)")
_AFTER_SENTENCE = re.compile(r"\w{4}[.!?]$")
_BEHIND_SENTENCE = re.compile(r"(?<=[.!?])[ \t]++")
_POSTSCRIPT = re.compile(r"^[*_]*p\. ?s\b|^[*_]*ps:", re.IGNORECASE | re.MULTILINE)
_OPEN, _CLOSE = r"[\[{<]{1,2}+\s*+(?=\w)", r"\s*[\]}>]{1,2}"
_YOUR = r"(?:(?:insert|add|your|my|the|ai|sender|email|e-mail|persona)(?:'s)?[ _-]*+){0,3}"
_SIGNATURE_PLACEHOLDER = re.compile(
    rf"{_OPEN}{_YOUR}signature(?: here| block)?{_CLOSE}", re.IGNORECASE
)
_NAME_PLACEHOLDER = re.compile(
    rf"{_OPEN}(?:your|my|sender|persona)(?:'s)?[ _]*+(?:full |first )?name(?: here)?{_CLOSE}",
    re.IGNORECASE,
)
_PLACEHOLDER_LINE = re.compile(
    rf"{_OPEN}{_YOUR}(?:full |first |job |company |phone |contact )?"
    rf"(?:name|title|position|role|company|number|phone|email|details|information){_CLOSE}",
    re.IGNORECASE,
)


def unsigned(text: str, *, signature: str | None, sender_name: str | None) -> str:
    """Return `text` without signatures and sign-offs, in plain characters and line feeds.

    Removed are: the signature where it fills whole lines or ends one, in any case and spacing;
    placeholders for it; and at the end the sender's name, single lines of the signature, and a
    closing ("Best regards,") with any name below it. A postscript stays, and so does a sentence
    that contains the sender's name.
    """
    text = _NAME_PLACEHOLDER.sub(lambda found: sender_name or found[0], plain_text(text))
    own = _own_lines(signature, sender_name)
    while True:
        shorter = _SIGNATURE_PLACEHOLDER.sub(_unless_in_sentence, text)
        shorter = _without_signature(shorter, signature or "")
        shorter = "\n\n".join(filter(None, (_without_ending(p, own) for p in _parts(shorter))))
        shorter = _tidy(shorter)
        if shorter == text:
            return text
        text = shorter


def signature_places(text: str) -> dict[int, str]:
    """Return what stands for a name or a signature in `text`, by its position."""
    patterns = (_SIGNATURE_PLACEHOLDER, _NAME_PLACEHOLDER)
    return {found.start(): found[0] for pattern in patterns for found in pattern.finditer(text)}


def _unless_in_sentence(found: re.Match[str]) -> str:
    """Return nothing for one that ends a line or stands between sentences; else it as it is."""
    start, end = _with_marks(found.string, *found.span())
    before, after = found.string[max(start - 1, 0) : start], found.string[end : end + 1]
    is_apart = _REST_OF_LINE.match(found.string, end) is not None or (
        before in {"", *"\n.!?,"} and after.isupper()
    )
    return "" if is_apart else found[0]


def _without_signature(text: str, signature: str) -> str:
    exact = plain_text(signature).strip()
    if "\n" in exact and not words_of(exact):  # marks alone: compared as they stand
        return text.replace(exact, "\n")
    kept, kept_to = "", 0
    for found in spans_of(words_of(text), words_of(exact)):
        start, end = _with_marks(text, *found)
        if _is_signature(text, start, end):
            kept += text[kept_to:start] + "\n"
            kept_to = end
    return kept + text[kept_to:]


def _with_marks(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span with the dashes, quote marks and Markdown around it."""
    while start > 0 and text[start - 1] in " \t>*_-":
        start -= 1
    while end < len(text) and text[end] in " \t*_.,":
        end += 1
    return start, end


def _is_signature(text: str, start: int, end: int) -> bool:
    """Return whether it is a signature, not a sentence with the same words."""
    if "\n" in text[start:end].strip():
        return True
    starts_line = start == 0 or text[start - 1] == "\n"
    ends_line = end == len(text) or text[end] == "\n"
    return ends_line and (
        starts_line or _AFTER_SENTENCE.search(text, max(start - 5, 0), start) is not None
    )


def _parts(text: str) -> tuple[str, str]:
    """Return what stands above a postscript, and the postscript."""
    postscript = _POSTSCRIPT.search(text)
    at = postscript.start() if postscript else len(text)
    return text[:at], text[at:]


def _without_ending(text: str, own: frozenset[str]) -> str:
    lines = _tidy(text).split("\n")
    is_named = False
    while lines and (kind := _ending(lines[-1], own, is_named=is_named)):
        is_named = kind == "name" or (is_named and kind == "blank")
        lines.pop()
    lines = _without_unknown_name(lines)
    return _tidy(_without_inline_closing("\n".join(lines), own))


def _ending(line: str, own: frozenset[str], *, is_named: bool) -> str | None:
    """Return which part of a sign-off `line` is: blank, name or closing; None: words to keep."""
    bare = line.strip(" \t*_>")
    if not bare or _DELIMITER.fullmatch(bare):
        return "blank"
    if _plain(bare) in own or _PLACEHOLDER_LINE.fullmatch(bare):
        return "name"
    closing = _CLOSING.fullmatch(bare.rstrip(" ,.!*_"))
    ends_open = bare.endswith(",") and len(bare.split()) <= 5
    is_whole = closing is not None and (is_named or closing["regards"] is not None)
    if ends_open or is_whole or _closes_with_name(bare, own):
        return "closing"
    return None


def _closes_with_name(line: str, own: frozenset[str]) -> bool:
    """Return whether `line` is one like "Best, Anna"."""
    closing = _CLOSING.match(line)
    if closing is None:
        return False
    name = line[closing.end() :].strip(" \t,.!*_\u2013\u2014-")
    return _plain(name) in own or _NAME_PLACEHOLDER.fullmatch(name) is not None


def _without_unknown_name(lines: list[str]) -> list[str]:
    """Drop "Best regards," and a few short lines below it, unless one is a sentence."""
    for at in range(len(lines) - 1, max(len(lines) - MAX_UNKNOWN_LINES - 3, -1), -1):
        closing = _CLOSING.fullmatch(lines[at].strip(" \t,.!*_"))
        if closing and closing["regards"]:
            below = [line for line in lines[at + 1 :] if line.strip()]
            is_signature = len(below) <= MAX_UNKNOWN_LINES and all(map(_may_sign, below))
            return lines[:at] if is_signature else lines
    return lines


def _may_sign(line: str) -> bool:
    return len(line.split()) <= 8 and not line.rstrip().endswith((".", "?", "!", ":"))


def _without_inline_closing(text: str, own: frozenset[str]) -> str:
    """Drop "Best, Anna" after the last sentence of the last line, or a name alone."""
    end = len(text.rstrip(" \t*_.!"))
    start = max(0, end - MAX_INLINE_CHARS - max(map(len, own), default=0))
    for found in _BEHIND_SENTENCE.finditer(text, start):
        is_long = _AFTER_SENTENCE.search(text, max(found.start() - 5, 0), found.start()) is not None
        words = " ".join(text[found.end() : end].split()).casefold()
        if _is_inline_closing(words, own, may_be_a_name=is_long):
            return text[: found.start()]
    return text


def _is_inline_closing(words: str, own: frozenset[str], *, may_be_a_name: bool) -> bool:
    """Return whether it is a closing with a name, or a name alone where that may stand."""
    lengths = [len(name) for name in own if words.endswith(name)]
    placeholders = _NAME_PLACEHOLDER.finditer(words)
    lengths += [len(found[0]) for found in placeholders if found.end() == len(words)]
    heads = (words[: len(words) - length].rstrip(" ,\u2013\u2014-") for length in lengths)
    return any(_CLOSING.fullmatch(head) if head else may_be_a_name for head in heads)


def _own_lines(signature: str | None, sender_name: str | None) -> frozenset[str]:
    lines = plain_text(signature or "").split("\n")
    names = [sender_name, *(sender_name or "").split()[:1]]
    return frozenset(filter(None, map(_plain, [*lines, *(name or "" for name in names)])))


def _plain(line: str) -> str:
    return " ".join(re.sub(r"[^\w@+/:]+", " ", line).split()).casefold()


def _tidy(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()
