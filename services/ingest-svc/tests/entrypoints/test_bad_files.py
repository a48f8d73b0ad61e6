"""Files that hurt get their answer, and cost the files beside them and the service nothing."""

from pathlib import Path

import bad_files
import pytest
from service_devkit.testing.waiting import wait_until
from shelf import Shelf

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


async def until_extracting(shelf, who, count):
    async def there():
        files = (await shelf.client.get(shelf.path(who))).json()["items"]
        return sum(file["step"] == "extracting" for file in files) >= count

    await wait_until(there)


@pytest.mark.parametrize("make", [bad_files.comments, bad_files.titles])
async def test_hostile_files_of_a_workspace_keep_no_other_waiting(
    shelf, api, connection, data_dir, make
):
    """The four are read for as long as they may be, or are ready; `good` does not wait for them."""
    evil = await shelf.persona()
    name = "notes.txt" if make is bad_files.comments else "page.html"
    hostile = [(name, make() + b"%d" % number) for number in range(4)]
    async with api.client(f"good-{shelf.workspace_id}"[:60]) as client:
        good = Shelf(f"good-{shelf.workspace_id}"[:60], connection, client, data_dir)
        otto = await good.persona()
        posted = await shelf.post(evil, *hostile)
        if make is bad_files.titles:
            await until_extracting(shelf, evil, 2)
        ready = await good.add(otto, "prices.md", b"# Prices\n\n" + PRICES)
    assert ready["status"] == "ready"
    ids = [file["id"] for file in posted.json()["files"]]
    if make is bad_files.titles:
        states = [(await shelf.get(evil, file_id))["status"] for file_id in ids]
        assert "processing" in states
    for file_id in ids:
        settled = await shelf.settled(evil, file_id)
        assert settled["status"] == "ready" or settled["error"]["code"] == "too_complex"
