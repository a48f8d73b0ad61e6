"""The form of API keys, and where none is left."""

from collections import Counter

import httpx
import pytest
from fastapi import FastAPI
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from service_kit.api_keys import digest, is_well_formed, new_key, shown, without_keys
from service_kit.logs import redact
from service_kit.tracing import QueryRemover, tracer_provider

PEPPER = b"p" * 32


def test_no_two_keys_are_the_same_and_every_digit_varies() -> None:
    keys = [new_key() for _ in range(1_000)]
    assert all(map(is_well_formed, keys))
    assert len(set(keys)) == len(keys)
    for place in range(len("dramatis_") + 1, len("dramatis_") + 43):
        assert max(Counter(key[place] for key in keys).values()) < 60


def test_every_single_wrong_digit_is_found_without_asking_anybody() -> None:
    key = new_key()
    for place in range(len("dramatis_"), len(key)):
        wrong = "A" if key[place] != "A" else "B"
        assert not is_well_formed(key[:place] + wrong + key[place + 1 :])


def test_a_digest_is_another_with_another_pepper_and_shows_nothing() -> None:
    key = new_key()
    assert digest(key, PEPPER) != digest(key, PEPPER[1:])
    assert key not in digest(key, PEPPER)
    assert key.startswith(shown(key))
    assert len(shown(key)) < 16


def test_a_key_in_a_text_is_blanked() -> None:
    key = new_key()
    assert without_keys(f"a {key}, and {key}.") == "a dramatis_***, and dramatis_***."
    assert without_keys("dramatis_up is no key") == "dramatis_up is no key"


def test_no_log_holds_a_key() -> None:
    key = new_key()
    fields = {"path": f"/x/{key}", "headers": {"x": [key]}, "bearer": f"Bearer {key}"}
    written = redact(None, "info", fields)
    assert written["path"] == "/x/***"
    assert key not in str(written)


def test_no_span_holds_a_key() -> None:
    key, exporter = new_key(), InMemorySpanExporter()
    provider = tracer_provider("test", None)
    provider.sampler = tracer_provider("test", exporter).sampler
    provider.add_span_processor(QueryRemover())
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    attributes = {"url.path": f"/api/{key}", "url.query": f"q={key}"}
    provider.get_tracer("test").start_span("asked", attributes=attributes).end()
    (span,) = exporter.get_finished_spans()
    assert dict(span.attributes or {}) == {"url.path": "/api/dramatis_***", "url.query": "***"}


async def test_no_problem_repeats_a_key(client: httpx.AsyncClient, app: FastAPI) -> None:
    del app
    key = new_key()
    answer = await client.get(f"/api/{key}")
    assert answer.status_code == 404
    assert key not in answer.text
    assert "dramatis_***" in answer.text


@pytest.mark.parametrize("path", ["/api/plain/pages", "/api/notes"])
async def test_a_credential_is_asked_for_in_words(app: FastAPI, path: str) -> None:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        answer = await client.get(path)
    assert answer.status_code == 401
    assert "API key" in answer.json()["detail"]
