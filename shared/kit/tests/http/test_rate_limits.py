"""Whoever sends too much is told so, when to come back, and costs nobody else anything."""

from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI
from service_kit.rate_limits import RateLimits

LIMIT = 3


@pytest.fixture
def limited(app: FastAPI) -> FastAPI:
    app.state.rate_limits = RateLimits(per_workspace=LIMIT)
    return app


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.usefixtures("limited")
async def test_each_answer_says_what_is_left_and_one_too_many_is_refused(
    client: httpx.AsyncClient,
) -> None:
    answers = [await client.get("/api/plain/pages") for _ in range(LIMIT)]
    assert [each.status_code for each in answers] == [200] * LIMIT
    assert answers[0].headers["RateLimit-Policy"] == f'"workspace";q={LIMIT};w=60'
    assert answers[0].headers["RateLimit"].startswith('"workspace";r=2;t=')

    refused = await client.get("/api/plain/pages")
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["type"] == "urn:dramatis:problem:rate-limited"
    assert refused.headers["RateLimit"].startswith('"workspace";r=0;t=')
    seconds = int(refused.headers["Retry-After"])
    assert refused.json()["retry_after_seconds"] == seconds
    assert 1 <= seconds <= 60 / LIMIT


@pytest.mark.usefixtures("limited")
async def test_one_workspace_takes_nothing_of_another(
    client: httpx.AsyncClient, token: Callable[..., str]
) -> None:
    for _ in range(2 * LIMIT):
        await client.get("/api/plain/pages")
    other = bearer(token(workspace_id="beta"))
    assert (await client.get("/api/plain/pages", headers=other)).status_code == 200


@pytest.mark.usefixtures("limited")
async def test_what_is_refused_before_the_token_counts_for_nobody(
    client: httpx.AsyncClient,
) -> None:
    for _ in range(2 * LIMIT):
        answer = await client.get("/api/plain/pages", headers=bearer("not-a-token"))
        assert answer.status_code == 401
    assert (await client.get("/api/plain/pages")).status_code == 200


@pytest.mark.usefixtures("limited")
async def test_errors_say_what_is_left_too(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/plain/things/7")
    assert answer.status_code == 404
    assert answer.headers["RateLimit"].startswith('"workspace";r=2;t=')


async def test_without_a_limit_nothing_is_said(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/plain/pages")
    assert "RateLimit" not in answer.headers
