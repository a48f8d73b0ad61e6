"""Every service at one origin: what flows through is as it came, both ways, as it comes."""

import asyncio
from time import monotonic
from uuid import UUID, uuid4

import httpx
import pytest
from studio import claims
from studio_svc.adapters.routes import load_routes

PERSONA = UUID("0197aaaa-0000-7000-8000-000000000001")


async def test_a_request_reaches_its_service_with_a_token_instead_of_the_cookie(studio, upstream):
    browser = await studio.browser(role="editor")
    answer = await browser.get(
        "/api/personas?limit=2&search=a%2Fb", headers={"Dramatis-At-Least": "7"}
    )
    assert answer.status_code == 200
    (asked,) = upstream.got
    assert (asked["target"], asked["query"]) == ("/api/personas", "limit=2&search=a%2Fb")
    assert asked["headers"]["dramatis-at-least"] == "7"
    assert "cookie" not in asked["headers"]
    told = claims(asked["headers"])
    assert (told["sub"], told["role"], told["workspace_id"]) == (
        "ann",
        "editor",
        studio.workspace_id,
    )
    assert told["iss"] == "dramatis-studio"
    assert told["exp"] - told["iat"] == 300
    assert answer.headers["etag"] == '"7"'
    assert "set-cookie" not in answer.headers
    assert answer.headers["request-id"] == asked["headers"]["request-id"]


async def test_each_request_gets_a_token_of_its_person(studio, upstream):
    ann, bob = await studio.browser(subject="ann"), await studio.browser("viewer", "bob")
    await asyncio.gather(*(browser.get("/api/drafts") for browser in (ann, bob) * 5))
    seen = sorted(claims(asked["headers"])["sub"] for asked in upstream.got)
    assert seen == ["ann"] * 5 + ["bob"] * 5


@pytest.mark.parametrize(
    ("method", "path", "service"),
    [
        ("GET", f"/api/personas/{PERSONA}", "persona-svc"),
        ("PUT", f"/api/personas/{PERSONA}/voice/settings", "persona-svc"),
        ("GET", f"/api/personas/{PERSONA}/files", "ingest-svc"),
        ("POST", f"/api/personas/{PERSONA}/knowledge/search", "ingest-svc"),
        ("POST", f"/api/personas/{PERSONA}/voice/setup", "voice-svc"),
        ("GET", "/api/drafts", "draft-svc"),
        ("GET", "/api/drafts/", "draft-svc"),
        ("GET", "/api/sequences", "followup-svc"),
        ("POST", f"/chat/{PERSONA}", "chat-svc"),
        ("DELETE", "/api/drafts", "draft-svc"),
    ],
)
def test_the_service_is_found_by_method_and_path(method, path, service):
    assert load_routes().find(method, path.rstrip("/")).service == service


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/chat/{PERSONA}"),
        ("GET", "/personas"),
        ("GET", "/api/audit"),
        ("GET", "/api/nothing"),
        ("GET", f"/personas/{PERSONA}/files"),
        ("POST", "/elevenlabs/post-call"),
    ],
)
def test_what_is_a_page_or_of_all_services_is_of_none(method, path):
    assert load_routes().find(method, path) is None


async def test_a_path_that_all_services_have_is_asked_of_one_by_its_name(studio, upstream):
    browser = await studio.browser()
    answer = await browser.post("/api/services/draft-svc/dead-letters/a%20b/replay?x=1")
    assert answer.status_code == 200
    (asked,) = upstream.got
    assert (asked["target"], asked["query"]) == ("/api/dead-letters/a%20b/replay", "x=1")
    assert (await browser.get("/api/services/no-svc/audit")).status_code == 404


async def test_a_body_flows_on_while_it_comes(studio, upstream):
    browser = await studio.browser()
    seen = []

    async def parts():
        for _ in range(3):
            yield b"x" * 100_000
            part = await asyncio.wait_for(upstream.parts.get(), 30)
            while part < 100_000:
                part += await asyncio.wait_for(upstream.parts.get(), 30)
            seen.append(part)

    answer = await browser.post(f"/api/personas/{PERSONA}/files", content=parts())
    assert (answer.status_code, answer.json()) == (201, {"size": 300_000})
    assert seen == [100_000] * 3


async def test_an_upload_may_be_larger_than_a_body_of_our_own(studio):
    browser = await studio.browser()
    answer = await browser.post(f"/api/personas/{PERSONA}/files", content=b"x" * 20_000_000)
    assert answer.json() == {"size": 20_000_000}


async def test_an_answer_flows_back_while_it_is_made_and_ends_when_the_browser_leaves(
    studio, upstream
):
    browser = await studio.browser()
    async with browser.stream("GET", f"/api/conversations/{uuid4()}/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = answer.aiter_lines()
        assert await anext(events) == "data: 0"
        assert not upstream.closed.is_set()
    left_at = monotonic()
    await asyncio.wait_for(upstream.closed.wait(), 30)
    assert monotonic() - left_at <= 1


async def test_an_answer_that_is_cut_off_is_not_taken_for_a_whole_one(studio):
    browser = await studio.browser()
    with pytest.raises(httpx.RemoteProtocolError):
        await browser.get(f"/api/drafts/{uuid4()}")


async def test_a_service_that_is_away_is_named(studio):
    browser = await studio.browser()
    answer = await browser.get("/api/agents")
    assert answer.status_code == 503
    problem = answer.json()
    assert problem["type"] == "urn:dramatis:problem:service-unavailable"
    assert problem["service"] == "voice-svc"
    assert "voice-svc" in problem["detail"]
    assert answer.headers["retry-after"]


async def test_nobody_reaches_a_service_without_signing_in(studio, upstream):
    for client in (studio.stranger(), studio.stranger(Cookie=f"{studio.settings.cookie}=x")):
        answer = await client.get("/api/personas")
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
    assert upstream.got == []


async def test_a_token_of_the_caller_goes_on_as_it_is(studio, upstream):
    client = studio.stranger(Authorization="Bearer drk_of_a_machine")
    assert (await client.post("/api/replies", json={})).status_code == 200
    assert upstream.got[0]["headers"]["authorization"] == "Bearer drk_of_a_machine"
