"""Each parser of foreign bytes is given damaged inputs for a minute; it answers or refuses.

Inputs grow from examples by damage that is drawn from a fixed seed. What once
ended in another error than the parser's is kept in `corpus/`, and tried first.
"""

import asyncio
import contextlib
import json
import random
from hashlib import sha256
from pathlib import Path
from time import monotonic, process_time

import pytest
from draft_svc.domain.reply import clean_reply
from ingest_svc.adapters.extraction.kinds import sniff
from ingest_svc.adapters.extraction.reading import read_parts
from ingest_svc.domain.failure import FileFailedError
from persona_contracts import CampaignSyncedV1, FileUploadedV1, LeadRepliedV1
from persona_contracts.envelope import EnvelopeError, decode, decode_batch
from persona_svc.domain.persona_import import read_import
from service_kit.errors import InvalidError, ServiceError
from service_kit.reply_kinds import answerer_of
from service_kit.templates import GREETING_TOKENS, find_placeholders, parse
from service_kit.tokens import SigningKeys, Tokens

pytestmark = pytest.mark.faults
SECONDS = 60.0
MAX_CPU_SECONDS = 2.0
"""For one input of up to MAX_BYTES."""
MAX_BYTES = 64 * 1024
ROOT = Path(__file__).parents[2]
CORPUS = Path(__file__).with_name("corpus")
CASES = ROOT / "tests" / "cases" / "files"
GOLDEN = ROOT / "shared" / "contracts" / "tests" / "golden"
PIECES = [
    b"{{",
    b"}}",
    b"{firstName|",
    b"*|",
    b"%",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"--b\r\n",
    b"=?utf-8?b?",
    b"?=",
    b"<div hidden>",
    b"<!--",
    b"-->",
    b"]]>",
    b"\\u0",
    b"\\ud800",
    b'"',
    b"[[[[",
    b"---\n",
    b"&a",
    b"*a",
    b": ",
    b"> ",
    b"\r\n\r\n",
    b"<br>",
    b"999999999999999999",
    b"charset=utf-7",
    b"\\bin9999999999 ",
    b"{\\rtf1",
    b"eyJ",
    b"PK\x03\x04",
    b"tEXtchara\x00",
]


def read_event(data):
    for model in (LeadRepliedV1, CampaignSyncedV1, FileUploadedV1):
        subject = f"{model.event_type}.v1.acme"
        for media_type in ("application/json", "application/cloudevents+json"):
            try:
                received = decode(model, subject, {"content-type": media_type}, data)
            except EnvelopeError:
                continue
            if isinstance(received.event, LeadRepliedV1):
                answerer_of(received.event)
    with contextlib.suppress(EnvelopeError):
        decode_batch(LeadRepliedV1, f"{LeadRepliedV1.event_type}.v1.acme", data)


def read_mail(data):
    for text in (data.decode(errors="surrogateescape"), data.decode("latin-1")):
        for name in ("body_text", "body_html", "raw_email"):
            forms = {"body_text": None, "body_html": None, "raw_email": None, name: text}
            cleaned = clean_reply(**forms)
            assert len(cleaned.text) <= 2 * len(text) + 100


def read_persona(data):
    with contextlib.suppress(InvalidError):
        read_import(data)


def read_template(data):
    text = data.decode(errors="replace")
    pieces = parse(text, GREETING_TOKENS)
    assert "".join(each if isinstance(each, str) else each.text for each in pieces) == text
    for found in find_placeholders(text)[:20]:
        assert found.hint


def file_reader(folder):
    """Return what reads files of every kind that is parsed by Python here."""

    def read_file(data):
        path = folder / "file"
        path.write_bytes(data)
        for name in ("a.txt", "a.md", "a.csv", "a.rtf", "a.html", "a.eml"):
            try:
                kind = sniff(path, name)
                if kind not in {"pdf", "docx", "pptx"}:
                    for _ in read_parts(path, kind).parts:
                        pass
            except FileFailedError:
                pass

    return read_file


class NoKeys(SigningKeys):
    """Knows no key, so that every token is refused."""

    def __init__(self):
        pass

    async def get(self, _):
        return None


def examples(*folders, ends=""):
    return [path.read_bytes() for folder in folders for path in sorted(folder.glob(f"*{ends}"))]


FRONT_MATTER = [
    b"---\nname: Anna\ngreeting: Hi {firstName|there},\nvoice:\n  speed: 1.0\n---\n# Rules\n",
    b"# CLAUDE.md\n\n- @docs/style.md\n- Be brief.\n",
    json.dumps(
        {"spec": "chara_card_v2", "data": {"name": "Anna", "extensions": {"a": 1}}}
    ).encode(),
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00",
]
TEMPLATES = [
    b'Hi {first_name|there}, {{ company | default: "you" }} *|X|* %NAME% [First Name] {lead.plan}',
    "«Vorname» <<Name>> <%= x %> ${y} #{z} {a|b|c} {senderName}".encode(),
]
TOKEN = b"eyJhbGciOiJFUzI1NiIsImtpZCI6ImEifQ.eyJzdWIiOiJhIiwiZXhwIjo5OTk5OTk5OTk5fQ.AAAA"


def damaged(chance, seeds):
    """Return an example with some damage: cut, doubled, mixed, bits turned, pieces put in."""
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(6):
            case 0 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 1:
                data[at:at] = chance.choice(PIECES) * chance.choice((1, 1, 2, 50))
            case 2:
                del data[at : at + chance.randint(1, 200)]
            case 3:
                data[at:at] = data[at : at + chance.randint(1, 2_000)] * chance.choice((1, 1, 30))
            case 4:
                other = chance.choice(seeds)
                start = chance.randrange(len(other) + 1)
                data[at:at] = other[start : start + 2_000]
            case _:
                data[at:at] = chance.randbytes(chance.randint(1, 8))
        del data[MAX_BYTES:]
    return bytes(data)


def tried(name, read, seeds):
    """Give `read` the corpus, the examples, and damaged ones until the time is over."""
    kept = examples(CORPUS / name) if (CORPUS / name).is_dir() else []
    chance, count, ends_at = random.Random(name), 0, monotonic() + SECONDS  # noqa: S311 - no secret
    waiting = [*kept, *seeds]
    while monotonic() < ends_at:
        data = waiting.pop() if waiting else damaged(chance, [*kept, *seeds])
        begun = process_time()
        try:
            read(data)
            assert process_time() - begun < MAX_CPU_SECONDS
        except BaseException:
            folder = CORPUS / name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / sha256(data).hexdigest()[:16]).write_bytes(data)
            raise
        count += 1
    assert count > len(kept) + len(seeds)


def test_any_event_is_read_or_refused():
    tried("events", read_event, examples(GOLDEN, ends=".json") + examples(CASES, ends=".json"))


def test_any_mail_is_cleaned():
    tried(
        "mails",
        read_mail,
        [each for end in ("eml", "txt", "html") for each in examples(CASES, ends=end)],
    )


def test_any_file_is_read_or_refused(tmp_path):
    ends = ("eml", "txt", "html", "rtf", "xlsx")
    tried(
        "files", file_reader(tmp_path), [each for end in ends for each in examples(CASES, ends=end)]
    )


def test_any_persona_file_is_read_or_refused():
    tried("personas", read_persona, FRONT_MATTER)


def test_any_template_is_taken_apart_without_loss():
    tried("templates", read_template, TEMPLATES)


def test_any_token_is_refused(event_loop_runner):
    tokens = Tokens(NoKeys(), issuer="i", audience="a")

    def read_token(data):
        with pytest.raises(ServiceError):
            event_loop_runner.run(tokens.verify(data.decode("latin-1")))

    tried("tokens", read_token, [TOKEN])


@pytest.fixture
def event_loop_runner():
    with asyncio.Runner() as runner:
        yield runner
