"""Before a token is checked nothing is read; a caller who may not do it costs nothing else."""

import re
import socket
from contextlib import suppress
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from every_service import SERVICES
from service_devkit.testing.waiting import HANG_SECONDS
from service_kit.guard import LONG_BODY_BYTES, MAX_BODY_BYTES
from service_kit.json_bodies import MAX_VALUES

pytestmark = pytest.mark.long
UPLOADS = {"/api/personas/import", "/elevenlabs/post-call"}
"""Files, and transcripts of calls: their limits are higher."""
SIGN_IN = {"/api/login"}
"""Who signs in has no token yet: services/studio-svc has its tests."""
UNKNOWN_FIELDS = "{" + ",".join(f'"k{number}":1' for number in range(95_000)) + "}"


@pytest.fixture(params=SERVICES)
def api(request, apis):
    return apis[request.param]


@pytest.fixture
def operations(api):
    """Return method and address (of things that do not exist) of every operation."""
    paths = httpx.get(f"{api.url}/openapi.json", timeout=HANG_SECONDS).json()["paths"]
    return [
        (method.upper(), path.replace("_id}", f"_id}}{uuid4()}").replace("{", "").replace("}", ""))
        for path, methods in paths.items()
        for method in methods
        if path not in SIGN_IN
    ]


OF_WHO_ASKS = ("/api/conversations/", "/api/sessions/")
"""Whoever may read has conversations, and writes them, and is signed in somewhere."""


def begin(api, method, path, *headers):
    """Send the head of a request and a first part of a body that never ends."""
    address = urlsplit(api.url)
    link = socket.create_connection((address.hostname, address.port), timeout=HANG_SECONDS)
    head = "".join(f"{header}\r\n" for header in (f"Host: {address.netloc}", *headers))
    link.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode())
    with suppress(ConnectionResetError, BrokenPipeError):
        link.sendall(b"ea60\r\n" + b"{" * 60_000 + b"\r\n")
    return link


def answer(link):
    """Return the status, and the head of the answer, which does not wait for the body."""
    received = b""
    while b"\r\n\r\n" not in received and (part := link.recv(65_536)):
        received += part
    return int(received.split()[1]), received


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("Authorization: Bearer x.y.z",),
        ("Authorization: Bearer drk_0000000000",),
        ("Authorization: Basic eDp5",),
        ("X-Tool-Secret: made-up", "ElevenLabs-Signature: made-up"),
    ],
    ids=["none", "forged", "key", "basic", "vendor"],
)
def test_a_body_without_end_and_without_a_token_is_refused_and_cut_off(api, operations, headers):
    for method, path in operations:
        with begin(api, method, path, "Transfer-Encoding: chunked", *headers) as link:
            status, received = answer(link)
            assert (method, path, status) == (method, path, 401)
            assert b"connection: close" in received.lower()


def test_who_may_only_read_is_refused_before_a_body_is_read(api, operations):
    token = api.token("acme", role="viewer")
    refused = 0
    for method, path in operations:
        if path.startswith(OF_WHO_ASKS):
            continue
        if method in {"PUT", "PATCH", "DELETE"} or path == "/api/replies":
            chunked = ("Transfer-Encoding: chunked", f"Authorization: Bearer {token}")
            with begin(api, method, path, *chunked) as link:
                assert (method, path, answer(link)[0]) == (method, path, 403)
                refused += 1
    changing = {path for method, path in operations if method in {"PUT", "PATCH", "DELETE"}}
    assert refused or all(path.startswith(OF_WHO_ASKS) for path in changing)


def needed_bytes(schema, components, above=()):
    """Return how long JSON of a schema may be; an escaped character has up to twelve bytes."""
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        return 0 if name in above else needed_bytes(components[name], components, (*above, name))

    def inner(of):
        return needed_bytes(of, components, above)

    choices = [inner(of) for key in ("anyOf", "oneOf", "allOf") for of in schema.get(key, ())]
    match schema.get("type"):
        case _ if "enum" in schema or "const" in schema:
            own = 100
        case "string" if "maxLength" not in schema and {"format", "pattern"} & schema.keys():
            own = 100
        case "string":
            own = 12 * schema.get("maxLength", LONG_BODY_BYTES)
        case "array":
            own = schema.get("maxItems", MAX_VALUES) * (inner(schema["items"]) + 2)
        case "object":
            fields = schema.get("properties", {})
            own = sum(len(name) + 6 + inner(of) for name, of in fields.items())
            own += LONG_BODY_BYTES if schema.get("additionalProperties") else 0
        case _:
            own = 30
    return max([own, *choices])


SHORT = {
    "/api/personas/{persona_id}/clone",
    "/api/personas/{persona_id}/voice/settings",
    "/elevenlabs/function-call",
    "/elevenlabs/function-call/{persona_id}",
    "/api/workspace/models",
}
"""Whose names, voices and questions are short by rules that the document does not have."""
FORGIVING = {"/api/personas/{persona_id}/knowledge/search", "/api/templates/lint"}
"""Whose texts people paste: one that is too long is told by its field."""


def test_a_body_may_have_64_kb_unless_a_valid_one_may_be_longer(api):
    document = httpx.get(f"{api.url}/openapi.json", timeout=HANG_SECONDS).json()
    components = document["components"]["schemas"]
    headers = {"Authorization": f"Bearer {api.token('acme')}", "If-Match": "*"}
    limits = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" not in content or path in UPLOADS:
                continue
            needed = needed_bytes(content["application/json"]["schema"], components)
            is_long = path in FORGIVING or (needed > MAX_BODY_BYTES and path not in SHORT)
            limit = LONG_BODY_BYTES if is_long else MAX_BODY_BYTES
            address = path.replace("_id}", f"_id}}{uuid4()}").replace("{", "").replace("}", "")
            limits[method, path] = limit
            for size in (limit, limit + 1):
                answered = httpx.request(
                    method, f"{api.url}{address}", timeout=HANG_SECONDS, headers=headers,
                    json={"x": "y" * (size - 8)},
                )  # fmt: skip
                refused = size > limit and not path.startswith("/elevenlabs/")
                told = "urn:dramatis:problem:too-large" in answered.text
                assert told == refused, (path, size, answered.text)
    assert limits


def test_a_problem_names_at_most_a_hundred_errors_and_how_many_more(apis):
    api = apis["followup_svc"]
    headers = {"Authorization": f"Bearer {api.token('acme')}", "Content-Type": "application/json"}
    wrong = '{"steps":[' + ",".join('{"n":1}' for _ in range(6_000)) + "]}"
    unknown = "{" + ",".join(f'"k{number}":1' for number in range(19_000)) + "}"
    for path, body, how_many in (
        ("/api/templates/lint", UNKNOWN_FIELDS, r"95,00\d fields and items"),
        ("/api/templates/lint", unknown, r"18,99\d of its fields"),
        ("/api/sequences", wrong, r"\(and \d+ more\)"),
    ):
        answered = httpx.post(
            f"{api.url}{path}", content=body, headers=headers, timeout=HANG_SECONDS
        )
        assert answered.status_code == 422, answered.text
        problem = answered.json()
        assert 1 <= len(problem["errors"]) <= 100
        assert re.search(how_many, problem["detail"])
        assert len(answered.content) <= 64 * 1024
