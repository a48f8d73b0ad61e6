"""What a server or a list puts into a mail: legal notices, list footers, security banners."""

import re
from itertools import islice, takewhile

from draft_svc.domain.line_search import lines_with

MAX_LINE_CHARS = 400
NOTICE_LINES = 5
MAX_NOTICES = 50
"""Paragraphs that are looked at: nobody writes so many that begin like a notice."""
MAX_NOTICE_CHARS = 800
MAX_BANNER_CHARS = 600
MAX_MENTION_CHARS = 60
"""A legal notice is recognised by this much of its start."""

_DELIMITER = r"(?:--|[\u2013\u2014])[^\S\n]*$"
"""RFC 3676 §4.3, and what editors make of it."""
_DELIMITER_LINE = re.compile(_DELIMITER)
_LIST_RULE_LINE = r"_{20,}[^\S\n]*$"
_LIST_RULE = re.compile(_LIST_RULE_LINE)
# Of a banner: searched in lower case, for a pattern that ignores case costs three times as much.
_MAIL = re.compile(
    r"e-?mail|\bmail|mejl|message|sender|courriel|nachricht|absender|corre[ou]|mensaje|messaggi|mensage"
    r"|mittente|remetente|bericht|afzender|meddelande|melding|besked|wiadomo|nadawc|zpráv|správ"
    r"|odesílatel|odosielate|пись?м|сообщени|съобщени|отправител|подател|лист|повідомлен|порук"
    r"|e-?posta|ileti|gönderen|üzenet|felad|mesaj|expeditor|poruk|pošiljat|μήνυμα|αποστολ"
    r"|邮件|郵件|メール|메일|viesti|sähköposti|thư|pesan|surel|رسال|بريد|הודע|דוא|ข้อความ|อีเมล"
)
_FROM_OUTSIDE = re.compile(
    r"\b(?:outside\b|exter[ni]|ext\b|estern|fora d|buiten|vnějš|vonkajš|luar\b"
    r"|(?:non|not|nie|inte|ikke|niet|ei|не) (?:\S{1,12} ){0,3}"
    r"(?:spesso|often|często|ofta|ofte|vaak|usein|часто))"
    r"|extérieur|fuera de|außerhalb|utifrån|utanför|udefra|utenfor|zewn[ęą]trz|spoza"
    r"|mimo (?:organi|naš|firm)|внешн|за пределами|извън|зовнішн|ззовні|izvan|dışından|harici"
    r"|külső|kívülről|din afara|εκτός|εξωτερ|外部|社外|组织外|외부|ulkopuol|bên ngoài"
    r"|خارج|מחוץ|חיצוני|ภายนอก"
    r"|don't often get|not in your address book|nicht häufig|nicht oft|häufig keine|pas souvent"
    r"|no suele|no costuma|não suele|não costuma"
)
_WARNS = re.compile(
    r"\b(?:click|links?\b|liens?\b|collegament|koppeling)|länk|lenke|attachment|caution"
    r"|warning|be careful|achtung|vorsicht|attention|klick|anhäng|anhang|cliqu"
    r"|pi[èe]ces? jointe|enlaces?|adjunto|precaución|cuidado|clique|anexo|atenção|aten[țţ]ie"
    r"|allegat|attenzione|bijlage|let op|bilag|vedlegg|klikaj|załącznik|uwaga|klik[en]|přílo"
    r"|príloh|odkaz|ссылк|вложени|внимание|посилан|увага|връзк|bağlantı|dikkat|csatolm"
    r"|hivatkoz|figyelem|linkek|ataşament|atașament|συνημμ|συνδέσμ|προσοχή|链接|附件|連結|リンク|添付|링크"
    r"|첨부|linkk|liitte|liên kết|đính kèm|tautan|lampiran|روابط|مرفق|קישור|צרופ|ลิงก์"
)
_WE = (
    r"(?<![\w.-])(?:we|wir|nous|noi|nosotros|nós|wij|vi|мы|ми|biz|ich|je(?! to\b)|yo|io"
    r"|eu|ik|jag|jeg|я)(?![\w.-])"
)
_SAYS_WE = re.compile(_WE)
_SAYS_I = re.compile(r"(?<![\w.-])I(?![\w.-])")
"""A capital one: "i" is a word of many languages."""
_WE_OR_ASKS = re.compile(rf"{_WE}|[?\uff1f\u061f](?:\s|$)")
_IMPORTANT = re.compile(
    r"important|wichtig|belangrijk|viktig|vigtig|tärkeä|ważne|důležit|dôležit|fontos|важн|важливо"
    r"|önemli|σημαντικ|重要|중요|penting|quan trọng|مهم|חשוב|สำคัญ"
)
_ORGANISATION = re.compile(r"organi[sz]|организ|організ|οργανισμ|ארגון|سازمان|संगठन")
_LABEL = re.compile(r"\W{0,5}[^\W\d_]\w*(?: \w+){0,2} ?[:!]")
_ADDRESS = re.compile(r"\S@\S")
_BETWEEN_SENTENCES = re.compile(r"(?<=\.)\s|\u3002")
_LINK = re.compile(r"<?https?://[^\s>]+>?")
_PROOFPOINT = ("ZjQcmQRYFpfptBannerStart", "ZjQcmQRYFpfptBannerEnd")
"""What Proofpoint writes above and below its banner, in whatever language that is."""
_ENDS_SENTENCE = re.compile(r"\W{0,40}?[.!?\u2026\u3002\uff01\uff1f>\])]")
"""Of a text from its end to its start."""
_FRAME = " \t*_=~#|<>()[]{}\u3010\u3011-"
MAX_TAG_WORDS = 4
MAX_BANNER_LINES = 10
_FOOTER = re.compile(
    rf"{_DELIMITER}|"
    r"(?=.{9})[^\w\n]{0,5}_{0,2}(?:(?:legal |e-?mail )?disclaimer[^\w\n]*$|disclaimer:"
    r"|confidentiality(?: notice| note| statement)?[^\w\n]*(?:$|:)"
    r"|confidential(?:ity)? (?:notice|note)\b"
    r"|(?:please )?(?:consider|think of|think about) the environment before.{1,20}print"
    r"|virus-?free\.|(?:this|the) (?:e-?mail|message) (?:has been|was) (?:scanned|checked).{1,60}"
    r"(?:virus|malware|threats|spam|avast|avg\b|norton|mimecast|messagelabs|sophos)"
    r"|diese e-?mail wurde .{0,30}(?:geprüft|gescannt)"
    r"|you (?:are receiv|received )(?:ing )?(?:this|it) (?:because|e-?mail because|message because)"
    r"|to unsubscribe from this|to stop receiving (?:e-?mails|messages) from"
    r"|registered (?:in england|(?:office|address)(?: is| at)?\s?[:\u2013-])"
    r"|amtsgericht\b|handelsregister\b|hrb \d"
    r"|sitz der gesellschaft|geschäftsführer(?:in|ung)?:|ust-?id"
    r"|reply to this e-?mail directly or view it)",
    re.IGNORECASE,
)
_FOOTER_LINE = re.compile(
    rf"^(?:{_FOOTER.pattern}|{_LIST_RULE_LINE})", re.IGNORECASE | re.MULTILINE
)
_NOTICE_WORD = (
    r"[^\w\n]{0,5}_{0,2}(?:this|the|if you|any|diese|dieses|der|die|sollten sie|wenn sie|ce|cet"
    r"|este|il|le|questo|questa|dit|deze|de)\b"
)
_NOTICE_LINE = re.compile(rf"^(?=.{{10}}){_NOTICE_WORD}", re.IGNORECASE | re.MULTILINE)
_NOTICE_START = re.compile(
    rf"{_NOTICE_WORD}.{{0,60}}(?:e-?mail|message|communication|transmission|information"
    r"|recipient|nachricht|empfänger|courriel|mensaje|correo|messaggio|bericht)",
    re.IGNORECASE,
)
_NOTICE_STEM = re.compile(
    r"confidential|privileged|intended|recipient|addressee|attachment|disclos|unauthori[sz]ed"
    r"|received (?:\S{1,15} ){0,4}in error|prohibited|vertraulich|bestimmt|empfänger|anhäng"
    r"|irrtümlich|vernichte|unbefugt|confidentiel|destinat|exclusiv|pièces jointes"
    r"|confidencial|adjunto|riservat|confidenzial|allegat|vertrouwelijk|bestemd|geadresseerde|bijlage"
)
"""In small letters."""

_CONFIDENTIAL = re.compile(
    r"confiden[tcz]|konfiden|vertrauli|vertrouwelijk|riservat|poufn|důvěrn|dôvern|конфіденц|конфиденц"
    r"|поверител|povjerljiv|zaupn|bizalmas|gizli|εμπιστευτικ|fortroli|luottamuksel|rahasia"
    r"|機密|机密|保密|기밀|سري|חסוי|ความลับ|bảo mật"
)
_ADDRESSEE = re.compile(
    r"recipient|addressee|adress?at|adresát|empfänger|destinat|geadresseerde|odbiorc|адресат"
    r"|получател|одержувач|mottag|modtag|mottak|vastaanotta|címzett|alıcı|gönderil|παραλήπτ"
    r"|primatelj|příjemc|príjemc|prejemnik|penerima|宛先|受信|收件人|수신|المستلم|הנמען|ผู้รับ"
    r"|người nhận"
)
# In lower case, too: of the last paragraphs of a reply, in languages that have no word above.
LAST_PARAGRAPHS = 2
_ASKS_OR_COUNTS = re.compile(
    r"[?\uff1f\u061f](?:\s|$)|(?<!\d)\d[\d.,]{0,20}+\s?(?:[%€$£¥₹₽]|eur|usd|chf|gbp|円|元|원)"
    r"|(?<![\w/.,-])\d{1,3}(?:[.,]\d{3})*\s(?=[^\W\d_]{3})",
    re.IGNORECASE,
)
_SPEAKS = re.compile(
    r"(?<![\w'\u2019.-])(?:I|ich|mein\w{0,2}|je|j['\u2019]\w+|mon|yo|io|eu|meu|ik|mijn|jag|jeg|minun|я|мне|мой)"
    r"(?![\w.-])|[?\uff1f\u061f](?:\s|$)"
)
_PRINTS = re.compile(r"print|drucken|imprim|stampa|afdruk|skriv ut|drukow", re.IGNORECASE)


def without_footer(region: list[str]) -> list[str]:
    """Return the lines above the signature delimiter, a list's footer or a legal notice.

    Of a security banner ("CAUTION: external sender") only the banner goes: words follow it.
    """
    words = region[_banner_lines(region) :]
    notices = islice(lines_with(_NOTICE_LINE, words), MAX_NOTICES)
    notice = next((at for at in notices if is_notice(words[at : at + NOTICE_LINES])), len(words))
    footers = lines_with(_FOOTER_LINE, words[:notice])
    end = next((at for at in footers if _starts_footer(words, at)), notice)
    return _without_last_notices(words[:end])


def _without_last_notices(words: list[str]) -> list[str]:
    for _ in range(LAST_PARAGRAPHS):
        end = len(words) - sum(1 for _ in takewhile(_is_blank, reversed(words)))
        last = [*takewhile(bool, islice(reversed(words), len(words) - end, MAX_BANNER_LINES + 20))]
        if not last or not is_notice(last[::-1]):
            break
        words = words[: end - len(last)]
    return words


def _is_blank(line: str) -> bool:
    return not line


def is_footer(line: str) -> bool:
    """Return whether `line` is the delimiter of a signature, or starts a footer."""
    return len(line) <= MAX_LINE_CHARS and _FOOTER.match(line) is not None


def is_notice(paragraph: list[str]) -> bool:
    """Return whether a paragraph is a legal notice; one asks nothing and gives no figures."""
    notice = " ".join(paragraph[:NOTICE_LINES])[:MAX_NOTICE_CHARS]
    if _ASKS_OR_COUNTS.search(notice):
        return False
    text = notice.lower()
    if _NOTICE_START.match(notice[:MAX_LINE_CHARS]):
        return len(set(_NOTICE_STEM.findall(text))) >= 2
    is_of_mail = _MAIL.search(text, 0, MAX_MENTION_CHARS) is not None and not says_we(notice)
    return is_of_mail and bool(_CONFIDENTIAL.search(text) and _ADDRESSEE.search(text))


def _banner_lines(region: list[str]) -> int:
    """Return how many lines at the top are the mail server's banner, with what frames it.

    Words may stand right below it: it ends with the sentence that completes its signs, and with
    those after it in which one of them stands again.
    """
    start = next((at for at, line in enumerate(region) if line.strip(_FRAME)), len(region))
    end = next((at for at in range(start, len(region)) if not region[at]), len(region))
    is_tag = _is_banner_tag(" ".join(region[start:end])[:MAX_BANNER_CHARS])
    last = _framed_end(region, start) or (end if is_tag else _banner_end(region, start, end))
    if not last or not any(line.strip(_FRAME) for line in region[last:]):
        return 0
    while last < len(region) and not region[last].strip(_FRAME):
        last += 1
    return last


def _framed_end(region: list[str], start: int) -> int:
    """Return where a banner of Proofpoint ends; 0: there is none."""
    lines = region[start : start + 2 * MAX_BANNER_LINES]
    if not lines or not lines[0].startswith(_PROOFPOINT[0]):
        return 0
    return next((start + at + 1 for at, line in enumerate(lines) if _PROOFPOINT[1] in line), 0)


def _is_banner_tag(paragraph: str) -> bool:
    """Return whether it is a mark such as "[EXTERNAL]" or "*** External e-mail ***"."""
    bare = paragraph.strip(_FRAME + ".!:")
    is_marked = bare.isupper() or paragraph[:1] in "[(*#<{\u3010"
    return (
        is_marked
        and len(bare.split()) <= MAX_TAG_WORDS
        and bool(_FROM_OUTSIDE.search(bare.lower()))
    )


def _banner_end(region: list[str], start: int, end: int) -> int:
    head = " ".join(region[start : min(end, start + MAX_BANNER_LINES)])[:MAX_BANNER_CHARS]
    if not _may_be_banner(head.lower()):
        return 0
    text = ""
    for at in range(start, min(end, start + MAX_BANNER_LINES)):
        text = f"{text} {region[at]}".strip()
        if len(text) > MAX_BANNER_CHARS:
            return 0
        if _ENDS_SENTENCE.match(text[::-1]) and _is_banner(text):
            return _end_of_signs(region, at + 1, end)
    return end if end - start <= MAX_BANNER_LINES and _is_banner(text) else 0


def _end_of_signs(region: list[str], at: int, end: int) -> int:
    rest = ""
    for position in range(at, end):
        rest = f"{rest} {region[position].lower()}"
        if _ENDS_SENTENCE.match(region[position][::-1]) or position + 1 == end:
            if not (_FROM_OUTSIDE.search(rest) or _WARNS.search(rest)) or "?" in rest:
                break
            at, rest = position + 1, ""
    return at


def _may_be_banner(text: str) -> bool:
    found = (_FROM_OUTSIDE.search(text), _ORGANISATION.search(text), _ADDRESS.search(text))
    return any(found)


def _is_banner(text: str) -> bool:
    """Return whether a text mentions the mail, where it comes from, and what not to do with it.

    Under a label, such as "CAUTION:", to name the organisation is enough of where it comes from.
    """
    label = _LABEL.match(text)
    is_shouted = label is not None and label[0].isupper()
    if _SAYS_I.search(text) or _WE_OR_ASKS.search(text := text.lower()):
        return False
    is_outside = _FROM_OUTSIDE.search(text) is not None
    if not _MAIL.search(text):
        return is_outside and bool(_ADDRESS.search(text) and _IMPORTANT.search(text))
    is_labelled = is_shouted or (is_outside and label is not None)
    return (
        (is_outside and _WARNS.search(text) is not None)
        or (is_labelled and _ORGANISATION.search(text) is not None)
        or _is_tip(text)
    )


def _is_tip(text: str) -> bool:
    """Return whether a text is Outlook's tip: of an address, then that it is important to know."""
    *above, last = _BETWEEN_SENTENCES.split(_LINK.sub("", text).strip())
    is_open = _ENDS_SENTENCE.match(last[::-1]) is None
    return is_open and bool(_IMPORTANT.search(last) and any(map(_ADDRESS.search, above)))


def says_we(line: str) -> bool:
    """Return whether "we" or "I" do something in a line."""
    return _SAYS_I.search(line) is not None or _SAYS_WE.search(line.lower()) is not None


def speaks(paragraph: str) -> bool:
    """Return whether one person says or asks something, and not whether a mail is to be printed."""
    return _SPEAKS.search(paragraph) is not None and _PRINTS.search(paragraph) is None


def _starts_footer(region: list[str], position: int) -> bool:
    line = region[position]
    if is_footer(line):
        if _DELIMITER_LINE.match(line):
            return True
        paragraph = takewhile(bool, region[position : position + NOTICE_LINES])
        return not speaks(" ".join(paragraph)[:MAX_NOTICE_CHARS])
    is_rule = line.startswith("_") and _LIST_RULE.match(line) is not None
    return is_rule and "mailing list" in "".join(region[position + 1 : position + 2]).lower()
