import httpx
import pytest
from fastapi import FastAPI
from service_devkit.testing.database import Database
from service_kit.health import Health, RosterHealth
from service_kit.http_app import HttpApi, build_app
from service_kit.store import Session, Store
from service_kit.tokens import Tokens

pytestmark = pytest.mark.processes
NO_TOKEN = {"Authorization": ""}


BUILD = {"service": "unknown", "version": "unknown", "commit": "unknown"}


class Seconds:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def health(seconds: Seconds) -> Health:
    roster = RosterHealth(freshness="READY", age_seconds=0.2, stream_sequence=7)
    return Health(stand_ins=["writer"], roster=lambda: roster, monotonic=seconds)


async def current(_: Session) -> bool:
    return True


async def older(_: Session) -> bool:
    return False


async def readyz(app: FastAPI, path: str = "/readyz") -> httpx.Response:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x.test") as client:
        return await client.get(path)


async def test_livez_needs_no_token_and_no_database(client: httpx.AsyncClient) -> None:
    response = await client.get("/livez", headers=NO_TOKEN)
    assert (response.status_code, response.json()) == (200, {"status": "live", **BUILD})


async def test_service_is_ready_once_its_database_answers(
    stored_app: FastAPI, store: Store, health: Health
) -> None:
    before = await readyz(stored_app)
    assert before.status_code == 503
    assert before.headers["content-type"] == "application/problem+json"
    assert "database has not answered yet" in before.json()["detail"]
    await health.probe_database(store, current)
    after = await readyz(stored_app)
    assert after.status_code == 200
    assert after.json() == {
        "status": "ready",
        **BUILD,
        "degraded": [],
        "reasons": {},
        "stand_ins": ["writer"],
        "roster": {"freshness": "READY", "age_seconds": 0.2, "stream_sequence": 7},
    }


async def test_database_may_be_away_for_10_seconds(
    stored_app: FastAPI, store: Store, nowhere: Store, health: Health, seconds: Seconds
) -> None:
    await health.probe_database(store, current)
    seconds.now += 10
    await health.probe_database(nowhere, current)
    response = await readyz(stored_app)
    assert (response.status_code, response.json()["degraded"]) == (200, ["database"])
    seconds.now += 0.1
    response = await readyz(stored_app)
    assert (response.status_code, response.json()["degraded"]) == (503, ["database"])
    await health.probe_database(store, current)
    assert (await readyz(stored_app)).json()["degraded"] == []


async def test_broker_away_is_degraded_and_ready(
    stored_app: FastAPI, store: Store, health: Health
) -> None:
    await health.probe_database(store, current)
    health.degraded("broker")
    response = await readyz(stored_app)
    assert (response.status_code, response.json()["degraded"]) == (200, ["broker"])
    health.recovered("broker")
    assert (await readyz(stored_app)).json()["degraded"] == []


async def test_a_process_has_started_once_the_broker_has_confirmed_and_stays_so(
    stored_app: FastAPI, health: Health
) -> None:
    health.degraded("broker", "no permission for a subject")
    before = await readyz(stored_app, "/startupz")
    assert (before.status_code, before.json()["type"]) == (503, "urn:dramatis:problem:not-started")
    assert "no permission for a subject" in before.json()["detail"]
    health.recovered("broker")
    assert (await readyz(stored_app, "/startupz")).json() == {"status": "started"}
    health.degraded("broker")
    assert (await readyz(stored_app, "/startupz")).status_code == 200


async def test_older_schema_is_not_ready(stored_app: FastAPI, store: Store, health: Health) -> None:
    await health.probe_database(store, older)
    response = await readyz(stored_app)
    assert response.status_code == 503
    assert "schema is older" in response.json()["detail"]


async def test_database_without_the_roles_counts_as_an_older_schema(
    stored_app: FastAPI, note_database: Database, health: Health
) -> None:
    unprovisioned = Store(note_database.admin_url, "unknown-svc")
    await health.probe_database(unprovisioned, current)
    await unprovisioned.close()
    assert "schema is older" in (await readyz(stored_app)).json()["detail"]


@pytest.mark.parametrize(
    ("freshness", "status", "degraded"),
    [("READY", 200, []), ("STALE", 200, ["roster"]), ("NOT_READY", 503, [])],
)
async def test_only_a_roster_that_was_never_filled_is_not_ready(
    store: Store, tokens: Tokens, freshness: str, status: int, degraded: list[str]
) -> None:
    roster = RosterHealth(freshness=freshness, age_seconds=None, stream_sequence=0)
    health = Health(roster=lambda: roster)
    api = HttpApi("Notes", [])
    await health.probe_database(store, current)
    response = await readyz(
        build_app(api, version="1", store=store, credentials=tokens, health=health)
    )
    assert response.status_code == status
    assert response.json()["degraded"] == degraded
    assert response.json()["roster"]["freshness"] == freshness
