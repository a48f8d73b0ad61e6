"""Files that hurt get their answer, and cost the files beside them and the service nothing."""

from pathlib import Path

import bad_files
import pytest

pytestmark = pytest.mark.processes

PRICES = b"A bicycle costs 49 euros a month."


def megabytes(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


async def test_files_beside_bombs_are_ready_in_time_and_the_service_stays_small(shelf, api):
    anna = await shelf.persona()
    await shelf.add(anna, "before.txt", PRICES)
    before = megabytes(api.process.pid)
    bombs = {
        "bomb.pdf": (bad_files.bomb_pdf(), "too_complex"),
        "bomb.docx": (bad_files.bomb_docx(), "too_large"),
        "deep.html": (bad_files.nested_html(), "no_text"),
        "pages.pdf": (bad_files.text_pdf(pages=20_000), "too_many_pages"),
        "noise.txt": (bytes(range(256)) * 1_000, "unsupported"),
    }
    answer = await shelf.post(anna, *[(name, content) for name, (content, _) in bombs.items()])
    ids = {file["file_name"]: file["id"] for file in answer.json()["files"]}
    beside = await shelf.add(anna, "beside.txt", PRICES + b" And a lock.")
    assert beside["status"] == "ready"
    for name, (_, code) in bombs.items():
        file = await shelf.settled(anna, ids[name])
        assert file["error"]["code"] == code, name
    assert megabytes(api.process.pid) - before < 60
    assert (await shelf.texts(anna, "lock"))[0].endswith("And a lock.")
