"""Row 7: from a file to what is found in it, against LangChain with the same model."""

import asyncio
import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter

import httpx
import nats
import pypdfium2
from measured import TIMES, DataMissingError, Measured, Row
from persona_contracts import ResolvedPersona, state_subject
from service_devkit.embedded import NatsProcess, PostgresProcess, free_port
from service_devkit.testing.api import Api, running, service_env
from service_devkit.testing.database import Databases
from service_devkit.testing.waiting import wait_until
from service_kit.clock import utc_now
from service_kit.ids import new_id
from service_kit.topology import apply_streams

FOLDER = Path(__file__).parents[1]
CORPUS = FOLDER.parents[1] / "shared" / "data" / "corpus" / "files"
PDFS = (
    "R-exts.pdf",
    "R-intro.pdf",
    "policy.pdf",
    "multi_page.pdf",
    "pdflatex-4-pages.pdf",
    "multicolumn.pdf",
)
PEER = FOLDER / "peers" / "knowledge"
MANY_PAGES = 2_400
WORKSPACE = "bench"
WAIT_SECONDS = 900


def measure(*, quick: bool) -> Row:
    """Upload real PDFs, a small one alone, a long one and a large text; ask the peer for the same.

    Raises:
        DataMissingError: the corpus is not there.
        FileNotFoundError: the peer's environment is not there.
    """
    paths = [CORPUS / name for name in (PDFS[3:] if quick else PDFS)]
    if not CORPUS.is_dir():
        raise DataMissingError("../shared/data/corpus is not there")
    with (
        tempfile.TemporaryDirectory() as name,
        NatsProcess(Path(name) / "nats") as broker,
        PostgresProcess(Path(name) / "postgres", port=free_port()) as postgres,
    ):
        folder = Path(name) / "service"
        database = Databases(postgres).new("ingest_svc")
        env = service_env(folder, database_url=database.login_url, nats_url=broker.url)
        persona_id = asyncio.run(_persona(broker.url))
        with running("ingest_svc", folder, env) as api:
            figures = asyncio.run(_ours(api, persona_id, paths, Path(name), quick=quick))
    peer_seconds, peer_megabytes = _peer(paths)
    by_name = {each.what: each.value for each in figures}
    return Row(
        title=f"Files to knowledge: {len(paths)} PDFs of {_pages(paths)} pages at once",
        figures=[
            *figures,
            Measured("LangChain, MiniLM, Qdrant local: searchable", peer_seconds, "s"),
            Measured("LangChain: memory peak", peer_megabytes, "MB"),
            Measured("words found, as fast as LangChain", peer_seconds / by_name["ready"], TIMES),
            Measured(
                "vectors complete, as fast as LangChain",
                peer_seconds / by_name["vectors complete"],
                TIMES,
            ),
        ],
        setup="uploaded over HTTP to a running service; the peer reads local files in one process,"
        " its imports and its model already loaded",
    )


async def _persona(nats_url: str) -> str:
    persona = ResolvedPersona.model_validate(
        {
            "persona_id": str(new_id()),
            "name": "Anna",
            "prompts": {"system": "", "rag": "", "user": ""},
            "version": 1,
            "revision": 1,
            "updated_at": utc_now().isoformat(),
        }
    )
    connection = await nats.connect(nats_url)
    await apply_streams(connection.jetstream())
    subject = state_subject(WORKSPACE, "persona", str(persona.persona_id))
    await connection.jetstream().publish(subject, persona.model_dump_json().encode())
    await connection.close()
    return str(persona.persona_id)


async def _ours(
    api: Api, persona_id: str, paths: Sequence[Path], folder: Path, *, quick: bool
) -> list[Measured]:
    path = f"/api/personas/{persona_id}/files"
    async with api.client(WORKSPACE) as client:
        client.timeout = httpx.Timeout(120)
        await wait_until(lambda: _is_ok(client, path), 20)
        warm = await _upload(client, path, [("warm.txt", b"Warm up the model. " * 20)])
        await _until(client, path, warm, "vectors")
        small = await _timed(
            client, path, [("small.pdf", (CORPUS / PDFS[4]).read_bytes())], "status"
        )
        start = perf_counter()
        ids = await _upload(client, path, [(each.name, each.read_bytes()) for each in paths])
        await _until(client, path, ids, "status")
        ready = perf_counter() - start
        await _until(client, path, ids, "vectors")
        complete = perf_counter() - start
        megabytes = 5 if quick else 49
        line = b"A bicycle costs 49 euros a month, and a good lock costs 9 euros more than that.\n"
        text = line * (megabytes * 1024**2 // len(line))
        memory = asyncio.create_task(_peak(api.process.pid))
        large = await _timed(client, path, [("large.txt", text)], "status")
        memory.cancel()
        peak = await _peak_of(memory)
        long = await _timed(client, path, [("long.pdf", _long_pdf(folder))], "status")
    return [
        Measured("ready", ready, "s"),
        Measured("vectors complete", complete, "s"),
        Measured("a PDF of 25 KB: ready", small, "s", at_most=1),
        Measured(f"a text of {megabytes} MB: ready", large, "s", at_most=60),
        Measured(f"a text of {megabytes} MB: memory peak of the service", peak, "MB"),
        Measured(f"a PDF of {MANY_PAGES:,} pages: ready", long, "s", at_most=30),
    ]


async def _is_ok(client: httpx.AsyncClient, path: str) -> bool:
    return (await client.get(path)).is_success


async def _timed(
    client: httpx.AsyncClient, path: str, files: Sequence[tuple[str, bytes]], until: str
) -> float:
    start = perf_counter()
    await _until(client, path, await _upload(client, path, files), until)
    return perf_counter() - start


async def _upload(
    client: httpx.AsyncClient, path: str, files: Sequence[tuple[str, bytes]]
) -> list[str]:
    answer = await client.post(path, files=[("files", file) for file in files])
    return [file["id"] for file in answer.raise_for_status().json()["files"]]


async def _until(client: httpx.AsyncClient, path: str, ids: Sequence[str], field: str) -> None:
    """Wait until each file is `ready` or, for `vectors`, `complete`."""
    target = {"status": "ready", "vectors": "complete"}[field]
    for file_id in ids:

        async def is_done(file_id: str = file_id) -> bool:
            file = (await client.get(f"{path}/{file_id}")).json()
            if "failed" in {file["status"], file["vectors"]}:
                raise ValueError(f"{file['file_name']} failed: {file['error']}")
            return file[field] == target

        await wait_until(is_done, WAIT_SECONDS)


_peaks: list[float] = []


async def _peak(pid: int) -> None:
    """Note the service's own memory ten times a second; its children have their own limits."""
    _peaks.clear()
    while True:
        _peaks.append(await asyncio.to_thread(_megabytes, pid))
        await asyncio.sleep(0.1)


def _megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


async def _peak_of(task: "asyncio.Task[None]") -> float:
    with suppress(asyncio.CancelledError):
        await task
    return max(_peaks)


def _long_pdf(folder: Path) -> bytes:
    """Return a PDF of MANY_PAGES pages, put together from the corpus."""
    long = pypdfium2.PdfDocument.new()
    sources = [pypdfium2.PdfDocument(CORPUS / name) for name in PDFS]
    while len(long) < MANY_PAGES:
        for source in sources:
            room = MANY_PAGES - len(long)
            if room:
                long.import_pages(source, list(range(min(room, len(source)))))
    path = folder / "long.pdf"
    long.save(path)
    return path.read_bytes()


def _pages(paths: Sequence[Path]) -> int:
    return sum(len(pypdfium2.PdfDocument(path)) for path in paths)


def _peer(paths: Sequence[Path]) -> tuple[float, float]:
    python = PEER / ".venv" / "bin" / "python"
    if not python.exists():
        subprocess.run(["make", "-s", "bench-peers"], cwd=FOLDER.parent, check=True)  # noqa: S607
    done = subprocess.run(  # noqa: S603 — our own script
        [python, PEER / "langchain_qdrant_local.py", *paths],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"},
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    return answer["seconds"], answer["megabytes"]
