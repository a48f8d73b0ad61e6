"""People sign in with a link that is good once; their sessions are listed and ended."""

import pytest
from service_kit.dev_keys import PRIVATE_KEY_FILE, ensure_dev_keys
from sqlalchemy import text
from studio import Browser
from studio_svc.settings import StudioSettings


async def test_a_link_signs_in_once(studio):
    code = await studio.code(role="viewer")
    async with Browser(studio.url) as browser, Browser(studio.url) as another:
        assert (await browser.get("/api/me")).status_code == 401
        answer = await browser.post("/api/login", json={"code": code})
        assert answer.status_code == 200
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(f"dramatis_{studio.settings.http_port}=")
        assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
        me = (await browser.get("/api/me")).json()
        assert me["subject"] == "ann"
        assert (me["role"], me["workspace_id"]) == ("viewer", studio.workspace_id)
        again = await another.post("/api/login", json={"code": code})
        assert again.status_code == 403
        assert again.json()["type"] == "urn:dramatis:problem:login-code-refused"
        assert (await another.get("/api/me")).status_code == 401


async def test_a_link_that_is_too_old_signs_nobody_in(studio):
    code = await studio.code()
    async with studio.store.worker() as session:
        await session.execute(text("update login_code set expires_at = now()"))
    async with Browser(studio.url) as browser:
        assert (await browser.post("/api/login", json={"code": code})).status_code == 403


async def test_the_store_knows_no_secret(studio):
    code = await studio.code()
    browser = await studio.browser()
    secret = browser.cookies[studio.settings.cookie]
    async with studio.store.worker() as session:
        for query in (
            "select s::text from browser_session s",
            "select c::text from login_code c",
            "select a::text from audit a",
        ):
            stored = "".join((await session.execute(text(query))).scalars())
            assert stored
            assert secret not in stored
            assert code not in stored


async def test_sessions_are_listed_and_ended_and_the_end_counts_at_once(studio):
    ann, phone = await studio.browser(), await studio.browser()
    listed = (await ann.get("/api/sessions")).json()["items"]
    assert [item["current"] for item in listed] == [False, True]
    assert {item["user_agent"] for item in listed} == {"a browser"}
    assert (await phone.get("/api/me")).status_code == 200
    ended = await ann.delete(f"/api/sessions/{listed[0]['session_id']}")
    assert ended.status_code == 204
    assert (await phone.get("/api/me")).status_code == 401
    assert (await phone.get("/api/personas")).status_code == 401
    assert (await ann.get("/api/me")).status_code == 200


async def test_who_signs_out_is_out(studio):
    browser = await studio.browser()
    secret = browser.cookies[studio.settings.cookie]
    answer = await browser.post("/api/logout")
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    kept = studio.stranger(Cookie=f"{studio.settings.cookie}={secret}")
    assert (await kept.get("/api/me")).status_code == 401


async def test_a_session_ends_by_itself(studio):
    browser = await studio.browser()
    async with studio.store.worker() as session:
        await session.execute(text("update browser_session set expires_at = now()"))
    assert (await browser.get("/api/me")).status_code == 401


async def test_people_end_their_own_sessions_and_admins_anybodys(studio):
    ann, bob = await studio.browser("viewer", "ann"), await studio.browser("viewer", "bob")
    (of_bob,) = (await bob.get("/api/sessions")).json()["items"]
    path = f"/api/sessions/{of_bob['session_id']}"
    assert (await ann.delete(path)).status_code == 404
    admin = await studio.browser("admin", "eve")
    assert len((await admin.get("/api/sessions")).json()["items"]) == 3
    assert (await admin.delete(path)).status_code == 204
    assert (await bob.get("/api/me")).status_code == 401


async def test_signing_in_and_out_stand_in_the_trail(studio):
    browser = await studio.browser(subject="ann")
    async with studio.store.workspace(studio.workspace_id) as session:
        rows = (await session.execute(text("select action, actor, entity from audit"))).all()
    assert ("session.start", "ann", "session") in [tuple(row) for row in rows]
    del browser


@pytest.fixture
def production(tmp_path):
    ensure_dev_keys(tmp_path / "own", "embedded")
    return {
        "profile": "production",
        "public_url": "https://studio.example.com",
        "signing_key": (tmp_path / "own" / PRIVATE_KEY_FILE).read_text(),
        "api_key_pepper": "pepper-" * 8,
    }


class TestInProduction:
    @pytest.fixture
    def more_settings(self, production):
        return production

    async def test_there_are_no_links(self, studio):
        headers = {"Host": "studio.example.com", "Origin": "https://studio.example.com"}
        made = await studio.stranger(**headers, Authorization=f"Bearer {studio.token()}").post(
            "/api/login-codes"
        )
        assert made.status_code == 403
        assert made.json()["type"] == "urn:dramatis:problem:embedded-login-only"
        login = await studio.stranger(**headers).post("/api/login", json={"code": "x"})
        assert login.status_code == 403
        ways = await studio.stranger(**headers).get("/api/login")
        assert ways.json()["code"] is False

    def test_the_cookie_is_for_this_host_and_https_alone(self, studio):
        assert studio.settings.cookie == "__Host-dramatis"


@pytest.mark.parametrize(
    ("without", "named"),
    [
        ({"signing_key": None}, "DRAMATIS_STUDIO_SIGNING_KEY"),
        ({"public_url": None}, "DRAMATIS_STUDIO_PUBLIC_URL"),
        ({"public_url": "http://studio.example.com"}, "DRAMATIS_STUDIO_PUBLIC_URL"),
        ({"public_url": "https://studio.example.com/x"}, "without a path"),
        ({"signing_key": "no key"}, "no private key"),
    ],
)
def test_production_needs_a_key_and_an_address(production, without, named):
    common = {
        "nats_url": "nats://127.0.0.1:1",
        "database_url": "postgresql://a@127.0.0.1:1/a",
        "jwks_url": "https://issuer.example/jwks",
    }
    with pytest.raises(ValueError, match=named):
        StudioSettings(**{**common, **production, **without})
