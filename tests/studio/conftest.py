"""A browser at the console of one running stack; without Chromium these tests are skipped."""

import os
import re
import shutil

import httpx
import pytest
import pytest_asyncio
from dramatis.broker import connected
from dramatis.defaults import WORKSPACE
from dramatis.login_link import login_link
from dramatis.stack import Stack
from dramatis.tokens import embedded_token
from persona_contracts import CRM_SOURCE, CampaignSyncedV1, Channel, Received
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.clock import utc_now
from service_kit.publishing import crm_message, send_one

SHOWN_MS = 15_000
"""How long a page may take on a machine that does much besides."""
CHROMIUM = shutil.which("chromium")
SESSION = {"loop_scope": "session", "scope": "session"}


@pytest.fixture(scope="session")
def chromium():
    """Return Chromium's path, or skip."""
    if CHROMIUM is None:
        pytest.skip("no chromium here: apt-get install chromium")
    return CHROMIUM


@pytest.fixture(scope="session")
def stack(chromium):
    assert chromium
    with Stack(ephemeral=True, fake_elevenlabs=True) as running:
        yield running


class Console:
    """The stack as its API shows it to an admin, to put things there and to look at them."""

    def __init__(self, stack):
        self._stack = stack
        self.url = stack.endpoints().services["studio"]
        self._client = httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {stack.token()}"},
            timeout=HANG_SECONDS,
            trust_env=False,
        )

    def link(self, role="admin", subject="dramatis-cli"):
        """Return a new link that signs one browser in."""
        token = embedded_token(self._stack.data_dir, WORKSPACE, role, subject)
        return login_link(self.url, token)

    def call(self, method, path, **more):
        answer = self._client.request(method, path, **more)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def close(self):
        self._client.close()

    def persona(self, name, **fields):
        return self.call("POST", "/api/personas", json={"name": name, **fields})

    async def campaign(self, campaign_id, name, **fields):
        """Have the CRM tell of a campaign; return once it is listed."""
        event = CampaignSyncedV1(
            workspace_id=WORKSPACE,
            campaign_id=campaign_id,
            name=name,
            channel=Channel.EMAIL,
            status="running",
            updated_at=utc_now(),
            **fields,
        )
        received = Received(event=event, event_id=event.default_event_id, source=CRM_SOURCE)
        async with connected(self._stack.nats_url) as connection:
            await send_one(connection, crm_message(received, event.updated_at))
        await wait_until(lambda: campaign_id in self.campaigns())

    async def replied(self, lead_id, **fields):
        """Have a lead reply; return the draft once it waits to be decided."""
        message = {
            "workspace_id": WORKSPACE,
            "message_id": f"<{lead_id}@leads.example>",
            "lead_id": lead_id,
            "channel": "email",
            "received_at": utc_now().isoformat(),
            "subject": "Re: An hour a day",
            "body_text": "What does it cost for 35 people?",
            **fields,
        }
        self.call("POST", "/api/replies", json=message)

        def ready():
            found = self.call("GET", f"/api/drafts?lead_id={lead_id}&status=ready")["items"]
            return found and found[0]

        return await wait_until(ready)

    def campaigns(self):
        """Return the campaigns by their ids."""
        found = self.call("GET", "/api/campaigns?limit=200")["items"]
        return {each["campaign_id"]: each for each in found}


@pytest.fixture(scope="session")
def console(stack):
    made = Console(stack)
    yield made
    made.close()


@pytest_asyncio.fixture(**SESSION)
async def browser(chromium):
    api = pytest.importorskip("playwright.async_api")
    api.expect.set_options(timeout=SHOWN_MS)
    async with api.async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        yield launched
        await launched.close()


class Visit:
    """One browser window; errors on its console fail the test, but for those that it names."""

    def __init__(self, context):
        self.context = context
        self.errors = []
        self.expected = []

    async def tab(self):
        page = await self.context.new_page()
        page.on("console", self._told)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def expect(self, *patterns):
        """Name errors that this test brings about."""
        self.expected += patterns

    def unexpected(self):
        return [e for e in self.errors if not any(re.search(p, e) for p in self.expected)]

    def _told(self, message):
        if message.type in {"error", "warning"}:
            self.errors.append(message.text)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    if report.when == "call":
        item.has_failed = report.failed
    return report


@pytest_asyncio.fixture(**SESSION)
async def signed_in(browser, console):
    """Return the cookies of an admin who has signed in by a link."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(console.link())
    await page.get_by_role("navigation", name="Pages").wait_for(timeout=HANG_SECONDS * 1000)
    state = await context.storage_state()
    await context.close()
    return state


@pytest_asyncio.fixture(loop_scope="session")
async def visits(browser, console, request, tmp_path):
    """Return a function that opens a window; its trace is kept where the test fails."""
    opened = []
    is_traced = request.node.get_closest_marker("long") is None

    async def visit(**options):
        context = await browser.new_context(base_url=console.url, **options)
        context.set_default_timeout(SHOWN_MS)
        if is_traced:
            await context.tracing.start(snapshots=True)
        opened.append(Visit(context))
        return opened[-1]

    yield visit
    has_failed = getattr(request.node, "has_failed", True)
    for number, each in enumerate(opened):
        if is_traced:
            trace = {"path": tmp_path / f"trace-{number}.zip"} if has_failed else {}
            await each.context.tracing.stop(**trace)
        await each.context.close()
    if not has_failed:
        assert [each.unexpected() for each in opened] == [[] for _ in opened]


@pytest_asyncio.fixture(loop_scope="session")
async def visit(visits, signed_in):
    return await visits(storage_state=signed_in)


@pytest_asyncio.fixture(loop_scope="session")
async def page(visit):
    return await visit.tab()
