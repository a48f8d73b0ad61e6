"""What a server or a list puts into a mail: legal notices, list footers, security banners."""

import re

MAX_LINE_CHARS = 400
NOTICE_LINES = 5
MAX_NOTICES = 50
"""Paragraphs that are looked at: nobody writes so many that begin like a notice."""
MAX_NOTICE_CHARS = 800
MAX_BANNER_CHARS = 600
"""A legal notice is recognised by this much of its start."""

_DELIMITER = r"(?:--|[\u2013\u2014])\s*$"
"""RFC 3676 §4.3, and what editors make of it."""
_LIST_RULE = re.compile(r"_{20,}\s*$")
_BANNER_SIGNS = (
    re.compile(
        r"e-?mail|message|sender|courriel|nachricht|absender|correo|mensaje|messaggio|mittente"
        r"|bericht|afzender|meddelande|wiadomo|nadawc|zpráv|odesílatel|письм|сообщени|отправител"
        r"|лист|повідомлен|e-?posta|ileti|邮件|郵件|メール|메일|viesti",
        re.IGNORECASE,
    ),
    re.compile(
        r"\boutside\b|\bextern|extérieur|\bexterior|\bestern|\bexterno|\bbuiten\b|zewnętrz|spoza"
        r"|\bvnější|mimo organi|внешн|за пределами|зовнішн|dışından|harici|外部|외부|ulkopuol"
        r"|don't often get|nicht häufig|nicht oft|pas souvent|no suele recibir|non ricevi spesso"
        r"|niet vaak|ofta inte|nieczęsto|нечасто",
        re.IGNORECASE,
    ),
    re.compile(
        r"\bclick|\blinks?\b|attachment|caution|warning|achtung|vorsicht|attention|klick|anhäng"
        r"|cliqu|pièces? jointe|\bliens?\b|enlaces?|adjunto|precaución|allegat|\bcollegament"
        r"|attenzione|\bkoppeling|bijlage|\blänk|bilag|klikaj|załącznik|uwaga|klikej|přílo"
        r"|ссылк|вложени|внимание|посилан|bağlantı|dikkat|链接|附件|連結|リンク|添付|링크|linkk"
        r"|learn why|erfahren sie|découvrez|why this is important",
        re.IGNORECASE,
    ),
)
"""A banner mentions the mail, where it comes from, and what not to do with it."""
_FOOTER = re.compile(
    rf"{_DELIMITER}|"
    r"[\W_]{0,5}(?:(?:legal |e-?mail )?disclaimer\W*$|disclaimer:"
    r"|confidentiality(?: notice| note| statement)?\W*(?:$|:)"
    r"|confidential(?:ity)? (?:notice|note)\b"
    r"|(?:please )?(?:consider|think of|think about) the environment before"
    r"|virus-?free\.|(?:this|the) e-?mail (?:has been|was) (?:scanned|checked)"
    r"|diese e-?mail wurde .{0,30}(?:geprüft|gescannt)"
    r"|you (?:are receiv|received )(?:ing )?(?:this|it) (?:because|e-?mail because|message because)"
    r"|to unsubscribe from this|to stop receiving (?:e-?mails|messages) from"
    r"|registered (?:office|in england|address)\b|amtsgericht\b|handelsregister\b|hrb \d"
    r"|sitz der gesellschaft|geschäftsführer(?:in|ung)?:|ust-?id"
    r"|reply to this e-?mail directly or view it)",
    re.IGNORECASE,
)
_NOTICE_WORD = (
    r"[\W_]{0,5}(?:this|the|if you|any|diese|dieses|der|die|sollten sie|wenn sie|ce|cet|este|il|le"
    r"|questo|questa|dit|deze|de)\b"
)
_NOTICE_FIRST = re.compile(_NOTICE_WORD, re.IGNORECASE)
_NOTICE_START = re.compile(
    rf"{_NOTICE_WORD}.{{0,60}}(?:e-?mail|message|communication|transmission|information"
    r"|recipient|nachricht|empfänger|courriel|mensaje|correo|messaggio|bericht)",
    re.IGNORECASE,
)
_NOTICE_STEM = re.compile(
    r"confidential|privileged|intended|recipient|addressee|attachment|disclos|unauthori[sz]ed"
    r"|received .{0,30}in error|prohibited|vertraulich|bestimmt|empfänger|anhäng|irrtümlich"
    r"|vernichte|unbefugt|confidentiel|destinat|exclusiv|pièces jointes|confidencial|adjunto"
    r"|riservat|confidenzial|allegat|vertrouwelijk|bestemd|geadresseerde|bijlage",
    re.IGNORECASE,
)

_ASKS_OR_COUNTS = re.compile(
    r"\?(?:\s|$)|\d[\d.,]{0,20}\s?(?:%|€|\$|£|euro|dollar|seat|user|people)"
)


def without_footer(region: list[str]) -> list[str]:
    """Return the lines above the signature delimiter, a list's footer or a legal notice.

    Of a security banner ("CAUTION: external sender") only the banner goes: words follow it.
    """
    start = _banner_lines(region)
    kept, notices_left = region[:0], MAX_NOTICES
    for position in range(start, len(region)):
        if not region[position]:
            kept.append("")
            continue
        begins_like_notice = _NOTICE_FIRST.match(region[position]) is not None
        notices_left -= begins_like_notice
        if _starts_footer(region, position) or (
            begins_like_notice
            and notices_left >= 0
            and is_notice(region[position : position + NOTICE_LINES])
        ):
            break
        kept.append(region[position])
    return kept


def is_footer(line: str) -> bool:
    """Return whether `line` is the delimiter of a signature, or starts a footer."""
    return len(line) <= MAX_LINE_CHARS and _FOOTER.match(line) is not None


def is_notice(paragraph: list[str]) -> bool:
    """Return whether a paragraph is a legal notice; one asks nothing and gives no figures."""
    notice = " ".join(paragraph[:NOTICE_LINES])[:MAX_NOTICE_CHARS]
    if not _NOTICE_START.match(notice[:MAX_LINE_CHARS]) or _ASKS_OR_COUNTS.search(notice):
        return False
    return len({stem.lower() for stem in _NOTICE_STEM.findall(notice)}) >= 2


def _banner_lines(region: list[str]) -> int:
    """Return how many lines at the top are the mail server's banner, including blank ones."""
    start = next((at for at, line in enumerate(region) if line), len(region))
    end = next((at for at in range(start, len(region)) if not region[at]), len(region))
    banner = " ".join(region[start:end])
    is_alone = end == len(region) or len(banner) > MAX_BANNER_CHARS
    if is_alone or not all(sign.search(banner) for sign in _BANNER_SIGNS):
        return 0
    return end + 1


def _starts_footer(region: list[str], position: int) -> bool:
    line = region[position]
    if is_footer(line):
        return True
    is_rule = line.startswith("_") and _LIST_RULE.match(line) is not None
    return is_rule and "mailing list" in "".join(region[position + 1 : position + 2]).lower()
