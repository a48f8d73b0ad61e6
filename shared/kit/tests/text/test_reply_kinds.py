"""Who answers: people are answered, programs and mail servers are not."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from persona_contracts import LeadRepliedV1, ReplyKind
from service_kit.reply_kinds import Answerer, answerer_of

CASES = Path(__file__).resolve().parents[4] / "tests" / "cases" / "files"
HEADER = "From: Lea Brandt <lea@lead.example>\nTo: nora@acme.example\nSubject: Re: Offer\n"


def answerer(**values: object) -> Answerer:
    reply = {"workspace_id": "acme", "message_id": "m", "lead_id": "l", "channel": "email"}
    reply |= {"received_at": "2026-03-02T10:00:00Z", **values}
    return answerer_of(LeadRepliedV1.model_validate(reply))


def mail(fields: str, body: str = "I am away.", header: str = HEADER) -> Answerer:
    return answerer(raw_email=f"{header}{fields}\n\n{body}\n")


def report(action: str, status: str) -> Answerer:
    fields = (
        "From: Mail Delivery System <MAILER-DAEMON@mx.lead.example>\n"
        'Content-Type: multipart/report; report-type=delivery-status;\n boundary="b"'
    )
    body = (
        "--b\nContent-Type: text/plain\n\nYour message 550 5.1.1 was not delivered.\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.lead.example\n\n"
        f"Final-Recipient: rfc822; lea@lead.example\nAction: {action}\nStatus: {status}\n--b--"
    )
    return mail(fields, body, header="")


def test_a_german_out_of_office_notice_of_exchange_is_an_automatic_answer() -> None:
    found = answerer(raw_email=(CASES / "auto-reply-de.eml").read_text())
    assert found == Answerer(
        kind=ReplyKind.AUTO_REPLY, sign="Auto-Submitted: auto-replied", is_permanent=False
    )


@pytest.mark.parametrize(
    "fields",
    [
        "auto-submitted: AUTO-GENERATED (vacation)",
        "Auto-Submitted: auto-notified; owner-email=lea@lead.example",
        "Precedence: auto_reply",
        "X-Auto-Response-Suppress: DR, RN, NRN,\n OOF, All",
        "X-Auto-Response-Suppress: OOF, AutoReply\nPrecedence: bulk",
        "X-Autoreply: yes",
        "X-Autorespond: Re: Offer",
        "X-Mail-Autoreply: 1",
        "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent",
        "X-Amazon-Auto-Reply: true",
        "X-FC-MachineGenerated: true",
        "X-Vacation: on",
        "Delivered-To: Autoresponder",
        "Return-Path: <>",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b",
        'Content-Type: multipart/report; report-type="feedback-report"; boundary=b',
    ],
)
def test_the_header_of_a_program_tells_it(fields: str) -> None:
    assert mail(fields).kind is ReplyKind.AUTO_REPLY


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Offer",
        "Automatische Antwort: Angebot",
        "Réponse automatique : Offre",
        "Respuesta automática: Re: Oferta",
        "Odpowiedź automatyczna: Oferta",
        "Automatická odpověď: Nabídka",
        "Autosvar: Tilbud",
        "Automaattinen vastaus: Tarjous",
        "Автоматический ответ: Предложение",
        "Автоответ: Предложение",
        "Αυτόματη απάντηση: Προσφορά",
        "Otomatik yanıt: Teklif",
        "自動応答: 見積",
        "自动答复：报价",
        "자동 회신: 견적",
        "=?utf-8?q?R=C3=A9ponse_automatique?=: Offre",
        "Out of Office",
        "Out of office AutoReply: Offer",
        "Abwesenheitsnotiz: Angebot",
        "Out of the office Re: Offer",
        "Absence du bureau : Offre",
        "Afwezigheidsbericht: Offerte",
        "AUTO: Lea Brandt is out of the office (returning 03/10/2026)",
    ],
)
def test_the_subject_of_a_program_tells_it_when_the_crm_keeps_no_header(subject: str) -> None:
    assert answerer(body_text="I am away.", subject=subject).kind is ReplyKind.AUTO_REPLY


@pytest.mark.parametrize(
    "fields",
    [
        "",
        "Auto-Submitted: no",
        "Auto-Submitted: No (a person)",
        "Precedence: bulk",
        "Precedence: list\nList-Id: <fleet.lead.example>\nList-Unsubscribe: <mailto:u@l.example>",
        "X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply",
        "Return-Path: <lea@lead.example>",
        "X-Autoreply: no",
        "X-MS-Exchange-Inbox-Rules-Loop: lea@lead.example",
        (
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
            "Auto-Submitted: auto-replied\nX-Failed-Recipients: lea@lead.example"
        ),
        "Content-Type: text/plain\n\nDelivery failed:\nAction: failed\nStatus: 5.1.1",
    ],
)
def test_a_person_is_taken_for_one(fields: str) -> None:
    assert mail(fields) == Answerer(kind=ReplyKind.REPLY, sign="")


@pytest.mark.parametrize(
    "subject",
    [
        "Re: Automatic reply: Offer",
        "AW: Abwesenheitsnotiz: Angebot",
        "Automation project: what does it cost?",
        "Automatisierung: Angebot",
        "Auto: Leasing für zehn Leute",
        "Out of office hours: can you call?",
        "Re: Undeliverable: Offer",
        "Delivery failures of our fleet",
        "Response: automatic doors",
    ],
)
def test_a_subject_that_a_person_writes_tells_nothing(subject: str) -> None:
    assert answerer(body_text="What does it cost?", subject=subject).kind is ReplyKind.REPLY


@pytest.mark.parametrize(
    ("action", "status", "kind", "permanent"),
    [
        ("failed", "5.1.1", ReplyKind.BOUNCE, True),
        ("Failed (unknown user)", "5.0.0", ReplyKind.BOUNCE, True),
        ("failed", "4.4.7", ReplyKind.BOUNCE, False),
        ("delayed", "4.4.1", ReplyKind.BOUNCE, False),
        ("delivered", "2.0.0", ReplyKind.AUTO_REPLY, False),
        ("relayed", "2.1.5", ReplyKind.AUTO_REPLY, False),
    ],
)
def test_a_delivery_report_tells_whether_the_address_is_dead(
    action: str, status: str, kind: ReplyKind, *, permanent: bool
) -> None:
    found = report(action, status)
    assert (found.kind, found.is_permanent) == (kind, permanent)


@pytest.mark.parametrize(
    ("fields", "body", "permanent"),
    [
        (
            "From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
            "Address not found. The response was: 550 5.1.1 no such user",
            True,
        ),
        ("X-Failed-Recipients: lea@lead.example", "A message could not be delivered.", True),
        ("From: MAILER-DAEMON@lead.example", "452 4.2.2 Mailbox full", False),
        (
            "From: postmaster@lead.example\nSubject: Undeliverable: Offer",
            "Remote server returned '421 4.4.0'",
            False,
        ),
        (
            "From: Mail <mailer-daemon>\nReturn-Path: <>\nAuto-Submitted: auto-replied",
            "Unknown user.",
            True,
        ),
    ],
)
def test_servers_that_write_no_report_are_known(fields: str, body: str, *, permanent: bool) -> None:
    found = mail(fields, body, header="")
    assert (found.kind, found.is_permanent) == (ReplyKind.BOUNCE, permanent)


@pytest.mark.parametrize(
    "subject",
    [
        "Undeliverable: Offer",
        "Undelivered Mail Returned to Sender",
        "Delivery Status Notification (Failure)",
        "Mail delivery failed: returning message to sender",
        "Unzustellbar: Angebot",
        "Returned mail: see transcript for details",
    ],
)
def test_the_subject_of_a_server_tells_it_when_the_crm_keeps_no_header(subject: str) -> None:
    found = answerer(body_text="550 no such user", subject=subject)
    assert (found.kind, found.is_permanent) == (ReplyKind.BOUNCE, True)


@pytest.mark.parametrize("kind", list(ReplyKind))
def test_what_the_crm_says_wins(kind: ReplyKind) -> None:
    automatic = f"{HEADER}Auto-Submitted: auto-replied\n\nI am away."
    assert answerer(kind=kind, raw_email=automatic).kind is kind
    assert answerer(kind=kind, body_text="What does it cost?").kind is kind


@pytest.mark.parametrize(
    ("body", "permanent"),
    [("Mailbox full (4.2.2)", False), ("5.1.1 unknown", True), ("It did not arrive.", True)],
)
def test_a_bounce_that_the_crm_names_is_permanent_unless_a_code_says_otherwise(
    body: str, *, permanent: bool
) -> None:
    assert answerer(kind="bounce", body_text=body).is_permanent is permanent


@given(raw_email=st.text(), subject=st.text() | st.none())
def test_no_mail_raises(raw_email: str, subject: str | None) -> None:
    answerer(raw_email=raw_email.replace("\0", ""), subject=subject and subject.replace("\0", ""))


@pytest.mark.parametrize(
    "subject",
    [
        *("Automatisk svar: x", "Automaatvastus: x", "Automatinis atsakymas: x", "OOO: x"),
        *("Automātiskā atbilde: x", "Automatski odgovor: x", "Samodejni odgovor: x"),
        *("การตอบกลับอัตโนมัติ: x", "स्वचालित उत्तर: x", "Jawapan automatik: x", "İzindeyim: x"),
        *("Автоматски одговор: x", "Erantzun automatikoa: x", "Abwesend: x", "Távol: x"),
        *("[Auto-Reply] x", "[Out of office] x", "I'm out of the office", "Auto: Re: x"),
    ],
)
def test_what_programs_write_for_somebody_who_is_away_is_known(subject: str) -> None:
    assert answerer(subject=subject, body_text="x").kind is ReplyKind.AUTO_REPLY


@pytest.mark.parametrize(
    "subject",
    [
        *("Non remis : x", "Impossibile recapitare: x", "Nedoručitelné: x", "未配達: x"),
        *("Kézbesíthetetlen: x", "Teslim edilemedi: x", "Не удалось доставить: x", "系统退信"),
        *("Échec de la remise", "Kunne ikke leveres: x", "전송 실패: x", "failure notice"),
    ],
)
def test_what_mail_servers_write_of_what_did_not_arrive_is_known(subject: str) -> None:
    assert answerer(subject=subject, body_text="x").kind is ReplyKind.BOUNCE


@pytest.mark.parametrize(
    "subject",
    [
        *("Re: Automatic reply", "Automatic doors: quote", "Autoresponder software: price?"),
        *("Out of office furniture offer", "Auto parts: x", "Failure notice for lease"),
        *("Undelivered parcels: price?", "Re: Undeliverable: x", "Autorisation: x"),
    ],
)
def test_a_person_who_writes_of_such_things_is_a_person(subject: str) -> None:
    assert answerer(subject=subject, body_text="x").kind is ReplyKind.REPLY


@pytest.mark.parametrize(
    "field", ["X-Autogenerated: Reply", "X-OOF: yes", "X-Mailer: vacation 1.2", "X-Loop: autoreply"]
)
def test_more_fields_of_programs_are_known(field: str) -> None:
    assert mail(field).kind is ReplyKind.AUTO_REPLY
