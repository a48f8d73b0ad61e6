"""Whole mails as mail programs write them; `mails/*.txt` holds what the lead wrote."""

from pathlib import Path

import pytest
from draft_svc.domain.reply import clean_reply

MAILS = Path(__file__).parent / "mails"
SUBJECTS = {
    "apple_mail": "Re: Northwind and Acme",
    "base64": "Re: Who decides?",
    "disclaimer": "RE: Route planning for 12 depots",
    "gmail_html": "Re: Your trial ends on Friday",
    "multipart_alternative": "Re: Café rollout",
    "outlook_html": "RE: A faster way to plan your crews",
    "quote_only": "Re: Quick question",
    "windows_1252": "AW: Angebot für 30 Plätze",
}


def test_every_mail_is_read() -> None:
    assert {path.stem for path in MAILS.glob("*.eml")} == set(SUBJECTS)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("name", SUBJECTS)
def test_only_the_leads_newest_words_are_left(name: str, line_end: str) -> None:
    raw_email = (MAILS / f"{name}.eml").read_text("utf-8").replace("\n", line_end)
    written = (MAILS / f"{name}.txt").read_text("utf-8").strip()
    cleaned = clean_reply(body_text=None, body_html=None, raw_email=raw_email)
    assert cleaned.text == written
    assert cleaned.subject == SUBJECTS[name]


def test_a_quote_only_mail_is_empty_even_if_a_poorer_form_has_words() -> None:
    raw_email = (MAILS / "quote_only.eml").read_text("utf-8")
    cleaned = clean_reply(body_text="are you still there?", body_html=None, raw_email=raw_email)
    assert not cleaned.text


def test_a_form_without_words_gives_way_to_the_next() -> None:
    raw_email = "Subject: x\nContent-Type: image/png\n\nabc"
    picture = "<img src='x'>"
    assert clean_reply(body_text="Yes", body_html=picture, raw_email=raw_email).text == "Yes"
    assert clean_reply(body_text="No", body_html="<p>Yes", raw_email=None).text == "Yes"
    nothing = clean_reply(body_text=None, body_html=None, raw_email=None)
    assert (nothing.text, nothing.subject) == ("", None)


def test_a_given_subject_wins_and_is_one_clean_line() -> None:
    raw_email = "Subject: =?utf-8?q?Re=3A_a?=\n\nhi"
    given = clean_reply(
        body_text=None, body_html=None, raw_email=raw_email, subject=" Re:\r\n b\0 "
    )
    assert given.subject == "Re: b"
    assert clean_reply(body_text=None, body_html=None, raw_email=raw_email).subject == "Re: a"
    assert clean_reply(body_text="a", body_html=None, raw_email=None, subject=" ").subject is None
