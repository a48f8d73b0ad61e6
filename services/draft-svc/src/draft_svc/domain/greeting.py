"""The persona's greeting: code opens the message with it, once, whatever the model wrote."""

import re
from collections.abc import Mapping, Sequence

from persona_contracts.types import Channel
from persona_model.voice import Voice
from service_kit.templates import GREETING_TOKENS, Placeholder, Token, is_missing, parse

from draft_svc.domain.words import Word, words_of

MAX_VALUE_CHARS = 80
"""Of a lead's name in a greeting: longer values are not names."""
MAX_GREETING_CHARS = 1_000
"""domain.md §1."""

MAX_GREETINGS = 5
"""How many are removed at most: no model greets more often."""

_FIELDS = {
    "firstName": "first_name",
    "lastName": "last_name",
    "email": "email",
    "phone": "phone",
    "company": "company",
}
_SALUTATIONS = (
    r"(?:hi|hello|hey|dear|greetings|good (?:morning|afternoon|evening|day)|hallo|moin"
    r"|guten (?:tag|morgen|abend)|liebe[rs]?|sehr geehrte[rs]?|bonjour|bonsoir|salut|ch[eè]re?"
    r"|hola|buen[oa]s (?:d[ií]as|tardes)|estimad[oa]|ciao|buongiorno|gentile|olá|beste|hej)"
)
_ADDRESSED = (
    r"(?:[A-Z\[{<][^\s,.!?:;]{0,40}+\.?"
    r"|(?i:there|all|everyone|folks|team|again|and|und|from|sir|madam))"
)
_SALUTATION = re.compile(
    rf"[*_]{{0,3}}+(?i:{_SALUTATIONS})(?: {{1,3}}{_ADDRESSED}){{0,5}}+ ?"
    r"(?:[,!:.]?(?:\n+|$)|[,!] +(?=\S))"
)


def greeting_template(channel: Channel, voice: Voice) -> str | None:
    """Return the persona's greeting for a channel, with its placeholders (A20).

    E-mail and SMS each have one; LinkedIn has none.
    """
    texts = {Channel.EMAIL: voice.greeting, Channel.SMS: voice.sms_greeting}
    return (texts.get(channel) or "").strip() or None


def greeting(channel: Channel, voice: Voice, lead: Mapping[str, str]) -> str | None:
    """Return the greeting for this lead, its tokens filled (`service_kit.templates`).

    A token without value or default is left out with the space before it: "Hi {firstName},"
    becomes "Hi,". So is what is no token, in a greeting older than the rule; what names one in
    another way (`{{first_name}}`) is read as it.

    Args:
        channel: e-mail and SMS each have a greeting.
        voice: the persona.
        lead: its fields by name, and its attributes, such as `lead.plan`.
    """
    template = greeting_template(channel, voice)
    if template is None:
        return None
    text = left_out = ""
    for piece in parse(template, GREETING_TOKENS):
        words = piece if isinstance(piece, str) else _value(piece, voice, lead)
        if words:
            text += (left_out if words[0].isalnum() else "") + words
            left_out = ""
        else:
            bare = text.rstrip(" \t")
            text, left_out = bare, left_out or text[len(bare) :]
    return text.strip() or None


def _value(piece: Token | Placeholder, voice: Voice, lead: Mapping[str, str]) -> str:
    if isinstance(piece, Placeholder):
        meant = parse(piece.meant, GREETING_TOKENS)[0] if piece.meant and piece.is_exact else ""
        return _value(meant, voice, lead) if isinstance(meant, Token) else ""
    value = _known(piece.name, voice, lead)
    return value or piece.default or ""


def _known(name: str, voice: Voice, lead: Mapping[str, str]) -> str:
    if name == "senderName":
        return voice.sender_name or ""
    fields = ("first_name", "last_name") if name == "fullName" else (_FIELDS.get(name, name),)
    values = (lead.get(field) for field in fields)
    known = " ".join(value for value in values if value and not is_missing(value))
    return " ".join(known.split())[:MAX_VALUE_CHARS]


def without_greeting(body: str, opening: str) -> str:
    """Return `body` without greetings at its start: `opening`, "Dear Ms Lee:", "Hi Sam, …"."""
    openings = [words_of(opening), words_of(opening[_salutation_end(opening) :])]
    for _ in range(MAX_GREETINGS):
        end = max(_salutation_end(body), *(_end_of(each, body) for each in openings))
        if not end:
            break
        rest = body[end:].lstrip()
        is_new_line = "\n" in body[end - 1 : len(body) - len(rest)]
        body = rest if is_new_line else rest[:1].upper() + rest[1:]
    return body


def _salutation_end(body: str) -> int:
    salutation = _SALUTATION.match(body)
    return salutation.end() if salutation else 0


def _end_of(opening: Sequence[Word], body: str) -> int:
    """Return where `opening` ends at the start of `body`, at a mark or an end of line; else 0."""
    start = words_of(body[: 2 * MAX_GREETING_CHARS])[: len(opening)]
    if not opening or [word.bare for word in start] != [word.bare for word in opening]:
        return 0
    end = start[-1].end
    is_over = body[end - 1] in ",.!:;" or not body[end:].partition("\n")[0].strip()
    return end if is_over else 0
