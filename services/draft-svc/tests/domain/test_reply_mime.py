"""Raw mails whose encoding is odd, wrong or broken."""

import base64
import encodings
import quopri

import pytest
from draft_svc.domain.mime import MAX_DEPTH, read_mail
from draft_svc.domain.reply import clean_reply
from service_kit.charsets import decode

WORDS = "Grüße für 5 €"


def mail(body: str, charset: str, encoding: str, kind: str = "text/plain") -> str:
    return (
        f"Subject: x\nContent-Type: {kind}; charset={charset}\n"
        f"Content-Transfer-Encoding: {encoding}\n\n{body}"
    )


def multipart(kind: str, *parts: str) -> str:
    body = "".join(f"--b1\n{part}\n" for part in parts)
    return f"Content-Type: multipart/{kind}; boundary=b1\n\npreamble\n{body}--b1--\nepilogue\n"


@pytest.mark.parametrize("named", ["utf-8", "us-ascii", "iso-8859-1", "windows-1252", "nonsense"])
@pytest.mark.parametrize("written_in", ["utf-8", "windows-1252"])
def test_a_wrong_charset_gives_the_likely_text(named: str, written_in: str) -> None:
    data = WORDS.encode(written_in)
    in_base64 = base64.encodebytes(data).decode()
    in_quoted_printable = quopri.encodestring(data).decode()
    for body, encoding in [(in_base64, "base64"), (in_quoted_printable, "Quoted-Printable")]:
        assert read_mail(mail(body, named, encoding)).text.strip() == WORDS


@pytest.mark.parametrize("charset", ["iso-8859-15", "utf-16", "gb18030", "koi8-r", "iso-2022-jp"])
def test_a_rare_charset_is_read(charset: str) -> None:
    words = {"koi8-r": "Да, спасибо", "iso-2022-jp": "はい", "gb18030": "好的"}.get(charset, "5 €")
    body = base64.b64encode(words.encode(charset)).decode()
    assert read_mail(mail(body, charset, "base64")).text == words


@pytest.mark.parametrize(
    "charset", ["idna", "punycode", "zlib", "unicode_escape", "a\0b", "x" * 99]
)
def test_a_codec_that_is_no_charset_is_not_used(charset: str) -> None:
    assert decode(b"a\\u0041b", charset).text == "a\\u0041b"


@pytest.mark.parametrize(
    "body",
    [
        WORDS,
        WORDS.encode().decode("latin-1"),
        WORDS.encode().decode("ascii", "surrogateescape"),
        WORDS.encode("cp1252").decode("ascii", "surrogateescape"),
    ],
    ids=["text", "utf-8 as latin-1", "utf-8 as surrogates", "windows-1252 as surrogates"],
)
def test_an_unencoded_body_is_read_however_it_became_text(body: str) -> None:
    assert read_mail(mail(body, "windows-1252", "8bit")).text == WORDS


def test_alternatives_give_the_richest_form_with_words() -> None:
    plain = "Content-Type: text/plain\n\nplain"
    html = "Content-Type: text/html\n\n<p>html"
    picture = "Content-Type: text/html\n\n<img src=x>"
    calendar = "Content-Type: text/calendar\n\nBEGIN:VCALENDAR"
    assert read_mail(multipart("alternative", plain, html, calendar)).text.strip() == "html"
    assert read_mail(multipart("alternative", plain, picture)).text.strip() == "plain"


def test_attachments_and_attached_mails_are_left_out() -> None:
    text = "Content-Type: text/plain\n\nhello"
    attachment = "Content-Type: text/plain\nContent-Disposition: attachment\n\nnotes"
    attached = "Content-Type: message/rfc822\n\nSubject: old\n\nold words"
    no_headers = "\nNote: this is a body"
    raw_email = multipart("mixed", text, attachment, attached, no_headers)
    assert read_mail(raw_email).text.split("\n") == ["hello", "", "", "Note: this is a body", ""]


@pytest.mark.parametrize(
    ("raw_email", "text"),
    [
        ("just words\n\nmore", "just words\n\nmore"),
        ("Subject: x\n\n", ""),
        (multipart("mixed"), ""),
        ("Content-Type: multipart/mixed\n\nno boundary", ""),
        ("Content-Type: multipart/mixed; boundary*=idna''%ff\n\nx", ""),
        (f"Content-Type: text/plain; x={'a' * 5000}\n\nhello", "hello"),
        (mail("aGVsbG8", "utf-8", "base64"), "hello"),
        (mail("aGVsb*G8=\nfooter", "utf-8", "base64"), "hello"),
        (mail("=E2=82=AC=ZZ=", "utf-8", "quoted-printable"), "\u20ac=ZZ"),
        (mail("a", "utf-8", "x-unknown"), "a"),
    ],
)
def test_a_broken_mail_gives_what_can_be_read(raw_email: str, text: str) -> None:
    assert clean_reply(body_text=None, body_html=None, raw_email=raw_email).text == text


@pytest.mark.parametrize(
    ("field", "subject"),
    [
        ("=?utf-8?B?w7w=?= =?iso-8859-1?Q?=FC?=", "üü"),
        ("=?idna?Q?a?=", "a"),
        ("=?utf-8?B?w?=", "=?utf-8?B?w?="),
        ("Re: größer", "Re: größer"),
        ("a\n b", "a b"),
    ],
)
def test_a_subject_is_decoded(field: str, subject: str) -> None:
    cleaned = clean_reply(body_text=None, body_html=None, raw_email=f"Subject: {field}\n\nhi")
    assert cleaned.subject == subject


def test_parts_nested_deeper_than_the_limit_are_not_opened() -> None:
    def nested(levels: int) -> str:
        heads = (
            f"Content-Type: multipart/mixed; boundary=b{at}\n\n--b{at}\n" for at in range(levels)
        )
        return "".join(heads) + "\nhello"

    assert read_mail(nested(MAX_DEPTH)).text == "hello"
    assert not read_mail(nested(MAX_DEPTH + 1)).text
    assert not read_mail(nested(5000)).text


def test_names_of_charsets_that_nobody_knows_are_never_looked_up() -> None:
    """Python keeps each name that it has looked up, for as long as the process lives."""
    parts = "".join(
        f"--b\r\nContent-Type: text/plain; charset=x{number}; name*=y{number}''a%20b\r\n"
        f"Content-Disposition: inline; filename==?z{number}?q?a=20b?=\r\n\r\nHello\r\n"
        for number in range(99)
    )
    mail = (
        "From: =?v1?q?Lea?= <lea@lead.example>\r\nSubject: =?w1?b?UHJpY2U=?= =?w2?q?s?=\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        f"{parts}--b--\r\n"
    )
    before = set(encodings._cache)
    clean_reply(body_text=None, body_html=None, raw_email=mail)
    assert {name for name in set(encodings._cache) - before if name[0] in "vwxyz"} == set()


@pytest.mark.parametrize(
    "head",
    [
        "Content-Type: text/plain; charset*=v@''utf-8",
        "Content-Type: text/plain; charset*0*=v@''utf; charset*1*=-8",
        "Content-Type: text/plain; name*=v@''a",
        "Content-Type: multipart/mixed; boundary*=v@''b",
        "Content-Type: application/pkcs7-mime; smime-type*=v@''b",
        "Content-Disposition: inline; filename*=v@''a",
        "Content-Transfer-Encoding: v@",
        "Subject: =?v@?q?a?=",
        "From: =?v@*en?b?YQ==?= <a@lead.example>",
        "Auto-Submitted: =?v@?q?a?=",
        "Content-Type: text/html\r\n\r\n<meta charset=v@>\xe9",
        "Content-Type: text/html\r\n\r\n<?xml version='1.0' encoding='v@'?>\xe9",
    ],
)
def test_no_field_of_a_mail_has_a_charset_looked_up(head: str) -> None:
    before = set(encodings._cache)
    for number in range(20):
        clean_reply(
            body_text=None, body_html=None, raw_email=head.replace("@", str(number)) + "\r\n\r\nHi"
        )
    assert {name for name in set(encodings._cache) - before if name.startswith("v")} == set()


@pytest.mark.parametrize("boundary", ["b", "=_a+b (c)?", "-" * 40, "\u00e9"])
def test_a_boundary_is_taken_as_it_stands(boundary: str) -> None:
    mail = (
        f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\npreamble\r\n'
        f"--{boundary} \t\r\n\r\nHello --{boundary}\r\n--{boundary}x\r\n"
        f"--{boundary}--\r\n\r\nepilogue"
    )
    assert read_mail(mail).text.strip() == f"Hello --{boundary}\n--{boundary}x"
