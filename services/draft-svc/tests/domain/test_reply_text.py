"""Plain-text replies: each row is one habit of a mail program or of a person."""

import pytest
from draft_svc.domain.reply import clean_reply


def cleaned(body_text: str) -> str:
    return clean_reply(body_text=body_text, body_html=None, raw_email=None).text


@pytest.mark.parametrize(
    "attribution",
    [
        "On Mon, Mar 3, 2025 at 10:00 AM Tom <tom@example.com> wrote:",
        "On 3/3/25 10:00, Tom\n<tom@example.com>\nwrote:",
        "Am 03.03.25 um 10:00 schrieb Tom Meier:",
        "Am Mo., 3. März 2025 um 10:00 Uhr schrieb Tom <tom@example.com>:",
        "Le lun. 3 mars 2025 à 10:00, Tom <tom@example.com> a écrit :",
        "El lun, 3 mar 2025 a las 10:00, Tom (<tom@example.com>) escribió:",
        "Il giorno lun 3 mar 2025 alle ore 10:00 Tom <tom@example.com> ha scritto:",
        "Em seg., 3 de mar. de 2025 às 10:00, Tom <tom@example.com> escreveu:",
        "Op ma 3 mrt 2025 om 10:00 schreef Tom <tom@example.com>:",
        "Den mån 3 mars 2025 kl 10:00 skrev Tom <tom@example.com>:",
        "W dniu 3.03.2025 o 10:00, Tom pisze i napisał(a):",
    ],
)
def test_history_under_an_attribution_is_dropped_quoted_or_not(attribution: str) -> None:
    assert cleaned(f"Yes.\n\n{attribution}\n\nHistory.\nMore.") == "Yes."
    assert cleaned(f"Yes.\n\n{attribution}\n> History.\n\nBelow.") == "Yes.\n\nBelow."


@pytest.mark.parametrize(
    "attribution",
    [
        "пн, 3 мар. 2025 в 10:00, Tom <tom@example.com>:",
        "2025年3月3日(月) 10:00 Tom <tom@example.com>:",
        "ma 3. maalisk. 2025 klo 10.00 Tom (tom@example.com) kirjoitti:",
    ],
)
def test_an_attribution_in_any_language_goes_with_the_quote_under_it(attribution: str) -> None:
    assert cleaned(f"Yes.\n\n{attribution}\n\n> History.") == "Yes."


@pytest.mark.parametrize(
    "mark",
    [
        "-----Original Message-----",
        "---------- Forwarded message ---------",
        "-------- Ursprüngliche Nachricht --------",
        "Begin forwarded message:",
        "From: Tom <tom@example.com>\nSent: Monday\nTo: Eva\nSubject: Hi",
        "________________________________\nVon: Tom\nGesendet: Montag\nAn: Eva\nBetreff: Hi",
        "*De :* Tom\n*Envoyé :* lundi\n*À :* Eva\n*Objet :* Hi",
        "Date: Monday\nFrom: tom@example.com\nTo: eva@example.com",
    ],
)
def test_everything_under_a_history_mark_is_dropped(mark: str) -> None:
    assert cleaned(f"Yes.\n\n{mark}\n\nHistory.\n\nBest,\nTom") == "Yes."


@pytest.mark.parametrize(
    "words",
    [
        "On Monday you wrote:\n\nthat it takes a week. Is that still so?",
        "From: Berlin\nTo: Munich\nDate: 3 March\n\nCan you ship that?",
        "Our options are:\n- Monday\n- Tuesday",
        "It costs -- I guess -- a lot?",
        "Thanks,\n\nI'd like to know what it costs for 40 seats.",
        "Thanks!\n\nYes",
        "Best option for us is the second one.",
        "This message reached me on holiday, please write to our office.",
        "Please write to my colleague.\n\nJo Weber\nHead of IT\njo@example.com",
        "Unsubscribe me.",
        "You asked for my number: +49 89 5550 1234",
        "She said \u201cWrong person\u201d \U0001f469\u200d\U0001f4bb",
    ],
)
def test_the_leads_own_words_stay_as_they_are(words: str) -> None:
    assert cleaned(words) == words


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nJo Weber",
        "\u2014\nYou are receiving this because you are subscribed to this thread.",
        "Best regards,\nJo Weber",
        "Best regards, Jo Weber",
        "Best,\n\nJo\n\nJo Weber | CEO\n+44 20 7946 0018\nWe plan the work of your crews.",
        "Viele Grüße aus Berlin\nJo",
        "Mit freundlichen Grüßen\n\ni. A. Jo Weber\nEinkauf\nWeber GmbH",
        "Cordialement,\nJo",
        "Un saludo,\nJo Weber",
        "-Jo Weber",
        "Jo Weber\nHead of Sales\nTel: +44 20 7946 0018",
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "Get Outlook for iOS<https://aka.ms/o0ukef>",
        "Best,\nJo\n\nSent from my Galaxy",
        "_______________________________________________\nsome mailing list\nsome@example.com",
    ],
)
def test_the_senders_signature_is_dropped(signature: str) -> None:
    assert cleaned(f"Send me prices.\n\n{signature}") == "Send me prices."


def test_thanks_and_a_postscript_stay_around_a_dropped_name() -> None:
    assert cleaned("Yes.\n\nThanks,\nJo") == "Yes.\n\nThanks,"
    body_text = "Yes.\n\nBest,\nJo\n\nPS: what does it cost?"
    assert cleaned(body_text) == "Yes.\n\nPS: what does it cost?"


@pytest.mark.parametrize(
    "notice",
    [
        "CONFIDENTIALITY NOTICE: for the addressee alone.",
        "This e-mail and its attachments are\nconfidential. Delete it otherwise.\n\nWeber Ltd",
        "Diese E-Mail enthält vertrauliche Informationen.\nSind Sie nicht der Empfänger,\nbitte",
        "Ce message est confidentiel et réservé à son destinataire.",
        "Sitz der Gesellschaft: Berlin, Amtsgericht Charlottenburg HRB 000000",
        "Please consider the environment before printing this e-mail.",
        "Virus-free.www.example.com",
    ],
)
def test_a_legal_notice_is_dropped(notice: str) -> None:
    assert cleaned(f"Send me prices.\n\n{notice}") == "Send me prices."


def test_a_security_banner_above_the_words_goes_alone() -> None:
    banner = "CAUTION: This message was sent from outside the company.\nBe careful."
    assert cleaned(f"{banner}\n\nSend me prices.") == "Send me prices."


@pytest.mark.parametrize(
    "body_text", ["", " \n\t", "> quoted", "-- \nJo", "Best regards,\nJo", "Sent from my iPhone"]
)
def test_a_reply_without_words_is_empty(body_text: str) -> None:
    assert cleaned(body_text) == ""


def test_unseen_characters_never_reach_the_text() -> None:
    hidden = "a\0b\ud800c\u200bd\u202ee\ufefff\U000e0041g\x1b[0m"
    assert cleaned(f"{hidden}\r\nx\u2028y\xa0z") == "abcdefg[0m\nx\ny z"
