"""studio-svc and what stands behind it as HTTP servers in the process of the test."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

import httpx
from jwt import decode
from nats.aio.client import Client
from service_devkit.embedded import free_port
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.dev_keys import ensure_dev_keys, issue_token
from service_kit.health import Health
from service_kit.http_app import build_app
from service_kit.identity import Principal, Role
from service_kit.ids import new_id
from service_kit.paging import PageRequest, encode_cursor
from service_kit.service import _server
from service_kit.settings import ServiceSettings
from service_kit.store import Store
from service_kit.tokens import SigningKeys, Tokens
from starlette.applications import Starlette
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route
from studio_svc.adapters.http_services import HttpServices
from studio_svc.adapters.nats_changes import NatsChanges
from studio_svc.adapters.oidc_provider import choose_provider
from studio_svc.adapters.routes import load_routes
from studio_svc.adapters.site import Site
from studio_svc.adapters.token_signer import ISSUER, TokenSigner
from studio_svc.deps import StudioDeps
from studio_svc.entrypoints.http import API
from studio_svc.settings import SERVICES, StudioSettings
from studio_svc.usecases.check_services import CheckServices
from studio_svc.usecases.follow_changes import FollowChanges

AWAY = "http://127.0.0.1:1"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@asynccontextmanager
async def serving(app, port):
    """Serve `app` as services are served."""
    settings = ServiceSettings(
        http_port=port,
        nats_url="nats://127.0.0.1:1",
        database_url="postgresql://nobody@127.0.0.1:1/none",
        jwks_url="file:///none",
    )
    server = _server(app, settings)
    running = asyncio.create_task(server.serve())
    await wait_until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = server.force_exit = True
        await running


class Upstream:
    """Tells what it was asked; streams; notes whose answer was closed."""

    def __init__(self):
        self.url = ""
        self.got = []
        self.parts = asyncio.Queue()
        self.ready = {"degraded": [], "reasons": {}, "stand_ins": []}
        self.entries = sorted((new_id() for _ in range(5)), reverse=True)
        self.closed = asyncio.Event()
        self._opened = AsyncExitStack()

    async def __aenter__(self):
        routes = [
            Route("/api/conversations/{id}/stream", self._stream),
            Route("/api/personas/{id}/files", self._upload, methods=["POST"]),
            Route("/api/drafts/{id}", self._cut, methods=["GET"]),
            Route("/readyz", self._readyz),
            Route("/api/audit", self._audit),
            Route("/{path:path}", self._echo, methods=METHODS),
        ]
        serve = serving(Starlette(routes=routes), free_port())
        self.url = await self._opened.enter_async_context(serve)
        return self

    async def __aexit__(self, *error):
        await self._opened.aclose()

    async def _echo(self, request):
        asked = {
            "method": request.method,
            "target": request.scope["raw_path"].decode(),
            "query": request.scope["query_string"].decode(),
            "headers": dict(request.headers),
            "body": (await request.body()).decode(),
        }
        self.got.append(asked)
        return JSONResponse(asked, headers={"ETag": '"7"', "Set-Cookie": "theirs=1"})

    async def _stream(self, request):
        del request

        async def events():
            try:
                number = 0
                while True:
                    yield f"data: {number}\n\n"
                    number += 1
                    await asyncio.sleep(0.05)
            finally:
                self.closed.set()

        return StreamingResponse(events(), media_type="text/event-stream")

    async def _upload(self, request):
        size = 0
        async for part in request.stream():
            size += len(part)
            self.parts.put_nowait(len(part))
        return JSONResponse({"size": size}, status_code=201)

    async def _readyz(self, request):
        del request
        return JSONResponse(self.ready)

    async def _audit(self, request):
        """Twelve entries, newest first, in pages."""
        limit = int(request.query_params["limit"])
        after = request.query_params.get("after")
        last = PageRequest(1, after).start_after(UUID) if after else None
        items = [each for each in self.entries if last is None or each < last]
        more = len(items) > limit
        shown = [{"audit_id": str(each)} for each in items[:limit]]
        cursor = encode_cursor(items[limit - 1]) if more else None
        return JSONResponse({"items": shown, "next": cursor})

    async def _cut(self, request):
        del request

        async def broken():
            yield b"a"
            raise RuntimeError("dies in the middle")

        return StreamingResponse(broken(), headers={"Content-Length": "2"})


class Browser(httpx.AsyncClient):
    """Sends what a browser sends from a page of the studio."""

    def __init__(self, url, **more):
        headers = {"Sec-Fetch-Site": "same-origin", "User-Agent": "a browser"}
        super().__init__(base_url=url, headers=headers, timeout=HANG_SECONDS, **more)


class Studio:
    """The app, and browsers before it."""

    def __init__(self, database, upstream_url, folder, workspace_id, more):
        self.workspace_id = workspace_id
        self._database = database
        self._folder = folder
        port = free_port()
        self.settings = StudioSettings(
            **{
                "http_port": port,
                "nats_url": "nats://127.0.0.1:1",
                "database_url": database.login_url,
                "data_dir": folder,
                "jwks_url": ensure_dev_keys(folder, "embedded"),
                "services": {**dict.fromkeys(SERVICES, upstream_url), "voice-svc": AWAY},
                **more,
            }
        )
        self.url = f"http://127.0.0.1:{self.settings.http_port}"
        self.store = Store(database.login_url, "studio-svc", pool_size=4)
        self._opened = AsyncExitStack()

    async def __aenter__(self):
        settings, signer = self.settings, TokenSigner(self.settings)
        tokens = Tokens(
            SigningKeys(settings.jwks_url),
            issuer="dramatis",
            audience="dramatis",
            others={ISSUER: signer},
        )
        app = build_app(API, version="1", store=self.store, credentials=tokens, health=Health())
        self._opened.push_async_callback(self.store.close)
        services, changes = HttpServices(settings.services), FollowChanges()
        self._opened.push_async_callback(services.close)
        self.deps = app.state.deps = StudioDeps(
            settings=settings,
            store=self.store,
            signer=signer,
            services=services,
            routes=load_routes(),
            site=Site(self._folder / "web"),
            check_services=CheckServices(services),
            changes=changes,
            hear_changes=NatsChanges(Client(), changes.note, changes.note_gap),
            stopping=asyncio.Event(),
            oidc=choose_provider(settings),
        )
        await self._opened.enter_async_context(serving(app, settings.http_port))
        return self

    async def __aexit__(self, *error):
        await self._opened.aclose()
        if self.deps.oidc is not None:
            await self.deps.oidc.close()

    def token(self, role="admin", subject="ann"):
        """Return a token as `dramatis token` makes it."""
        principal = Principal(workspace_id=self.workspace_id, subject=subject, role=Role(role))
        return issue_token(
            self._folder, principal, profile="embedded", issuer="dramatis", audience="dramatis"
        )

    async def code(self, role="admin", subject="ann"):
        """Return the code of a new link."""
        async with httpx.AsyncClient(base_url=self.url, timeout=HANG_SECONDS) as client:
            headers = {"Authorization": f"Bearer {self.token(role, subject)}"}
            made = await client.post("/api/login-codes", headers=headers)
        assert made.status_code == 201, made.text
        return made.json()["code"]

    async def browser(self, role="admin", subject="ann"):
        """Return a browser that has opened a link."""
        browser = Browser(self.url)
        self._opened.push_async_callback(browser.aclose)
        signed_in = await browser.post("/api/login", json={"code": await self.code(role, subject)})
        assert signed_in.status_code == 200, signed_in.text
        return browser

    def stranger(self, **headers):
        """Return a client that is not signed in."""
        client = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=HANG_SECONDS)
        self._opened.push_async_callback(client.aclose)
        return client


def claims(headers):
    """Return what the token in a request's headers claims."""
    token = headers["authorization"].removeprefix("Bearer ")
    return decode(token, options={"verify_signature": False})
