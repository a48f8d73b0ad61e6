"""Keep a service's database at the schema of its code, with Alembic.

A service has `migrations/env.py`, which calls `run_env`, and `migrations/versions/`. Its first
migration calls `kit_tables_v1()` for the kit's own tables, and `protect` for each tenant table.
"""

import asyncio
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

from alembic import command, context, op
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from service_kit.errors import ServiceError
from service_kit.provision import Roles
from service_kit.settings import ServiceSettings
from service_kit.slots import SLOT_OF_WORKSPACE
from service_kit.store import Session, Store, normalise_url

LOCK_TIMEOUT_SECONDS = 5
"""A change to a table that is in use gives up, rather than let every query queue behind it."""
TURN_TIMEOUT_SECONDS = 300
"""How long to wait for another who migrates the same database."""

AWAIT_SECONDS = 2
"""Between two looks at a schema that is awaited."""

_LOCK_KEY = int.from_bytes(b"migrate")

log = get_logger(__name__)


class MigrationsMissingError(ServiceError):
    """A service has no migrations."""

    slug = "migrations-missing"


class MigrationUrlMissingError(ServiceError):
    """The owner's database URL is not set."""

    slug = "migration-url-missing"


@dataclass(frozen=True, slots=True)
class _Schema:
    """What this build knows: the newest revision, and all."""

    head: str | None
    known: frozenset[str]

    def is_met_by(self, revision: str | None) -> bool:
        """Return whether a database at `revision` is at least as new as this build."""
        return revision is not None and (revision == self.head or revision not in self.known)


def migrate(package: ModuleType, settings: ServiceSettings) -> None:
    """Bring the database to the newest schema of `package`; a newer one is left alone.

    Raises:
        MigrationUrlMissingError: `DRAMATIS_MIGRATION_DATABASE_URL` is not set.
        MigrationsMissingError: the package has none.
        sqlalchemy.exc.OperationalError: the database is away, or a table stayed locked for
            LOCK_TIMEOUT_SECONDS; nothing has changed, try again.
    """
    if settings.migration_database_url is None:
        raise MigrationUrlMissingError(
            "Set DRAMATIS_MIGRATION_DATABASE_URL to the database's URL for its owner,"
            f" {Roles.of(package.__name__).owner}."
        )
    upgrade(package, settings.migration_database_url.get_secret_value())


def upgrade(package: ModuleType, owner_url: str, revision: str = "head") -> None:
    """Do what `migrate` does, with the owner's URL, up to `revision`."""
    engine = create_engine(
        normalise_url(owner_url), poolclass=NullPool, connect_args={"connect_timeout": 10}
    )
    with engine.connect() as connection:
        _take_turn(connection)
        found = _revision(connection)
        schema = _schema(package)
        if not schema.is_met_by(found):
            config = _config(package)
            config.attributes["connection"] = connection
            config.attributes["roles"] = Roles.of(package.__name__)
            command.upgrade(config, revision)
        log.info("migrations.done", found=found, newest_known=schema.head)


def run_env() -> None:
    """Run the migrations; all that a service's `env.py` does."""
    connection: Connection = context.config.attributes["connection"]
    roles = _roles()
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
        for grant in (
            f"usage on all sequences in schema public to {roles.api}, {roles.worker}",
            f"select on alembic_version to {roles.worker}",
        ):
            connection.execute(text(f"grant {grant}"))


def index_due(table: str) -> None:
    """Let claims find the oldest due rows of a leased table, by slot and workspace."""
    slot = f"slot int not null generated always as ({SLOT_OF_WORKSPACE}) stored"
    op.execute(f"alter table {table} add column {slot}")
    for name, columns in (("oldest_due", "due_at"), ("workspace_due", "workspace_id, due_at")):
        op.execute(
            f"create index {table}_{name}_idx on {table} (slot, {columns}) where due_at is not null"
        )


async def schema_is_current(session: Session, package: ModuleType) -> bool:
    """Return whether the database is at the schema of `package`, or at a newer one."""
    present = await session.scalar(text("select to_regclass('public.alembic_version') is not null"))
    if not present:
        return False
    revision = await session.scalar(text("select version_num from alembic_version"))
    return _schema(package).is_met_by(revision)


async def await_schema(store: Store, package: ModuleType) -> None:
    """Return when `schema_is_current`, however long that takes; log what is waited for."""
    logged = ""
    while reason := await _reason_to_wait(store, package):
        if reason != logged:
            log.info("schema.awaited", reason=reason)
        logged = reason
        await asyncio.sleep(AWAIT_SECONDS)


async def _reason_to_wait(store: Store, package: ModuleType) -> str:
    try:
        async with store.worker() as session:
            if await schema_is_current(session, package):
                return ""
    except (SQLAlchemyError, OSError) as error:
        return type(error).__name__
    return "the database's schema is older than this build"


def migrations_folder(package: ModuleType) -> Path:
    """Return the migrations of a service: inside its wheel, or beside `src/` in the source tree.

    Raises:
        MigrationsMissingError: neither exists.
    """
    inside = Path(package.__path__[0])
    for folder in (inside / "migrations", inside.parents[1] / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise MigrationsMissingError(f"{package.__name__} has no migrations in or beside {inside}.")


def protect(table: str, *, api: str = "select, insert, update, delete") -> None:
    """Give each workspace its own rows of `table`, in a migration; workers see all.

    `api` lists what `<svc>_api` may do with the rows of the transaction's workspace.
    """
    roles = _roles()
    own = "workspace_id = current_setting('dramatis.workspace_id', true)"
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy api on {table} to {roles.api} using ({own}) with check ({own})")
    op.execute(f"create policy worker on {table} to {roles.worker} using (true) with check (true)")
    if api:
        op.execute(f"grant {api} on {table} to {roles.api}")
    for_workers(table)


OF_CALLER = "any(string_to_array(current_setting('dramatis.persona_ids', true), ','))"
"""In SQL: the personas, as text, that the caller of an API is limited to."""


def limit_to_personas(table: str, condition: str) -> None:
    """Hide rows from callers who are limited to some personas, unless `condition` holds.

    The condition is SQL, such as `persona_id::text = {OF_CALLER}`; nobody else is limited by it.
    """
    unlimited = "coalesce(current_setting('dramatis.persona_ids', true), '') = ''"
    op.execute(
        f"create policy personas on {table} as restrictive to {_roles().api}"
        f" using ({unlimited} or {condition})"
    )


def for_workers(table: str) -> None:
    """Let workers alone use `table`, which holds no tenant's data, in a migration."""
    op.execute(f"grant select, insert, update, delete on {table} to {_roles().worker}")


def kit_tables_v1() -> None:
    """Make the kit's own tables, in a service's first migration.

    This never changes: what a later kit needs is another function, such as `kit_tables_v2`, which
    each service calls in a new migration.
    """
    for statement in _KIT_TABLES_V1.split(";"):
        op.execute(statement)
    protect("outbox", api="insert")
    protect("inbox", api="")
    protect("idempotency", api="select, insert, update")
    for_workers("service_lease")
    for_workers("stream_seen")


def kit_tables_v2() -> None:
    """Make the table of erasures, in a migration of each service; like v1, this never changes."""
    op.execute(_ERASURE_TABLE_V2)
    index_due("erasure")
    protect("erasure")


def kit_tables_v3() -> None:
    """Make the audit trail, in a migration of each service; like v1, this never changes.

    persona-svc has had it from the beginning.
    """
    op.execute(_AUDIT_TABLE_V3)
    op.execute("create index audit_page_idx on audit (workspace_id, audit_id)")
    protect("audit", api="select, insert")


_KIT_TABLES_V1 = """
create table outbox (
  id bigserial primary key,
  workspace_id varchar(64) not null,
  stream text not null,
  subject text not null,
  event_id uuid not null unique,
  headers jsonb not null,
  body bytea not null,
  created_at timestamptz not null default now(),
  published_at timestamptz
);
create index outbox_unpublished_idx on outbox (id) where published_at is null;
create index outbox_created_at_idx on outbox (created_at);
create table inbox (
  consumer text,
  workspace_id varchar(64),
  source text,
  event_id text,
  received_at timestamptz not null default now(),
  primary key (consumer, workspace_id, source, event_id)
);
create index inbox_received_at_idx on inbox (received_at);
create table idempotency (
  workspace_id varchar(64),
  key varchar(255),
  request bytea not null,
  status integer,
  headers jsonb,
  body bytea,
  created_at timestamptz not null default now(),
  primary key (workspace_id, key)
);
create index idempotency_created_at_idx on idempotency (created_at);
create table service_lease (
  name text primary key,
  holder uuid not null,
  lease_until timestamptz not null
);
create table stream_seen (
  stream text primary key,
  created text not null
)
"""

_ERASURE_TABLE_V2 = """
create table erasure (
  erasure_id uuid primary key,
  workspace_id varchar(64) not null,
  kind text not null check (kind in ('persona', 'lead', 'workspace')),
  key text not null,
  subject_id text,
  before timestamptz not null,
  erased_at timestamptz,
  due_at timestamptz,
  lease_token uuid,
  attempts integer not null default 0,
  deaths integer not null default 0,
  traceparent text,
  unique (workspace_id, key),
  check ((subject_id is null) = (erased_at is not null))
)
"""


_AUDIT_TABLE_V3 = """
create table audit (
  audit_id uuid primary key,
  workspace_id varchar(64) not null,
  at timestamptz not null,
  actor text not null,
  role text not null,
  action text not null,
  entity text not null,
  entity_id text not null,
  before_version integer,
  after_version integer,
  summary text
)
"""


def _roles() -> Roles:
    return context.config.attributes["roles"]


def _take_turn(connection: Connection) -> None:
    """Hold the lock until the connection closes."""
    connection.execute(text(f"set lock_timeout = '{TURN_TIMEOUT_SECONDS}s'"))
    connection.execute(text("select pg_advisory_lock(:key)"), {"key": _LOCK_KEY})
    connection.execute(text(f"set lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'"))
    connection.commit()


def _revision(connection: Connection) -> str | None:
    present = text("select to_regclass('public.alembic_version') is not null")
    revision: str | None = None
    if connection.scalar(present):
        revision = connection.scalar(text("select version_num from alembic_version"))
    connection.commit()
    return revision


@cache
def _schema(package: ModuleType) -> _Schema:
    script = ScriptDirectory.from_config(_config(package))
    known = frozenset(item.revision for item in script.walk_revisions())
    return _Schema(script.get_current_head(), known)


def _config(package: ModuleType) -> Config:
    config = Config()
    location = str(migrations_folder(package))
    config.set_main_option("script_location", location.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
