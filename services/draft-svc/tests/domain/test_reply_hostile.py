"""Whatever arrives, cleaning ends soon, never raises and adds nothing."""

import time

import pytest
from draft_svc.domain.html_limits import within_limits
from draft_svc.domain.reply import CleanReply, clean_reply
from hypothesis import given, settings
from hypothesis import strategies as st

BODY_CHARS = 512 * 1024
MAX_SECONDS = 2.0
"""Of CPU; on an idle core no case takes more than 0.5 (a row of the bench)."""

TEXT_REPEATED = {
    "spaces": " ",
    "line-ends": "\n",
    "quote-marks": ">",
    "quoted-lines": "> a\n",
    "answers-between-quotes": "a\n> b\n",
    "attributions": "On 1 Jan 10:00 Tom wrote:\n> a\n",
    "half-attributions": "On 1:00 Am schrieb ",
    "colon-lines": "tom@example.com 10:00 2020:\n",
    "headers": "From: a\n",
    "closings": "Best,\nTom\n",
    "failing-closings": "Best regards,\nTom Li\na b c d e f g h i j\n",
    "thanks": "Thanks,\n",
    "dashed-names": "-Tom\n\nSent from my iPhone\n\n",
    "long-stars": "*" * 399 + "a\n",
    "long-notices": "This " + "e-mail " * 55 + "\n",
    "short-notices": "This message confidential\n",
    "numbers": "+1 ",
    "one-word": "a",
}
HTML_REPEATED = {
    "divs": "<div>",
    "quotes": "<blockquote>",
    "formatting": "<b id=1><i><p>",
    "tables": "<table><tr><td>",
    "closers": "</div></p>",
    "open-comments": "<!--",
    "open-tags": "<a ",
    "less-than": "<",
    "ampersands": "&",
    "breaks": "<br>",
    "list-items": "<ul><li>",
    "hidden": "<div hidden>",
}
RAW_REPEATED = {
    "headers": "A: b\n",
    "parameters": "Content-Type: text/plain" + ";a*0=1" * 600 + "\n",
    "encoded-words": "Subject: " + "=?utf-8?q?a?= " * 300 + "\n",
    "attached-mails": "Content-Type: message/rfc822\n\n",
    "multiparts": "Content-Type: multipart/mixed; boundary=b\n\n--b\n",
    "soft-breaks": "Content-Transfer-Encoding: quoted-printable\n\n" + "=" * 500,
}


def assert_cleaned_in_time(
    *, body_text: str | None = None, body_html: str | None = None, raw_email: str | None = None
) -> None:
    started_at = time.process_time()
    cleaned = clean_reply(body_text=body_text, body_html=body_html, raw_email=raw_email)
    assert time.process_time() - started_at < MAX_SECONDS
    assert len(cleaned.text) <= BODY_CHARS


def filled(pattern: str) -> str:
    return (pattern * (BODY_CHARS // len(pattern) + 1))[:BODY_CHARS]


@pytest.mark.parametrize("name", TEXT_REPEATED)
def test_a_hostile_text_is_cleaned_in_time(name: str) -> None:
    assert_cleaned_in_time(body_text=filled(TEXT_REPEATED[name]))


@pytest.mark.parametrize("name", HTML_REPEATED)
def test_a_hostile_page_is_cleaned_in_time(name: str) -> None:
    assert_cleaned_in_time(body_html=filled(HTML_REPEATED[name]))


@pytest.mark.parametrize(
    ("opened", "closed"),
    [
        ("<b>", "</i>"),
        ("<b>", "</p>"),
        ("<li>", "</ul></li>"),
        ("<td><tr>", "</table>"),
        ("<i><div></i></div>", "</i>"),
        ("<u><div>", "</u>"),
        ("<font color=red>", "</b></font>"),
        ("<B\n>", "</I\n>"),
    ],
)
def test_tags_that_do_not_match_cost_no_more_than_others(opened: str, closed: str) -> None:
    tags = opened * (BODY_CHARS // 2 // len(opened)) + closed * (BODY_CHARS // 2 // len(closed))
    html = f"<p>What does it cost?</p>{tags}<p>Really?</p>"
    started_at = time.process_time()
    cleaned = clean_reply(body_text=None, body_html=html, raw_email=None)
    assert time.process_time() - started_at < MAX_SECONDS
    assert "What does it cost?" in cleaned.text
    assert "Really?" in cleaned.text


def test_what_mail_programs_write_keeps_every_tag() -> None:
    table = "<table><tbody><tr><td><p>cell<br><b>bold</b></td></tr></tbody></table>"
    assert within_limits(table * 1_000) == table * 1_000


def test_notices_without_end_are_looked_at_a_few_times() -> None:
    line = "this x message received x received x received x"
    assert_cleaned_in_time(body_text="What does it cost?\n" + filled(f"{line}\n"))


@pytest.mark.parametrize("start", ['<p class="', '<p style="', '<p id="'])
@pytest.mark.parametrize("pattern", ["x_", "a ", "font-size:0.0", "yahoo_"])
def test_a_hostile_attribute_is_cleaned_in_time(start: str, pattern: str) -> None:
    assert_cleaned_in_time(body_html=f'{start}{filled(pattern)}">a')


@pytest.mark.parametrize("name", RAW_REPEATED)
def test_a_hostile_mail_is_cleaned_in_time(name: str) -> None:
    assert_cleaned_in_time(raw_email=filled(RAW_REPEATED[name]))


PIECES = st.sampled_from(
    [
        "Yes, please.",
        "What does it cost for 40 seats?",
        "> quoted",
        "",
        "",
        "Thanks,",
        "Best regards,",
        "Best, Jo",
        "Jo Weber",
        "jo",
        "-Jo",
        "--",
        "Sent from my iPhone",
        "On Mon, Mar 3, 2025 at 10:00 Tom <tom@example.com> wrote:",
        "Am 03.03.25 um 10:00",
        "schrieb Tom:",
        "3 мар. 2025 в 10:00, <tom@example.com>:",
        "From: tom@example.com",
        "Subject: Hi",
        "Sent: Monday",
        "________________________________",
        "some mailing list",
        "Head of IT",
        "Tel: +44 20 7946 0018",
        "This message is confidential,",
        "for the intended recipient.",
        "CAUTION: mail from an external sender, outside",
        "PS: one more thing",
        "- a list item",
        "   indented",
    ]
)
BODIES = st.lists(PIECES | st.text(max_size=20), max_size=20).map("\n".join)
TAGS = st.from_regex(
    r"</?(p|div|br|blockquote|li|td|pre|table|head|body|html|frameset)>|&nbsp;|&#0;|<!--|<\?x"
    r"|<!\[CDATA\[|<p hidden>|<div class=gmail_signature>|<div id=divRplyFwdMsg>",
    fullmatch=True,
)
PAGES = st.lists(TAGS | PIECES | st.text(max_size=20), max_size=20).map("".join)
HEADERS = st.sampled_from(
    [
        "Content-Type: multipart/mixed; boundary=b",
        "Content-Type: multipart/alternative; boundary*=utf-7''b",
        "Content-Type: text/html; charset=utf-16",
        "Content-Type: text/plain; charset=utf-7",
        "Content-Transfer-Encoding: base64",
        "Content-Transfer-Encoding: quoted-printable",
        "Subject: =?utf-8?b?w7w?=",
        "--b",
        "--b--",
        "",
        "w7w=",
    ]
)
MAILS = st.lists(HEADERS | PAGES, max_size=12).map("\n".join)


def assert_clean(cleaned: CleanReply, source: str) -> None:
    assert len(cleaned.text) <= len(source)
    assert "\0" not in cleaned.text
    cleaned.text.encode()
    again = clean_reply(body_text=cleaned.text, body_html=None, raw_email=None)
    assert again.text == cleaned.text


@settings(deadline=None)
@given(BODIES | st.text(st.characters(), max_size=200))
def test_any_text_is_cleaned_once_and_for_all(body_text: str) -> None:
    assert_clean(clean_reply(body_text=body_text, body_html=None, raw_email=None), body_text)


@settings(deadline=None)
@given(PAGES)
def test_any_page_is_cleaned_once_and_for_all(body_html: str) -> None:
    assert_clean(clean_reply(body_text=None, body_html=body_html, raw_email=None), body_html)


@settings(deadline=None)
@given(MAILS)
def test_any_mail_is_cleaned_once_and_for_all(raw_email: str) -> None:
    assert_clean(clean_reply(body_text=None, body_html=None, raw_email=raw_email), raw_email)


def test_thousands_of_short_lines_cost_about_as_much_as_few_long_ones() -> None:
    sentence = "We would like to know what the list says of twenty seats, and when it changes.\n"

    def seconds(body_text: str) -> float:
        started_at = time.process_time()
        clean_reply(body_text=body_text, body_html=None, raw_email=None)
        return time.process_time() - started_at

    short, long = "ok 1a\n" * 6_000, sentence * (36_000 // len(sentence))
    assert min(map(seconds, [short] * 7)) < 4 * min(map(seconds, [long] * 7))
