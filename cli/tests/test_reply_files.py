import email

import pytest
from dramatis.errors import CliError
from dramatis.reply_files import Addressing, read_reply
from pydantic import ValidationError

TO = Addressing(workspace_id="acme")


@pytest.fixture
def write(tmp_path):
    def call(name: str, content: bytes):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return call


def test_the_same_file_is_the_same_message(write):
    path = write("a.txt", b"Hello")
    assert read_reply(path, TO).message_id == read_reply(path, TO).message_id


def test_other_content_is_another_message(write):
    first, second = write("a.txt", b"Hello"), write("b.txt", b"Bye")
    assert read_reply(first, TO).message_id != read_reply(second, TO).message_id


def test_new_makes_it_another_message(write):
    path, to = write("a.txt", b"Hello"), Addressing(workspace_id="acme", as_new=True)
    assert read_reply(path, to).message_id != read_reply(path, to).message_id


def test_text_is_the_body(write):
    reply = read_reply(write("a.txt", "Grüße".encode()), TO)
    assert (reply.body_text, reply.raw_email) == ("Grüße", None)


def test_windows_text_is_understood(write):
    assert read_reply(write("a.txt", "5 €".encode("cp1252")), TO).body_text == "5 €"


def test_a_mail_goes_whole_and_its_sender_is_the_lead(write):
    content = b"From: Jo <jo@example.com>\r\nSubject: Re\r\n\r\nHello\r\n"
    reply = read_reply(write("a.eml", content), TO)
    assert reply.raw_email == content.decode()
    assert (reply.lead_id, reply.body_text) == ("jo@example.com", None)


@pytest.mark.parametrize(
    ("sender", "first_name"),
    [
        ("Sam Lee <s@example.com>", "Sam"),
        ('"Lee, Sam" <s@example.com>', "Sam"),
        ("=?utf-8?q?Zo=C3=AB_Lee?= <s@example.com>", "Zoë"),
        ("=?no-such-charset?q?Zo?= <s@example.com>", None),
        ("s@example.com", None),
        ("Acme24 Sales <s@example.com>", None),
    ],
)
def test_a_sender_who_gives_a_name_can_be_greeted_by_it(write, sender, first_name):
    reply = read_reply(write("a.eml", f"From: {sender}\r\n\r\nHello\r\n".encode()), TO)
    assert (reply.lead.first_name, reply.lead_id) == (first_name, "s@example.com")


def test_a_mail_with_8_bit_text_keeps_its_characters(write):
    head = b"Content-Type: text/plain; charset=windows-1252\r\nContent-Transfer-Encoding: 8bit\r\n"
    raw = read_reply(write("a.eml", head + b"\r\n5 \x80\r\n"), TO).raw_email
    assert raw is not None
    payload = email.message_from_string(raw).get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode("cp1252").strip() == "5 €"


def test_a_lead_can_be_named(write):
    to = Addressing(workspace_id="acme", lead_id="l-1")
    assert read_reply(write("a.txt", b"Hello"), to).lead_id == "l-1"


@pytest.mark.parametrize("name", ["a.pdf", "a"])
def test_another_kind_of_file_is_refused(write, name):
    with pytest.raises(CliError, match=r"neither \.eml nor \.txt"):
        read_reply(write(name, b"Hello"), TO)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CliError, match=r"gone\.txt cannot be read"):
        read_reply(tmp_path / "gone.txt", TO)


def test_a_nul_character_is_refused(write):
    with pytest.raises(ValidationError):
        read_reply(write("a.txt", b"a\0b"), TO)
