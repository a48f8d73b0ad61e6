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
    ("subject", "said", "expected"),
    [
        (None, "Prices", "Re: Prices"),
        (None, "RE: Prices", "RE: Prices"),
        (None, None, None),
        (None, " ", None),
        ("New {firstName}", "Prices", "New Bo"),
    ],
)
def test_an_email_answers_the_leads_last_one(subject, said, expected):
    last = LastMessage(message_id="<1@lead>", subject=said)
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
