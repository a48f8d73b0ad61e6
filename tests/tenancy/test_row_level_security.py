"""What the service's own database login sees when a query forgets its filter."""

from contextlib import contextmanager

import psycopg
import pytest
from every_service import SERVICES
from psycopg import errors, sql
from service_devkit.testing.waiting import wait_until

KIT_TABLES = {"alembic_version", "service_lease", "stream_seen"}
NOT_TENANTS = {
    "persona_svc": KIT_TABLES,
    "draft_svc": KIT_TABLES,
    "followup_svc": KIT_TABLES,
    "ingest_svc": KIT_TABLES | {"passage_index"},
    "voice_svc": KIT_TABLES,
    "chat_svc": KIT_TABLES,
    "studio_svc": KIT_TABLES,
}
MINE, THEIRS = "asking", "other"
ROWS_OF_A_VENDOR = {
    "persona_svc": """
        insert into prompt_gate (workspace_id, persona_id, version_id, state, deadline)
        select workspace_id, persona_id, version_id, 'waiting', now() from prompt_version
        where workspace_id = %(workspace_id)s;
        insert into model_policy (workspace_id, version, policy, changed_by, created_at)
        values (%(workspace_id)s, 1, '{}', 'a', now()) on conflict do nothing
        """,
    "voice_svc": """
        insert into agent_revision (agent_id, revision, workspace_id, persona_id)
        values (%(workspace_id)s, 1, %(workspace_id)s::text, gen_random_uuid())
          on conflict do nothing;
        insert into call (call_id, workspace_id, conversation_id, persona_id, revision, agent_id,
          started_at, duration_seconds, turns, transcript, citations)
        values (gen_random_uuid(), %(workspace_id)s, 'c', gen_random_uuid(), 1, 'a',
          now(), 1, 1, '[]', '[]') on conflict do nothing;
        insert into conversation_removal (removal_id, workspace_id, persona_id, conversation_id)
        values (gen_random_uuid(), %(workspace_id)s, gen_random_uuid(), 'c')
          on conflict do nothing;
        insert into audio (workspace_id, digest, persona_id, sealed, size_bytes, stored_at)
        values (%(workspace_id)s, '', gen_random_uuid(), '', 0, now()) on conflict do nothing;
        insert into speech_usage (workspace_id, persona_id, month, characters)
        values (%(workspace_id)s, gen_random_uuid(), now(), 1);
        insert into voice_replacement (workspace_id, persona_id, voice_id, replacement_voice_id,
          told_at)
        values (%(workspace_id)s, gen_random_uuid(), 'a', 'b', now());
        insert into known_voice (workspace_id, persona_id, voice_id)
        values (%(workspace_id)s, gen_random_uuid(), 'a')
        """,
    "chat_svc": """
        insert into erasure (erasure_id, workspace_id, kind, key, before, erased_at)
        values (gen_random_uuid(), %(workspace_id)s, 'persona', 'k', now(), now())
          on conflict do nothing;
        insert into prompt_test (test_id, workspace_id, persona_id, version, side, model,
          input_tokens, output_tokens, took_ms, created_at)
        values (gen_random_uuid(), %(workspace_id)s, gen_random_uuid(), 1, 'draft', 'm', 1, 1, 1,
          now())
        """,
    "studio_svc": """
        insert into erasure (erasure_id, workspace_id, kind, key, before, erased_at)
        values (gen_random_uuid(), %(workspace_id)s, 'workspace', 'k', now(), now())
          on conflict do nothing;
        insert into login_code (digest, workspace_id, subject, role, expires_at)
        values (convert_to(%(workspace_id)s, 'UTF8'), %(workspace_id)s, 'a', 'viewer', now())
          on conflict do nothing
        """,
}
"""What a service has only with a vendor's key, or with a setting that is off at first."""


@pytest.fixture(params=SERVICES)
def service(request):
    return request.param


@pytest.fixture
def admin(databases, tenants, service):
    """Return a superuser's connection, after both workspaces have put their data."""
    del tenants
    with psycopg.connect(databases[service].admin_url, autocommit=True) as connection:
        for workspace_id in (MINE, THEIRS):
            for row in ROWS_OF_A_VENDOR.get(service, "").split(";"):
                connection.execute(row, {"workspace_id": workspace_id})
        yield connection


@pytest.fixture
def tables(admin):
    rows = admin.execute(
        "select table_name from information_schema.columns"
        " where table_schema = 'public' and column_name = 'workspace_id'"
    )
    return {name for (name,) in rows}


@pytest.fixture
def as_api(databases, service):
    """Return a context manager: a transaction of the login, in the API's role."""

    @contextmanager
    def entered(workspace_id=None):
        with psycopg.connect(databases[service].login_url) as connection:
            connection.execute(f"set local role {service.removesuffix('_svc')}_api")
            if workspace_id is not None:
                connection.execute(
                    "select set_config('dramatis.workspace_id', %s, true)", [workspace_id]
                )
            yield connection
            connection.rollback()

    return entered


@pytest.fixture
def readable(admin, service, tables):
    """Return the tenant tables that the API may read at all."""
    role = f"{service.removesuffix('_svc')}_api"
    allowed = "select has_table_privilege(%s, %s, 'select')"
    return {name for name in tables if admin.execute(allowed, [role, name]).fetchone()[0]}


def run(connection, statement, table, *values):
    """Run a statement in which `{}` stands for the table."""
    named = sql.SQL(statement).format(sql.Identifier("public", table))
    return connection.execute(named, values)


def count(connection, table, workspace_id):
    counted = run(
        connection, "select count(*) from {} where workspace_id = %s", table, workspace_id
    )
    return counted.fetchone()[0]


def test_every_table_is_a_tenants_or_known_not_to_be(admin, service, tables):
    rows = admin.execute("select tablename from pg_tables where schemaname = 'public'")
    assert {name for (name,) in rows} - tables == NOT_TENANTS[service]


def test_every_tenant_table_forces_row_level_security(admin, tables):
    rows = admin.execute(
        "select relname from pg_class"
        " where relkind = 'r' and relrowsecurity and relforcerowsecurity"
    )
    assert tables <= {name for (name,) in rows}


async def test_the_other_workspace_has_rows_to_hide_in_every_table(admin, readable):
    def are_filled():
        empty = {name for name in readable if not count(admin, name, THEIRS)}
        # draft-svc and voice-svc have no route that takes an Idempotency-Key.
        return empty <= {"idempotency"}

    await wait_until(are_filled)


def test_without_a_role_nothing_can_be_read(databases, service, tables):
    with psycopg.connect(databases[service].login_url, autocommit=True) as connection:
        for table in tables:
            with pytest.raises(errors.InsufficientPrivilege):
                run(connection, "select from {}", table)


def test_with_no_workspace_there_are_no_rows(as_api, readable):
    for unset in (None, ""):
        with as_api(unset) as connection:
            for table in readable:
                assert run(connection, "select from {}", table).fetchall() == [], table


def test_a_query_without_a_filter_sees_one_workspace(admin, as_api, readable):
    with as_api(MINE) as connection:
        for table in readable:
            seen = run(connection, "select workspace_id from {}", table).fetchall()
            assert {workspace_id for (workspace_id,) in seen} <= {MINE}, table
            assert len(seen) == count(admin, table, MINE), table


def test_what_the_api_may_not_read_it_cannot(as_api, service, tables, readable):
    for table in (tables | NOT_TENANTS[service]) - readable:
        with as_api(MINE) as connection, pytest.raises(errors.InsufficientPrivilege):
            run(connection, "select from {}", table)


def test_an_update_or_delete_without_a_filter_leaves_the_others_rows(
    admin, as_api, readable, service
):
    role = f"{service.removesuffix('_svc')}_api"
    for table in readable:
        for privilege, statement in (
            ("update", "update {} set workspace_id = workspace_id where workspace_id = %s"),
            ("delete", "delete from {} where workspace_id = %s"),
        ):
            allowed = admin.execute(
                "select has_table_privilege(%s, %s, %s)", [role, table, privilege]
            ).fetchone()[0]
            if allowed:
                with as_api(MINE) as connection:
                    assert run(connection, statement, table, THEIRS).rowcount == 0, table


def test_a_row_cannot_be_written_into_another_workspace(as_api, readable, admin):
    for table in readable:
        if count(admin, table, MINE):
            with as_api(MINE) as connection, pytest.raises(errors.InsufficientPrivilege):
                run(connection, "update {} set workspace_id = %s", table, THEIRS)
