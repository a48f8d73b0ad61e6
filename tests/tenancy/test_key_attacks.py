"""Who has no living API key of a workspace, role and persona gets nothing of it, anywhere."""

import asyncio
import base64
import json
from itertools import cycle
from time import monotonic, sleep
from uuid import uuid4
from zlib import crc32

import httpx
import jwt
import nats
import psycopg
import pytest
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.api_keys import PREFIX, digest, is_well_formed, new_key
from service_kit.settings import EMBEDDED_PEPPER

READS = {
    "persona_svc": "/api/personas",
    "draft_svc": "/api/drafts",
    "followup_svc": "/api/sequences",
    "ingest_svc": "/api/personas/{persona}/files",
    "voice_svc": "/api/agents",
    "chat_svc": "/api/conversations",
    "studio_svc": "/api/sessions",
}
REVOKED_SECONDS = 2
EXPIRE = """
    update api_key set expires_at = now() - interval '1 second', revision = revision + 1
    where key_id = %s
"""


@pytest.fixture(scope="session")
def admin_key(tenants):
    """Return a living key of the other workspace, that of an admin."""
    return tenants.other.key(name="attacked")[0]


@pytest.fixture(scope="session")
def seen_by_key(tenants):
    """Return a function: what a service answers to a key."""

    def ask(service, credential, **more):
        path = READS[service].replace("{persona}", tenants.other.ids["persona"])
        return tenants.other.call(service, "GET", path, credential=credential, **more)

    return ask


def flipped(key, index):
    other = "B" if key[index] == "A" else "A"
    return key[:index] + other + key[index + 1 :]


def unsigned(key):
    """Return a token without a signature that names the key."""
    return jwt.encode({"sub": key, "workspace_id": "other", "role": "admin"}, "", "none")


def signed_with(key):
    """Return a token that is signed with the key as its secret."""
    claims = {"sub": "k", "workspace_id": "other", "role": "admin", "exp": 4_102_444_800}
    return jwt.encode({**claims, "iss": "dramatis", "aud": "dramatis"}, key, "HS256")


SECRET_AT, CHECKSUM_AT = len(PREFIX), -6
BROKEN = {
    "another, well formed": lambda _: new_key(),
    "a digit of the secret": lambda key: flipped(key, SECRET_AT),
    "a digit in the middle": lambda key: flipped(key, SECRET_AT + 20),
    "the last digit of the secret": lambda key: flipped(key, CHECKSUM_AT - 1),
    "a digit of the checksum": lambda key: flipped(key, CHECKSUM_AT),
    "the last digit": lambda key: flipped(key, -1),
    "without the last digit": lambda key: key[:-1],
    "without the checksum": lambda key: key[:CHECKSUM_AT],
    "a digit more": lambda key: f"{key}0",
    "twice": lambda key: f"{key}{key}",
    "the shown beginning": lambda key: key[: SECRET_AT + 4],
    "the prefix alone": lambda _: PREFIX,
    "a dot": lambda _: ".",
    "in lower case": lambda key: key.lower(),
    "in upper case": lambda key: key.upper(),
    "another prefix": lambda key: key.replace(PREFIX, "dramatis-"),
    "no prefix": lambda key: key.removeprefix(PREFIX),
    "its digest": lambda key: digest(key, EMBEDDED_PEPPER.encode()),
    "its digest as a key": lambda key: PREFIX + digest(key, EMBEDDED_PEPPER.encode()),
    "a digest without pepper": lambda key: digest(key, b""),
    "in base64": lambda key: base64.b64encode(key.encode()).decode(),
    "percent-encoded": lambda key: key.replace("_", "%5F"),
    "quoted": lambda key: f'"{key}"',
    "a comma after it": lambda key: f"{key},",
    "a path after it": lambda key: f"{key}/admin",
    "two keys": lambda key: f"{new_key()} {key}",
    "a dot and more": lambda key: f"{key}.{key}.",
    "a wildcard": lambda _: f"{PREFIX}{'%' * 49}",
    "SQL": lambda _: f"{PREFIX}' or '1'='1",
    "a token without signature": unsigned,
    "a token signed with it": signed_with,
    "the checksum in decimal": lambda key: key[:CHECKSUM_AT] + str(crc32(key.encode()))[:6],
    "very long": lambda key: key + "A" * 4_000,
}


@pytest.mark.parametrize(
    ("service", "how"), list(zip(cycle(READS), BROKEN, strict=False)), ids=list(BROKEN)
)
def test_what_is_not_the_key_is_refused(seen_by_key, admin_key, service, how):
    answer = seen_by_key(service, BROKEN[how](admin_key))
    assert answer.status_code == 401, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert admin_key not in answer.text


ELSEWHERE = {
    "in the query": lambda key: {"params": {"access_token": key, "api_key": key}},
    "in a cookie": lambda key: {"headers": {"Cookie": f"token={key}; api_key={key}"}},
    "in a header of others": lambda key: {"headers": {"X-Api-Key": key, "Api-Key": key}},
    "as a password": lambda key: {
        "headers": {"Authorization": f"Basic {base64.b64encode(f':{key}'.encode()).decode()}"}
    },
    "as another scheme": lambda key: {"headers": {"Authorization": f"ApiKey {key}"}},
    "without a scheme": lambda key: {"headers": {"Authorization": key}},
    "as an Idempotency-Key": lambda key: {"headers": {"Idempotency-Key": key}},
}


@pytest.mark.parametrize(
    ("service", "how"), list(zip(cycle(READS), ELSEWHERE, strict=False)), ids=list(ELSEWHERE)
)
def test_a_key_counts_in_one_place_alone(apis, tenants, admin_key, service, how):
    path = READS[service].replace("{persona}", tenants.other.ids["persona"])
    answer = httpx.get(f"{apis[service].url}{path}", **ELSEWHERE[how](admin_key))
    assert answer.status_code == 401, answer.text
    assert admin_key not in answer.text


@pytest.mark.parametrize("service", READS)
def test_a_living_key_is_taken_by_every_service(seen_by_key, admin_key, service):
    assert seen_by_key(service, admin_key).status_code == 200


@pytest.mark.parametrize(
    ("service", "kind", "path"),
    [
        ("persona_svc", "persona", "/api/personas/{persona}"),
        ("draft_svc", "draft", "/api/drafts/{draft}"),
        ("followup_svc", "sequence", "/api/sequences/{sequence}"),
        ("ingest_svc", "file", "/api/personas/{persona}/files/{file}"),
        ("voice_svc", "call", "/api/calls/{call}"),
    ],
)
def test_a_key_of_another_workspace_finds_nothing(tenants, service, kind, path):
    key, _ = tenants.asking.key()
    filled = path
    for name, entity_id in tenants.other.ids.items():
        filled = filled.replace(f"{{{name}}}", entity_id)
    answer = tenants.asking.call(service, "GET", filled, credential=key)
    assert answer.status_code == 404, (kind, answer.text)


@pytest.mark.parametrize(
    ("service", "method", "path", "role"),
    [
        ("persona_svc", "POST", "/api/personas", "editor"),
        ("persona_svc", "PUT", "/api/workspace/settings", "viewer"),
        ("draft_svc", "POST", "/api/replies", "viewer"),
        ("followup_svc", "POST", "/api/sequences", "viewer"),
        ("ingest_svc", "POST", "/api/personas/{persona}/files", "viewer"),
        ("voice_svc", "POST", "/api/agents/recreate", "editor"),
    ],
)
def test_a_key_does_not_do_more_than_its_role(tenants, service, method, path, role):
    key, _ = tenants.other.key(role=role)
    whole = path.replace("{persona}", tenants.other.ids["persona"])
    answer = tenants.other.call(service, method, whole, credential=key, json={})
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:dramatis:problem:role-too-low")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/keys", None),
        ("POST", "/api/keys", {"name": "another", "role": "admin"}),
        ("DELETE", "/api/keys/{key}", None),
    ],
)
def test_a_key_makes_and_revokes_no_key(tenants, admin_key, method, path, body):
    more = {} if body is None else {"json": body}
    whole = path.replace("{key}", tenants.other.ids["key"])
    answer = tenants.other.call("persona_svc", method, whole, credential=admin_key, **more)
    assert answer.json()["type"] == "urn:dramatis:problem:person-needed"


def test_a_revoked_key_is_refused_everywhere_within_two_seconds(tenants, seen_by_key):
    key, key_id = tenants.other.key()
    assert {seen_by_key(service, key).status_code for service in READS} == {200}
    answer = tenants.other.call("persona_svc", "DELETE", f"/api/keys/{key_id}")
    revoked_at = monotonic()
    assert answer.status_code == 204
    taken = set(READS)
    while taken:
        assert monotonic() - revoked_at < REVOKED_SECONDS, taken
        taken = {service for service in taken if seen_by_key(service, key).status_code != 401}
        sleep(0.02)
    again = tenants.other.call("persona_svc", "DELETE", f"/api/keys/{key_id}")
    assert again.status_code == 404


async def test_an_expired_key_is_refused_everywhere(tenants, databases, seen_by_key):
    key, key_id = tenants.other.key()
    with psycopg.connect(databases["persona_svc"].admin_url, autocommit=True) as connection:
        connection.execute(EXPIRE, [key_id])
        connection.execute("select pg_notify('dramatis_outbox', '')")

    def are_expired():
        answers = [seen_by_key(service, key) for service in READS]
        return all("has expired" in answer.text for answer in answers)

    await wait_until(are_expired)


async def test_the_last_use_is_shown_wherever_the_key_was_used(tenants, seen_by_key):
    for service in READS:
        key, key_id = tenants.other.key(name=f"used in {service}")
        assert seen_by_key(service, key).status_code == 200

        def is_seen(key_id=key_id):
            shown = tenants.other.done("persona_svc", "GET", f"/api/keys/{key_id}")
            return shown["last_used_at"]

        assert await wait_until(is_seen)


def test_a_key_is_shown_once_by_its_maker_alone(tenants):
    made = tenants.other.done(
        "persona_svc", "POST", "/api/keys", json={"name": "once", "role": "viewer"}
    )
    key, key_id = made["api_key"], made["key"]["key_id"]
    assert is_well_formed(key)
    assert made["key"]["shown"] == key[: len(made["key"]["shown"])]
    for path in ("/api/keys", f"/api/keys/{key_id}", "/api/audit"):
        shown = tenants.other.call("persona_svc", "GET", path)
        assert shown.status_code == 200
        assert key not in shown.text


def test_an_idempotency_key_replays_no_secret(tenants):
    grant = {"name": "replayed", "role": "viewer"}
    headers = {"Idempotency-Key": str(uuid4())}
    first, second = (
        tenants.other.done("persona_svc", "POST", "/api/keys", json=grant, headers=headers)
        for _ in range(2)
    )
    assert first["api_key"] != second["api_key"]


def test_no_key_is_left_in_logs_events_problems_tables_or_metrics(
    apis, apis_nats_url, databases, tenants
):
    """Whoever reads what we write down has nothing to replay."""
    key, key_id = tenants.other.key()
    for service, api in apis.items():
        for path in (READS[service], f"/{key}", f"/api/{key}/x", f"{READS[service]}?q={key}"):
            filled = path.replace("{persona}", tenants.other.ids["persona"])
            answer = tenants.other.call(service, "GET", filled, credential=key)
            assert key not in answer.text
        metrics = httpx.get(f"{api.url}/metrics", timeout=HANG_SECONDS).text
        assert key not in metrics
        assert key not in api.process.log()
    assert kept_anywhere(databases, key) == []
    stored = asyncio.run(last_message(apis_nats_url, f"key-state.v1.other.{key_id}"))
    assert json.loads(stored)["digest"] == digest(key, EMBEDDED_PEPPER.encode())
    assert key not in stored.decode()


async def last_message(nats_url, subject):
    connection = await nats.connect(nats_url)
    stored = await connection.jetstream().get_last_msg("KEY_STATE", subject)
    await connection.close()
    return stored.data


def kept_anywhere(databases, words):
    """Return the tables of all services that have `words` in a row."""
    found = []
    for service, database in databases.items():
        with psycopg.connect(database.admin_url) as connection:
            tables = connection.execute(
                "select tablename from pg_tables where schemaname = 'public'"
            ).fetchall()
            for (table,) in tables:
                row = connection.execute(
                    psycopg.sql.SQL(
                        "select from {} t where position(%s in t::text) > 0 limit 1"
                    ).format(psycopg.sql.Identifier(table)),
                    [words],
                ).fetchone()
                if row is not None:
                    found.append((service, table))
    return found
