"""Before a token is checked nothing is read; a caller who may not do it costs nothing else."""

import re
import socket
from contextlib import suppress
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from service_devkit.testing.waiting import HANG_SECONDS

pytestmark = pytest.mark.long
SERVICES = ("persona_svc", "draft_svc", "followup_svc", "ingest_svc", "voice_svc")
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
    ]


def begin(api, method, path, *headers):
    """Send the head of a request and a first part of a body that never ends."""
    address = urlsplit(api.url)
    link = socket.create_connection((address.hostname, address.port), timeout=HANG_SECONDS)
    head = "".join(f"{header}\r\n" for header in ("Host: test", *headers))
    link.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode())
    with suppress(ConnectionResetError, BrokenPipeError):
        link.sendall(b"ea60\r\n" + b"{" * 60_000 + b"\r\n")
    return link


def answer(link):
    """Return the status, and everything until the service closes the connection."""
    received = b""
    with suppress(ConnectionResetError):  # it did not wait for the rest of the body
        while part := link.recv(65_536):
            received += part
    return int(received.split()[1]), received


@pytest.mark.parametrize("headers", [(), ("Authorization: Bearer x.y.z",)], ids=["none", "forged"])
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
        if method in {"PUT", "PATCH", "DELETE"} or path == "/api/replies":
            chunked = ("Transfer-Encoding: chunked", f"Authorization: Bearer {token}")
            with begin(api, method, path, *chunked) as link:
                assert (method, path, answer(link)[0]) == (method, path, 403)
                refused += 1
    assert refused


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
