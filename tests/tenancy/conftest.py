"""One workspace that asks, and another that has something to hide."""

import asyncio
from types import SimpleNamespace

import psycopg
import pytest
from psycopg import sql
from service_devkit.testing.waiting import wait_until
from tenant import SECRET, Tenant

ROWS = sql.SQL(
    "select to_jsonb(t) - 'published_at' - 'published_revision' - 'last_used_at'"
    " from {} t where workspace_id = %s order by 1"
)
CALL = """
    insert into call (call_id, workspace_id, conversation_id, persona_id, revision, agent_id,
      lead_id, started_at, duration_seconds, turns, transcript, citations)
    values (gen_random_uuid(), %(workspace_id)s, %(words)s, %(persona)s, 1, %(words)s,
      'lead-' || %(words)s::text, now(), 1, 1,
      jsonb_build_array(jsonb_build_object('role', 'user', 'message', %(words)s::text,
        'at_seconds', 0)), '[]')
    returning call_id::text
"""
REST = """
    update agent set due_at = now() + interval '1 day'
    where workspace_id = %s and state = 'not_configured' and lease_token is null
"""
RESTING = """
    select count(*) > 0 and bool_and(lease_token is null and due_at > now() + interval '1 hour')
    from agent where workspace_id = %s
"""


@pytest.fixture(scope="session")
def tenants(apis, apis_nats_url, databases):
    """Return the one who asks, and the other whose data are secret."""
    asking, other = Tenant("asking", apis), Tenant("other", apis)

    async def furnish():
        await asking.furnish(apis_nats_url, "own")
        await other.furnish(apis_nats_url, SECRET)

    asyncio.run(furnish())
    for tenant, words in ((asking, "own"), (other, SECRET)):
        tenant.ids["call"] = called(databases, tenant, words)
    return SimpleNamespace(asking=asking, other=other)


def called(databases, tenant, words):
    """Store a call, which only a vendor could tell of; return its id."""
    values = {"workspace_id": tenant.workspace_id, "words": words, "persona": tenant.ids["persona"]}
    with psycopg.connect(databases["voice_svc"].admin_url) as connection:
        return connection.execute(CALL, values).fetchone()[0]


@pytest.fixture(scope="session")
def limited(tenants):
    """Return a key of the other workspace that is limited to a persona which nobody uses."""
    unused = tenants.other.done("persona_svc", "POST", "/api/personas", json={"name": "Unused"})
    key, _ = tenants.other.key(persona_ids=[unused["persona_id"]])
    return key


@pytest.fixture
def resting(databases, tenants):
    """Put off what voice-svc does each minute by itself: looking whether there is a key now."""
    asked = [tenants.other.workspace_id]
    with psycopg.connect(databases["voice_svc"].admin_url, autocommit=True) as connection:

        def rests():
            connection.execute(REST, asked)
            return connection.execute(RESTING, asked).fetchone()[0]

        asyncio.run(wait_until(rests))


@pytest.fixture
def rows_of_other(databases, tenants, resting):
    """Return a function: every row of the other workspace, by table."""
    del resting

    def rows():
        found = {}
        for service, database in databases.items():
            with psycopg.connect(database.admin_url) as connection:
                for table in tenant_tables(connection):
                    query = ROWS.format(sql.Identifier(table))
                    found[service, table] = connection.execute(
                        query, [tenants.other.workspace_id]
                    ).fetchall()
        return found

    return rows


def tenant_tables(connection):
    rows = connection.execute(
        "select table_name from information_schema.columns"
        " where table_schema = 'public' and column_name = 'workspace_id' order by 1"
    )
    return [name for (name,) in rows]
