"""Who has a problem names one id, and its log is found by it."""

import io
import json
import logging
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest
import structlog
from service_kit.logs import configure_logging


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What a service logs, as it stands on its standard output."""
    root, config = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers, root.level
    written = io.StringIO()
    configure_logging("note-svc", "INFO", written)
    yield written
    root.handlers, root.level = handlers, level
    structlog.configure(**config)


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/api/plain/pages", {}, 200),
        ("GET", "/livez", {}, 200),
        ("GET", "/api/nowhere", {}, 404),
        ("DELETE", "/api/plain/pages", {}, 405),
        ("GET", "/api/plain/pages", {"headers": {"Authorization": "Bearer no"}}, 401),
        ("POST", "/api/plain/voices", {"json": {"name": ""}}, 422),
        ("POST", "/api/plain/voices", {"content": b"x" * 2_000_000}, 413),
        ("GET", "/api/plain/fail", {}, 500),
    ],
    ids=str,
)
async def test_every_answer_has_an_id(
    client: httpx.AsyncClient, method: str, path: str, options: dict[str, object], status: int
) -> None:
    answer = await client.request(method, path, **options)
    assert answer.status_code == status
    assert UUID(answer.headers["Request-Id"])


async def test_what_is_logged_of_a_request_has_its_id(
    client: httpx.AsyncClient, log: io.StringIO
) -> None:
    answer = await client.get("/api/plain/fail", headers={"Request-Id": "crm-42"})
    assert answer.headers["Request-Id"] == "crm-42"
    (crashed,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert crashed["event"] == "request.crashed"
    assert crashed["request_id"] == "crm-42"


@pytest.mark.parametrize("given", ["", "a b", "a" * 129, '"}', "\xe9"])
async def test_what_is_no_id_is_replaced(client: httpx.AsyncClient, given: str) -> None:
    headers = {"Request-Id": given.encode("latin-1")}
    answer = await client.get("/livez", headers=headers)
    assert UUID(answer.headers["Request-Id"])
