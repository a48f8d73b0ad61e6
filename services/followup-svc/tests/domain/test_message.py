"""What a step sends: subject, text with its signature once, and the thread."""

import pytest
from followup_svc.domain.message import MAX_TEXT_CHARS, Blocked, LastMessage, compose
from followup_svc.domain.sequence import Step
from followup_svc.domain.tokens import Facts
from followup_svc.domain.window import Delay, DelayUnit

SIGNED = Facts(first_name="Bo", sender_name="Anna", signature="Anna Berg\nAcme, Berlin")
LAST = LastMessage(message_id="<1@lead>", subject="Prices")


def step(body="Hi.", subject=None, channel="email"):
    delay = Delay(amount=0, unit=DelayUnit.MINUTES)
    return Step(channel=channel, delay=delay, subject=subject, body=body)


def test_an_email_ends_with_the_signature():
    assert compose(step("Hi {firstName}.\n"), SIGNED, None).text == (
        "Hi Bo.\n\nAnna Berg\nAcme, Berlin"
    )


@pytest.mark.parametrize("token", ["{signature}", "{signature|Yours}"])
def test_a_signature_in_the_body_is_the_only_one(token):
    text = compose(step(f"Hi.\n{token}"), SIGNED, None).text
    assert text == "Hi.\nAnna Berg\nAcme, Berlin"


def test_a_default_for_the_signature_is_the_only_one_either():
    assert compose(step("Hi. {signature|Yours}"), Facts(), None).text == "Hi. Yours"


@pytest.mark.parametrize("channel", ["sms", "linkedin"])
def test_only_an_email_is_signed_by_itself(channel):
    assert compose(step(channel=channel), SIGNED, LAST).text == "Hi."


@pytest.mark.parametrize("signature", [None, "", " \n"])
def test_without_a_signature_nothing_is_added(signature):
    assert compose(step(), Facts(signature=signature), None).text == "Hi."


def test_errors_of_subject_and_body_come_together():
    blocked = compose(step("{company}", "{lastName}"), SIGNED, None)
    assert isinstance(blocked, Blocked)
    subject, body = blocked.template_errors
    assert (subject.token, body.token) == ("{lastName}", "{company}")
    assert subject.hint.startswith("In the subject: ")


def test_a_line_break_in_a_value_makes_no_header():
    known = Facts(company="Acme\r\nBcc: all@example.com")
    message = compose(step(subject="For {company}"), known, None)
    assert message.subject == "For Acme Bcc: all@example.com"


@pytest.mark.parametrize(
    ("subject", "last_subject", "expected"),
    [
        (None, "Prices", "Re: Prices"),
        (None, "RE: Prices", "Re: Prices"),
        (None, None, None),
        (None, " ", None),
        ("New {firstName}", "Prices", "New Bo"),
    ],
)
def test_an_email_answers_the_leads_last_one(subject, last_subject, expected):
    last = LastMessage(message_id="<1@lead>", subject=last_subject)
    message = compose(step(subject=subject), SIGNED, last)
    assert (message.subject, message.in_reply_to) == (expected, "<1@lead>")


@pytest.mark.parametrize("channel", ["sms", "linkedin"])
def test_other_channels_have_no_thread(channel):
    message = compose(step(channel=channel), SIGNED, LAST)
    assert (message.subject, message.in_reply_to) == (None, None)


@pytest.mark.parametrize("channel", MAX_TEXT_CHARS)
def test_what_the_channel_does_not_take_is_not_sent(channel):
    known = Facts(company="x" * (MAX_TEXT_CHARS[channel] + 1))
    assert isinstance(compose(step("{company}", channel=channel), known, None), Blocked)


def test_the_signature_is_kept_as_it_is():
    known = Facts(signature="\u2014 John Doe\n\n  CEO, Acme Inc ")
    assert compose(step(), known, None).text == "Hi.\n\n\u2014 John Doe\n\n  CEO, Acme Inc "


def test_a_signature_in_the_subject_does_not_stand_for_that_under_the_text():
    message = compose(step(subject="{signature}"), Facts(signature="Anna"), None)
    assert (message.subject, message.text) == ("Anna", "Hi.\n\nAnna")


@pytest.mark.parametrize("signature", ["Anna {firstName}", "{signature}", "A\n{lead.plan|x}"])
def test_a_signature_that_spells_a_token_never_reaches_a_lead(signature):
    known = Facts(first_name="Bo", signature=signature)
    assert isinstance(compose(step("Hi.\n{signature}"), known, None), Blocked)
    assert isinstance(compose(step(), known, None), Blocked)


def test_the_limit_is_that_of_the_whole_email_with_its_signature():
    limit = MAX_TEXT_CHARS["email"]
    fits = Facts(company="x" * (limit - len("\n\nAnna")), signature="Anna")
    assert len(compose(step("{company}"), fits, None).text) == limit
    too_long = Facts(company="x" * limit, signature="Anna")
    assert isinstance(compose(step("{company}"), too_long, None), Blocked)


@pytest.mark.parametrize("signature", ["\u200b", "\u00a0\u2060\n"])
def test_a_signature_that_nobody_sees_is_none(signature):
    assert compose(step("Hi.\n"), Facts(signature=signature), None).text == "Hi.\n"


def test_a_blank_signature_that_the_body_asks_for_blocks_the_step():
    blocked = compose(step("Hi.\n{signature}"), Facts(signature=" \n"), LAST)
    assert isinstance(blocked, Blocked)
    assert [error.code for error in blocked.template_errors] == ["missing_value:{signature}"]
    assert blocked.template_errors[0].is_setup_issue


def test_all_errors_of_the_subject_come_before_those_of_the_body():
    blocked = compose(step("{nope} {company}", "{lastName} {"), Facts(), None)
    assert isinstance(blocked, Blocked)
    assert [error.code for error in blocked.template_errors] == [
        "missing_value:{lastName}",
        "malformed:{",
        "unknown_token:{nope}",
        "missing_value:{company}",
    ]
    of_subject = [error.hint.startswith("In the subject: ") for error in blocked.template_errors]
    assert of_subject == [True, True, False, False]


@pytest.mark.parametrize(("body", "subject"), [("{company}", "Hi"), ("Hi", "{company}")])
def test_one_wrong_part_blocks_the_whole_step(body, subject):
    blocked = compose(step(body, subject), Facts(), LAST)
    assert isinstance(blocked, Blocked)
    assert len(blocked.template_errors) == 1


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u2028", "\u0085", "\x0b", "\x0c"])
def test_no_line_break_of_any_kind_stays_in_a_subject(end):
    known = Facts(company=f"Acme{end}Bcc: all@example.com")
    message = compose(step(subject="For {company}"), known, None)
    assert message.subject == "For Acme Bcc: all@example.com"
    last = LastMessage(message_id="<1@lead>", subject=f"Prices{end}Bcc: all@example.com")
    assert compose(step(), Facts(), last).subject == "Re: Prices Bcc: all@example.com"


@pytest.mark.parametrize(
    "last_subject", ["Re: Prices", "re: Prices", "RE:Prices", " Re: Prices ", "AW: WG: Prices"]
)
def test_an_answer_to_an_answer_has_one_re(last_subject):
    last = LastMessage(message_id="<1@lead>", subject=last_subject)
    assert compose(step(), Facts(), last).subject == "Re: Prices"


@pytest.mark.parametrize("subject", ["", "  ", "\n", "{company|}"])
def test_a_blank_subject_is_that_of_the_thread(subject):
    message = compose(step(subject=subject), Facts(), LAST)
    assert (message.subject, message.in_reply_to) == ("Re: Prices", "<1@lead>")


def test_a_first_email_answers_nothing():
    message = compose(step(subject="Hi"), Facts(), None)
    assert (message.subject, message.in_reply_to) == ("Hi", None)
    assert compose(step(), Facts(), None).subject is None


@pytest.mark.parametrize("channel", MAX_TEXT_CHARS)
def test_a_message_without_words_is_not_sent(channel):
    blocked = compose(step("{company|} ", channel=channel), SIGNED, None)
    assert isinstance(blocked, Blocked)
    assert blocked.template_errors[0].hint == "The message would be empty."


@pytest.mark.parametrize(
    "last_subject",
    [
        "AW: Angebot",
        "SV: RE[2]: Angebot",
        "\u56de\u590d\uff1aAngebot",
        "Odp: WG: Angebot",
        "=?utf-8?q?AW=3A_Angebot?=",
    ],
)
def test_a_thread_has_one_mark_whatever_the_leads_program_writes(last_subject):
    last = LastMessage(message_id="<1@lead>", subject=last_subject)
    assert compose(step(subject=None), SIGNED, last).subject == "Re: Angebot"
