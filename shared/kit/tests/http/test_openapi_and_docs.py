import re
from collections.abc import Callable

import httpx
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
PROBLEM = {"$ref": "#/components/schemas/Problem"}


async def test_docs_reference_no_outside_host(client: httpx.AsyncClient) -> None:
    response = await client.get("/docs", headers={"Authorization": ""})
    assert response.status_code == 200
    assert not re.search(r"(?:https?:)?//[\w.-]+\.\w+", response.text)
    assert "default-src 'self'" in response.headers["content-security-policy"]
    policy = response.headers["content-security-policy"]
    script = re.search(r"script-src ([^;]+);", policy)
    assert script
    assert "unsafe" not in script[1]
    scripts = re.findall(r"<script(?! src)([^>]*)>", response.text)
    nonces = [re.fullmatch(r' nonce="([\w-]+)"', attributes) for attributes in scripts]
    assert nonces
    assert all(nonce and f"'nonce-{nonce[1]}'" in script[1] for nonce in nonces)
    assert (await client.get("/docs")).headers["content-security-policy"] != policy
    links = re.findall(r'(?:src|href)="([^"]+)"', response.text)
    assert len(links) == 3
    for link in links:
        asset = await client.get(httpx.URL("http://notes.test/docs").join(link))
        assert asset.status_code == 200
        assert asset.content


async def test_missing_docs_asset_is_a_problem(client: httpx.AsyncClient) -> None:
    response = await client.get("/docs/assets/nothing.js")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


async def test_openapi_needs_no_token_and_describes_every_operation(
    client: httpx.AsyncClient,
) -> None:
    document = (await client.get("/openapi.json", headers={"Authorization": ""})).json()
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"] == "Notes"
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert operations
    for operation in operations:
        assert operation["summary"]
        assert operation["security"] == [{"token": []}]
        for status, response in operation["responses"].items():
            if status >= "400":
                assert response["content"] == {"application/problem+json": {"schema": PROBLEM}}
    schemas = document["components"]["schemas"]
    assert schemas["Problem"]["required"] == ["type", "title", "status", "detail", "help"]
    assert "FieldProblem" in schemas
    assert "HTTPValidationError" not in schemas


async def test_openapi_shows_idempotency_key_only_where_it_is_honoured(
    client: httpx.AsyncClient,
) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    named = {
        (path, method)
        for path, operations in paths.items()
        for method, operation in operations.items()
        for parameter in operation.get("parameters", [])
        if parameter["name"] == "Idempotency-Key"
    }
    assert named == {("/api/notes", "post")}


def test_any_request_gets_a_documented_answer(app: FastAPI, token: Callable[..., str]) -> None:
    # The raising route is a bug by design; notes need their database.
    schema = schemathesis.openapi.from_asgi("/openapi.json", app).include(
        path_regex="^/api/plain/(?!fail)"
    )
    headers = {"Authorization": f"Bearer {token()}"}
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) == 5
    for operation in operations:

        @settings(
            max_examples=3 * settings.default.max_examples // 5,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=st.one_of(map(operation.as_strategy, GenerationMode)))
        def answer_is_documented(case: schemathesis.Case) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)

        answer_is_documented()


async def test_openapi_declares_the_headers_that_a_route_sets(stored: httpx.AsyncClient) -> None:
    paths = (await stored.get("/openapi.json")).json()["paths"]
    created = paths["/api/notes"]["post"]["responses"]
    answer = await stored.post("/api/notes", json={"name": "a"})
    sent = {name for name in ("ETag", "Location") if name in answer.headers}
    assert sent == created["201"]["headers"].keys() == {"ETag", "Location"}
    assert created["201"]["headers"]["ETag"]["schema"] == {"type": "string"}
    assert "headers" not in created["409"]
    assert "headers" not in paths["/api/notes"]["get"]["responses"]["200"]
