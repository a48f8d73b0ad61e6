"""Where the history in a plain-text reply starts and which lines are quoted.

Rules look at single lines, or at four lines joined, and at no line longer than MAX_MARK_CHARS, so
the time taken grows with the number of lines alone. Published parsers of replies were tried first:
patterns that run over the whole text took seconds for 4,000 hostile characters (mail-parser-reply
1.36, email-reply-parser 0.5.12), and all that stands under the first attribution was lost, answers
between the quoted lines too (mail-parser-reply, quotequail 0.5.4).
"""

import re

MAX_MARK_CHARS = 400
"""An attribution or header line that is longer was written by nobody's mail program."""
MAX_ATTRIBUTION_LINES = 4
MAX_HEADER_LINES = 8

_MARK = re.compile(
    r"[\s*_]{0,8}-{2,40}\s{0,3}(?:original message|original appointment|forwarded message"
    r"|original-nachricht|ursprüngliche nachricht|weitergeleitete nachricht|message d'origine"
    r"|message original"
    r"|message transféré|mensaje original|mensaje reenviado|mensagem original"
    r"|mensagem encaminhada|messaggio originale|messaggio inoltrato|oorspronkelijk bericht"
    r"|doorgestuurd bericht|ursprungligt meddelande|oprindelig meddelelse|wiadomość oryginalna"
    r"|исходное сообщение|пересылаемое сообщение)\s{0,3}-{2,}"
    r"|(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-mail)"
    r"|début du message (?:transféré|réexpédié)|inicio del mensaje reenviado"
    r"|inizio messaggio inoltrato|begin doorgestuurd bericht)\s*:",
    re.IGNORECASE,
)
_ATTRIBUTION_START = re.compile(
    r"[\s*_]{0,8}(?:on|am|le|el|il|em|op|den|på|kl|tir|ons|tor|fre|lør|søn|man|w dniu|dnia|dne)\b",
    re.IGNORECASE,
)
_ATTRIBUTION_END = re.compile(
    r"(?:wrote|a écrit|escribió|ha scritto|escreveu|geschreven|napisał(?:\(a\)|a)?|napsal\(a\))"
    r"\s*:$|\b(?:schrieb|schreef|skrev)\b[^:]{1,120}:$",
    re.IGNORECASE,
)
_COLONS = (":", "\uff1a")
_ADDRESS_OR_TIME = re.compile(r"@|\b\d{1,2}[:.]\d{2}\b")
_DAY_OR_YEAR = re.compile(r"\b(?:19|20)\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]?|\d月")
_HEADER_LINE = re.compile(r"[\s*_]{0,8}([^\W\d_]{1,20})[\s*_]{0,3}[:\uff1a]")
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
    ("On … wrote:") without quoted lines under it. Under an attribution with quoted lines only
    those go: what stands between and below them are answers.
    """
    regions: list[list[str]] = [[]]
    for position, line in enumerate(lines):
        if _starts_history(lines, position):
            break
        if line.lstrip().startswith(">"):
            _drop_attribution(regions[-1])
            regions.append([])
            continue
        regions[-1].append(line)
        attribution_lines = _attribution_lines(regions[-1])
        if attribution_lines:
            del regions[-1][-attribution_lines:]
            if not _is_quote_next(lines, position + 1):
                break
            regions.append([])
    return regions


def _starts_history(lines: list[str], position: int) -> bool:
    line = lines[position]
    return len(line) <= MAX_MARK_CHARS and (
        _MARK.match(line) is not None or _is_header_block(lines, position)
    )


def _header_kind(line: str) -> str | None:
    found = _HEADER_LINE.match(line[:MAX_MARK_CHARS])
    return _HEADER_NAMES.get(found[1].lower()) if found else None


def _is_header_block(lines: list[str], position: int) -> bool:
    """Tell whether From, and two of To, Date and Subject, stand here without a blank line."""
    goes_on = position > 0 and _header_kind(lines[position - 1]) is not None
    if goes_on or _header_kind(lines[position]) is None:
        return False
    kinds: dict[str, str] = {}
    for line in lines[position : position + MAX_HEADER_LINES]:
        if not line.strip():
            break
        kind = _header_kind(line)
        if kind:
            kinds[kind] = line
    is_mail = "subject" in kinds or "@" in kinds.get("from", "")[:MAX_MARK_CHARS]
    return "from" in kinds and len(kinds) >= 3 and is_mail


def _attribution_lines(written: list[str]) -> int:
    """Return how many lines at the end of `written` are an attribution in a known language."""
    if not written[-1].rstrip().endswith(_COLONS):
        return 0
    for count, joined in _joined_tails(written):
        if (
            _ATTRIBUTION_START.match(joined)
            and _ATTRIBUTION_END.search(joined)
            and _ADDRESS_OR_TIME.search(joined)
        ):
            return count
    return 0


def _drop_attribution(written: list[str]) -> None:
    """Remove an attribution in whatever language from the end: quoted lines follow it."""
    end = len(written)
    while end and not written[end - 1].strip():
        end -= 1
    if not end or not written[end - 1].rstrip().endswith(_COLONS):
        return
    for count, joined in _joined_tails(written[max(0, end - MAX_ATTRIBUTION_LINES) : end]):
        if _ADDRESS_OR_TIME.search(joined) and _DAY_OR_YEAR.search(joined):
            del written[end - count :]
            return


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
