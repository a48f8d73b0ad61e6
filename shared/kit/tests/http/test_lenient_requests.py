"""What is written differently and means alike gets the same answer."""

import json

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from service_kit.cors import allow_origins

VOICE = {"name": "n"}
ORIGIN = "https://studio.example"


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "text/json",
        "Text/JSON; charset=utf-8",
        "application/vnd.crm+json",
        "model/vnd.crm+json",
        "x/json",
    ],
)
async def test_every_json_media_type_is_json(client: httpx.AsyncClient, media_type: str) -> None:
    response = await client.post(
        "/api/plain/voices", content=json.dumps(VOICE), headers={"content-type": media_type}
    )
    assert response.status_code == 200


@pytest.mark.parametrize("media_type", ["text/plain", "text/jsonp", "text/json5", "json", "json/x"])
async def test_other_media_types_stay_415(client: httpx.AsyncClient, media_type: str) -> None:
    response = await client.post(
        "/api/plain/voices", content=json.dumps(VOICE), headers={"content-type": media_type}
    )
    assert response.status_code == 415


@pytest.mark.parametrize(
    "address", ["/livez", "/readyz", "/metrics", "/openapi.json", "/docs", "/api/plain/pages"]
)
async def test_head_answers_as_get_without_a_body(client: httpx.AsyncClient, address: str) -> None:
    shown, head = await client.get(address), await client.head(address)
    assert head.status_code == shown.status_code
    assert head.headers["content-type"] == shown.headers["content-type"]
    assert head.content == b""


async def test_half_a_character_of_a_body_costs_itself_alone_and_is_counted(
    client: httpx.AsyncClient,
) -> None:
    def replaced() -> float:
        labels = {"source": "http"}
        return REGISTRY.get_sample_value("dramatis_replaced_characters_total", labels) or 0

    before = replaced()
    content = b'\xef\xbb\xbf{"name": "Vela \\ud83d"}'
    response = await client.post(
        "/api/plain/voices", content=content, headers={"content-type": "application/json"}
    )
    assert (response.status_code, response.json()["name"]) == (200, "Vela \ufffd")
    assert replaced() == before + 1


async def test_head_of_what_get_does_not_know(client: httpx.AsyncClient) -> None:
    assert (await client.head("/api/nothing")).status_code == 404
    refused = await client.head("/api/plain/voices")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert refused.content == b""


async def test_head_is_counted_as_head(client: httpx.AsyncClient) -> None:
    labels = {"method": "HEAD", "route": "/api/plain/pages", "status": "200"}
    before = REGISTRY.get_sample_value("http_requests_total", labels) or 0
    await client.head("/api/plain/pages")
    assert REGISTRY.get_sample_value("http_requests_total", labels) == before + 1


async def test_head_is_no_operation_of_its_own(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert not [path for path, operations in paths.items() if "head" in operations]


async def test_a_last_slash_makes_no_other_route(client: httpx.AsyncClient) -> None:
    assert (await client.get("/livez/")).status_code == 200
    assert (await client.get("/api/plain/pages/?limit=3")).json()["items"] == [1, 2, 3]
    created = await client.post("/api/plain/voices/", json=VOICE)
    assert (created.status_code, created.json()["name"]) == (200, "n")
    assert (await client.patch("/api/plain/things/1/")).status_code == 428


@pytest.mark.parametrize("address", ["/", "//", "/api/plain/pages//", "/api/plain/pages%2F"])
async def test_other_slashes_name_nothing(client: httpx.AsyncClient, address: str) -> None:
    assert (await client.get(address)).status_code == 404


async def test_docs_with_a_slash_lead_to_docs(client: httpx.AsyncClient) -> None:
    response = await client.get("/docs/", follow_redirects=True)
    assert response.url.path == "/docs"
    assert "swagger" in response.text.lower()


@pytest.fixture
def open_client(app: FastAPI, client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of the service whose operator has named ORIGIN."""
    allow_origins(app, [ORIGIN])
    return client


def preflight(origin: str, method: str = "PATCH") -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization, if-match, dramatis-at-least",
    }


async def test_no_page_of_another_origin_may_call_unless_it_is_named(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/api/plain/pages", headers={"Origin": ORIGIN})
    assert "access-control-allow-origin" not in answer.headers
    asked = await client.options("/api/plain/things/1", headers=preflight(ORIGIN))
    assert asked.status_code == 405


async def test_a_page_of_a_named_origin_may_call(open_client: httpx.AsyncClient) -> None:
    asked = await open_client.options("/api/plain/things/1", headers=preflight(ORIGIN))
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == ORIGIN
    assert "PATCH" in asked.headers["access-control-allow-methods"]
    for name in ("authorization", "if-match", "dramatis-at-least"):
        assert name in asked.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in asked.headers


async def test_a_page_of_a_named_origin_reads_answers_and_problems(
    open_client: httpx.AsyncClient,
) -> None:
    for address in ("/api/plain/pages", "/api/nothing", "/api/plain/fail"):
        answer = await open_client.get(address, headers={"Origin": ORIGIN})
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert "ETag" in answer.headers["access-control-expose-headers"]
        assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    "origin", ["https://other.example", "http://studio.example", f"{ORIGIN}.evil.example", "null"]
)
async def test_a_page_of_another_origin_is_refused_by_a_problem(
    open_client: httpx.AsyncClient, origin: str
) -> None:
    asked = await open_client.options("/api/plain/things/1", headers=preflight(origin))
    assert asked.status_code == 403
    assert asked.json()["type"] == "urn:dramatis:problem:origin-refused"
    assert "access-control-allow-origin" not in asked.headers
    answer = await open_client.get("/api/plain/pages", headers={"Origin": origin})
    assert "access-control-allow-origin" not in answer.headers


async def test_a_method_that_no_route_has_is_refused_too(open_client: httpx.AsyncClient) -> None:
    asked = await open_client.options("/api/plain/things/1", headers=preflight(ORIGIN, "TRACE"))
    assert asked.status_code == 403
