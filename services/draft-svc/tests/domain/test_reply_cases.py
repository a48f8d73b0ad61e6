"""Replies that other programs of this trade got wrong, and further ones of the same kinds."""

import json
from pathlib import Path

import pytest
from draft_svc.domain.reply import CleanReply, clean_reply
from service_kit.subjects import reply_subject

FOLDER = Path(__file__).resolve().parents[4] / "tests" / "cases"
EVERY = json.loads((FOLDER / "cases.json").read_text())
CASES = [case for case in EVERY if case["kind"] == "reply"]
(SUBJECTS,) = (case for case in EVERY if case["id"] == "subjects")
FORMS = {".eml": "raw_email", ".txt": "body_text", ".html": "body_html"}


def cleaned(form: str, text: str) -> CleanReply:
    forms = {"body_text": None, "body_html": None, "raw_email": None} | {form: text}
    return clean_reply(**forms)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_only_the_words_of_the_lead_are_left(case: dict) -> None:
    path = FOLDER / "files" / case["file"]
    reply = cleaned(FORMS[path.suffix], path.read_bytes().decode())
    expected = case["expect"]
    if expected.get("no_call"):  # an automatic answer is known before its words are read
        assert case["id"] == "auto-reply-de" or reply.text == ""
    else:
        assert reply.text == expected["words"]
        assert not any(never in reply.text for never in expected["never"] if never != "U+FFFD")
        assert "\ufffd" not in reply.text
    if "subject" in expected:
        assert reply_subject(reply.subject) == expected["subject"]


@pytest.mark.parametrize(("given", "answered"), SUBJECTS["expect"]["subjects"].items())
def test_a_draft_answers_with_one_mark(given: str, answered: str) -> None:
    reply = clean_reply(
        body_text="What does it cost?", body_html=None, raw_email=None, subject=given
    )
    assert reply_subject(reply.subject) == answered


@pytest.mark.parametrize(
    "history",
    [
        (
            "Feladó: Tom Weber <tom@acme.example>\nElküldve: 2026. március 3., kedd 10:00\n"
            "Címzett: Lea <lea@lead.example>\nTárgy: Ajánlat"
        ),
        "Từ: Tom Weber <tom@acme.example>\nĐã gửi: 3 tháng 3, 2026\nTới: Lea\nChủ đề: Giá",
        "送信元: Tom <tom@acme.example>\n送信日: 2026/03/03 10:00\n件名: 見積",
        "Vào Th 3, 3 thg 3, 2026 vào lúc 10:00 Tom Weber <tom@acme.example> đã viết:",
        "Þann þri., 3. mar. 2026 kl. 10:00 skrifaði Tom Weber <tom@acme.example>:",
        "Tom Weber <tom@acme.example> escribió el mar, 3 mar 2026 a las 10:00:",
        "----- Eredeti üzenet -----",
        "---------- Προωθημένο μήνυμα ---------",
        "-------- 원본 메시지 --------",
    ],
)
def test_history_is_told_by_its_structure_in_any_language(history: str) -> None:
    assert cleaned("body_text", f"Yes.\n\n{history}\n\nOld words.\n\nTom").text == "Yes."


@pytest.mark.parametrize(
    "words",
    [
        (
            "Here you are:\n\nName: Lea Brandt\nEmail: lea@lead.example\nPhone: 089 123456\n"
            "Start: 3.4.2026\n\nCan you call?"
        ),
        "Write to tom@acme.example before 3.3.2026 at 10:00 with:\n\n- prices\n- terms",
        "Questions:\n\n----- Prices -----\nWhat does it cost?\n\n----- Terms -----\nAnd these?",
        "We have\n> 50 seats",
        "We have\n>=50 seats and more",
        "Budget is\n>10k and\n>5 seats are needed",
        "Our limit:\n>50 seats",
        "Does it run on iPhone?",
        "We sent 20 iPhones back, what now?",
        "Hello Tom,\n\nThis message is confidential between us: our budget is 9,000 euros. Enough?",
        "Av: Tom\n\nok",
    ],
)
def test_what_only_looks_like_history_or_a_footer_stays(words: str) -> None:
    assert cleaned("body_text", words).text == words


@pytest.mark.parametrize(
    "footer",
    [
        "Lähetetty iPhonesta",
        "Trimis de pe telefonul meu Samsung Galaxy",
        "Sendt fra Outlook til Android",
        "Get Outlook for iOS <https://aka.ms/x>",
        "Sent from Proton Mail for Android.",
        "Wysłane z mojego telefonu. Przepraszam za literówki.",
    ],
)
def test_what_a_program_adds_below_is_dropped(footer: str) -> None:
    assert cleaned("body_text", f"Yes please.\n\n{footer}").text == "Yes please."


@pytest.mark.parametrize(
    "banner",
    [
        "OSTRZEŻENIE: Ta wiadomość pochodzi spoza organizacji. Nie klikaj linków.",
        "LET OP: dit bericht komt van buiten de organisatie. Klik niet op koppelingen.",
        "Este correo proviene del exterior. No abra enlaces ni adjuntos.",
    ],
)
def test_a_banner_of_the_mail_server_is_dropped(banner: str) -> None:
    assert cleaned("body_text", f"{banner}\n\nYes please.").text == "Yes please."


@pytest.mark.parametrize(
    ("body_html", "words"),
    [
        (
            (
                "<div>Yes.</div><div class=gmail_quote><div class=gmail_attr>"
                "---------- Forwarded message ---------<br>From: Tom</div><br>old words</div>"
            ),
            "Yes.",
        ),
        (
            (
                "<div>Yes.</div><div class=x_gmail_attr>Tom a écrit</div>"
                "<blockquote>old</blockquote><div>And no.</div>"
            ),
            "Yes.\n\nAnd no.",
        ),
        ("<p>We want <strike>10</strike> <ins>20</ins> seats.</p>", "We want 20 seats."),
        ("<p>We want <span style='text-decoration-line: line-through'>5</span> 6", "We want 6"),
        ("<del><p>We want 5.</p></del><p>20 seats", "20 seats"),
        ("<p>Hi Tom<div class=gmail_signature>Can you call me?", "Hi Tom\n\nCan you call me?"),
        ("<p>Yes <del>no</del> <b style='text-decoration:line-through'>no</b>!</p>", "Yes !"),
        (
            (
                "<div>Yes.</div><div style='border:none; border-top:1.0pt solid rgb(225,225,225)'>"
                "<b>X:</b> Tom</div><div>old</div>"
            ),
            "Yes.",
        ),
        (
            "<p>Hi,</p><div class='gmail_signature'>Could you call me on Monday?</div>",
            "Hi,\n\nCould you call me on Monday?",
        ),
        ("<p>Yes.</p><div class='gmail_signature'>Jo Weber<br>We plan your crews.</div>", "Yes."),
    ],
)
def test_the_elements_of_mail_programs_are_known(body_html: str, words: str) -> None:
    assert cleaned("body_html", body_html).text == words


def test_words_typed_under_the_signature_delimiter_are_not_lost() -> None:
    body_text = "Dear Tom,\n\n-- \nPlease send me the offer for 20 seats."
    assert cleaned("body_text", body_text).text.endswith("send me the offer for 20 seats.")


def test_signed_words_come_out_of_their_armour() -> None:
    body_text = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nYes.\n- -- \nTom\n"
        "-----BEGIN PGP SIGNATURE-----\nVersion: x\n\nabc\n-----END PGP SIGNATURE-----"
    )
    assert cleaned("body_text", body_text).text == "Yes."


@pytest.mark.parametrize(
    ("body_text", "words"),
    [
        (
            (
                "Above.\n\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA1\nCharset: utf-8\n\nYes.\n"
                "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n\nOn Tue,"
                " Mar 3, 2026 at 10:00 AM Tom <tom@acme.example> wrote:\n> old"
            ),
            "Above.\n\nYes.",
        ),
        (
            (
                "> -----BEGIN PGP SIGNED MESSAGE-----\n> Hash: SHA256\n>\n> old\n"
                "> -----BEGIN PGP SIGNATURE-----\n> abc\n> -----END PGP SIGNATURE-----\n\nNew."
            ),
            "New.",
        ),
        (
            (
                "Price?\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQENB\n"
                "-----END PGP PUBLIC KEY BLOCK-----"
            ),
            "Price?",
        ),
        (
            (
                "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\nNotDashEscaped: You need it\n\n"
                "Yes.\n-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----"
            ),
            "Yes.",
        ),
        (
            (
                "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA1\n\nYes.\n"
                "-----BEGIN PGP SIGNATURE-----\n\niQEz"
            ),
            "Yes.",
        ),
    ],
)
def test_no_armour_is_a_word(body_text: str, words: str) -> None:
    assert cleaned("body_text", body_text).text == words


@pytest.mark.parametrize(
    "header",
    [
        "Content-Type: text/plain; name*=utf-8''l%C3%B6g.txt\nContent-Disposition: inline",
        'Content-Type: text/plain\nContent-Disposition: INLINE;\n FileName="log.txt"',
        "Content-Type: text/plain\nContent-Disposition: attachment; filename*0=a; filename*1=.txt",
        "Content-Type: text/csv\nContent-Disposition: inline; filename=x.csv",
        "Content-Type: text/html; name=page.html",
        "Content-Type: text/calendar; method=REQUEST",
        "Content-Type: text/x-log",
        "Content-Type: message/rfc822\n\nContent-Type: text/plain",
    ],
)
def test_an_attached_text_is_no_words(header: str) -> None:
    raw_email = (
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nYes.\n"
        f"--b\n{header}\n\nLOGLINE\n--b--"
    )
    assert cleaned("raw_email", raw_email).text == "Yes."


@pytest.mark.parametrize(
    ("form", "text", "what"),
    [
        ("raw_email", "Content-Type: application/ms-tnef; name=winmail.dat\n\nx", "TNEF"),
        (
            "raw_email",
            "Content-Type: application/pkcs7-mime; smime-type=signed-data\n\n",
            "S/MIME",
        ),
        ("raw_email", "Content-Type: application/x-pkcs7-mime\n\nx", "S/MIME encrypted"),
        (
            "raw_email",
            (
                "Content-Type: multipart/encrypted; boundary=b\n\n"
                "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b--"
            ),
            "PGP",
        ),
        (
            "body_text",
            "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n=abcd\n-----END PGP MESSAGE-----",
            "PGP",
        ),
    ],
)
def test_what_cannot_be_read_is_named_and_not_empty(form: str, text: str, what: str) -> None:
    reply = cleaned(form, text)
    assert reply.text == ""
    assert what in (reply.unreadable or "")


@pytest.mark.parametrize(
    ("part", "what"),
    [
        (
            (
                "Content-Type: application/octet-stream; name=smime.p7m\n"
                "Content-Disposition: attachment; filename=smime.p7m"
            ),
            "S/MIME encrypted",
        ),
        (
            (
                "Content-Type: application/octet-stream\nContent-Disposition: attachment;\n"
                ' filename="WINMAIL.DAT"'
            ),
            "TNEF",
        ),
        ('Content-Type: application/pgp-encrypted; name="PGPMIME Identification"', "PGP"),
        ("Content-Type: application/x-microsoft-rpmsg-message; name=message.rpmsg", "rpmsg"),
        ("Content-Type: application/octet-stream; name=message.rpmsg", "rpmsg"),
    ],
)
def test_what_a_gateway_named_otherwise_is_unreadable_too(part: str, what: str) -> None:
    reply = cleaned(
        "raw_email",
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n\n"
        f"--b\n{part}\n\nMIIB\n--b--",
    )
    assert reply.text == ""
    assert what in (reply.unreadable or "")


def test_a_file_of_another_name_is_not_unreadable() -> None:
    raw_email = (
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
        "Content-Type: application/octet-stream; name=prices.dat\n\nMIIB\n--b--"
    )
    assert cleaned("raw_email", raw_email).unreadable is None


def test_words_beside_an_unreadable_part_count() -> None:
    raw_email = (
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nYes.\n"
        "--b\nContent-Type: application/ms-tnef\n\nx\n--b--"
    )
    reply = cleaned("raw_email", raw_email)
    assert (reply.text, reply.unreadable) == ("Yes.", None)
