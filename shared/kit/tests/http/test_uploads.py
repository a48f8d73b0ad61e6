"""Only routes that need it take large bodies, and each counts them as they come."""

import re

import httpx
import pytest
from fastapi import FastAPI, Request
from service_kit.guard import LONG_BODY_BYTES, RequestGuard, UploadRoute
from service_kit.problem import install_problem_handlers

LIMIT, UPLOAD_LIMIT = 1_000, LONG_BODY_BYTES + 5_000


@pytest.fixture
async def client():
    app = FastAPI()

    async def size(request: Request):
        return len(await request.body())

    for path in ("/notes", "/notes/long", "/files/{name}"):
        app.add_api_route(path, size, methods=["POST", "PUT"])
    app.add_middleware(
        RequestGuard,
        max_body_bytes=LIMIT,
        long_bodies=re.compile("/notes/long"),
        uploads=UploadRoute(re.compile("/files/[a-z]+"), UPLOAD_LIMIT),
    )
    install_problem_handlers(app)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as opened:
        yield opened


async def parts(size):
    for start in range(0, size, 50_000):
        yield b"x" * min(50_000, size - start)


@pytest.mark.parametrize("announced", [True, False], ids=["with a length", "in parts"])
@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("POST", "/notes", LIMIT),
        ("PUT", "/notes/long", LONG_BODY_BYTES),
        ("POST", "/files/a", UPLOAD_LIMIT),
        ("PUT", "/files/a", LIMIT),
        ("POST", "/files/A", LIMIT),
    ],
)
async def test_each_route_has_its_limit(client, method, path, limit, announced):
    for size, status in ((limit, 200), (limit + 1, 413)):
        body = b"x" * size if announced else parts(size)
        answer = await client.request(method, path, content=body)
        assert answer.status_code == status
        if status == 413:
            assert answer.json()["detail"] == f"The body may have at most {limit} bytes."
