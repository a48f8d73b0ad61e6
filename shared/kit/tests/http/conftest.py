"""A small service over the kit's HTTP parts, a signing key, and a real Postgres."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Annotated
from uuid import UUID

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from note_svc.adapters.tables import NoteRow
from pydantic import BaseModel, ConfigDict, Field, field_validator
from service_devkit.testing.database import Database
from service_kit.dev_keys import ensure_dev_keys, issue_token
from service_kit.errors import ConflictError, NotFoundError
from service_kit.health import Health
from service_kit.http_app import HttpApi, build_app
from service_kit.identity import CHANGES_NOTHING, Admin, Principal, Role, Viewer
from service_kit.ids import new_id
from service_kit.paging import Page, Paging
from service_kit.preconditions import OptionalIfMatch, RequiredIfMatch, etag
from service_kit.problem import problem_responses
from service_kit.response_headers import Created
from service_kit.routing import IdempotentSession, WorkspaceSession, api_router
from service_kit.store import Store
from service_kit.tokens import SigningKeys, Tokens
from sqlalchemy import select
from structlog.testing import capture_logs
from structlog.typing import EventDict

SERVICE = "note-svc"
BAD_NAME = "refused after the row was written"


class VoiceSettings(BaseModel):
    stability: Annotated[float, Field(ge=0, le=1)] = 0.5

    @field_validator("stability")
    @classmethod
    def not_the_middle(cls, stability: float) -> float:
        if stability == 0.25:
            raise ValueError("a quarter is not possible: use 0.2 or 0.3")
        return stability


class Voice(BaseModel):
    settings: VoiceSettings = VoiceSettings()


class NewNote(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "first", "voice": {}}]}
    )

    name: Annotated[str, Field(min_length=1, max_length=80)]
    voice: Voice = Voice()


class Note(BaseModel):
    note_id: UUID
    name: str


notes = api_router("/api/notes", "notes")


@notes.get("", summary="List notes")
async def list_notes(_: Viewer, session: WorkspaceSession, paging: Paging) -> Page[Note]:
    query = select(NoteRow).order_by(NoteRow.note_id).limit(paging.rows)
    if start := paging.start_after(UUID):
        query = query.where(NoteRow.note_id > start)
    rows = (await session.scalars(query)).all()
    items = [Note(note_id=row.note_id, name=row.body) for row in rows]
    return paging.page(items, lambda note: note.note_id)


@notes.post("", status_code=201, responses=problem_responses(409), summary="Create a note")
async def create_note(
    admin: Admin, session: IdempotentSession, body: NewNote, response: Created
) -> Note:
    row = NoteRow(workspace_id=admin.workspace_id, note_id=new_id(), body=body.name)
    session.add(row)
    await session.flush()
    if body.name == BAD_NAME:
        raise ConflictError("This name is taken.")
    response.headers["Location"] = f"/api/notes/{row.note_id}"
    response.headers["ETag"] = etag(1)
    return Note(note_id=row.note_id, name=row.body)


plain = api_router("/api/plain", "plain")
"""Routes that need no database."""


@plain.get("/fail", responses=problem_responses(500), summary="Fail")
async def fail(_: Viewer) -> None:
    raise RuntimeError("the reason stays in the log")


@plain.post("/long-voices", include_in_schema=False)
@plain.post("/voices", summary="Check a voice", dependencies=CHANGES_NOTHING)
async def check_voice(_: Viewer, body: NewNote) -> NewNote:
    return body


@plain.get("/things/{number}", responses=problem_responses(404), summary="Get a thing")
async def get_thing(_: Viewer, number: int) -> int:
    raise NotFoundError(f"There is no thing {number}.")


@plain.patch(
    "/things/{number}",
    responses=problem_responses(412, 428),
    summary="Change a thing",
    dependencies=CHANGES_NOTHING,
)
async def patch_thing(_: Viewer, number: int, if_match: RequiredIfMatch) -> int:
    if_match.require(7, {"number": number, "version": 7})
    return number


@plain.put(
    "/things/{number}",
    responses=problem_responses(412),
    summary="Replace a thing",
    dependencies=CHANGES_NOTHING,
)
async def put_thing(_: Viewer, number: int, if_match: OptionalIfMatch) -> int:
    if_match.require(7, {"number": number, "version": 7})
    return number


@plain.get("/pages", summary="List numbers")
async def list_numbers(_: Viewer, paging: Paging) -> Page[int]:
    start = paging.start_after(int) or 0
    numbers = list(range(start + 1, 500))[: paging.rows]
    return paging.page(numbers, lambda number: number)


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[EventDict]]:
    """What our own code logs."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture
def keys_dir(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def tokens(keys_dir: Path) -> Tokens:
    return Tokens(
        SigningKeys(ensure_dev_keys(keys_dir, "embedded")), issuer="dramatis", audience="dramatis"
    )


@pytest.fixture
def token(keys_dir: Path) -> Callable[..., str]:
    def issue(role: Role = Role.ADMIN, workspace_id: str = "acme", subject: str = "ann") -> str:
        who = Principal(workspace_id=workspace_id, subject=subject, role=role)
        return issue_token(
            keys_dir, who, profile="embedded", issuer="dramatis", audience="dramatis"
        )

    return issue


@pytest.fixture
async def nowhere() -> AsyncIterator[Store]:
    """A store whose database does not answer."""
    store = Store("postgresql://note@127.0.0.1:1/note", SERVICE)
    yield store
    await store.close()


@pytest.fixture
def health() -> Health:
    return Health(stand_ins=["writer"])


def make_app(store: Store, tokens: Tokens, health: Health) -> FastAPI:
    long_bodies = re.compile("/api/notes|/api/plain/long-voices")
    api = HttpApi("Notes", [notes, plain], description="A test.", long_bodies=long_bodies)
    return build_app(api, version="1.2.3", store=store, credentials=tokens, health=health)


@pytest.fixture
def app(nowhere: Store, tokens: Tokens, health: Health) -> FastAPI:
    """The service without a database."""
    return make_app(nowhere, tokens, health)


async def _client(app: FastAPI, token: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://notes.test",
        headers={"Authorization": f"Bearer {token}"},
    ) as client:
        yield client


@pytest.fixture
async def client(app: FastAPI, token: Callable[..., str]) -> AsyncIterator[httpx.AsyncClient]:
    """An admin's client of the service without a database."""
    async for opened in _client(app, token()):
        yield opened


@pytest.fixture(scope="session")
def note_database(run_database: Callable[[str], Database]) -> Database:
    return run_database("note_svc")


@pytest.fixture
async def store(note_database: Database) -> AsyncIterator[Store]:
    with psycopg.connect(note_database.admin_url, autocommit=True) as connection:
        connection.execute("truncate note, idempotency")
    store = Store(note_database.login_url, SERVICE)
    yield store
    await store.close()


@pytest.fixture
def stored_app(store: Store, tokens: Tokens, health: Health) -> FastAPI:
    """The service with its database."""
    return make_app(store, tokens, health)


@pytest.fixture
async def stored(
    stored_app: FastAPI, token: Callable[..., str]
) -> AsyncIterator[httpx.AsyncClient]:
    """An admin's client of the service with its database."""
    async for opened in _client(stored_app, token()):
        yield opened
