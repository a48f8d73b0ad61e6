"""One workspace that asks, and another that has something to hide."""

import asyncio
from types import SimpleNamespace

import psycopg
import pytest
from psycopg import sql
from tenant import SECRET, Tenant

ROWS = sql.SQL(
    "select to_jsonb(t) - 'published_at' - 'published_revision'"
    " from {} t where workspace_id = %s order by 1"
)


@pytest.fixture(scope="session")
def tenants(apis, apis_nats_url):
    """Return the one who asks, and the other whose data are secret."""
    asking, other = Tenant("asking", apis), Tenant("other", apis)

    async def furnish():
        await asking.furnish(apis_nats_url, "own")
        await other.furnish(apis_nats_url, SECRET)

    asyncio.run(furnish())
    return SimpleNamespace(asking=asking, other=other)


@pytest.fixture
def rows_of_other(databases, tenants):
    """Return a function: every row of the other workspace, by table."""

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
