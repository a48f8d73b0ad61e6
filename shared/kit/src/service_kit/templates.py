"""One grammar of tokens, for everything that is filled with values before it reaches a lead.

`{firstName}` takes a value, `{firstName|there}` falls back to the text after the bar, and
`{first_name}` is `{firstName}`. Nothing else may stand in braces, there are no literal braces,
and the merge fields of other programs (`{{x}}`, `*|X|*`, `%X%`, `[First Name]`) are no text.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import chain

LEAD_PREFIX = "lead."
GREETING_TOKENS = frozenset(
    {"firstName", "lastName", "fullName", "email", "phone", "company", "senderName"}
)
"""What the greeting of a persona may name, besides `{lead.<attribute>}`."""

_START = re.compile(r"[{}$%*<\[«#~^_@:|]")
_CANDIDATE = re.compile(
    r"[$%]?\{{2,3}[^{}]*\}{2,3}"  # {{ first_name }}
    r"|\{{2,}|\}{2,}"
    r"|[$%]?\{[^{}]*\}"
    r"|[{}]"
    r"|\*\|[^\n]{1,80}?\|\*"  # *|FNAME|*
    r"|<[<%][^<>\n]{1,80}[%>]>"  # <<First Name>>, <%= first_name %>
    r"|%%=[^\n]{1,80}?=%%"  # %%=v(@name)=%%
    r"|%{1,2}[^\W\d][\w.:|-]{0,40}(?: [\w.:|-]{1,20}){0,3}%{1,2}"
    r"|\[{1,2}[^\[\]{}\n]{1,60}\]{1,2}(?!\()"  # not the text of a Markdown link
    r"|<[^<>{}\n@/]{1,40}>"
    r"|«[^«»{}\n]{1,40}»"  # as word processors show them
    r"|(?<!\w)(?P<fence>__|@@|::|\|\||[#~^$@:])[^\W\d_][\w.]{0,40}?(?P=fence)(?!\w)"
    r"|(?<!\w)\$[A-Za-z]\w{2,30}(?![\w$])"  # $first_name
    r"|(?<!\w)_{3,40}(?!\w)"  # Hi ____,
)
_ALIKE = {
    **{wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)},
    **dict.fromkeys(map(ord, "\ufe5b\u2774\u2983"), ord("{")),
    **dict.fromkeys(map(ord, "\ufe5c\u2775\u2984"), ord("}")),
    **dict.fromkeys(map(ord, "\u3010\u3014\u3016"), ord("[")),
    **dict.fromkeys(map(ord, "\u3011\u3015\u3017"), ord("]")),
}
"""Full-width marks, and the brackets of East Asian scripts, as the ASCII ones they stand for."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*|[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
_ATTRIBUTE = re.compile(r"lead\.[^\s|](?:[^|]*[^\s|])?")
_DELIMITERS = "{}[]<>«»%*|#$@~^!:= \t\n"
_QUOTED = re.compile(r"[\"'\u2018\u201c\u201e](?P<text>[^\"'\u2018-\u201d{}|]*)[\"'\u2018-\u201d]")
_OTHERWISE = re.compile(r"\||\?\?|\?|\bor\b|\bdefault\b|,|[\"'\u2018\u201c]")
_IDENTIFIER = re.compile(r"(?:\w[^\W_]*[_.]+[^\W_][\w.]*|[a-z]+[A-Z]\w*)(?:[|,;:=].*)?")
_NOUNS = (
    r"name|naam|navn|namn|nimi|imię|nazwa|link|url|date|datum|fecha|datę|дата|time|uhrzeit|heure|hora"
    r"|day|number|nummer|numéro|número|номер|price|preis|prix|precio|prezzo|preço|cena|цена|amount"
    r"|betrag|montant|importe|product|produkt|producto|prodotto|produit|продукт|service|city|ort"
    r"|stadt|ville|ciudad|città|cidade|miasto|город|location|place|address|adresse|dirección"
    r"|indirizzo|адрес|title|titel|position|role|phone|telefon|téléphone|teléfono|телефон|signature"
    r"|unterschrift|topic|thema|industry|branche|website|webseite|placeholder|platzhalter|unsubscribe"
    r"|ссылка|компания|ad|adı|adınız|isminiz|tarih|bağlantı|şirket"
)
_ASKS = re.compile(
    r"(?:insert|enter|add|your|ihr(?:e[nmrs]?)?|dein\w{0,2}|votre|vos|su|tus?|seu|sua|uw|jouw|din|ditt"
    r"|twój|twoja|váš|vaše|ваш\w{0,2})\s+\S.*|.{1,40}\s(?:einfügen|here|eintragen)"
    r"|(?:您的|你的|貴社|御社|귀사).*"
    r"|(?:[\w'\u2019]++ ){0,3}\w{0,40}?(?:NOUNS)"
    r"|(?:name|nom|nombre|nome) (?:of|des|der|du|de|del|da|do)\b.*"
    r"|.{0,4}(?:会社名?|公司(?:名称)?|회사명?|日期|日付|날짜|链接|連結|リンク|링크|金额|価格|价格|가격"
    r"|电话|電話番号|전화번호|성함|الاسم|التاريخ|الرابط|الشركة|שם|תאריך|קישור|ชื่อ|วันที่|ลิงก์)"
    r"|x{2,}|tb[acd]|todo".replace("NOUNS", _NOUNS),
    re.IGNORECASE,
)
"""What people write to be filled in by hand."""
_ASKS_YOU = re.compile(
    r"(?:insert|enter|add|your|ihre?n?|votre|su|seu|uw|ваш\w?)\s+\w.*", re.IGNORECASE
)
_TITLE = re.compile(r"(?:[^\W\d_][\w'\u2019]*[ -]){1,3}[^\W\d_][\w'\u2019]*")
_AFTER_HEAD = re.compile(r"[|,;=]|:=")
_PATHS = re.compile(r"[.:]"), re.compile(r"[.:\s]")
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
_MAX_URL_CHARS = 2_000
_WORDS_IN_BRACES = re.compile(r"\{[!#/%=]?\s*[^\W\d_][\w.-]*(?: [\w.-]+){0,3}\s*(?:\|[^{}]*)?\}")
_OTHER_NAMES = {
    "firstName": "first fname forename givenname vorname prenom nombre nome voornaam fornavn"
    " имя імʼя imie jmeno nev isim ad adi adiniz 名字 名前 이름",
    "lastName": "last lname surname familyname nachname nomdefamille apellido cognome achternaam",
    "fullName": "name nom contactname leadname recipientname customername prospectname"
    " имяифамилия 姓名 氏名 お名前 您的姓名 ご芳名 성명 성함 الاسم שם ชื่อ",
    "company": "companyname organization organisation org account accountname business"
    " businessname firma firmenname unternehmen entreprise empresa azienda bedrijf sirket"
    " 会社 会社名 公司 公司名称 회사 회사명 الشركة",
    "email": "emailaddress mail",
    "phone": "phonenumber telephone tel mobile",
    "senderName": "sender yourname myname ownername agentname",
    "bookingLink": "booking meetinglink calendarlink",
    "campaignName": "campaign",
}
"""What other programs call our tokens."""


def _fold(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in letters if char.isalnum())


_TOKEN_OF = {
    _fold(other): token
    for token, others in _OTHER_NAMES.items()
    for other in (*others.split(), token.lower())
}
"""Token names by what other programs call them, without case, spaces and accents."""
_EMPTY = "\u2800\u3164\u115f\u1160\uffa0"
"""Letters and symbols by their category, of which there is nothing to see."""
_EMPTY_MARK = re.compile(
    r"[\[(<\"'#\\]*(?:null|undefined|none|n/a|n\.a\.|not (?:available|applicable|set))[\])>\"']*"
    r"|[-\u2010-\u2015_.]+|[\"'`]+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """`{name}` or `{name|default}`; `position` counts characters from 0."""

    position: int
    text: str
    """As it is written."""
    name: str
    """In camelCase."""
    default: str | None


@dataclass(frozen=True, slots=True)
class Placeholder:
    """Something to be filled that is no token: a stray brace, or another program's merge field."""

    position: int
    text: str
    name: str | None
    """Of what has the form of a token, and is none."""
    names: frozenset[str] = field(repr=False, compare=False)
    """The tokens that have a value there."""

    @property
    def meant(self) -> str | None:
        """The nearest token, such as `{firstName|there}`; found when asked for, for it costs."""
        token, _ = _meant(self.text, self.names)
        default = _default(self.text) if token else None
        return f"{{{token}|{default}}}" if default else token and f"{{{token}}}"

    @property
    def is_exact(self) -> bool:
        """Whether `meant` is the same name, written in another way."""
        return _meant(self.text, self.names)[1]

    @property
    def hint(self) -> str:
        """What to write instead."""
        if meant := self.meant:
            return f"Did you mean {meant}?"
        return (
            "Braces hold a token, such as {firstName} or {firstName|there}, and merge fields of"
            " other programs are not filled."
        )


Piece = str | Token | Placeholder


def parse(template: str, names: frozenset[str]) -> tuple[Piece, ...]:
    """Return `template` as literal texts, tokens and placeholders, in order.

    Args:
        template: the text with its tokens.
        names: the tokens that have a value there, in camelCase; `lead.<attribute>` is always one.
    """
    pieces: list[Piece] = []
    end = 0
    for found in _found(template, names, is_template=True):
        if found.position > end:
            pieces.append(template[end : found.position])
        pieces.append(found)
        end = found.position + len(found.text)
    if end < len(template):
        pieces.append(template[end:])
    return tuple(pieces)


def find_placeholders(text: str, names: frozenset[str] = GREETING_TOKENS) -> list[Placeholder]:
    """Return what a reader of `text` would see unfilled, tokens included."""
    return [
        Placeholder(found.position, found.text, found.name, names)
        if isinstance(found, Token)
        else found
        for found in _found(text, names)
    ]


def is_merge_field(text: str) -> bool:
    """Return whether a placeholder is one in prose too, where a brace may be one of code."""
    text = _alike(text)
    return (
        not text.startswith(("{", "}"))
        or text.startswith(("{{", "}}"))
        or _WORDS_IN_BRACES.fullmatch(text) is not None
    )


def is_blank(text: str | None) -> bool:
    """Return whether `text` is null, empty, or only spaces and invisible characters."""
    return text is None or not any(
        unicodedata.category(char)[0] not in "ZC" and char not in _EMPTY for char in text
    )


def is_missing(value: str | None) -> bool:
    """Return whether a CRM's value says that there is none: blank, `N/A`, `-`, a merge field."""
    if value is None or is_blank(value):
        return True
    bare = value.strip()
    if _EMPTY_MARK.fullmatch(bare):
        return True
    found = find_placeholders(bare)
    return len(found) == 1 and found[0].text == bare


def _alike(text: str) -> str:
    """Return `text` with ASCII marks, as long as it is."""
    return text if text.isascii() else text.translate(_ALIKE)


def _found(
    text: str, names: frozenset[str], *, is_template: bool = False
) -> Iterator[Token | Placeholder]:
    at = 0
    read_as = _alike(text)
    while start := _START.search(read_as, at):
        at = start.start() + 1
        candidate = _CANDIDATE.match(read_as, start.start())
        if candidate is None:
            continue
        written = text[candidate.start() : candidate.end()]
        read = _read(candidate[0], start.start(), names)
        if read is None and is_template and _is_title(read_as, candidate):
            read = _placeholder(written, start.start(), names)
        if read and not _is_text(read_as, read):
            is_other = text[read.position : read.position + len(read.text)] != read.text
            yield _placeholder(written, read.position, names) if is_other else read
            at = read.position + len(read.text)


def _read(text: str, position: int, names: frozenset[str]) -> Token | Placeholder | None:
    """Return what a candidate is; None: text."""
    if text.startswith("{") and text.endswith("}") and not text.startswith(("{{", "{}")):
        return _in_braces(text, position, names)
    if text.startswith(("$", "%")) and text[1:2] == "{" and text[2:].startswith(LEAD_PREFIX):
        return _in_braces(text[1:], position + 1, names)  # a price: ${lead.price}
    if "{" in text or "}" in text or text.startswith(("*|", "<<", "<%", "[[", "%%")):
        return _placeholder(text, position, names)
    return _placeholder(text, position, names) if _is_merge_field(text) else None


def _is_merge_field(text: str) -> bool:
    """Return whether words between marks are a field to fill, and not just words."""
    inside = text.strip(_DELIMITERS + "_")
    if text.startswith("%") and re.fullmatch(r"[\w.:|-]+", inside):
        return not re.fullmatch(r"[0-9A-Fa-f]{2}", inside)
    if not inside:
        return "__" in text
    if _fold(inside) in _TOKEN_OF:
        return True
    if text.startswith(("[", "«")):
        is_named = _fold(_AFTER_HEAD.split(inside, maxsplit=1)[0].rstrip()) in _TOKEN_OF
        return is_named or bool(_IDENTIFIER.fullmatch(inside) or _ASKS.fullmatch(inside))
    return text.startswith("<") and _ASKS_YOU.fullmatch(inside) is not None


def _is_title(text: str, candidate: re.Match[str]) -> bool:
    """Return whether brackets hold a title such as "[Deal Size]", and do not begin a line."""
    inside = candidate[0].strip("[]")
    begins_line = not text[: candidate.start()].rpartition("\n")[2].strip()
    is_other = not candidate[0].startswith("[") or text[candidate.end() :].startswith(":")
    if begins_line or is_other:
        return False
    words = re.split(r"[ -]", inside)
    is_title = _TITLE.fullmatch(inside) is not None and all(word[:1].isupper() for word in words)
    return is_title or (inside.isalpha() and inside.isupper() and len(inside) > 3)


def _is_text(text: str, found: Token | Placeholder) -> bool:
    """Return whether it is part of an address, or a rule that has a line for itself."""
    if found.text.strip("_"):
        return _is_escaped(text, found)
    end = found.position + len(found.text)
    before = text[max(0, found.position - _MAX_URL_CHARS) : found.position].rpartition("\n")[2]
    return not (before + text[end : end + _MAX_URL_CHARS].partition("\n")[0]).strip()


def _is_escaped(text: str, found: Token | Placeholder) -> bool:
    """Return whether a percent sign belongs to an address, such as `…/a%C3%A4`."""
    if not _ESCAPED.match(found.text):
        return False
    before = text[max(0, found.position - _MAX_URL_CHARS) : found.position].split()
    return "://" in before[-1] if before else False


def _in_braces(text: str, position: int, names: frozenset[str]) -> Token | Placeholder:
    name, bar, default = text[1:-1].partition("|")
    if "|" in default or find_placeholders(default):
        return _placeholder(text, position, names)
    known = _known(name, names)
    if known:
        return Token(position, text, known, default if bar else None)
    is_name = _NAME.fullmatch(name) or _ATTRIBUTE.fullmatch(name)
    return _placeholder(text, position, names, name if is_name else None)


def _known(name: str, names: frozenset[str]) -> str | None:
    """Return the token's name in camelCase; None: there is no such token."""
    if _ATTRIBUTE.fullmatch(name):
        return name
    camel = re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)
    return camel if _NAME.fullmatch(name) and camel in names else None


def _placeholder(
    text: str, position: int, names: frozenset[str], name: str | None = None
) -> Placeholder:
    return Placeholder(position, text, name, names)


def _meant(text: str, names: frozenset[str]) -> tuple[str | None, bool]:
    """Return the token that a placeholder names, and whether it names it exactly."""
    text = _alike(text)
    inside = _OTHERWISE.split(text.strip(_DELIMITERS + "_/"), maxsplit=1)[0].strip()
    folded = {name.lower(): name for name in names}
    parts = [_fold(part) for part in (inside, *(each.split(inside)[-1] for each in _PATHS))]
    for place, part in enumerate(parts):
        token = folded.get(part) or _TOKEN_OF.get(part)
        if token in names:
            return token, place < len(_PATHS)
    close = chain.from_iterable(get_close_matches(part, folded, n=1) for part in parts if part)
    return next((folded[match] for match in close), None), False


def _default(text: str) -> str | None:
    text = _alike(text)
    quoted = _QUOTED.search(text)
    if quoted:
        return quoted["text"] or None
    after = text.strip("{}[]<>%*|").partition("|")[2].strip("| \t")
    return after if after and not set(after) & set("{}|:[]") else None
