"""What a page of another origin, or a name that leads here, can do: nothing."""

import pytest
from studio import Browser

UNSAFE = [("POST", "/api/personas"), ("DELETE", "/api/sessions/x"), ("POST", "/api/logout")]


@pytest.mark.parametrize(("method", "path"), UNSAFE)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1"},
        {},
    ],
    ids=["port", "site", "none", "null", "portless", "nothing"],
)
async def test_a_page_of_another_origin_changes_nothing(studio, upstream, method, path, headers):
    browser = await studio.browser()
    cookie = f"{studio.settings.cookie}={browser.cookies[studio.settings.cookie]}"
    answer = await studio.stranger(Cookie=cookie, **headers).request(method, path)
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:dramatis:problem:other-origin"
    assert upstream.got == []
    assert (await browser.get("/api/me")).status_code == 200


@pytest.mark.parametrize("site", ["same-site", "cross-site", "none"])
async def test_nobody_is_signed_in_by_another_page(studio, site):
    headers = {"Sec-Fetch-Site": site, "Origin": "https://evil.example"}
    answer = await studio.stranger(**headers).post("/api/login", json={"code": "x"})
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:dramatis:problem:other-origin"


async def test_an_equal_origin_is_enough_for_browsers_without_fetch_metadata(studio):
    browser = await studio.browser()
    cookie = f"{studio.settings.cookie}={browser.cookies[studio.settings.cookie]}"
    client = studio.stranger(Cookie=cookie, Origin=studio.url)
    assert (await client.post("/api/personas")).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost.evil.example:8100", ""])
async def test_a_name_that_leads_here_is_refused(studio, upstream, host):
    browser = await studio.browser()
    for path in ("/", "/api/me", "/api/personas", "/login", "/docs"):
        answer = await browser.get(path, headers={"Host": host})
        assert answer.status_code in {400, 421}, path
    assert upstream.got == []


async def test_probes_answer_under_any_name(studio):
    for path in ("/livez", "/metrics", "/.well-known/jwks.json"):
        answer = await studio.stranger(Host="10.0.0.1").get(path)
        assert answer.status_code == 200, path


async def test_no_page_shows_the_console_in_a_frame_and_no_script_of_others_runs(studio):
    browser = await studio.browser()
    for path in ("/", "/api/me", "/api/personas", "/api/nothing", "/assets/none.js"):
        headers = (await browser.get(path)).headers
        policy = headers["content-security-policy"].split("; ")
        assert "frame-ancestors 'none'" in policy, path
        assert "script-src 'self'" in policy
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


async def test_neither_code_nor_cookie_nor_token_is_logged(studio, upstream, caplog, capfd):
    caplog.set_level("INFO")
    code = await studio.code()
    async with Browser(studio.url) as browser:
        await browser.post("/api/login", json={"code": code})
        await browser.get("/api/personas")
        await browser.get("/api/agents")
        secret = browser.cookies[studio.settings.cookie]
    token = upstream.got[0]["headers"]["authorization"].removeprefix("Bearer ")
    told = "".join((*capfd.readouterr(), caplog.text))
    for hidden in (code, secret, token):
        assert hidden not in told
