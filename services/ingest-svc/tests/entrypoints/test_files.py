"""Files over REST: uploaded, listed, read, tried again, forgotten."""

import pytest
from service_devkit.testing.waiting import wait_until

pytestmark = pytest.mark.processes

PRICES = b"A bicycle costs 49 euros a month.\n\nTen bicycles cost 400 euros a month.\n"


async def test_an_upload_is_answered_at_once_and_ready_soon(shelf):
    anna = await shelf.persona()
    answer = await shelf.post(anna, ("prices.txt", PRICES), tags=["prices", "2026"])
    assert answer.status_code == 201
    body = answer.json()
    assert (body["id"], body["status"]) == (body["files"][0]["id"], "processing")
    assert answer.headers["Location"] == shelf.path(anna, f"/{body['id']}")
    file = await shelf.settled(anna, body["id"])
    assert (file["status"], file["step"], file["error"]) == ("ready", "done", None)
    assert (file["kind"], file["language"], file["vectors"]) == ("txt", "english", "off")
    assert (file["file_name"], file["tags"]) == ("prices.txt", ["prices", "2026"])
    assert (file["size_bytes"], file["chunks"], file["pages"]) == (len(PRICES), 1, None)
    (event,) = await shelf.events("ready")
    assert (event["file_id"], event["persona_id"]) == (body["id"], str(anna.persona_id))
    assert event["chunks"] == 1


async def test_a_file_says_which_charset_was_guessed_for_it(shelf):
    anna = await shelf.persona()
    text = "Größe für Müller: schöne Übersicht."
    guessed = await shelf.add(anna, "a.txt", text.encode("cp1252"))
    known = await shelf.add(anna, "b.txt", text.encode())
    assert (guessed["guessed_charset"], known["guessed_charset"]) == ("cp1252", None)
    assert await shelf.texts(anna, "Übersicht") == [text, text]
    short = await shelf.client.get(shelf.path(anna, f"/{guessed['file_id']}/status"))
    assert short.json() == {"status": "ready", "guessed_charset": "cp1252"}


async def test_several_files_have_a_status_each(shelf):
    anna = await shelf.persona()
    answer = await shelf.post(anna, ("a.txt", PRICES), ("b.bin", bytes(range(256)) * 50))
    ids = [file["id"] for file in answer.json()["files"]]
    good, bad = [await shelf.settled(anna, file_id) for file_id in ids]
    assert (good["status"], bad["status"]) == ("ready", "failed")
    assert bad["error"]["code"] == "unsupported"
    assert "Upload a PDF" in bad["error"]["detail"]
    listed = (await shelf.client.get(shelf.path(anna))).json()["items"]
    assert [file["file_id"] for file in listed] == ids[::-1]
    status = (await shelf.client.get(shelf.path(anna, f"/{ids[1]}/status"))).json()
    assert status["status"] == "failed"
    assert "not supported" in status["error"]
    assert (await shelf.client.get(shelf.path(anna, f"/{ids[0]}/status"))).json() == {
        "status": "ready"
    }


@pytest.mark.parametrize(
    ("files", "status", "slug"),
    [
        ([("empty.txt", b"")], 422, "file-refused"),
        ([("good.txt", PRICES), ("big.txt", b"x" * (50 * 1024**2 + 1))], 413, "file-too-large"),
        ([("folder/", PRICES)], 422, None),
    ],
    ids=["empty", "too large", "without a name"],
)
async def test_a_file_that_cannot_be_taken_in_is_named(shelf, files, status, slug):
    anna = await shelf.persona()
    answer = await shelf.post(anna, *files)
    assert answer.status_code == status, answer.text
    if slug:
        assert answer.json()["type"] == f"urn:dramatis:problem:{slug}"
        assert answer.json()["errors"][0]["field"] == f"files.{len(files) - 1}"
    assert (await shelf.client.get(shelf.path(anna))).json()["items"] == []


async def test_the_form_field_may_be_called_file(shelf):
    anna = await shelf.persona()
    both = [("file", ("a.txt", PRICES)), ("files", ("b.txt", PRICES)), ("file", ("c.txt", PRICES))]
    for files, names in ((both[:1], ["a.txt"]), (both, ["b.txt", "a.txt", "c.txt"])):
        answer = await shelf.client.post(shelf.path(anna), files=files)
        assert answer.status_code == 201, answer.text
        assert [file["file_name"] for file in answer.json()["files"]] == names
    many = [("file", ("a.txt", PRICES))] * 11 + [("files", ("b.txt", PRICES))] * 10
    refused = await shelf.client.post(shelf.path(anna), files=many)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "files")


async def test_no_files_is_an_error_that_says_so(shelf):
    anna = await shelf.persona()
    answer = await shelf.client.post(shelf.path(anna), data={"tags": "a"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "files"


async def test_lists_are_filtered_and_paged(shelf):
    anna = await shelf.persona()
    names = [f"{number}.txt" for number in range(5)]
    await shelf.post(anna, *[(name, PRICES + name.encode()) for name in names[:3]], tags="odd")
    await shelf.post(anna, *[(name, PRICES + name.encode()) for name in names[3:]])
    path, seen, after = shelf.path(anna), [], {}
    while True:
        page = (await shelf.client.get(path, params={"limit": 2, **after})).json()
        seen += [file["file_name"] for file in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == names[::-1]
    odd = (await shelf.client.get(path, params={"tag": "odd"})).json()["items"]
    assert {file["file_name"] for file in odd} == set(names[:3])
    for file in odd:
        await shelf.settled(anna, file["file_id"])
    failed = (await shelf.client.get(path, params={"status": "failed"})).json()["items"]
    assert failed == []


async def test_chunks_and_the_original_can_be_read(shelf):
    anna = await shelf.persona()
    text = "\n\n".join(f"Paragraph {n}. " + "Words of it. " * 60 for n in range(9)).encode()
    file = await shelf.add(anna, "Größe & Co.txt", text)
    path = shelf.path(anna, f"/{file['file_id']}")
    chunks = (await shelf.client.get(f"{path}/chunks", params={"limit": 200})).json()["items"]
    assert [chunk["number"] for chunk in chunks] == list(range(file["chunks"]))
    assert chunks[0]["text"].startswith("Paragraph 0.")
    first = (await shelf.client.get(f"{path}/chunks", params={"limit": 1})).json()
    second = await shelf.client.get(f"{path}/chunks", params={"limit": 1, "after": first["next"]})
    assert second.json()["items"] == chunks[1:2]
    original = await shelf.client.get(f"{path}/original")
    assert original.content == text
    assert original.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%26%20Co.txt"
    )
    assert original.headers["x-content-type-options"] == "nosniff"
    found = (await shelf.search(anna, "paragraph words"))["passages"][0]
    assert found["chunk_id"] in {chunk["chunk_id"] for chunk in chunks}


async def test_tags_can_be_changed(shelf):
    anna = await shelf.persona()
    file = await shelf.add(anna, "a.txt", PRICES, tags="old")
    answer = await shelf.client.put(
        shelf.path(anna, f"/{file['file_id']}/tags"), json={"tags": ["new"]}
    )
    assert answer.json()["tags"] == ["new"]


async def test_a_failed_file_can_be_tried_again(shelf):
    anna = await shelf.persona()
    file = await shelf.add(anna, "a.txt", b"\x00\x01\x02" * 500)
    path = shelf.path(anna, f"/{file['file_id']}")
    again = await shelf.client.post(f"{path}/retry")
    assert (again.status_code, again.json()["status"]) == (200, "processing")
    assert (await shelf.settled(anna, file["file_id"]))["error"] == file["error"]


async def test_a_ready_file_that_is_tried_again_stays_ready(shelf):
    anna = await shelf.persona()
    file = await shelf.add(anna, "a.txt", PRICES)
    again = await shelf.client.post(shelf.path(anna, f"/{file['file_id']}/retry"))
    assert again.json()["status"] == "ready"


async def test_a_deleted_file_is_gone_at_once_and_then_altogether(shelf, data_dir, sql):
    anna = await shelf.persona()
    file = await shelf.add(anna, "a.txt", PRICES)
    path = shelf.path(anna, f"/{file['file_id']}")
    assert (await shelf.client.delete(path)).status_code == 204
    assert (await shelf.client.get(path)).status_code == 404
    assert await shelf.texts(anna, "bicycle") == []
    await shelf.events("removed")
    contents = "select count(*) from content where workspace_id = %s"
    chunks = "select count(*) from chunk where workspace_id = %s"
    for query in (contents, chunks):
        assert sql(query, shelf.workspace_id) == [(0,)]
    assert not [
        path for path in (data_dir / "originals" / shelf.workspace_id).rglob("*") if path.is_file()
    ]


async def test_several_files_can_be_deleted(shelf):
    anna = await shelf.persona()
    ids = [(await shelf.add(anna, f"{n}.txt", PRICES + b"%d" % n))["file_id"] for n in range(3)]
    answer = await shelf.client.post(
        shelf.path(anna, "/delete"), json={"file_ids": [*ids[:2], "unknown"]}
    )
    assert answer.json() == {"deleted": sorted(ids[:2]), "not_found": ["unknown"]}
    left = (await shelf.client.get(shelf.path(anna))).json()["items"]
    assert [file["file_id"] for file in left] == ids[2:]


async def test_the_same_content_is_stored_once_and_stays_until_the_last_file_goes(shelf, sql):
    anna = await shelf.persona()
    first = await shelf.add(anna, "first.txt", PRICES)
    second = await shelf.add(anna, "second.txt", PRICES)
    assert (first["duplicate_of"], second["duplicate_of"]) == (None, first["file_id"])
    assert len(await shelf.texts(anna, "bicycle")) == 1
    await shelf.client.delete(shelf.path(anna, f"/{first['file_id']}"))
    await shelf.events("removed")
    assert (await shelf.get(anna, second["file_id"]))["duplicate_of"] is None
    (passage,) = (await shelf.search(anna, "bicycle"))["passages"]
    assert (passage["file_id"], passage["source"]) == (second["file_id"], "second.txt")
    await shelf.client.delete(shelf.path(anna, f"/{second['file_id']}"))
    await shelf.events("removed", 2)
    query = "select count(*) from content where workspace_id = %s"
    assert sql(query, shelf.workspace_id) == [(0,)]


async def test_what_a_persona_knows_is_said_plainly(shelf):
    anna = await shelf.persona()
    path = f"/api/personas/{anna.persona_id}/knowledge"
    empty = (await shelf.client.get(path)).json()
    assert (empty["summary"], empty["files"], empty["chunks"]) == ("No knowledge yet.", 0, 0)
    assert await shelf.search(anna, "anything") == {
        "passages": [],
        "knowledge_revision": 0,
        "mode": "lexical",
    }
    await shelf.add(anna, "a.txt", PRICES)
    known = (await shelf.client.get(path)).json()
    assert known["summary"] == "1 passage from 1 file."
    assert (known["files"], known["ready"], known["chunks"]) == (1, 1, 1)
    assert known["revision"] == 1


async def test_the_addresses_without_api_are_the_same(shelf):
    anna = await shelf.persona()
    path = f"/personas/{anna.persona_id}/files"
    answer = await shelf.client.post(path, files={"files": ("a.txt", PRICES)})
    assert answer.status_code == 201
    file_id = answer.json()["id"]

    async def is_ready():
        status = await shelf.client.get(f"{path}/{file_id}/status")
        return status.json() == {"status": "ready"}

    await wait_until(is_ready)
    assert len((await shelf.client.get(path)).json()["items"]) == 1
    unknown = await shelf.client.get(f"{path}/unknown/status")
    assert (unknown.status_code, unknown.json()["title"]) == (404, "File not found.")
    assert (await shelf.client.delete(f"{path}/{file_id}")).status_code == 204


async def test_an_unknown_persona_is_named(shelf):
    stranger = "0199b3c4-7d1e-7001-8a2b-5c6d7e8f9a0b"
    for path in ("/files", "/knowledge"):
        answer = await shelf.client.get(f"/api/personas/{stranger}{path}")
        assert answer.status_code == 404
        assert stranger in answer.json()["detail"]
    answer = await shelf.client.get("/api/personas/1/files")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "persona_id")
