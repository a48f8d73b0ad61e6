"""Every route of every service takes requests as clients, proxies and monitors write them."""

import gzip
import zlib
from itertools import count
from uuid import uuid4

import httpx
import pytest
from every_service import SERVICES, first_alone
from service_devkit.testing.waiting import HANG_SECONDS

OWN_CREDENTIALS = "/elevenlabs/"
"""Routes of the speech vendor, which bring no token: without their secret no body is read."""

pytestmark = pytest.mark.long
PROBES = ("/livez", "/readyz", "/metrics", "/openapi.json", "/docs")
BODY = b"{}"
JSON = "application/json"
PACKED = {
    "gzip": gzip.compress(BODY),
    "x-gzip": gzip.compress(BODY),
    "deflate": zlib.compress(BODY),
}
_workspaces = count(1)


@pytest.fixture(params=first_alone(SERVICES))
def api(request, apis):
    return apis[request.param]


@pytest.fixture
def ask(api):
    """Return a function: the answer to a request in a workspace that nobody has used."""
    with httpx.Client(base_url=api.url, timeout=HANG_SECONDS) as client:

        def asked(method, path, content_type=JSON, content=None, **headers):
            headers["Authorization"] = f"Bearer {api.token(f'lenient{next(_workspaces)}')}"
            if content is not None:
                headers["Content-Type"] = content_type
            return client.request(
                method,
                path,
                content=content,
                headers={name.replace("_", "-"): value for name, value in headers.items()},
            )

        yield asked


@pytest.fixture
def operations(ask):
    """Return method, address (of things that do not exist) and body types of every operation."""
    paths = ask("GET", "/openapi.json").json()["paths"]
    return [
        (method.upper(), path, operation.get("requestBody", {}).get("content", {}))
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]


def address(path):
    """Return a path with a new id for each parameter."""
    for name in ("persona_id", "draft_id", "sequence_id", "instance_id", "suppression_id"):
        path = path.replace(f"{{{name}}}", str(uuid4()))
    return path.replace("{version}", "1").replace("{other}", "1").replace("{", "").replace("}", "")


def test_head_answers_where_get_does(ask, operations):
    gets = [address(path) for method, path, _ in operations if method == "GET"]
    assert gets
    for path in (*gets, *PROBES):
        shown, head = ask("GET", path), ask("HEAD", path)
        assert (head.status_code, head.content) == (shown.status_code, b""), path
        assert head.headers["content-type"] == shown.headers["content-type"], path


def test_head_is_in_no_document(operations):
    assert {method for method, _, _ in operations} <= {"GET", "POST", "PUT", "PATCH", "DELETE"}


def test_a_last_slash_makes_no_other_route(ask, operations):
    for method, template, content in operations:
        path, body = address(template), BODY if content else None
        plain, slashed = (ask(method, form, content=body) for form in (path, f"{path}/"))
        assert slashed.status_code == plain.status_code, (method, path, slashed.text)


def test_every_json_media_type_and_every_known_coding_is_read(ask, operations):
    routes = [(method, address(path)) for method, path, content in operations if JSON in content]
    assert routes
    for method, path in routes:
        plain = ask(method, path, content=BODY, If_Match="*")
        assert plain.status_code not in {400, 415}, path
        for media_type in ("text/json; charset=utf-8", "application/vnd.crm+json"):
            other = ask(method, path, media_type, content=BODY, If_Match="*")
            assert other.status_code == plain.status_code, (method, path, media_type, other.text)
        for coding, body in PACKED.items():
            packed = ask(method, path, content=body, If_Match="*", Content_Encoding=coding)
            assert packed.status_code == plain.status_code, (method, path, coding, packed.text)


def test_a_coding_that_is_not_known_and_a_body_that_unpacks_to_too_much_are_told(ask, operations):
    bomb = gzip.compress(b" " * (20 * 1024 * 1024))
    routes = [(method, address(path), types) for method, path, types in operations if types]
    for method, path, content in routes:
        refused = ask(method, path, content=BODY, Content_Encoding="br", If_Match="*")
        assert refused.status_code == 415, (method, path)
        assert "gzip" in refused.json()["detail"]
        if JSON in content:
            large = ask(method, path, content=bomb, Content_Encoding="gzip", If_Match="*")
            assert (large.status_code, large.headers["content-type"]) == (
                401 if path.startswith("/elevenlabs/") else 413,
                "application/problem+json",
            ), (method, path)


def test_no_answer_is_taken_for_another_kind(ask, operations):
    paths = [address(path) for _, path, _ in operations]
    for method, path in [("GET", path) for path in (*PROBES, "/nothing", *paths)]:
        assert ask(method, path).headers["x-content-type-options"] == "nosniff", path


def test_pages_of_other_origins_may_not_call(ask):
    answer = ask(
        "OPTIONS", "/livez", Origin="https://a.example", Access_Control_Request_Method="GET"
    )
    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers
