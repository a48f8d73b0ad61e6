"""Pieces that programs put around words, and words that only look like them, each by itself."""

import base64
import json
import quopri
from pathlib import Path

import pytest
from draft_svc.domain.reply import clean_reply

PIECES = json.loads((Path(__file__).parents[1] / "mail_pieces.json").read_text())
WORDS = "Please send the price list."
OLD = "we have a parcel desk\n\nTom"
ATTRIBUTION = "On Tue, Mar 3, 2026 at 10:00 AM Tom Weber <tom@acme.example> wrote:"
ONE_LINE = [
    "Quoting Tom Weber (2026-03-03 10:00:00)",
    *(
        block
        for block in PIECES["history"].values()
        if "\n" not in block and block.endswith((":", "："))
    ),
]


def encoded(data: bytes, encoding: str) -> str:
    if encoding == "base64":
        return base64.encodebytes(data).decode()
    return (
        quopri.encodestring(data).decode()
        if encoding == "quoted-printable"
        else data.decode("latin-1")
    )


def words_of_text(body_text: str) -> str:
    return clean_reply(body_text=body_text, body_html=None, raw_email=None).text


def words_of_html(body_html: str) -> str:
    return clean_reply(body_text=None, body_html=body_html, raw_email=None).text


def words_of_mail(raw_email: str) -> str:
    return clean_reply(body_text=None, body_html=None, raw_email=raw_email).text


@pytest.mark.parametrize("name", PIECES["history"])
def test_history_below_words_goes(name: str) -> None:
    assert words_of_text(f"{WORDS}\n\n{PIECES['history'][name]}\n\n{OLD}") == WORDS


@pytest.mark.parametrize("attribution", ONE_LINE)
def test_an_attribution_goes_with_the_quoted_lines_below(attribution: str) -> None:
    assert words_of_text(f"{WORDS}\n\n{attribution}\n> we have a parcel desk\n>\n> Tom") == WORDS


@pytest.mark.parametrize(
    "mark", ["------- Original Message -------", "-------- Ursprüngliche Nachricht --------"]
)
def test_words_below_what_a_mark_quotes_stay(mark: str) -> None:
    quoted = f"{mark}\n{ATTRIBUTION}\n\n> we have a parcel desk\n> Tom"
    assert words_of_text(f"{quoted}\n\n{WORDS}") == WORDS
    assert words_of_text(f"Hi Tom,\n\n{quoted}\n\n{WORDS}") == f"Hi Tom,\n\n{WORDS}"
    assert words_of_text(f"{WORDS}\n\n{quoted}") == WORDS
    assert words_of_text(f"{WORDS}\n\n{mark}\n{ATTRIBUTION}\n\nold\n\nTom") == WORDS


@pytest.mark.parametrize(
    "author",
    [
        "Tom Weber a écrit :",
        "Tom Weber ha scritto:",
        "tom@acme.example wrote:",
        "Weber, Tom wrote:",
        "Tom van der Berg schreef:",
        "schrieb Tom Weber:",
        "Том Вебер написал:",
        "Tom Weber さんは書きました:",
    ],
)
def test_an_author_alone_goes_with_the_quoted_lines_below(author: str) -> None:
    assert words_of_text(f"{WORDS}\n\n{author}\n> we have a parcel desk\n> Tom") == WORDS
    assert words_of_html(f"<p>{WORDS}</p>{author}<blockquote>old</blockquote>") == WORDS


@pytest.mark.parametrize("words", ["We wrote to Tom:", "Here is what he wrote to us and you:"])
def test_a_sentence_above_quoted_lines_stays(words: str) -> None:
    assert words_of_text(f"{WORDS}\n\n{words}\n> old\n> Tom") == f"{WORDS}\n\n{words}"


@pytest.mark.parametrize("footer", PIECES["footers"])
def test_a_footer_goes_above_history_and_at_the_end(footer: str) -> None:
    assert words_of_text(f"{WORDS}\n\n{footer}\n") == WORDS
    assert words_of_text(f"{WORDS}\n{footer}\n\n{ATTRIBUTION}\n> old") == WORDS


@pytest.mark.parametrize("banner", PIECES["banners"])
def test_a_banner_goes_with_the_rules_around_it(banner: str) -> None:
    rule = "-" * 20
    assert words_of_text(f"{banner}\n\n{WORDS}\n") == WORDS
    assert words_of_text(f"{rule}\n{banner}\n{rule}\n\n{WORDS}\n") == WORDS


@pytest.mark.parametrize("notice", PIECES["notices"])
def test_a_legal_notice_goes_and_is_no_reply_by_itself(notice: str) -> None:
    assert words_of_text(f"{WORDS}\n\n{notice}\n") == WORDS
    assert words_of_text(f"{WORDS}\n\n{notice}\n\n{ATTRIBUTION}\n> old") == WORDS
    assert words_of_text(notice) == ""


def test_words_right_below_a_banner_stay() -> None:
    banner = "CAUTION: This e-mail came from outside.\nDo not open its attachments."
    assert words_of_text(f"{banner}\n{WORDS}\n\nThanks") == f"{WORDS}\n\nThanks"


@pytest.mark.parametrize("words", PIECES["typed"])
def test_typed_words_stay_whatever_they_look_like(words: str) -> None:
    assert words_of_text(words) == words
    assert words_of_text(f"{words}\n\n{ATTRIBUTION}\n> old") == words


@pytest.mark.parametrize("name", PIECES["html_history"])
def test_history_in_the_elements_of_mail_programs_goes(name: str) -> None:
    assert words_of_html(PIECES["html_history"][name].replace("{words}", WORDS)) == WORDS


@pytest.mark.parametrize("name", PIECES["signature_elements"])
def test_a_signature_element_goes_and_words_typed_in_it_stay(name: str) -> None:
    element = PIECES["signature_elements"][name]
    assert words_of_html(f"<div>{WORDS}</div><br>{element}") == WORDS
    if "Lea Brandt<br>Lead GmbH" in element:
        typed = element.replace("Lea Brandt<br>Lead GmbH", WORDS)
        assert words_of_html(f"<div>Hi Tom,</div><br>{typed}") == f"Hi Tom,\n\n{WORDS}"


@pytest.mark.parametrize("body_html", PIECES["struck_out"])
def test_what_is_struck_out_is_not_said(body_html: str) -> None:
    assert words_of_html(body_html) == "We want 20 seats."


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit"])
@pytest.mark.parametrize(("label", "words", "codec"), PIECES["charsets"])
def test_a_mail_is_read_in_the_charset_that_programs_write_under_a_label(
    label: str, words: str, codec: str, encoding: str
) -> None:
    quoted = label if '"' in label else f'"{label}"'
    header = f"Content-Type: text/plain; charset={quoted}\nContent-Transfer-Encoding: {encoding}"
    assert words_of_mail(f"{header}\n\n{encoded(words.encode(codec), encoding)}") == words
