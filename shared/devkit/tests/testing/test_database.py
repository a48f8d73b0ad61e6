import asyncio
from concurrent.futures import ThreadPoolExecutor

import note_svc
import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr
from service_devkit.testing import Database, FaultLink, wait_until
from service_kit import migrations
from service_kit.migrations import (
    MigrationsMissingError,
    MigrationUrlMissingError,
    migrate,
    migrations_folder,
    schema_is_current,
)
from service_kit.provision import Roles, provision_database
from service_kit.settings import ServiceSettings
from service_kit.store import Store
from sqlalchemy import literal, select, text
from sqlalchemy import table as table_clause

KIT_TENANT_TABLES = ("outbox", "inbox", "idempotency", "note")


@pytest.fixture(scope="module")
def sample(database) -> Database:
    return database("note_svc")


@pytest.fixture
async def store(sample):
    store = Store(sample.login_url, "note-svc", pool_size=1)
    yield store
    await store.close()


@pytest.fixture
async def notes(sample, store):
    execute(sample.admin_url, "truncate note")
    for workspace_id in ("a", "b"):
        async with store.workspace(workspace_id) as session:
            await session.execute(
                text(
                    "insert into note (note_id, workspace_id, body)"
                    " values (gen_random_uuid(), :w, :b)"
                ),
                {"w": workspace_id, "b": workspace_id},
            )


def execute(url, *statements):
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else None


def settings(migration_url):
    return ServiceSettings(
        http_port=1,
        nats_url=SecretStr("nats://not-used"),
        database_url=SecretStr("postgres://not-used"),
        jwks_url="https://not-used",
        migration_database_url=migration_url and SecretStr(migration_url),
    )


def test_a_fresh_database_shares_nothing_with_another(database):
    first, second = database("note_svc"), database("note_svc")
    execute(
        first.admin_url,
        "insert into note (note_id, workspace_id, body) values (gen_random_uuid(), 'a', 'a')",
    )
    assert execute(second.admin_url, "select count(*) from note") == [(0,)]


@pytest.mark.usefixtures("notes")
async def test_without_a_workspace_the_api_role_sees_nothing(sample):
    rows = execute(sample.login_url, "set role note_api", "select * from note")
    assert rows == []


@pytest.mark.usefixtures("notes")
@pytest.mark.parametrize("table", KIT_TENANT_TABLES)
async def test_without_a_role_the_login_may_read_no_table(sample, table):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        execute(
            sample.login_url, sql.SQL("select * from {}").format(sql.Identifier("public", table))
        )


@pytest.mark.usefixtures("notes")
async def test_a_forgotten_filter_returns_own_rows_only(store):
    async with store.workspace("a") as session:
        assert (await session.scalars(text("select body from note"))).all() == ["a"]


@pytest.mark.usefixtures("notes")
async def test_the_workspace_does_not_stay_on_the_connection(store):
    async with store.workspace("a") as session:
        await session.execute(text("select 1"))
    async with store.workspace("") as session:
        assert (await session.scalars(text("select body from note"))).all() == []


@pytest.mark.usefixtures("notes")
async def test_a_workspace_cannot_change_take_or_delete_what_is_anothers(sample, store):
    async with store.workspace("a") as session:
        changed = await session.execute(
            text("update note set body = 'x' where workspace_id = 'b' returning 1")
        )
        deleted = await session.execute(text("delete from note where body = 'b' returning 1"))
        assert (changed.all(), deleted.all()) == ([], [])
    for statement in (
        "insert into note (note_id, workspace_id, body) values (gen_random_uuid(), 'b', 'x')",
        "update note set workspace_id = 'b'",
    ):
        with pytest.raises(Exception, match="row-level security"):
            async with store.workspace("a") as session:
                await session.execute(text(statement))
    assert execute(sample.admin_url, "select workspace_id, body from note order by 1") == [
        ("a", "a"),
        ("b", "b"),
    ]


@pytest.mark.usefixtures("notes")
async def test_a_worker_and_a_migration_see_all_workspaces(sample, store):
    async with store.worker() as session:
        assert (await session.scalars(text("select body from note order by 1"))).all() == ["a", "b"]
    assert execute(sample.owner_url, "select count(*) from note") == [(2,)]


async def test_the_api_role_publishes_but_reads_no_events(store):
    insert = text(
        "insert into outbox (workspace_id, stream, subject, event_id, headers, body)"
        " values ('a', 'S', 's', gen_random_uuid(), '{}', '')"
    )
    async with store.workspace("a") as session:
        await session.execute(insert)
    for table in ("outbox", "inbox", "service_lease", "stream_seen"):
        with pytest.raises(Exception, match="permission denied"):
            async with store.workspace("a") as session:
                await session.execute(select(literal(1)).select_from(table_clause(table)))
    with pytest.raises(Exception, match="row-level security"):
        async with store.workspace("b") as session:
            await session.execute(insert)


def test_every_table_with_a_workspace_is_protected(sample):
    unprotected = execute(
        sample.admin_url,
        "select relname from pg_class join pg_attribute on attrelid = pg_class.oid"
        " where attname = 'workspace_id' and relkind = 'r'"
        " and not (relrowsecurity and relforcerowsecurity)",
    )
    assert unprotected == []


@pytest.mark.parametrize("role", ["note_owner", "postgres"])
def test_the_login_cannot_become_owner_or_superuser(sample, role):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        execute(sample.login_url, sql.SQL("set role {}").format(sql.Identifier(role)))


def test_no_role_goes_around_row_level_security(sample):
    rows = execute(
        sample.admin_url,
        "select rolname, rolcanlogin, rolinherit from pg_roles where rolname like 'note%'"
        " and not (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb) order by 1",
    )
    assert rows == [
        ("note", True, False),
        ("note_api", False, True),
        ("note_owner", True, True),
        ("note_worker", False, True),
    ]


def test_another_services_login_cannot_connect(postgres, sample):
    provision_database(postgres.admin_url, "stranger-svc")
    with pytest.raises(psycopg.OperationalError, match="CONNECT"):
        execute(postgres.url("stranger", sample.name), "select 1")


def test_provisioning_again_changes_nothing_but_the_password(postgres):
    def roles():
        return execute(
            postgres.admin_url, "select * from pg_roles where rolname like 'again%' order by 1"
        )

    provision_database(postgres.admin_url, "again-svc", "first")
    execute(postgres.url("again_owner", "again"), "create table kept as select 1 as one")
    before = roles()
    provision_database(postgres.admin_url, "again-svc", "sec'ond")
    provision_database(postgres.admin_url, "again-svc")
    assert roles() == before
    assert execute(postgres.url("again_owner", "again"), "select one from kept") == [(1,)]
    address = f"127.0.0.1:{postgres.port}/again"
    assert execute(f"postgresql://again:sec%27ond@{address}", "select 1") == [(1,)]
    with pytest.raises(psycopg.OperationalError, match="password"):
        execute(f"postgresql://again:first@{address}", "select 1")


async def test_several_may_provision_at_once(postgres):
    await asyncio.gather(
        *(asyncio.to_thread(provision_database, postgres.admin_url, "race-svc") for _ in range(4))
    )
    assert execute(postgres.url("race", "race"), "set role race_api", "select 1") == [(1,)]


def test_provisioning_needs_no_superuser(postgres):
    execute(
        postgres.admin_url, "create role plain login createrole createdb", "create database plain"
    )
    for _ in range(2):
        provision_database(postgres.url("plain", "plain"), "modest-svc")
    execute(postgres.url("modest_owner", "modest"), "create table mine as select 1")


async def test_a_database_without_tables_is_not_current(postgres):
    provision_database(postgres.admin_url, "empty-svc")
    store = Store(postgres.url("empty", "empty"), "empty-svc", pool_size=1)
    async with store.worker() as session:
        assert not await schema_is_current(session, note_svc)
    await store.close()


async def test_an_older_schema_is_not_current_and_a_newer_one_is(sample, store, monkeypatch):
    async with store.worker() as session:
        assert await schema_is_current(session, note_svc)
        monkeypatch.setattr(
            migrations, "_schema", lambda _: migrations._Schema("0002", frozenset({"0001", "0002"}))
        )
        assert not await schema_is_current(session, note_svc)
        monkeypatch.setattr(
            migrations, "_schema", lambda _: migrations._Schema("0000", frozenset({"0000"}))
        )
        assert await schema_is_current(session, note_svc)
        migrate(note_svc, settings(sample.owner_url))


def test_several_may_migrate_at_once(postgres):
    provision_database(postgres.admin_url, "note-svc")
    roles = Roles.of("note_svc")
    execute(
        postgres.admin_url,
        f"create database note_race owner {roles.owner} template template0",
        f"grant usage on schema public to {roles.worker}",
    )
    url = postgres.url(roles.owner, "note_race")
    with ThreadPoolExecutor() as pool:
        runs = [
            pool.submit(migrate, note_svc, settings(url.replace("postgresql", "postgres", 1)))
            for _ in range(3)
        ]
    assert [run.result() for run in runs] == [None, None, None]
    assert execute(url, "select * from alembic_version") == [("0001",)]
    execute(postgres.admin_url, "drop database note_race")


def test_migrating_without_the_owners_url_names_the_setting():
    with pytest.raises(MigrationUrlMissingError, match=r"MIGRATION_DATABASE_URL.*note_owner"):
        migrate(note_svc, settings(None))


def test_migrations_are_found_in_a_wheel_and_beside_a_source_tree(tmp_path):
    class Package:
        __name__ = "some_svc"

        def __init__(self, path):
            self.__path__ = [str(path)]

    source = tmp_path / "some-svc" / "src" / "some_svc"
    source.mkdir(parents=True)
    with pytest.raises(MigrationsMissingError, match="some_svc"):
        migrations_folder(Package(source))
    for folder in (tmp_path / "some-svc" / "migrations", source / "migrations"):
        folder.mkdir()
        (folder / "env.py").touch()
        assert migrations_folder(Package(source)) == folder


async def test_a_database_is_reached_through_a_fault_link(sample):
    async with FaultLink(sample.port) as link:
        url = sample.login_url_by(link.port)
        async with await psycopg.AsyncConnection.connect(url) as connection:
            link.stall()
            query = asyncio.create_task(connection.execute("select 1"))
            done, _ = await asyncio.wait([query], timeout=0.2)
            assert not done
            link.restore()
            assert await (await query).fetchall() == [(1,)]
            link.cut()
            with pytest.raises(psycopg.OperationalError):
                await connection.execute("select 1")


async def test_a_store_is_healthy_again_after_postgres_was_killed(fresh_postgres):
    provision_database(fresh_postgres.admin_url, "note-svc")
    migrations.upgrade(note_svc, fresh_postgres.url("note_owner", "note"))
    store = Store(fresh_postgres.url("note", "note"), "note-svc")

    async def answers():
        async with store.worker() as session:
            return await session.scalar(text("select true"))

    assert await answers()
    fresh_postgres.kill()
    with pytest.raises(Exception, match="connection"):
        await answers()
    await asyncio.to_thread(fresh_postgres.start)
    assert await wait_until(answers)
    await store.close()
