"""Who answers: a person, a program for somebody who is away, or a mail server.

Told by what the CRM says, else by the header of the mail and by delivery reports (RFC 3834, 3464,
8098), else by the subject that programs write. The words of a mail are never judged: people, too,
write that they are away. What mailing lists and senders of many mails put into the header
(`Precedence: list` or `bulk`, `List-Id`) says nothing of who wrote a mail.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser

from persona_contracts import LeadRepliedV1
from persona_contracts.types import ReplyKind

from service_kit.subjects import decoded_subject

MAX_HEADER_CHARS = 65_536
MAX_REPORT_CHARS = 65_536
"""Of a delivery report, or of the text of a server that writes none."""
MAX_FIELD_CHARS = 1_000
MAX_SIGN_CHARS = 200

_HEADER_END = re.compile(r"\r?\n\r?\n")
_REPORT = re.compile(
    r"^content-type:\s*message/(?:global-)?delivery-status", re.IGNORECASE | re.MULTILINE
)
_FAILED = re.compile(r"^action:\s*failed", re.IGNORECASE | re.MULTILINE)
_ACTION = re.compile(r"^action:\s*(\w+)", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"^status:\s*([245])\.\d", re.IGNORECASE | re.MULTILINE)
_CODE_IN_WORDS = re.compile(r"(?<![\d.])([45])(?:\.\d{1,3}\.\d{1,3}|\d\d[ -])(?![\d.])")
"""An enhanced status code (RFC 3463), or a reply code of SMTP."""
_UNDELIVERED_ACTIONS = frozenset({"failed", "delayed"})

_AUTOMATIC_FIELD = re.compile(
    r"(?:x-)?(?:[\w-]{1,30}-)?(?:auto-?(?:repl(?:y|ied)|respon(?:d|der|se))(?:-from)?|vacation"
    r"|machine-?generated|auto-?generated|out-of-office|oof)|x-fc-machinegenerated"
    r"|x-ms-exchange-generated-message-source",
    re.IGNORECASE,
)
"""The field that a vendor's program marks its automatic answers by."""
_NAMING_FIELDS = frozenset({"delivered-to", "x-mailer", "x-post-messageclass", "x-loop"})
_PROGRAM = re.compile(r"\bauto-?respon|\bvacation\b|\bauto-?repl", re.IGNORECASE)
_SAYS_NO = frozenset({"", "no", "none", "false", "0"})
_SERVER = re.compile(r"(?:^|[<\s\"])mailer-daemon(?:@|\W*$)", re.IGNORECASE)
_POSTMASTER = re.compile(r"(?:^|[<\s\"])postmaster@", re.IGNORECASE)

_AUTOMATIC = (
    r"auto[\s-]?|autom[^\W\d_]\w{0,12}|samodejn\w{0,20}|otomati[ks]|tự động|автомат\w{0,20}|авто"
    r"|αυτόματ\w{0,20}|自动|自動|자동|אוטומטי\w{0,20}|تلقائي\w{0,20}|อัตโนมัติ|स्वचालित"
)
_ANSWER = (
    r"repl(?:y|ies)|respon[sd]\w{0,20}|response|antwort|réponse|respuesta|rispost\w{0,20}|resposta|antwoord"
    r"|svar|vastaus|odpowied\w{0,20}|odpov\w{0,20}|válasz|răspuns\w{0,20}|yanıt|ответ\w{0,20}|відповід\w{0,20}|отговор"
    r"|απάντηση|answer|回复|回覆|答复|答覆|回信|返信|応答|회신|응답|답장|תשובה|رد|balasan|trả lời"
    r"|jawapan|odgovor|одговор|atsakym\w{0,20}|atbilde|vastus|erantzun\w{0,20}|การตอบกลับ|उत्तर"
)
_AWAY = (
    r"(?:i['\u2019]m )?out[\s-]of[\s-](?:the[\s-])?office|ooo|auto: re|abwesend|afwezig"
    r"|mimo kancelář|távol|izindeyim|i̇zindeyim|abwesenheits?\w{0,20}|absence du bureau"
    r"|absent\w{0,20} du bureau"
    r"|message d.absence|fuera de(?: la)? oficina|fuori (?:sede|ufficio)|assenza dall.ufficio"
    r"|fora do escritório|ausência temporária|afwezigheids?\w{0,20}|niet aanwezig|frånvaro\w{0,20}"
    r"|fraværs?\w{0,20}|ikke til stede|poissaolo\w{0,20}|nieobecność\w{0,20}|nepřítomnost\w{0,20}"
    r"|távolléti\w{0,20}|ofis dışı\w{0,20}|вне офиса|нет на месте|不在通知|외출 중|부재중"
    r"|vacation (?:reply|notice|message)"
)
_AUTOMATIC_SUBJECT = re.compile(
    rf"\W{{0,3}}(?:(?:{_AUTOMATIC})\s?(?:{_ANSWER})|(?:{_ANSWER})\s?(?:{_AUTOMATIC})"
    r"|(?:auto: )?[\w .,'/@-]{1,80} is out of the office\b.{0,80}"
    rf"|(?:{_AWAY})(?:\s(?:{_AUTOMATIC})\s?(?:{_ANSWER}))?)"
    r"(?:\W?\s{0,3}(?:[:\uff1a]|$)|\]\s|\s(?:re|aw):)",
    re.IGNORECASE,
)
"""What programs write before the old subject; a person who answers that has "Re:" before it."""
_BOUNCED_SUBJECT = re.compile(
    r"(?:undeliver(?:able|ed)(?: mail)?(?: returned to sender)?|returned mail|unzustellbar"
    r"|mail delivery (?:failed|failure|subsystem)|delivery has failed|mail system error"
    r"|message undeliverable|delivery status notification"
    r"|nachricht konnte nicht zugestellt werden|échec de la remise"
    r"|non (?:remis|distribuable|recapitabile)|impossibile recapitare|no se puede entregar"
    r"|não é possível entregar|onbestelbaar|kan inte levereras|kan ikke leveres|kunne ikke leveres"
    r"|levering mislyktes|ei voitu toimittaa|nie można dostarczyć|nedoručiteln\w{0,20}"
    r"|doručení se nezdařilo|kézbesíthetetlen|teslim edilemedi|недоставлено|не удалось доставить"
    r"|undelivered mail|warning: (?:message|could not send message)\b.{0,60}(?:delayed|hours?)"
    r"|未送達|未配達|配信不能|无法投递|投递失败|無法傳遞|系统退信|系統退信"
    r"|배달되지 않음|전송 실패)"
    r"(?:$|\s?[:\uff1a/]|\s?[(\u2013-]|\s(?:returned|for|delayed))"
    r"|failure notice$|delivery failure:",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerer:
    """Who wrote a reply, and what tells."""

    kind: ReplyKind
    sign: str
    """What tells, such as "Auto-Submitted: auto-replied"; "" of a person's reply."""
    is_permanent: bool = False
    """Of a bounce: nothing sent there will arrive. False while the server tries again."""


_PERSON = Answerer(kind=ReplyKind.REPLY, sign="")


def answerer_of(reply: LeadRepliedV1) -> Answerer:
    """Return who wrote `reply`: what the CRM says, else what the mail tells.

    A bounce is permanent unless its report or its status code says otherwise. Never raises,
    whatever the mail.
    """
    headers, body = _split((reply.raw_email or "").lstrip("\r\n"))
    body = body or reply.body_text or ""
    match reply.kind:
        case ReplyKind.REPLY:
            return _PERSON
        case ReplyKind.AUTO_REPLY:
            return Answerer(kind=ReplyKind.AUTO_REPLY, sign="kind: auto_reply")
        case ReplyKind.BOUNCE:
            return _bounce("kind: bounce", body)
        case None:
            return _told_by_mail(headers, body, reply.subject or "")


def _told_by_mail(headers: Message, body: str, subject: str) -> Answerer:
    subjects = [decoded_subject(text) for text in (_field(headers, "subject"), subject)]
    if (sign := _bounce_sign(headers, body, subjects)) is not None:
        return _bounce(sign, body)
    sign = next(_automatic_signs(headers, subjects), None)
    return _PERSON if sign is None else Answerer(kind=ReplyKind.AUTO_REPLY, sign=_short(sign))


def _bounce_sign(headers: Message, body: str, subjects: list[str]) -> str | None:
    """Return what says that a mail could not be delivered; None: nothing does."""
    if headers.get_content_type() == "multipart/report":
        actions = {action.lower() for action in _ACTION.findall(_report(body) or "")}
        return None if actions.isdisjoint(_UNDELIVERED_ACTIONS) else "delivery-status report"
    if "x-failed-recipients" in headers:
        return f"X-Failed-Recipients: {_field(headers, 'x-failed-recipients')}"
    sender = _field(headers, "from")
    bounced = next(filter(_BOUNCED_SUBJECT.match, subjects), None)
    if _SERVER.search(sender) or (_POSTMASTER.search(sender) and bounced):
        return f"From: {sender}"
    return None if bounced is None else f"Subject: {bounced}"


def _bounce(sign: str, body: str) -> Answerer:
    report = _report(body)
    if report is not None:
        statuses = _STATUS.findall(report)
        is_permanent = _FAILED.search(report) is not None and (not statuses or "5" in statuses)
    else:
        code = _CODE_IN_WORDS.search(body, 0, MAX_REPORT_CHARS)
        is_permanent = code is None or code[1] == "5"
    return Answerer(kind=ReplyKind.BOUNCE, sign=_short(sign), is_permanent=is_permanent)


def _report(body: str) -> str | None:
    """Return the machine-readable part of a delivery report (RFC 3464), and what is below it."""
    found = _REPORT.search(body)
    return body[found.end() : found.end() + MAX_REPORT_CHARS] if found else None


def _automatic_signs(headers: Message, subjects: list[str]) -> Iterator[str]:
    submitted = _field(headers, "auto-submitted")
    if _first_word(submitted) not in _SAYS_NO:
        yield f"Auto-Submitted: {submitted}"
    if headers.get_content_type() == "multipart/report":
        yield "Content-Type: multipart/report"
    if "return-path" in headers and _field(headers, "return-path").strip("<> ") == "":
        yield "Return-Path: <>"
    for name, value in headers.items():
        is_mark = _AUTOMATIC_FIELD.fullmatch(name) and _first_word(str(value)) not in _SAYS_NO
        is_named = name.lower() in _NAMING_FIELDS and _PROGRAM.search(str(value)[:MAX_FIELD_CHARS])
        if is_mark or is_named:
            yield f"{name}: {value}"
    yield from _suppressing_signs(headers)
    yield from (f"Subject: {subject}" for subject in subjects if _AUTOMATIC_SUBJECT.match(subject))


def _suppressing_signs(headers: Message) -> Iterator[str]:
    """Find what asks others not to answer by program: that alone, programs and lists write, too."""
    precedence = _field(headers, "precedence").lower()
    suppressed = set(re.split(r"[,;\s]+", _field(headers, "x-auto-response-suppress").lower()))
    if precedence.startswith(("auto_reply", "auto-reply")):
        yield f"Precedence: {precedence}"
    elif "all" in suppressed or (
        suppressed & {"oof", "autoreply"} and precedence in {"bulk", "junk"}
    ):
        yield f"X-Auto-Response-Suppress: {', '.join(sorted(suppressed))}"


def _split(raw_email: str) -> tuple[Message, str]:
    end = _HEADER_END.search(raw_email, 0, MAX_HEADER_CHARS)
    head = raw_email[: end.end() if end else MAX_HEADER_CHARS]
    headers = HeaderParser().parsestr(head.encode(errors="replace").decode())
    return headers, raw_email[end.end() :] if end else ""


def _field(headers: Message, name: str) -> str:
    return " ".join(str(headers.get(name, ""))[:MAX_FIELD_CHARS].split())


def _first_word(value: str) -> str:
    return next(iter(re.split(r"[\s;(]", value.strip().lower(), maxsplit=1)))


def _short(sign: str) -> str:
    return " ".join(sign.split())[:MAX_SIGN_CHARS]
