"""Vectors of the model here, and of one behind an API, whatever that does."""

import asyncio
import json
import os
import subprocess
import sys
from math import sqrt
from pathlib import Path

import pytest
from ingest_svc.adapters import minilm
from ingest_svc.adapters.minilm import MiniLM
from ingest_svc.adapters.openai_embedder import (
    EmbeddingEndpoint,
    EmbeddingInvalidError,
    EmbeddingRefusedError,
    OpenAIEmbedder,
)
from jsonschema import Draft202012Validator
from pydantic import SecretStr
from service_devkit.testing.http_stub import Reply
from service_devkit.testing.waiting import HANG_SECONDS
from service_kit.errors import UpstreamError
from service_kit.settings import SettingsError

pytestmark = pytest.mark.processes
KEY = "sk-only-for-the-embedder"
PATH = "/v1/embeddings"
DOCUMENT = Path(__file__).parents[4].parent / "shared" / "openapi" / "openai-openapi.json"


def cosine(one, other):
    return sum(a * b for a, b in zip(one, other, strict=True))


@pytest.fixture(scope="module")
def model():
    return MiniLM()


async def test_what_means_the_same_is_close(model):
    man, eats, sky = await model.embed(
        ["A man is eating food.", "A man eats something.", "The sky is blue."]
    )
    assert cosine(man, eats) > 0.8
    assert abs(cosine(man, sky)) < 0.1
    assert sqrt(cosine(man, man)) == pytest.approx(1, abs=1e-5)
    assert len(man) == model.dimension


async def test_the_order_is_kept_and_the_company_matters_little(model):
    texts = [f"Sentence number {n} is about bicycles. " * (n % 7 + 1) for n in range(40)]
    together = await model.embed(texts)
    for number in (0, 13, 39):
        (alone,) = await model.embed([texts[number]])
        assert cosine(alone, together[number]) > 0.98
        closest = max(range(40), key=lambda other: cosine(alone, together[other]))
        assert texts[closest].split(".")[0] == texts[number].split(".")[0]


async def test_blank_and_endless_texts_have_vectors_too(model):
    for vector in await model.embed(["", " ", "word " * 100_000, "\U0001f6b2" * 500]):
        assert sqrt(cosine(vector, vector)) == pytest.approx(1, abs=1e-4)


def test_the_model_reports_to_nobody(tmp_path):
    """onnxruntime keeps a file `.ses` in the temporary folder when its telemetry is on."""
    program = (
        "import asyncio; from ingest_svc.adapters.minilm import MiniLM;"
        "asyncio.run(MiniLM().embed(['a']))"
    )
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    env.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", program], check=True, env=env)
    assert list(tmp_path.iterdir()) == []


async def test_other_weights_are_refused(monkeypatch):
    monkeypatch.setattr(minilm, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(SettingsError, match="all-MiniLM-L6-v2"):
        await MiniLM().embed(["a"])


def test_neither_torch_nor_the_model_is_loaded_at_start():
    program = (
        "import sys; from ingest_svc.adapters.embedders import choose_embedder;"
        "from ingest_svc.adapters.minilm import MiniLM; MiniLM();"
        "assert not {'torch', 'transformers', 'onnxruntime', 'numpy', 'openai'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def vector(*numbers):
    return list(numbers or (3.0, 0.0, 4.0))


def answer(*vectors, order=None):
    data = [
        {"object": "embedding", "index": index, "embedding": numbers}
        for index, numbers in enumerate(vectors)
    ]
    return Reply.of_json({"object": "list", "data": data if order is None else order(data)})


@pytest.fixture
def embedder(http_stub):
    return OpenAIEmbedder(
        EmbeddingEndpoint(
            api_key=SecretStr(KEY),
            base_url=f"{http_stub.url}/v1",
            model="Text-Embedding.3",
            dimension=3,
            max_texts=2,
            max_chars=100,
            timeout_seconds=1,
        )
    )


async def test_requests_stay_within_the_limits_and_vectors_in_order(http_stub, embedder):
    http_stub.on("POST", PATH, lambda request: answer(
        *[vector(float(len(text)), 0.0, 0.0) for text in request.json()["input"]],
        order=lambda data: data[::-1],
    ))  # fmt: skip
    texts = ["a", "b" * 60, "c" * 60, "d", "e", "f" * 500, ""]
    assert await embedder.embed(texts) == [[1.0, 0.0, 0.0]] * len(texts)
    asked = [request.json()["input"] for request in http_stub.requests]
    assert asked == [["a", "b" * 60], ["c" * 60, "d"], ["e"], ["f" * 100], [" "]]
    assert embedder.model_id == "text-embedding-3"
    assert {request.headers["authorization"] for request in http_stub.requests} == {f"Bearer {KEY}"}


@pytest.mark.skipif(not DOCUMENT.is_file(), reason="../shared/openapi is not there to check with")
async def test_requests_are_valid_by_openais_document(http_stub, embedder):
    http_stub.on("POST", PATH, answer(vector()))
    await embedder.embed(["a"])
    document = json.loads(DOCUMENT.read_text())
    schema = {
        "$ref": "#/components/schemas/CreateEmbeddingRequest",
        "components": document["components"],
    }
    Draft202012Validator(schema).validate(http_stub.requests[0].json())


def refused(status, **headers):
    body = json.dumps({"error": {"message": f"no, {KEY}", "type": "t", "code": None}}).encode()
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers={"content-type": "application/json", **headers}, body=body)


@pytest.mark.parametrize(
    "reply",
    [
        refused(429), refused(500), refused(503), refused(408), Reply(fault="hang"),
        Reply(body=b"{" * 10, fault="half_body"), Reply(fault="reset"), Reply(body=b"<html>"),
        Reply.of_json({"data": []}), answer(vector(), vector()),
        Reply(body=b'{"data": [{"index": 1, "embedding": [1, 2, 3]}]}'),
    ],
)  # fmt: skip
async def test_troubles_are_tried_again(http_stub, embedder, reply):
    http_stub.on("POST", PATH, reply)
    with pytest.raises(UpstreamError) as raised:
        async with asyncio.timeout(HANG_SECONDS):
            await embedder.embed(["a"])
    assert KEY not in str(raised.value)
    assert len(http_stub.requests) == 1


async def test_the_time_that_a_server_asks_for_is_passed_on(http_stub, embedder):
    http_stub.on("POST", PATH, refused(429, retry_after="7"))
    with pytest.raises(UpstreamError) as raised:
        await embedder.embed(["a"])
    assert raised.value.extra == {"retry_after_seconds": 7}


@pytest.mark.parametrize(
    ("reply", "error", "message"),
    [
        (refused(400), EmbeddingRefusedError, "no, ***"),
        (refused(401), EmbeddingRefusedError, "401"),
        (answer(vector(1.0, 2.0)), EmbeddingInvalidError, "DRAMATIS_INGEST_EMBEDDING_DIMENSION"),
        (answer(vector(0.0, 0.0, 0.0)), EmbeddingInvalidError, "no number"),
        (
            Reply(body=b'{"data": [{"index": 0, "embedding": [1, NaN, 3]}]}'),
            EmbeddingInvalidError,
            "no number",
        ),
        (
            Reply(body=b'{"data": [{"index": 0, "embedding": [1, 1e999, 3]}]}'),
            EmbeddingInvalidError,
            "no number",
        ),
    ],
)
async def test_what_will_not_get_better_is_not_tried_again(
    http_stub, embedder, reply, error, message
):
    http_stub.on("POST", PATH, reply)
    with pytest.raises(error) as raised:
        await embedder.embed(["a"])
    assert message in str(raised.value)
    assert KEY not in str(raised.value)
