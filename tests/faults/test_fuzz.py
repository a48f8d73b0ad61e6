"""Each parser of foreign bytes is given damaged inputs for a minute; it answers or refuses.

Inputs grow from examples by damage that is drawn from a fixed seed. What once ended in another
error than the parser's is kept in `corpus/`: each run of the tests tries it again.
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
from persona_prompts import RAG_PROMPT, USER_PROMPT, TemplateRefusedError, check
from persona_svc.domain.persona_import import read_import
from pydantic import TypeAdapter, ValidationError
from service_kit.errors import InvalidError, ServiceError
from service_kit.reply_kinds import answerer_of
from service_kit.templates import GREETING_TOKENS, find_placeholders, parse
from service_kit.tokens import SigningKeys, Tokens
from voice_svc.domain.agent_tool import TOOL_NAME
from voice_svc.domain.signature import SignatureRefusedError, verify_signature
from voice_svc.entrypoints.schemas.post_calls import MAX_CITATIONS, PostCallRequest, Webhook

SECONDS = 60.0
MAX_CPU_SECONDS = 2.0
"""For one input of up to MAX_BYTES."""
MAX_BYTES = 64 * 1024
ROOT = Path(__file__).parents[2]
WEBHOOK = TypeAdapter[Webhook](Webhook)
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


def read_prompt(data):
    source = data.decode(errors="replace").replace("\0", "")
    with contextlib.suppress(TemplateRefusedError):
        check(source)


def read_signature(data):
    with pytest.raises(SignatureRefusedError):
        verify_signature(data.decode("latin-1"), data, "secret")


def read_call(data):
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):  # told by the framework: 400
        return
    with contextlib.suppress(ValidationError):
        webhook = WEBHOOK.validate_python(body)
        if isinstance(webhook, PostCallRequest):
            assert len(webhook.data.call().citations) <= MAX_CITATIONS


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
PROMPTS = [RAG_PROMPT.encode(), USER_PROMPT.encode(), b"{% if page %}{{ a|upper }}{% endif %}"]
SIGNATURE = b"t=1764000000,v0=" + b"ab" * 32
CITATION = {
    "source": "a.pdf", "page": 1, "section": None, "quote": "x", "file_id": "f", "chunk_id": "c",
}  # fmt: skip
TOOL_ANSWER = {"status": "found", "answer": "Ten.", "citations": [CITATION]}
CALLS = [
    json.dumps(
        {
            "type": "post_call_transcription",
            "data": {
                "agent_id": "agent_1",
                "conversation_id": "conv_1",
                "metadata": {"start_time_unix_secs": 1, "call_duration_secs": 2.5, "cost": 3},
                "conversation_initiation_client_data": {"dynamic_variables": {"lead_id": "l"}},
                "transcript": [
                    {"role": "user", "message": "Hi", "time_in_call_secs": 1},
                    {
                        "role": "agent",
                        "message": None,
                        "tool_results": [
                            {"tool_name": TOOL_NAME, "result_value": json.dumps(TOOL_ANSWER)}
                        ],
                    },
                ],
            },
        }
    ).encode()
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


class TokenReader:
    """Has every token refused, for no key is known."""

    def __init__(self):
        self._runner = asyncio.Runner()
        self._tokens = Tokens(NoKeys(), issuer="i", audience="a")

    def __call__(self, data):
        with pytest.raises(ServiceError):
            self._runner.run(self._tokens.verify(data.decode("latin-1")))

    def close(self):
        self._runner.close()


def cases(*ends):
    return [each for end in ends for each in examples(CASES, ends=end)]


SEEDS = {
    "events": examples(GOLDEN, ends=".json") + cases("json"),
    "mails": cases("eml", "txt", "html"),
    "files": cases("eml", "txt", "html", "rtf", "xlsx"),
    "personas": FRONT_MATTER,
    "templates": TEMPLATES,
    "prompts": PROMPTS,
    "tokens": [TOKEN],
    "signatures": [SIGNATURE],
    "calls": CALLS,
}


@pytest.fixture
def reader(parser, tmp_path):
    tokens = TokenReader()
    yield {
        "events": read_event,
        "mails": read_mail,
        "files": file_reader(tmp_path),
        "personas": read_persona,
        "templates": read_template,
        "prompts": read_prompt,
        "tokens": tokens,
        "signatures": read_signature,
        "calls": read_call,
    }[parser]
    tokens.close()


@pytest.mark.faults
@pytest.mark.parametrize("parser", SEEDS)
def test_whatever_comes_is_read_or_refused(parser, reader):
    tried(parser, reader, SEEDS[parser])


@pytest.mark.parametrize(
    ("parser", "kept"),
    [(path.parent.name, path) for path in sorted(CORPUS.glob("*/*"))],
    ids=lambda value: value.name if isinstance(value, Path) else value,
)
def test_what_once_broke_a_parser_is_read_or_refused(kept, reader):
    reader(kept.read_bytes())
