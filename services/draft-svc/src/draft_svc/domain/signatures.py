"""What mail programs, companies and people put below the words of a reply.

As in `quotes`, every rule looks at one line of at most MAX_LINE_CHARS, or at a few joined.
"""

import re
from itertools import takewhile

from draft_svc.domain.footers import says_we, without_footer

MAX_LINE_CHARS = 400
MAX_SIGNATURE_LINES = 15
"""Without a phone number, address or link among them; a longer block is no signature."""
MAX_CLOSING_LINES = 200
"""Nobody writes more below their name."""
MAX_DEVICE_WORDS = 12
"""Its link aside; "Sent from my phone. Please excuse typos." has eight."""

_RULE_CHARS = " *_=~#-\u2013\u2014"
_SENT = (
    r"sent|gesendet|versendet|verschickt|envoyée?|enviad[oa]|enviat|inviat[oa]|spedit[oa]|verzonden"
    r"|verstuurd|skickat|skickades|sendt|sent[et]|lähetetty|wysłan[eoy]|wysłano|odesláno|odoslané"
    r"|poslan[oe]|poslano|küldve|elküldve|trimis|изпратено|отправлено|надіслано|відправлено"
    r"|εστάλη|στάλθηκε|gönderildi|gönderilmiştir|saadetud|nosūtīts|išsiųsta"
    r"|послато|испратено|жіберілді|göndərilib|dërguar|bidalia|anfonwyd|seolta|dihantar"
    r"|ipinadala|imetumwa|الإرسال|ارسال|بھیجا|भेजा|পাঠানো|அனுப்பப்பட்டது"
    r"|dikirim|đã gửi|gửi từ|נשלח|أرسلت|أُرسلت|مرسل|გაგზავნილია|ուղարկված|юборилди|yuborildi"
)
_GET = (
    r"get|télécharger|obten(?:er|ir|ha)|obter|obțineți|ottieni|hol(?:en)? sie sich|beziehen"
    r"|downloade?n?|pobierz|scarica|hämta|hent|hanki|lataa|získat|stáhnout|получить|скачать"
)
_SENT_UNSPACED = r"送信|发送|发自|發自|來自|来自|傳送|寄出|보냄|보낸|보냈|ส่งจาก"
"""The word "sent" in the line that a program adds to each mail."""
_PROGRAM = (
    r"iphon|ipad|ipod|apple watch|android|samsung|galaxy|huawei|honor|xiaomi|redmi|oneplus|oppo"
    r"|pixel|motorola|nokia|sony|xperia|blackberry|windows|outlook|microsoft|mail|yahoo|gmail|gmx"
    r"|web\.de|t-online|proton|tutanota|tuta|thunderbird|spark|superhuman|mobil|mobile|phone"
    r"|smartphone|tablet|handy|téléphone|teléfono|telefon|telefono|携帯|スマホ|手机|手機"
    r"|яндекс|почт[аеыу]|メール|휴대폰|邮箱|郵箱|\bapp\b|unterwegs"
)
_COMMA_IN_NAME = r"(?:[^.,;!]|,(?=\s(?-i:[A-Z])))"
_DEVICE = re.compile(
    rf"(?=[^?\uff1f]{{1,300}}$)(?:[^.,;!]|yahoo!){{0,60}}(?:(?<![^\W\d_])(?:{_SENT})(?![^\W\d_])"
    rf"|{_SENT_UNSPACED}){_COMMA_IN_NAME}{{0,60}}(?:{_PROGRAM})"
    rf"|(?=[^?\uff1f]{{1,300}}$)[^.,;!]{{0,60}}(?:yahoo!)?(?:{_PROGRAM})[^.,;!]{{0,30}}"
    rf"(?:{_SENT}|{_SENT_UNSPACED})",
    re.IGNORECASE,
)
"""Which program or device sent it, in one clause; an excuse may follow."""
_APP = r"outlook|gmail|yahoo|aol|bluemail|spark|proton ?mail|mymail|gmx|web\.de|hotmail|mail\.ru"
_SYSTEM = r"ios|android|iphone|ipad|windows|mac(?:os)?"
_OFFERED_APP = re.compile(
    rf"(?=[^.,:;!?\u3002\uff01\uff1f]{{1,60}}$).{{0,30}}(?<![^\W_])(?:(?:{_APP}).{{0,20}}(?:{_SYSTEM})"
    rf"|(?:{_SYSTEM}).{{0,20}}(?:{_APP})).{{0,25}}",
    re.IGNORECASE,
)
"""An app and the system that it is for, as in "Get Outlook for iOS", in any language."""
_GET_FIRST = re.compile(rf"\W{{0,3}}(?:{_GET})\s", re.IGNORECASE)
_SENT_FIRST = re.compile(rf"\W{{0,3}}(?:{_SENT})", re.IGNORECASE)
_EXCUSE = re.compile(
    r"(?=[^?\d]{1,120}$)(?=.{0,80}(?:thumb|phone|mobile|screen|keyboard|handy|unterwegs|téléphone"
    r"|móvil|cellulare|telefo))"
    r".{0,60}(?:excuse|pardon|sorry|forgive|apologi|entschuldig|verzeih|excus|disculp|scus|przepr)"
    r".{0,60}(?:typo|brevity|brief|autocorrect|spelling|tippfehler|kürze|faute|errores|errori|liter)",
    re.IGNORECASE,
)
_SENT_SOMETHING = re.compile(r"\bsent (?!from|frá|via|with|using|by|on|through)", re.IGNORECASE)
"""In English a person says what was sent, a program from where."""
_EXCUSES = re.compile(
    r"excus|pardon|perd[oó]|sorry|forgiv|apolog|typo|brev|entschuldig|verzeih|d[ie]sculp|scus|przepr"
    r"|omluv|beklag|ursäkt|undskyld|anteeksi|извин|прост",
    re.IGNORECASE,
)
_LINK = re.compile(r"[<(\[]?https?://[^\s>]+>?|\|?\s?www\.\S+")
_ADDRESSEE = frozenset({"to", "an", "à", "a", "al", "aan", "till", "til", "do"})
_DASHED = re.compile(r"(?:-|[\u2014\u2013~]\s?)(?=\S)")
_LIST_ITEM = re.compile(r"\s*(?:[-*\u2022\u2013]\s|\d{1,2}[.)]\s)")
_POSTSCRIPT = re.compile(r"\s*P\.? ?S\b", re.IGNORECASE)
_QUESTION = re.compile(r"\?(?:\s|$)")
_CONTACT = re.compile(
    r"\S@\S|https?://|\bwww\.|(?<!\d)\+?\d[\d\s()/.-]{6,}\d|\s\|\s|\w\.(?:com|org|net|de|eu|io|co)\b"
    r"|^\W{0,5}(?:tel|mobil|mobile|phone|fon|fax|[tmepdw])[.:]\s",
    re.IGNORECASE,
)
_REFERRAL = re.compile(
    r"contact|colleague|reach|talk|speak|write to|e-?mail|in charge|responsible|copied|cc"
    r"|forward|kolleg|wenden|ansprech|zuständig|collègue|responsable|compañer"
)
"""In small letters."""

_REGARDS = (
    r"(?:(?:with )?(?:(?:my|many|very|best|kind|kindest|warm|warmest) ){0,2}"
    r"(?:regards|wishes|greetings)|best|all the best|sincerely|sincerely yours"
    r"|yours (?:sincerely|truly|faithfully)|cordially|respectfully|rgds|br|kr"
    r"|(?:mit )?(?:freundliche|beste|herzliche|liebe|viele|schöne)[nm]? gr(?:ü|ue)(?:ß|ss)en?"
    r"(?: aus \S+)?|gr(?:u|ü|ue)(?:ß|ss)e?|lg|vg|mfg|hochachtungsvoll|(?:bien )?cordialement"
    r"|bien à vous|(?:sincères )?salutations|(?:un )?saludos?(?: cordiale?s?)?|atentamente"
    r"|(?:cordiali |distinti )?saluti|atenciosamente|cumprimentos|abraços"
    r"|(?:met vriendelijke |hartelijke )?groet(?:en|jes)?|mvg|med vänliga? hälsning(?:ar)?"
    r"|hälsningar|mvh|(?:med )?(?:venlig|vennlig) hilsen|pozdrawiam|z poważaniem)"
)
_THANKS = (
    r"(?:(?:many )?thanks|thank you|thx|cheers|danke|vielen dank|merci|gracias|grazie|obrigad[oa]"
    r"|bedankt|tack|have a (?:nice|great|good|lovely) \w+|(?:speak|talk) soon)"
    r"(?: so much| very much| a lot| again| in advance| im voraus)?"
    r"(?: (?:and|&|und|et|y|e|en) [^,.!?]{1,40})?"
)
_CLOSING = re.compile(
    rf"\s{{0,8}}[*_]{{0,3}}(?:(?P<regards>{_REGARDS})|{_THANKS})[*_]{{0,3}}\s{{0,8}}(?:[,.!]+\s*(?P<name>\S.*)?)?$",
    re.IGNORECASE,
)
_NAME_END = re.compile(r"\s{0,8}[|,/]\s{0,8}|\s[\u2013-]\s")
_NAME_WORD = re.compile(r"[^\W\d_][\w.'\u2019-]*$")
_ON_BEHALF = re.compile(r"i\. ?[AV]\. ?|ppa\.? ")
_SMALL_NAME_WORD = re.compile(r"von|van|der|den|de[il]?|d[ai]|l[ae]|al|bin|y|&", re.IGNORECASE)
_ANSWER = re.compile(
    r"yes|no|ok|okay|sure|please|interested|great|perfect|agreed|stop|unsubscribe|ja|nein|gerne|oui"
    r"|non|s[ií]",
    re.IGNORECASE,
)


def without_signature(region: list[str]) -> list[str]:
    """Return the lines of one unquoted region up to its signature, footer or disclaimer.

    A closing ("Best regards,") goes with the name below it. Thanks stay: they are words. So does a
    postscript below the name.
    """
    above_footer = _without_tail(without_footer(region))
    return _without_tail(_without_closings(above_footer))


def without_device_lines(region: list[str]) -> list[str]:
    """Return the lines without "Sent from my …", rules and delimiters, wherever they stand."""
    return [
        line
        for line in region
        if not line or (line.strip(_RULE_CHARS) and not _is_device_line(line[:MAX_LINE_CHARS]))
    ]


def _without_tail(lines: list[str]) -> list[str]:
    """Drop rules, "Sent from my …", a dashed name and a block of contact data from the end."""
    kept = list(lines)
    while kept:
        dropped = _tail_length(kept)
        if dropped == 0:
            break
        del kept[-dropped:]
    return kept


def _tail_length(lines: list[str]) -> int:
    last = lines[-1]
    if not last.strip(_RULE_CHARS):
        return 1
    if len(last) > MAX_LINE_CHARS:
        return 0
    if _is_device_line(last) or _is_dashed_name(lines):
        return 1
    if _names_app(last) and any(lines[:-1]):
        return 1
    return _contact_block_length(lines)


def _is_device_line(line: str) -> bool:
    bare = _LINK.sub(" ", line)
    if len(bare.split()) > MAX_DEVICE_WORDS:
        return False
    is_offer = _GET_FIRST.match(bare) is not None and _names_app(bare)
    return is_offer or _says_device(bare) or _EXCUSE.match(bare) is not None


def _says_device(line: str) -> bool:
    """Return whether a line tells what sent a mail, and what it adds is no more than an excuse."""
    device = _DEVICE.match(line)
    if device is None or _SENT_SOMETHING.search(line) or says_we(line):
        return False
    _, _, more = line[device.end() :].partition(". ")
    return not more.strip() or _EXCUSES.search(more) is not None


def _names_app(line: str) -> bool:
    """Return whether a line offers an app, or says which one sent it: "Sent from Front"."""
    bare = _LINK.sub(" ", line).strip()
    if _OFFERED_APP.fullmatch(bare):
        return True
    first, *others = bare.split() or [""]
    names = [word for word in others if not word.islower()]
    return (
        1 <= len(others) <= 5
        and _SENT_FIRST.fullmatch(first) is not None
        and others[0].lower() not in _ADDRESSEE
        and bool(names)
        and others[-1] == names[-1]
        and all(word.isalpha() and len(word) <= 12 for word in others)
    )


def _is_dashed_name(lines: list[str]) -> bool:
    dash = _DASHED.match(lines[-1])
    has_text_above = len(lines) >= 3 and not lines[-2]
    return dash is not None and has_text_above and _is_name(lines[-1][dash.end() :])


def _contact_block_length(lines: list[str]) -> int:
    """Return the length of a last paragraph that starts with a name and has contact data.

    Below words that refer to another person it is part of the answer, so it stays.
    """
    end = lines[-MAX_SIGNATURE_LINES - 1 :]
    block = list(takewhile(bool, reversed(end)))[::-1]
    above = next(filter(None, reversed(lines[-len(block) - 3 : -len(block)])), ":")
    is_referral = above.endswith(":") or _REFERRAL.search(above[:MAX_LINE_CHARS].lower())
    if not 3 <= len(block) <= MAX_SIGNATURE_LINES or is_referral or not _is_name(block[0]):
        return 0
    fits = all(_fits_signature(line, has_contact=_is_contact(line)) for line in block)
    return len(block) if fits and any(map(_is_contact, block)) else 0


def _without_closings(lines: list[str]) -> list[str]:
    start = max(0, len(lines) - MAX_CLOSING_LINES)
    below: list[str] = []  # what is kept under the current line, the nearest last
    for line in reversed(lines[start:]):
        closing = _CLOSING.match(line) if 0 < len(line) <= MAX_LINE_CHARS else None
        signature_lines = _signature_length(closing, below) if closing else None
        if signature_lines is not None:
            del below[len(below) - signature_lines :]
        if closing is None or signature_lines is None or not closing["regards"]:
            below.append(line)
    return [*lines[:start], *reversed(below)]


def _signature_length(closing: re.Match[str], below: list[str]) -> int | None:
    """Return how many lines below a closing are the signature; None: it closes nothing."""
    first = next((at for at in range(len(below) - 1, -1, -1) if below[at]), None)
    if closing["name"]:
        names_sender = closing["regards"] is not None and _is_name(closing["name"])
        return _signature_lines(below) if names_sender else None
    if first is None:
        return len(below)
    name = below[first]
    is_near = first == len(below) - 1 or closing[0].rstrip().endswith(",") or " " in name
    if not _is_name(name) or not (closing["regards"] or is_near):
        return None
    return _signature_lines(below)


def _signature_lines(below: list[str]) -> int | None:
    """Return how many lines read as a signature, up to the first line of prose."""
    has_contact = False
    written = 0
    for taken, line in enumerate(reversed(below)):
        has_contact = has_contact or _is_contact(line)
        written += bool(line)
        if line and not _fits_signature(line, has_contact=has_contact):
            return taken
        if written > MAX_SIGNATURE_LINES and not has_contact:
            return None
    return len(below)


def _fits_signature(line: str, *, has_contact: bool) -> bool:
    """Return whether a line may be part of a signature; below contact data, slogans may."""
    if _QUESTION.search(line) or _POSTSCRIPT.match(line):
        return False
    if has_contact:
        return True
    words = len(line.split())
    is_sentence = words >= 4 and line.endswith((".", "!"))
    return words <= 8 and not is_sentence and not _LIST_ITEM.match(line)


def _is_contact(line: str) -> bool:
    return _CONTACT.search(line[:MAX_LINE_CHARS]) is not None


def _is_name(line: str) -> bool:
    """Return whether a line starts with a person's or a company's name, such as "Jo Li | Sales"."""
    bare = _ON_BEHALF.sub("", line[:MAX_LINE_CHARS].strip(_RULE_CHARS + ",."), count=1)
    words = _NAME_END.split(bare, maxsplit=1)[0].split()
    if not 1 <= len(words) <= 5 or _ANSWER.fullmatch(" ".join(words)):
        return False
    if len(words) == 1 and words[0].islower():
        return len(words[0]) <= 12 and words[0].isalpha()
    return all(map(_is_name_word, words))


def _is_name_word(word: str) -> bool:
    if _SMALL_NAME_WORD.fullmatch(word):
        return True
    return _NAME_WORD.match(word) is not None and not word[0].islower()
