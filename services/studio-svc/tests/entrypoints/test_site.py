"""The console's files: each page is one page, hashed files are kept, missing ones are missing."""

import gzip

import pytest
from studio import Studio

PAGE, SCRIPT = "<!doctype html><title>Dramatis</title>", "export const a = 1;\n" * 50


@pytest.fixture
async def studio(studio_database, upstream, tmp_path, workspace_id):
    (tmp_path / "web/assets").mkdir(parents=True)
    (tmp_path / "web/index.html").write_text(PAGE)
    (tmp_path / "web/assets/index-a1b2c3.js").write_text(SCRIPT)
    (tmp_path / "web/manifest.webmanifest").write_text("{}")
    async with Studio(studio_database, upstream.url, tmp_path, workspace_id, {}) as started:
        yield started


@pytest.mark.parametrize(
    "path", ["/", "/login", "/personas", "/personas/018f/files", "/chat/018f", "/personas/"]
)
async def test_every_page_is_the_one_page_and_is_asked_for_again(studio, path):
    answer = await studio.stranger().get(path)
    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    etag = {"If-None-Match": answer.headers["etag"]}
    assert (await studio.stranger(**etag).get(path)).status_code == 304


async def test_a_file_with_a_hash_in_its_name_is_kept_and_packed(studio):
    answer = await studio.stranger().get("/assets/index-a1b2c3.js")
    assert answer.text == SCRIPT
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) == len(gzip.compress(SCRIPT.encode(), mtime=0))
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    plain = await studio.stranger(**{"Accept-Encoding": "identity"}).get("/assets/index-a1b2c3.js")
    assert "content-encoding" not in plain.headers


@pytest.mark.parametrize(
    "path",
    ["/assets/index-old.js", "/assets/none", "/none.png", "/assets/..%2f..%2fsettings.py"],
)
async def test_a_missing_file_is_missing(studio, path):
    answer = await studio.stranger().get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_manifest_has_its_type(studio):
    answer = await studio.stranger().head("/manifest.webmanifest")
    assert answer.headers["content-type"].startswith("application/manifest+json")
