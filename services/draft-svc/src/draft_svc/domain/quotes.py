"""Where the history in a plain-text reply starts and which lines are quoted.

Rules look at single lines, or at four lines joined, and at no line longer than MAX_MARK_CHARS, so
the time grows with the number of lines alone. Published parsers of replies were tried first: their
patterns over the whole text took seconds for 4,000 hostile characters (mail-parser-reply 1.36,
email-reply-parser 0.5.12), and everything below the first attribution was lost, even answers
between the quoted lines (mail-parser-reply, quotequail 0.5.4).
"""

import re
from itertools import takewhile

MAX_MARK_CHARS = 400
"""No mail program writes a longer attribution or header line."""
MAX_ATTRIBUTION_LINES = 4
MAX_HEADER_LINES = 8
MAX_COMPARISONS = 3

_MESSAGE = (
    r"message|messages|nachricht|e-?mail|mail|courriel|mensaje|correo|mensagem|messaggio|bericht"
    r"|meddeland[et]*|meddelelse|melding|besked|wiadomość|wiadomości|zpráva|správa|üzenet|mesaj"
    r"|mesajul|poruka|sporočilo|съобщение|сообщение|письмо|повідомлення|лист|μήνυμα|ileti|posta|viesti"
    r"|kiri|sõnum|ziņojums|vēstule|laiškas|žinutė|missatge|skilaboð|邮件|郵件|消息|メッセージ|メール"
    r"|메시지|메일|원본|thư|tin nhắn|ข้อความ|pesan|رسالة|הודעה|پیام|संदेश|appointment"
)
_MARK = re.compile(
    rf"[\s*_]{{0,8}}-{{2,40}}\s{{0,3}}[^-]{{0,30}}(?:{_MESSAGE})[^-]{{0,30}}-{{2,40}}[\s*_]{{0,8}}$"
    r"|(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-mail)"
    r"|début du message (?:transféré|réexpédié)|inicio del mensaje reenviado"
    r"|inizio messaggio inoltrato|begin doorgestuurd bericht)\s*:",
    re.IGNORECASE,
)
"""A rule, words about a message in any language, a rule."""
_WROTE_WORDS = """
wrote writes schrieb écrit escribió escrigué scritto scrive escreveu geschreven schreef skrev
skrifaði kirjoitti napisał napisała pisze napsal napsala napísal napísala írta scris napisao
napisala piše написа написал написала пишет написав έγραψε yazdı kirjutas rakstīja rašė viết
menulis כתב كتب نوشت
"""
_WROTE = frozenset(_WROTE_WORDS.split())
_WROTE_UNSPACED = re.compile(r"写道|寫道|来信|のメール|書きました|작성|님이|เขียน")
_SMALL_NAMES = "via von van der den de di da la le al bin und and"
_SMALL_NAME_WORDS = frozenset(_SMALL_NAMES.split())
_LETTERS = re.compile(r"[^\W\d_]+")
_COLONS = (":", "\uff1a")
_TIME = re.compile(r"\b\d{1,2}[:.]\d{2}(?!\d)")
_ADDRESS_OR_TIME = re.compile(r"@|\b\d{1,2}[:.]\d{2}(?!\d)")
_DAY_OR_YEAR = re.compile(
    r"(?<!\d)(?:1[34]|19|20|2[56])\d{2}(?!\d)|\b\d{1,2}[./] ?\d{1,2}[./]?|\d月"
)
"""Years count from 1900, in Iran and Arabia from 1300, in Thailand from 2500."""
_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩०१२३४५६७८९", "0123456789" * 3)
_RULED = re.compile(r"\s{0,8}-{2,40}\s(.{10,300})\s-{2,40}\s{0,8}")
"""A line between two rules, as Zoho writes its attributions."""
_ADDRESSED = re.compile(r"[<(\[][^<>()\[\]\s]{1,100}@[^<>()\[\]\s]{1,100}[>)\]]")
"""An address in brackets, as mail programs put it after a name; people seldom do."""
_LABEL_CHARACTER = r"[^\s\d_*:\uff1a<>@\"'()\[\],;.!?/|+=&#>-]"
"""Letters, and the signs that scripts such as Thai put on them."""
_HEADER_LINE = re.compile(
    rf"[\s*_]{{0,8}}({_LABEL_CHARACTER}{{1,20}}(?:[ .-]{{1,2}}{_LABEL_CHARACTER}{{1,15}}){{0,2}})"
    r"[\s*_]{0,3}[:\uff1a]\s*(.*)"
)
_MORE_THAN = re.compile(r"\s{0,8}>=?\d")
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


def unquoted_regions(lines: list[str]) -> list[list[str]]:
    """Return the runs of lines that the sender wrote, in order; quoted lines and history are gone.

    History is what follows the mark or header block of a mail program, or an attribution
    ("On … wrote:") without quoted lines below it; structure tells all three. Below an attribution
    with quoted lines only those go: the lines between and after them are answers.
    """
    regions: list[list[str]] = [[]]
    quoted = _quoted_positions(lines)
    for position, line in enumerate(lines):
        if _starts_history(lines, position):
            break
        if position in quoted:
            _drop_attribution(regions[-1])
            regions.append([])
            continue
        regions[-1].append(line)
        if attribution_lines := line.endswith(_COLONS) and _attribution_lines(regions[-1]):
            del regions[-1][-attribution_lines:]
            if not _is_quote_next(lines, position + 1):
                break
            regions.append([])
    return regions


def _quoted_positions(lines: list[str]) -> set[int]:
    """Return which lines are quoted: those with ">", and the rest of a wrapped link.

    A single line that begins with ">" in the middle of a sentence means "more than"; so do a few
    that begin with ">50" where nothing says who is quoted.
    """
    marked = [at for at, line in enumerate(lines) if ">" in line and line.lstrip()[0] == ">"]
    if len(marked) == 1 and _is_comparison(lines, marked[0]):
        return set()
    if len(marked) <= MAX_COMPARISONS and _are_comparisons(lines, marked):
        return set()
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


def _are_comparisons(lines: list[str], marked: list[int]) -> bool:
    """Return whether all marked lines begin with ">50", and no attribution stands above them."""
    if not all(_MORE_THAN.match(lines[at]) for at in marked):
        return False
    above = [line for line in lines[: marked[0]] if line.strip()] if marked else []
    return not above or not (_is_dated_attribution(above[-1]) or _names_author(above[-1]))


def _starts_history(lines: list[str], position: int) -> bool:
    line = lines[position]
    may_start = "--" in line or ":" in line or "\uff1a" in line
    return (
        may_start
        and len(line) <= MAX_MARK_CHARS
        and (_MARK.match(line) is not None or _is_ruled(line) or _is_header_block(lines, position))
    )


def _is_ruled(line: str) -> bool:
    """Return whether an attribution stands between two rules."""
    ruled = _RULED.fullmatch(line)
    return (
        ruled is not None
        and "@" in ruled[1]
        and _has_day(ruled[1])
        and _ADDRESS_OR_TIME.search(ruled[1]) is not None
    )


def _header_line(line: str) -> re.Match[str] | None:
    return _HEADER_LINE.match(line[:MAX_MARK_CHARS])


def _is_header_block(lines: list[str], position: int) -> bool:
    """Return whether a mail program's block of at least three "Label: value" lines starts here.

    In a known language it has From, and two of To, Date and Subject; in any other it begins with an
    address after a name, or with a date and that, and has a date or a second address.
    """
    first = _header_line(lines[position])
    if first is None:
        return False
    block = takewhile(_is_in_block, lines[position : position + MAX_HEADER_LINES])
    fields = [found for line in block if (found := _header_line(line))]
    if len(fields) < 3:
        return False
    # A line that the sender typed right above it may look alike.
    if _has_known_labels(fields):
        return first[1].lower() in _HEADER_NAMES
    return _has_header_values(fields)


def _is_in_block(line: str) -> bool:
    return bool(line.strip()) and _MARK.match(line[:MAX_MARK_CHARS]) is None


def _has_known_labels(fields: list[re.Match[str]]) -> bool:
    kinds = {kind: field[2] for field in fields if (kind := _HEADER_NAMES.get(field[1].lower()))}
    is_mail = "subject" in kinds or "@" in kinds.get("from", "")
    return "from" in kinds and len(kinds) >= 3 and is_mail


def _has_header_values(fields: list[re.Match[str]]) -> bool:
    values = [field[2] for field in fields]
    addresses = sum("@" in value for value in values)
    dates = sum(map(_is_date, values))
    is_addressed = _ADDRESSED.search(values[0]) is not None or (
        _is_date(values[0]) and _ADDRESSED.search(values[1]) is not None
    )
    return is_addressed and addresses + dates >= 2


def _has_day(line: str) -> bool:
    return _DAY_OR_YEAR.search(_ascii_digits(line)) is not None


def _ascii_digits(line: str) -> str:
    return line if line.isascii() else line.translate(_DIGITS)


def _is_date(value: str) -> bool:
    """Return whether a value is the date of a mail: with a time, or the month in letters."""
    is_long = _TIME.search(_ascii_digits(value)) or _LETTERS.search(value)
    return "@" not in value and _has_day(value) and is_long is not None


def _attribution_lines(written: list[str]) -> int:
    """Return how many lines at the end of `written` are an attribution, whatever is below it.

    The last ends with a colon. It has a time, or an address, and a day; and either a word for
    "wrote", or the address in brackets.
    """
    for count, joined in _joined_tails(written):
        is_dated = _has_day(joined) and _ADDRESS_OR_TIME.search(joined)
        if is_dated and (_ADDRESSED.search(joined) or _says_wrote(joined)):
            return count
    return 0


def _says_wrote(line: str) -> bool:
    words = _LETTERS.findall(line.lower())
    return not _WROTE.isdisjoint(words) or _WROTE_UNSPACED.search(line) is not None


def _drop_attribution(written: list[str]) -> None:
    """Remove an attribution in any language from the end: quoted lines follow it."""
    end = len(written)
    while end and not written[end - 1].strip():
        end -= 1
    if not end or not written[end - 1].rstrip().endswith(_COLONS):
        return
    tails = _joined_tails(written[max(0, end - MAX_ATTRIBUTION_LINES) : end])
    dated = next((count for count, joined in tails if _is_dated_attribution(joined)), 0)
    if count := dated or int(_names_author(written[end - 1])):
        del written[end - count :]


def _is_dated_attribution(line: str) -> bool:
    is_certain = _ADDRESS_OR_TIME.search(line) is not None or _says_wrote(line)
    return is_certain and _has_day(line)


def _names_author(line: str) -> bool:
    """Return whether a line is a name, "wrote" and a colon, or has an address in brackets."""
    if len(line) > MAX_MARK_CHARS or _ADDRESSED.search(line):
        return len(line) <= MAX_MARK_CHARS
    words = [word for word in _LETTERS.findall(line) if word.lower() not in _WROTE]
    is_name = all(not word[0].islower() or word in _SMALL_NAME_WORDS for word in words)
    return is_name and 1 <= len(words) <= 6 and _says_wrote(line)


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
