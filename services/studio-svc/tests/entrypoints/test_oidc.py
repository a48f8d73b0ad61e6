"""People sign in at a real identity provider: npm's oidc-provider, which checks PKCE and codes."""

import asyncio
import os
import re
import shutil
import signal
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from service_devkit.embedded import free_port
from service_devkit.testing.waiting import HANG_SECONDS
from studio import Browser
from studio_svc.domain.admission import SignInRefusedError

FOLDER = Path(__file__).parents[1] / "oidc"
NODE = shutil.which("node")
IS_INSTALLED = NODE is not None and (FOLDER / "node_modules/oidc-provider").is_dir()
pytestmark = pytest.mark.skipif(
    not IS_INSTALLED,
    reason="needs node, and oidc-provider: npm ci --prefix services/studio-svc/tests/oidc",
)
FORM = re.compile(r'<form [^>]*action="([^"]+)"')
ROLES = {"dramatis-admins": "admin", "dramatis-readers": "viewer"}


@pytest.fixture
async def issuer(ports):
    """Return the address of the provider."""
    port, studio_port = ports
    callback = f"http://127.0.0.1:{studio_port}/login/oidc/callback"
    process = await asyncio.create_subprocess_exec(
        *(NODE, "provider.mjs", str(port), callback),
        cwd=FOLDER,
        stdout=PIPE,
        stderr=DEVNULL,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(HANG_SECONDS):
            assert await process.stdout.readline() == b"ready\n"
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # `node` may be what starts it
        await process.communicate()


@pytest.fixture
def ports():
    return free_port(), free_port()


@pytest.fixture
def more_settings(issuer, ports):
    return {
        "http_port": ports[1],
        "oidc_issuer": issuer,
        "oidc_client_id": "studio",
        "oidc_client_secret": "studio-and-provider",
        "oidc_roles": ROLES,
    }


async def at_provider(browser, address, login):
    """Sign in as `login` and agree; return the address that the provider sends the browser to."""
    page = await browser.get(address, follow_redirects=True)
    for form in ({"prompt": "login", "login": login, "password": "any"}, {"prompt": "consent"}):
        (action,) = FORM.findall(page.text)
        page = await browser.post(action, data=form)
        while page.is_redirect and "/login/oidc/callback" not in page.headers["location"]:
            page = await browser.send(page.next_request)
    return page.headers["location"]


async def test_people_sign_in_with_the_role_of_their_claim(studio):
    for login, role in (("ann", "admin"), ("bob", "viewer")):
        async with Browser(studio.url) as browser:
            begun = await browser.get("/login/oidc", params={"return_to": "/personas?tag=a"})
            assert begun.status_code == 302
            back = await at_provider(browser, begun.headers["location"], login)
            signed_in = await browser.get(back)
            assert (signed_in.status_code, signed_in.headers["location"]) == (
                303,
                "/personas?tag=a",
            )
            me = (await browser.get("/api/me")).json()
            assert me["subject"] == login
            assert (me["role"], me["workspace_id"]) == (role, "of-claim")
            assert (me["name"], me["email"]) == (f"{login} of tests", f"{login}@example.com")
            again = await browser.get(back)
            assert again.headers["location"] == "/login?problem=sign-in-refused"


async def test_who_has_no_role_is_refused(studio):
    async with Browser(studio.url) as browser:
        begun = await browser.get("/login/oidc")
        back = await at_provider(browser, begun.headers["location"], "eve")
        refused = await browser.get(back)
        assert refused.headers["location"] == "/login?problem=sign-in-refused"
        assert (await browser.get("/api/me")).status_code == 401


async def test_the_code_is_good_for_who_began_alone(studio):
    async with Browser(studio.url) as thief, Browser(studio.url) as victim:
        begun = await thief.get("/login/oidc")
        back = await at_provider(thief, begun.headers["location"], "ann")
        refused = await victim.get(back)
        assert refused.headers["location"] == "/login?problem=sign-in-refused"
        assert (await victim.get("/api/me")).status_code == 401


@pytest.mark.parametrize("wrong", ["verifier", "nonce"])
async def test_a_wrong_verifier_or_nonce_signs_nobody_in(studio, wrong):
    async with Browser(studio.url) as browser:
        begun = {name: name * 9 for name in ("state", "nonce", "verifier")}
        callback = f"{studio.url}/login/oidc/callback"
        address = await studio.deps.oidc.address(**begun, redirect_uri=callback)
        back = await at_provider(browser, address, "ann")
        code = parse_qs(urlsplit(back).query)["code"][0]
        kept = {"nonce": begun["nonce"], "verifier": begun["verifier"]} | {wrong: "other" * 10}
        with pytest.raises(SignInRefusedError):
            await studio.deps.oidc.claims(code, **kept, redirect_uri=callback)
