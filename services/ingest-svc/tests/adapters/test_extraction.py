"""Every file is read, or refused for what is wrong with it; nothing hurts the parent."""

import asyncio
import contextlib
import io
import json
import os
import resource
import signal
import sys
from hashlib import sha256
from pathlib import Path

import bad_files
import pypdfium2
import pytest
from corpus import BAD, FOLDER, OK, citations, needs_corpus, plain
from hypothesis import given
from hypothesis import strategies as st
from ingest_svc.adapters.extraction.chunks import split
from ingest_svc.adapters.extraction.parts import Part
from ingest_svc.adapters.extractor import MAX_TRACE_CHARS, Extractor, answer_of
from ingest_svc.domain.failure import FileFailedError
from service_devkit.testing.waiting import wait_until
from structlog.testing import capture_logs

pytestmark = [pytest.mark.processes, pytest.mark.long]
PRICE = "A bicycle costs 49 euros a month. "


@pytest.fixture
def read(tmp_path):
    """Return a function that extracts bytes and returns what was found and the chunks."""

    async def extract(name, content):
        original, chunks_path = tmp_path / "original", tmp_path / "chunks"
        original.write_bytes(content)
        extractor = Extractor()
        found = await extractor.extract(original, name, chunks_path)
        return found, list(extractor.read_chunks(chunks_path))

    return extract


@needs_corpus
@pytest.mark.parametrize("name", OK)
async def test_real_documents_are_read(read, name):
    found, chunks = await read(name, (FOLDER / "files" / name).read_bytes())
    assert (found.kind, found.pages) == OK[name]
    assert [chunk.number for chunk in chunks] == list(range(found.chunk_count))
    assert all(chunk.text.strip() and len(chunk.text) <= 1_000 for chunk in chunks)
    if found.pages:
        assert all(1 <= chunk.page_start <= found.pages for chunk in chunks)


@needs_corpus
@pytest.mark.parametrize("name", BAD)
async def test_real_documents_that_are_broken_are_refused(read, name):
    with pytest.raises(FileFailedError) as refused:
        await read(name, (FOLDER / "files" / name).read_bytes())
    assert refused.value.code == BAD[name]


@needs_corpus
async def test_every_phrase_stands_in_a_chunk_of_its_page(read):
    pages = {}
    for cited in citations():
        if cited["file"] not in pages:
            _, chunks = await read(cited["file"], (FOLDER / "files" / cited["file"]).read_bytes())
            by_page = {}
            for chunk in chunks:
                by_page.setdefault(chunk.page_start, []).append(plain(chunk.text))
            pages[cited["file"]] = by_page
        whole = "".join(pages[cited["file"]][cited["page"]])
        start = plain(cited["phrase"])[:40]
        assert start in whole, cited


NOISE = b"".join(sha256(b"%d" % number).digest() for number in range(6_000))
GERMAN = (
    "Bezeichnung;Größe;Preis\n"
    "Fahrrad für Frauen, schön und günstig;mittel;49 Euro\n"
    "Fahrrad für Männer, äußerst stabil;groß;59 Euro\n"
    "Zubehör: Körbe, Schlösser, Lämpchen;übliche Größen;auf Anfrage\n"
)
CASES = {
    "zero bytes": ("a.pdf", lambda: b"", "empty"),
    "blank": ("a.txt", lambda: b" \n\t" * 50, "empty"),
    "blank page": ("a.pdf", bad_files.pdf, "no_text"),
    "random pdf": ("a.pdf", lambda: NOISE, "corrupted"),
    "random docx": ("a.docx", lambda: NOISE, "corrupted"),
    "random after the magic": ("a.pdf", lambda: b"%PDF-1.7\n" + NOISE, "corrupted"),
    "zip of nothing": ("a.docx", lambda: bad_files.archive({"a": "b"}), "unsupported"),
    "truncated docx": ("a.docx", lambda: bad_files.docx("x")[:-40], "corrupted"),
    "text called docx": ("a.docx", lambda: PRICE.encode() * 50, "corrupted"),
    "encrypted office": (
        "a.xlsx",
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
        "encrypted",
    ),
    "old office": ("a.doc", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + NOISE, "unsupported"),
    "scanned": ("a.pdf", bad_files.scanned_pdf, "no_text"),
    "bomb pdf": ("a.pdf", bad_files.bomb_pdf, "too_complex"),
    "bomb docx": ("a.docx", bad_files.bomb_docx, "too_large"),
    "nested html": ("a.html", bad_files.nested_html, "no_text"),
    "too many pages": ("a.pdf", lambda: bad_files.text_pdf(pages=20_000), "too_many_pages"),
    "binary called txt": ("a.txt", lambda: NOISE, "unsupported"),
    "picture": ("a.png", lambda: b"\x89PNG\r\n\x1a\n" + NOISE, "unsupported"),
}


@pytest.mark.parametrize("case", CASES)
async def test_what_hurts_is_answered_and_costs_the_parent_nothing(read, case):
    name, make, code = CASES[case]
    content = make()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FileFailedError) as refused:
        await read(name, content)
    assert refused.value.code == code
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 50 * 1024


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", bad_files.comments()),
        ("a.txt", b"<!-- a -->\n" * 300 + b"<!--"),
        ("a.txt", b" " * 4_000 + b"<!-- -->" * 10),
        ("a.html", bad_files.comments()),
        ("a.md", b"# a" + b" " * 400_000 + b"x\n"),
        ("a.md", b"# a" + b" #" * 200_000 + b"x\n"),
        ("a.csv", b", " * 200_000 + b"x\n"),
        ("a.html", bad_files.titles()),
    ],
    ids=range(8),
)
async def test_a_small_file_takes_two_seconds_of_processor_time_at_most(read, name, content):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with contextlib.suppress(FileFailedError):
        await read(name, content)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2.2


async def test_the_kernel_ends_a_child_that_takes_too_much_processor_time(read):
    with capture_logs() as logs, pytest.raises(FileFailedError) as refused:
        await read("a.html", bad_files.titles())
    assert refused.value.code == "too_complex"
    (line,) = [line for line in logs if line["event"] == "extraction.ended"]
    assert line["returncode"] == -signal.SIGXCPU


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("notes", b"<!-- a -->\n<!-- b --> <html><p>Prices", "html"),
        ("notes", b"<!-- <html> --><p>Prices", "txt"),
        ("notes", b"\n <!DOCTYPE html><p>Prices", "html"),
    ],
)
async def test_a_web_page_is_known_behind_its_comments(read, name, content, kind):
    found, _ = await read(name, content)
    assert found.kind == kind


@pytest.mark.parametrize(
    ("line", "title"),
    [("# Prices", "Prices"), ("## Prices ##  ", "Prices ##"), ("# Prices \t##", "Prices")],
)
async def test_a_heading_is_cited_without_the_signs_that_close_it(read, line, title):
    _, chunks = await read("a.md", f"{line}\n\n{PRICE * 20}".encode())
    assert chunks[0].section == title


@pytest.mark.parametrize(
    ("name", "make", "expected"),
    [
        ("a.xlsx", bad_files.far_cell, "far away"),
        ("a.eml", bad_files.nested_eml, "Nested"),
        ("a.pdf", bad_files.text_pdf, "A price of 49 euros."),
        ("wrong.txt", bad_files.text_pdf, "A price of 49 euros."),
        ("a.docx", lambda: bad_files.docx(bad_files.paragraph(PRICE)), PRICE.strip()),
    ],
)
async def test_what_only_looks_bad_is_read(read, name, make, expected):
    _, chunks = await read(name, make())
    assert expected in " ".join(chunk.text for chunk in chunks)


@pytest.mark.parametrize("make", [bad_files.billion_laughs, bad_files.external_entity])
async def test_entities_are_not_expanded(read, make):
    text = ""
    with contextlib.suppress(FileFailedError):
        _, chunks = await read("a.docx", make())
        text = " ".join(chunk.text for chunk in chunks)
    assert "root:" not in text
    assert len(text) < 1_000


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.txt", "Größe: 49 €".encode(), "Größe: 49 €"),
        ("a.txt", "Größe: 49 €".encode("utf-8-sig"), "Größe: 49 €"),
        ("a.txt", "Größe: 49 €".encode("utf-16"), "Größe: 49 €"),
        ("a.csv", GERMAN.encode("cp1252"), "Größe"),
        ("notes", PRICE.encode(), PRICE.strip()),
        ("a.txt", PRICE.encode() * 3 + b"one\0two", "onetwo"),
    ],
)
async def test_text_is_decoded(read, name, content, text):
    _, chunks = await read(name, content)
    assert text in chunks[0].text.replace("\r", "")


async def test_text_is_cited_by_line_and_markdown_by_heading(read):
    lines = "\n".join(f"Line {n}. {PRICE * 5}" for n in range(1, 41))
    _, chunks = await read("a.txt", lines.encode())
    for chunk in chunks:
        first = int(chunk.section.removeprefix("lines ").removeprefix("line ").split("-")[0])
        assert (
            f"Line {first}." in chunk.text or chunk.text.split()[0] in lines.split("\n")[first - 1]
        )
    text = f"# Prices\n\n{PRICE * 20}\n\n# Terms\n\n```\n# no heading\n```\n\n{PRICE * 20}"
    _, chunks = await read("a.md", text.encode())
    assert {chunk.section for chunk in chunks} == {"Prices", "Terms"}


async def test_a_text_of_49_mb_is_read_and_never_held_whole(read):
    line = f"{PRICE * 3}\n".encode()
    content = line * (49 * 1024**2 // len(line))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found, chunks = await read("a.txt", content)
    assert found.chunk_count == len(chunks) > 40_000
    del before


async def test_what_stands_on_a_page_is_cited_by_its_number(read):
    document = pypdfium2.PdfDocument.new()
    for number in range(1, 4):
        page = pypdfium2.PdfDocument(bad_files.text_pdf(b"Tariff %d is described here." % number))
        document.import_pages(page)
        page.close()
    content = io.BytesIO()
    document.save(content)
    document.close()
    found, chunks = await read("a.pdf", content.getvalue())
    assert found.pages == 3
    for number in range(1, 4):
        (chunk,) = [chunk for chunk in chunks if f"Tariff {number} " in chunk.text]
        assert (chunk.page_start, chunk.page_end) == (number, number)


async def test_languages_are_recognised(read):
    german = "Die Preise für Fahrräder richten sich nach der Anzahl der Mitarbeiter. " * 5
    russian = "Цены на велосипеды зависят от количества сотрудников компании. " * 5
    for text, language in ((german, "german"), (russian, "russian"), (PRICE * 5, "english")):
        found, _ = await read("a.txt", text.encode())
        assert found.language == language
    found, _ = await read("a.txt", b"49")
    assert found.language == "english"


async def test_a_file_without_a_new_page_for_too_long_is_given_up(tmp_path):
    (tmp_path / "original").write_bytes(bad_files.bomb_pdf())
    with pytest.raises(FileFailedError) as refused:
        await Extractor(page_seconds=0.01).extract(
            tmp_path / "original", "a.pdf", tmp_path / "chunks"
        )
    assert refused.value.code == "timeout"
    assert "No new page" in str(refused.value)


async def test_a_file_is_read_for_as_long_as_pages_come():
    child = asyncio.StreamReader()
    reading = asyncio.create_task(answer_of(child, page_seconds=1))
    for page in range(15):
        await asyncio.sleep(0.1)
        child.feed_data(b'{"parts": %d}\n' % page)
    child.feed_data(b'{"kind": "pdf"}\n')
    child.feed_eof()
    assert await reading == {"kind": "pdf"}


async def test_each_page_is_told_while_a_file_is_read(tmp_path):
    (tmp_path / "original").write_bytes(bad_files.text_pdf(pages=30))
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ingest_svc.adapters.extraction",
        str(tmp_path / "original"), str(tmp_path / "chunks"),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    child.stdin.write(b'"a.pdf"\n')
    lines = [json.loads(line) async for line in child.stdout]
    await child.communicate()
    assert child.returncode == 0
    assert lines[:-1] == [{"parts": count} for count in range(1, 31)]
    assert lines[-1]["pages"] == 30


async def test_the_name_of_a_file_is_in_no_argument_of_a_process(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    (tmp_path / "python").write_text(
        f'#!/bin/bash\nprintf "%s " "$@" > {tmp_path}/arguments\nread -r > {tmp_path}/null\n'
        f'printf "%s" "$REPLY" > {tmp_path}/name\nexit 3\n'
    )
    (tmp_path / "python").chmod(0o755)
    with pytest.raises(FileFailedError):
        await Extractor().extract(tmp_path / "o", "salary of Ada\n.pdf", tmp_path / "c")
    assert "salary" not in (tmp_path / "arguments").read_text()
    assert json.loads((tmp_path / "name").read_text()) == "salary of Ada\n.pdf"


@pytest.mark.parametrize(
    ("end", "code"), [("exit 3", "corrupted"), ("kill -SEGV $$", "too_complex")]
)
async def test_a_crash_leaves_the_end_of_its_trace_in_the_log(tmp_path, monkeypatch, end, code):
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    (tmp_path / "python").write_text(
        f"#!/bin/bash\nhead -c 200000 /dev/zero | tr '\\0' x >&2\necho the cause >&2\n{end}\n"
    )
    (tmp_path / "python").chmod(0o755)
    with capture_logs() as logs, pytest.raises(FileFailedError) as refused:
        await Extractor().extract(tmp_path / "o", "a.pdf", tmp_path / "c")
    assert refused.value.code == code
    (line,) = [line for line in logs if line["event"] == "extraction.ended"]
    assert line["trace"].endswith("the cause\n")
    assert len(line["trace"]) <= MAX_TRACE_CHARS


async def test_a_parser_that_crashes_says_where(tmp_path):
    (tmp_path / "original").mkdir()
    with capture_logs() as logs, pytest.raises(FileFailedError):
        await Extractor().extract(tmp_path / "original", "a.pdf", tmp_path / "chunks")
    (line,) = [line for line in logs if line["event"] == "extraction.ended"]
    assert "Traceback" in line["trace"]
    assert "IsADirectoryError" in line["trace"]


def children(pid):
    """Return the processes whose parent is `pid` (proc(5))."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == pid and state != "Z":
                found.append(int(stat.parent.name))
    return found


def is_running(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


async def test_the_child_ends_when_the_work_is_cancelled(tmp_path):
    (tmp_path / "original").write_bytes(bad_files.text_pdf(pages=4_999))
    work = asyncio.create_task(
        Extractor().extract(tmp_path / "original", "a.pdf", tmp_path / "chunks")
    )
    before = set(children(os.getpid()))
    started = await wait_until(lambda: set(children(os.getpid())) - before)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert not any(
        is_running(pid) for pid in started if pid not in before and pid in children(os.getpid())
    )


async def test_the_child_ends_with_its_parent(tmp_path):
    (tmp_path / "original").write_bytes(bad_files.bomb_pdf())
    program = f"""
import asyncio
from pathlib import Path
from ingest_svc.adapters.extractor import MAX_TRACE_CHARS, Extractor, answer_of
folder = Path({str(tmp_path)!r})
asyncio.run(Extractor().extract(folder / "original", "a.pdf", folder / "chunks"))
"""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    (child, *_) = await wait_until(lambda: children(parent.pid))
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    await wait_until(lambda: not is_running(child))


async def test_the_child_gets_none_of_our_secrets(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    (tmp_path / "python").write_text(f"#!/bin/sh\nenv > {tmp_path}/env\nexit 1\n")
    (tmp_path / "python").chmod(0o755)
    with pytest.raises(FileFailedError):
        await Extractor().extract(tmp_path / "o", "a.pdf", tmp_path / "c")
    assert "sk-secret" not in (tmp_path / "env").read_text()


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=3_000))
def test_chunks_hold_every_word_in_order(text):
    chunks = list(split(Part(text=text, first_line=1)))
    place = 0
    for chunk in chunks:
        found = text.find(chunk["text"], max(0, place - 1_000))
        assert found >= 0
        place = found + len(chunk["text"])
    joined = "".join(chunk["text"] for chunk in chunks)
    for word in text.split():
        assert all(letter in joined for letter in word)
