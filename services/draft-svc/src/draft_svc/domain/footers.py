"""What a server or a list puts into a mail: legal notices, list footers, security banners."""

import re

MAX_LINE_CHARS = 400
NOTICE_LINES = 5
MAX_NOTICE_CHARS = 800
"""A legal notice shows itself within so much of its start."""

_DELIMITER = re.compile(r"(?:--|[\u2013\u2014])\s*$")
"""RFC 3676 §4.3, and what editors make of it."""
_LIST_RULE = re.compile(r"_{20,}\s*$")
_BANNER = re.compile(
    r"\W{0,5}(?:caution|external|warning|attention|achtung|vorsicht)\b.{0,60}"
    r"(?:e-?mail|message|sender|nachricht|absender).{0,60}(?:outside|external|extern)"
    r"|you don't often get email from",
    re.IGNORECASE,
)
_FOOTER = re.compile(
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
_NOTICE_START = re.compile(
    r"[\W_]{0,5}(?:this|the|if you|any|diese|dieses|der|die|sollten sie|wenn sie|ce|cet|este|il|le"
    r"|questo|questa|dit|deze|de)\b.{0,60}(?:e-?mail|message|communication|transmission|information"
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


def without_footer(region: list[str]) -> list[str]:
    """Return the lines above the signature delimiter, a list's footer or a legal notice.

    A security banner ("CAUTION: external sender") goes alone: it stands above the words.
    """
    kept: list[str] = []
    in_banner = False
    for position, line in enumerate(region):
        in_banner = bool(line) and (in_banner or _BANNER.match(line[:MAX_LINE_CHARS]) is not None)
        if in_banner:
            continue
        if _starts_footer(region, position):
            break
        kept.append(line)
    return kept


def _starts_footer(region: list[str], position: int) -> bool:
    line = region[position]
    if len(line) <= MAX_LINE_CHARS and (_DELIMITER.match(line) or _FOOTER.match(line)):
        return True
    if _LIST_RULE.match(line):
        return "mailing list" in "".join(region[position + 1 : position + 2]).lower()
    if not _NOTICE_START.match(line[:MAX_LINE_CHARS]):
        return False
    notice = " ".join(region[position : position + NOTICE_LINES])[:MAX_NOTICE_CHARS]
    return len({stem.lower() for stem in _NOTICE_STEM.findall(notice)}) >= 2
