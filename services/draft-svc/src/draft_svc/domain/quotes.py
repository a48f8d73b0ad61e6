"""Where the history in a plain-text reply starts and which lines are quoted.

Rules look at single lines, or at four lines joined, and at no line longer than MAX_MARK_CHARS, so
the time grows with the number of lines alone. Published parsers of replies were tried first: their
patterns over the whole text took seconds for 4,000 hostile characters (mail-parser-reply 1.36,
email-reply-parser 0.5.12), and everything below the first attribution was lost, even answers
between the quoted lines (mail-parser-reply, quotequail 0.5.4).
"""

import re
from itertools import takewhile

from draft_svc.domain.line_search import lines_with

MAX_MARK_CHARS = 400
"""No mail program writes a longer attribution or header line."""
MAX_ATTRIBUTION_LINES = 4
MAX_HEADER_LINES = 8
MAX_VERB_WORDS = 3
MAX_COMPARISONS = 3

_MESSAGE = (
    r"message|messages|nachricht|e-?mail|mail|courriel|mensaje|correo|mensagem|messaggio|bericht"
    r"|meddeland[et]{0,4}|meddelelse|melding|besked|wiadomość|wiadomości|zpráva|správa|üzenet|mesaj"
    r"|mesajul|poruka|sporočilo|съобщение|сообщение|письмо|повідомлення|лист|μήνυμα|ileti|posta|viesti"
    r"|kiri|sõnum|ziņojums|vēstule|laiškas|žinutė|missatge|skilaboð|邮件|郵件|消息|メッセージ|メール"
    r"|메시지|메일|원본|thư|tin nhắn|ข้อความ|pesan|رسالة|הודעה|پیام|संदेश|appointment"
    r"|訊息|信息|pranešim\w{0,10}|შეტყობინება|mesej|mezu\w{0,10}|mensaxe|বার্তা|செய்தி|xabar|хабарлама"
)
_RULE = r"=_+\u2010-\u2015\u2500\u2501"
_MARK = re.compile(
    rf"[\s*_]{{0,8}}-{{2,40}}\s{{0,3}}[^-]{{0,30}}(?:{_MESSAGE})[^-]{{0,30}}-{{2,40}}[\s*_]{{0,8}}$"
    r"|[\W_]{2,12}[^\W_].{0,60}\b(?:above this line|oberhalb dieser (?:linie|zeile)"
    r"|au-dessus de cette ligne|encima de esta línea|acima desta linha|sopra questa riga"
    r"|boven deze (?:regel|lijn))(?:[^\w\n]{0,12}|.{1,30}\W{2,12})$"
    r"|(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-mail)"
    r"|début du message (?:transféré|réexpédié)|inicio del mensaje reenviado"
    r"|inizio messaggio inoltrato|begin doorgestuurd bericht)\s*:",
    re.IGNORECASE,
)
"""A rule, words about a message, a rule; what asks to reply above it."""
_OTHER_MARK = re.compile(
    rf"\s{{0,8}}[{_RULE}]{{2,40}}\s{{0,3}}(?=\S{{1,30}}\s\S|\S{{0,2}}[\u2e80-\uffdc])"
    rf"[^{_RULE}-]{{0,30}}(?:{_MESSAGE})[^{_RULE}-]{{0,30}}[{_RULE}]{{2,40}}\s{{0,8}}"
    rf"|\s{{0,8}}\*{{3,40}}\s{{0,3}}[^*]{{0,30}}(?:{_MESSAGE})[^*]{{0,30}}\*{{3,40}}\s{{0,8}}",
    re.IGNORECASE,
)
"""As a mark, but people write headings so, too: it is one below words."""
_COUNTED_MARK = re.compile(
    r"\s{0,8}(?:-{8} (?=[^-]{0,30}(?:\S \S|[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u9fff]))"
    r"[^\d-]{3,40} -{8}|-{10} [^\d-]{3,40} -{9}|-{18}\s[^\d-]{3,40}\s-{18})\s{0,8}"
)
"""As a mark, in words that are not known, with as many dashes as Samsung's program, Gmail and QQ
write: it is one below words."""
_UNKNOWN_MARK = re.compile(r"\s{0,8}(-{5,40})\s{0,2}([^\W\d_][^\d-]{2,40}?)\s{0,2}\1\s{0,8}")
"""As a mark, in words that are not known: it is one above a block of labels."""
_FORWARDED = re.compile(
    r"[^:\uff1a]{0,40}(?:forward|weitergeleit|transf[eé]r|réexp|reenvia|encaminhad|inoltrat|doorgestuur"
    r"|vidarebefordra|videresend|videresendt|välitet|edelleenläh|przekaza|přeposla|preposla"
    r"|továbbít|redirecțion|ilet[ie]l|пересыла|пересла|препрат|προωθ|転送|전달|转发|轉寄|轉發"
    r"|diteruskan|chuyển tiếp|توجيه|שהועבר|ส่งต่อ)[^:\uff1a]{0,40}[:\uff1a]",
    re.IGNORECASE,
)
"""Apple Mail's line above the header block of a forwarded mail."""
_WROTE_WORDS = """
wrote writes schrieb écrit escribió escrigué scritto scrive escreveu geschreven schreef skrev
skrifaði kirjoitti napisał napisała pisze napsal napsala napísal napísala írta scris napisao
napisala piše написа написал написала пишет написав έγραψε yazdı kirjutas rakstīja rašė viết
menulis כתב كتب نوشت
"""
_WROTE = frozenset(_WROTE_WORDS.split())
_WROTE_UNSPACED = re.compile(r"写道|寫道|来信|のメール|書きました|작성|님이|쓴 글|เขียน")
_SMALL_NAMES = "via von van der den de di da la le al bin und and"
_SMALL_NAME_WORDS = frozenset(_SMALL_NAMES.split())
_LETTERS = re.compile(r"[^\W\d_]+")
_COLONS = (":", "\uff1a", "\u17d6")
"""ASCII's, the full-width one, and Khmer's."""
_TIME = re.compile(r"\b\d{1,2}[:.]\d{2}(?!\d)")
_ADDRESS_OR_TIME = re.compile(r"@|\b\d{1,2}[:.]\d{2}(?!\d)")
_DAY_OR_YEAR = re.compile(
    r"(?<!\d)(?:1[34]|19|20|2[56])\d{2}(?!\d)|\b\d{1,2}[./] ?\d{1,2}[./]?|\d月"
)
"""Years count from 1900, in Iran and Arabia from 1300, in Thailand from 2500."""
_YEAR = re.compile(r"(?<!\d)(?:1[34]|19|20|2[56])\d{2}(?!\d)")
_ZEROS = "٠۰०০੦૦୦௦౦೦൦๐໐၀០"
_DIGITS = {ord(zero) + digit: str(digit) for zero in _ZEROS for digit in range(10)}
_RULE_ALONE = re.compile(rf"\s{{0,8}}[{_RULE}-]{{5,}}\s*")
_RULED = re.compile(r"\s{0,8}(-{2,40}|>{2,4})\s(.{10,300})\s(?:-{2,40}|>{2,4})\s{0,8}")
"""A line between two rules, as Zoho and GroupWise write their attributions."""
_DATE_BETWEEN_RULES = re.compile(r"[^\d-]{2,60}\s-{3}([^-]{8,40})-{3}")
"""How Notes puts a date between the name and the words."""
_DATED_LAST = re.compile(r".{5,80}\(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\)\s{0,8}")
"""An attribution without a colon, as alot and notmuch write it above quoted lines."""
_DATE_ALONE = re.compile(r"[\d./: -]{12,20}(?:[AaPp]\.?[Mm]\.?)?")
_MAY_START = re.compile(
    r"[:@\uff1a\u17d6=_+#*\u2010-\u2015\u2500\u2501-]"
    r"(?:(?<=[:\uff1a\u17d6@])|[=_+#*\u2010-\u2015\u2500\u2501-])"
)
"""A colon, an at sign, or the start of a rule: without one, a line begins no history."""
_FULL_NAME = re.compile(
    r"(?=\b([^\W\d_])[\w'\u2019.-]* ([^\W\d_])[\w'\u2019-]*(?=[\s:,]|$)(?! \d))"
)
"""Two words; where both are capitalised and no number follows, they are a name."""
_ADDRESSED = re.compile(r"[<(\[][^<>()\[\]\s]{1,100}@[^<>()\[\]\s]{1,100}[>)\]]")
"""An address in brackets, as mail programs put it after a name; people seldom do."""
_LABEL_CHARACTER = r"[^\s\d_*:\uff1a<>@\"'()\[\],;.!?/|+=&#>-]"
"""Letters, and the signs that scripts such as Thai put on them."""
_HEADER_LINE = re.compile(
    rf"[\s*_]{{0,8}}({_LABEL_CHARACTER}{{1,20}}(?:[ .-]{{1,2}}{_LABEL_CHARACTER}{{1,15}}){{0,2}})"
    r"[\s*_]{0,3}[:\uff1a]\s*(.*)"
)
_QUOTED_LINE = re.compile(r"^[^\S\n]*>", re.MULTILINE)
_MORE_THAN = re.compile(r"\s{0,8}>(?:\d|=\s?\d)")
_SPACED_MORE_THAN = re.compile(r"\s{0,8}>\s?=?\s?\d")
_WRAPPED_LINK = re.compile(r"https?://[^\s>]+$")
_REST_OF_LINK = re.compile(r"\S{0,300}[/.=&?%-]\S{0,300}>?|\S{1,300}>")
_HEADER_NAMES = {
    name: kind
    for kind, names in {
        "from": "from von de da van från fra od от lähettäjä 发件人 寄件者 差出人",
        "to": "to an à para a aan till til do кому vastaanottaja 收件人 宛先",
        "date": "sent date gesendet datum envoyé enviado inviato data fecha verzonden skickat sendt"
        " dato wysłano wysłane odesláno отправлено дата lähetetty 发送时间 日期 送信日時",
        "subject": "subject betreff objet asunto assunto oggetto onderwerp ämne emne temat předmět"
        " тема aihe 主题 主旨 件名",
    }.items()
    for name in names.split()
}


def unquoted_regions(lines: list[str], *, careful: bool = False) -> list[list[str]]:
    """Return the runs of lines that the sender wrote, in order; quoted lines and history are gone.

    History is what follows the mark or header block of a mail program, or an attribution
    ("On … wrote:") without quoted lines below it; structure tells all three. Below an attribution
    with quoted lines only those go: the lines between and after them are answers. `careful` reads
    "> 50" below no attribution as "more than", as it always reads ">50".
    """
    regions: list[list[str]] = [[]]
    quoted = _quoted_positions(lines, _SPACED_MORE_THAN if careful else _MORE_THAN)
    read_to = 0
    starts = set(lines_with(_MAY_START, lines))
    for position in sorted(quoted | starts):
        regions[-1].extend(lines[read_to:position])
        read_to = position + 1
        if position in starts and _starts_history(lines, position):
            _drop_introduction(regions[-1])
            if _introduces_quotes(lines, position + 1):
                continue
            return regions
        if position in quoted:
            _drop_attribution(regions[-1])
            _begin_region(regions)
            continue
        regions[-1].append(lines[position])
        if attribution_lines := _attribution_lines(regions[-1]):
            del regions[-1][-attribution_lines:]
            _drop_introduction(regions[-1])
            if not _is_quote_next(lines, position + 1):
                return regions
            _begin_region(regions)
    regions[-1].extend(lines[read_to:])
    return regions


def _introduces_quotes(lines: list[str], position: int) -> bool:
    """Return whether an attribution and quoted lines follow a mark: below them are answers."""
    while position < len(lines) and not lines[position].strip():
        position += 1
    block = lines[position : position + MAX_ATTRIBUTION_LINES]
    written = [*takewhile(lambda line: line.strip() and not line.lstrip().startswith(">"), block)]
    return (
        bool(written)
        and _attribution_lines([line.rstrip() for line in written]) == len(written)
        and _is_quote_next(lines, position + len(written))
    )


def _begin_region(regions: list[list[str]]) -> None:
    if regions[-1]:
        regions.append([])


def _quoted_positions(lines: list[str], more_than: re.Pattern[str]) -> set[int]:
    """Return which lines are quoted: those with ">", and the rest of a wrapped link.

    A single line that begins with ">" in the middle of a sentence means "more than"; so do a few
    that begin with ">50" where nothing says who is quoted.
    """
    marked = list(lines_with(_QUOTED_LINE, lines))
    if len(marked) == 1 and _is_comparison(lines, marked[0]):
        return set()
    compared = list(takewhile(lambda at: more_than.match(lines[at]), marked[: MAX_COMPARISONS + 1]))
    if len(compared) <= MAX_COMPARISONS and not _is_attributed(lines, compared):
        marked = marked[len(compared) :]
    wrapped = {
        at + 1
        for at in marked
        if at + 1 < len(lines)
        and _WRAPPED_LINK.search(lines[at][-MAX_MARK_CHARS:])
        and _REST_OF_LINK.fullmatch(lines[at + 1][: MAX_MARK_CHARS + 1])
    }
    return {*marked, *wrapped}


def _is_comparison(lines: list[str], position: int) -> bool:
    above = lines[position - 1].strip() if position else ""
    return bool(above) and not above.endswith((*_COLONS, ".", "!", "?"))


def _is_attributed(lines: list[str], marked: list[int]) -> bool:
    """Return whether an attribution stands above the first of the marked lines."""
    above = [line for line in lines[: marked[0]] if line.strip()] if marked else []
    return bool(above) and (_is_dated_attribution(above[-1]) or _names_author(above[-1]))


def _starts_history(lines: list[str], position: int) -> bool:
    line = lines[position]
    return len(line) <= MAX_MARK_CHARS and (
        _MARK.match(line) is not None
        or (_is_mark_below_words(line) and _has_words_above(lines, position))
        or _is_ruled(line)
        or _is_header_block(lines, position)
        or _is_unknown_mark(lines, position)
        or _is_dated_sender(lines, position)
        or _is_nested_attribution(lines, position)
    )


def _is_mark_below_words(line: str) -> bool:
    return _OTHER_MARK.fullmatch(line) is not None or _COUNTED_MARK.fullmatch(line) is not None


def _has_words_above(lines: list[str], position: int) -> bool:
    return any(map(_LETTERS.search, lines[:position]))


def _is_ruled(line: str) -> bool:
    """Return whether an attribution stands between two rules."""
    if "--" not in line and not line.startswith(">>"):
        return False
    if dated := _DATE_BETWEEN_RULES.match(line):
        return _has_day(dated[1]) and _has_time(dated[1])
    ruled = _RULED.fullmatch(line)
    if ruled is None or not _has_day(ruled[2]):
        return False
    has_address = "@" in ruled[2]
    return _has_time(ruled[2]) if ruled[1][0] == ">" and not has_address else has_address


def _is_unknown_mark(lines: list[str], position: int) -> bool:
    """Return whether labels with a name, and an address or a date, stand below a mark."""
    if "-----" not in lines[position] or not _UNKNOWN_MARK.fullmatch(lines[position]):
        return False
    below = [line for line in lines[position + 1 : position + MAX_HEADER_LINES] if line.strip()]
    fields = [found for found in map(_header_line, below) if found]
    if len(fields) < 2 or any(map(str.isdigit, fields[0][2])):
        return False
    return any("@" in field[2] or _is_date(field[2]) for field in fields)


def _is_dated_sender(lines: list[str], position: int) -> bool:
    """Return whether a name with its address stands above a date alone, as Notes writes it."""
    is_first = not position or not lines[position - 1].strip()
    if "@" not in lines[position] or not is_first or position + 1 == len(lines):
        return False
    below = lines[position + 1].strip()
    is_date = _DATE_ALONE.fullmatch(below) is not None and _has_day(below) and _has_time(below)
    return is_date and lines[position].rstrip().endswith((">", ")", "]"))


def _is_nested_attribution(lines: list[str], position: int) -> bool:
    """Return whether GroupWise's ">>> On … wrote:" stands above words that nothing quotes."""
    line = lines[position]
    if not line.startswith(">>") or not line.rstrip().endswith(_COLONS):
        return False
    is_first = not any(above.startswith(">") for above in lines[:position])
    return is_first and _is_dated_attribution(line) and not _is_quote_next(lines, position + 1)


def _drop_introduction(written: list[str]) -> None:
    """Remove from the end what programs write above history: a line, or labels under a rule."""
    end = len(written)
    while end and not written[end - 1].strip():
        end -= 1
    if end and _is_introduction(written, end):
        del written[end - 1 :]
        return
    while end and _header_line(written[end - 1]) is not None:
        end -= 1
    if end and end < len(written) and _is_rule(written[end - 1]):
        del written[end - 1 :]


def _is_introduction(written: list[str], end: int) -> bool:
    is_alone = end == 1 or not written[end - 2].strip()
    return is_alone and _FORWARDED.fullmatch(written[end - 1].strip()) is not None


def _is_rule(line: str) -> bool:
    return _RULE_ALONE.fullmatch(line) is not None


def _header_line(line: str) -> re.Match[str] | None:
    return _HEADER_LINE.match(line[:MAX_MARK_CHARS])


def _is_header_block(lines: list[str], position: int) -> bool:
    """Return whether a mail program's block of at least three "Label: value" lines starts here.

    In a known language it has From, and two of To, Date and Subject; in any other it begins with an
    address after a name, or with a date and that, and has a date or a second address; or it has a
    name, then a date with its year, and two more.
    """
    first = _header_line(lines[position])
    if first is None or not _may_be_first(first, lines[position + 1 : position + 2]):
        return False
    fields = _fields(lines[position : position + MAX_HEADER_LINES])
    if len(fields) < 3:
        return len(fields) == 1 and _is_spaced_block(lines, position)
    # A line that the sender typed right above it may look alike.
    if _has_known_labels(fields):
        return first[1].lower() in _HEADER_NAMES
    if _has_header_values(fields):
        return True
    return _is_named_and_sent(fields) and _has_words_above(lines, position)


def _fields(block: list[str]) -> list[re.Match[str]]:
    return [found for line in takewhile(_is_in_block, block) if (found := _header_line(line))]


def _is_spaced_block(lines: list[str], position: int) -> bool:
    """Return whether a block in a known language starts here, each line of it a paragraph."""
    fields = _fields(lines[position : position + 2 * MAX_HEADER_LINES : 2])
    between = lines[position + 1 : position + 2 * len(fields) - 1 : 2]
    is_first = bool(fields) and fields[0][1].lower() in _HEADER_NAMES
    return is_first and not any(between) and _has_known_labels(fields)


def _may_be_first(first: re.Match[str], below: list[str]) -> bool:
    """Return whether a block may begin with a field: looked at first, for it costs less."""
    if first[1].lower() in _HEADER_NAMES or "@" in first[2] or _is_date(first[2]):
        return True
    second = _header_line(below[0]) if below else None
    return second is not None and _is_sent(second[2])


def _is_in_block(line: str) -> bool:
    return bool(line.strip()) and _MARK.match(line[:MAX_MARK_CHARS]) is None


def _has_known_labels(fields: list[re.Match[str]]) -> bool:
    kinds = {kind: field[2] for field in fields if (kind := _HEADER_NAMES.get(field[1].lower()))}
    sender = kinds.get("from", "")
    is_sent = "date" in kinds or any("@" in field[2] for field in fields)
    is_mail = "subject" in kinds and is_sent and not any(map(str.isdigit, sender))
    return "from" in kinds and len(kinds) >= 3 and (is_mail or "@" in sender)


def _has_header_values(fields: list[re.Match[str]]) -> bool:
    values = [field[2] for field in fields]
    addresses = sum("@" in value for value in values)
    dates = sum(map(_is_date, values))
    is_addressed = _ADDRESSED.search(values[0]) is not None or (
        _is_date(values[0]) and _ADDRESSED.search(values[1]) is not None
    )
    return is_addressed and addresses + dates >= 2


def _is_named_and_sent(fields: list[re.Match[str]]) -> bool:
    """Return whether a name, a date with its year, and two more stand there, as in Outlook."""
    name, sent = fields[0][2], fields[1][2]
    is_named = bool(name) and not any(map(str.isdigit, name)) and "@" not in name
    is_known = _has_time(sent) or fields[0][1].lower() in _HEADER_NAMES
    return len(fields) >= 4 and is_named and is_known and _is_sent(sent)


def _is_sent(value: str) -> bool:
    """Return whether a value is the date of a mail as programs write it: long, with its year."""
    return _YEAR.search(_ascii_digits(value)) is not None and _is_date(value)


def _has_time(line: str) -> bool:
    return _TIME.search(_ascii_digits(line)) is not None


def _has_day(line: str) -> bool:
    return _DAY_OR_YEAR.search(_ascii_digits(line)) is not None


def _ascii_digits(line: str) -> str:
    return line if line.isascii() else line.translate(_DIGITS)


def _is_date(value: str) -> bool:
    """Return whether a value is the date of a mail: with a time, or the month in letters."""
    is_long = _has_time(value) or _LETTERS.search(value) is not None
    return "@" not in value and _has_day(value) and is_long


def _attribution_lines(written: list[str]) -> int:
    """Return how many lines at the end of `written` are an attribution, whatever is below it.

    The last ends with a colon. It has a time, or an address, and a day; and either a word for
    "wrote", or the address in brackets. Or it is a paragraph with a day, its year, a name and a
    word for "wrote".
    """
    if not written[-1].endswith(_COLONS):
        return 0
    for count, joined in _joined_tails(written):
        if not _has_day(joined):
            continue
        is_certain = _is_certain(joined)
        if is_certain and (_ADDRESSED.search(joined) or _says_wrote(joined)):
            return count
        is_paragraph = count == len(written) or not written[-count - 1].strip()
        if is_paragraph and _says_who_wrote_when(joined):
            return count
    return 0


def _is_certain(line: str) -> bool:
    return _ADDRESS_OR_TIME.search(_ascii_digits(line)) is not None


def _says_who_wrote_when(line: str) -> bool:
    names = (found[1].isupper() and found[2].isupper() for found in _FULL_NAME.finditer(line))
    return _YEAR.search(_ascii_digits(line)) is not None and _says_wrote(line) and any(names)


def _says_wrote(line: str) -> bool:
    words = _LETTERS.findall(line.lower())
    return not _WROTE.isdisjoint(words) or _WROTE_UNSPACED.search(line) is not None


def _drop_attribution(written: list[str]) -> None:
    """Remove an attribution in any language from the end: quoted lines follow it."""
    end = len(written)
    while end and not written[end - 1].strip():
        end -= 1
    last = written[end - 1] if end else ""
    if _DATED_LAST.fullmatch(last):
        del written[end - 1 :]
    if not last.rstrip().endswith(_COLONS):
        return
    tails = _joined_tails(written[max(0, end - MAX_ATTRIBUTION_LINES) : end])
    dated = next((count for count, joined in tails if _is_dated_attribution(joined)), 0)
    if count := dated or int(_names_author(last)):
        del written[end - count :]


def _is_dated_attribution(line: str) -> bool:
    return (_is_certain(line) or _says_wrote(line)) and _has_day(line)


def _names_author(line: str) -> bool:
    """Return whether a line is a name, "wrote" and a colon, or has an address."""
    if len(line) > MAX_MARK_CHARS or _ADDRESSED.search(line):
        return len(line) <= MAX_MARK_CHARS
    if not _says_wrote(line):
        return False
    if "@" in line:
        return len(line.split()) <= MAX_VERB_WORDS + 1
    words = [word for word in _LETTERS.findall(line) if word.lower() not in _SMALL_NAME_WORDS]
    verbs = [word for word in words if word[0].islower() or word.lower() in _WROTE]
    names = [word for word in words if word not in verbs]
    is_apart = words in (names + verbs, verbs + names)  # "has written" is one verb
    return is_apart and len(verbs) <= MAX_VERB_WORDS and 1 <= len(names) <= 6


def _joined_tails(written: list[str]) -> list[tuple[int, str]]:
    """Return the last line, the last two … four as one line, while none is blank or too long."""
    tails: list[tuple[int, str]] = []
    joined = ""
    for count, line in enumerate(reversed(written[-MAX_ATTRIBUTION_LINES:]), start=1):
        joined = f"{line.strip()} {joined}".rstrip()
        if not line.strip() or len(joined) > MAX_MARK_CHARS:
            break
        tails.append((count, joined))
    return tails


def _is_quote_next(lines: list[str], position: int) -> bool:
    following = (lines[at].lstrip() for at in range(position, len(lines)))
    return next(filter(None, following), "").startswith(">")
