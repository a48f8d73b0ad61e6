"""The page of errors: complete, current, and where problems say that it is."""

import re
from pathlib import Path

import httpx
from dramatis.errors_page import pages
from fastapi import FastAPI
from ingest_svc.domain.failure import FailureCode
from service_kit.errors_page import FILE, PATH, install_errors_page
from service_kit.problem import install_problem_handlers

SLUGS = Path(__file__).parent / "golden" / "problem_slugs.txt"


def test_the_page_is_current():
    for file, text in pages().items():
        assert file.read_text() == text, f"{file.name}: run `make schemas`"


def test_every_error_has_its_line():
    slugs = {line.split()[0] for line in SLUGS.read_text().splitlines()}
    on_page = re.findall(r'<tr id="([^"]+)">', FILE.read_text())
    assert len(on_page) == len(set(on_page))
    assert set(on_page) == slugs | {"persona-erased"} | {f"file-{code}" for code in FailureCode}


async def test_a_problem_leads_to_its_line():
    app = FastAPI()
    install_problem_handlers(app)
    install_errors_page(app)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://errors") as client:
        problem = (await client.get("/nowhere")).json()
        assert problem["help"] == f"{PATH}#route-not-found"
        page = await client.get(problem["help"])
    assert page.status_code == 200
    assert '<tr id="route-not-found">' in page.text
