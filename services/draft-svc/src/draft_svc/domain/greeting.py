"""The persona's greeting: code opens the message with it, once, whatever the model wrote."""

import re
from collections.abc import Mapping, Sequence

from persona_contracts.types import Channel

from draft_svc.domain.brief import Voice
from draft_svc.domain.words import Word, words_of

MAX_VALUE_CHARS = 80
"""Of a lead's name in a greeting: longer values are not names."""
MAX_GREETING_CHARS = 1_000
"""domain.md §1."""

MAX_GREETINGS = 5
"""How many are removed at most: no model greets more often."""

_PLACEHOLDER = re.compile(r"[ \t]*\{\{?\s*(?P<name>\w{1,40})\s*\}?\}")
_FIELDS = {
    "firstname": "first_name",
    "lastname": "last_name",
    "company": "company",
    "companyname": "company",
}
_SALUTATIONS = (
    r"(?:hi|hello|hey|dear|greetings|good (?:morning|afternoon|evening|day)|hallo|moin"
    r"|guten (?:tag|morgen|abend)|liebe[rs]?|sehr geehrte[rs]?|bonjour|bonsoir|salut|ch[eè]re?"
    r"|hola|buen[oa]s (?:d[ií]as|tardes)|estimad[oa]|ciao|buongiorno|gentile|olá|beste|hej)"
)
_ADDRESSED = (
    r"(?:[A-Z\[{<][^\s,.!?:;]*\.?|(?i:there|all|everyone|folks|team|again|and|und|from|sir|madam))"
)
_SALUTATION = re.compile(
    rf"[*_]*(?i:{_SALUTATIONS})(?: +{_ADDRESSED}){{0,5}} ?(?:[,!:.]?(?:\n+|$)|[,!] +(?=\S))"
)


def greeting_template(channel: Channel, voice: Voice) -> str | None:
    """Return the persona's greeting for a channel, with its placeholders (A20).

    E-mail and SMS each have one; LinkedIn has none.
    """
    texts = {Channel.EMAIL: voice.greeting, Channel.SMS: voice.sms_greeting}
    return (texts.get(channel) or "").strip() or None


def greeting(channel: Channel, voice: Voice, lead: Mapping[str, str]) -> str | None:
    """Return the greeting for this lead.

    `{first_name}`, `{firstName}` and `{{first_name}}` are the same, as are those of `last_name`,
    `company` and `sender_name`. Unknown values are left out: "Hi {first_name}," becomes "Hi,".
    """
    template = greeting_template(channel, voice)
    if template is None:
        return None
    values = {name: lead[field] for name, field in _FIELDS.items() if field in lead}
    values["sendername"] = voice.sender_name or ""

    def fill(placeholder: re.Match[str]) -> str:
        name = placeholder["name"].replace("_", "").lower()
        value = " ".join(values.get(name, "").split())[:MAX_VALUE_CHARS]
        space = placeholder[0][: placeholder[0].index("{")]
        return f"{space}{value}" if value else ""

    return _PLACEHOLDER.sub(fill, template).strip() or None


def without_greeting(body: str, opening: str) -> str:
    """Return `body` without greetings at its start: `opening`, "Dear Ms Lee:", "Hi Sam, …"."""
    openings = [words_of(opening), words_of(_SALUTATION.sub("", opening, count=1))]
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
