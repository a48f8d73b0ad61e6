"""A service's database and its roles (ADR 0008).

- `<svc>` logs in, owns nothing and inherits nothing: it must take a role in each transaction;
- `<svc>_api` sees the rows of one workspace, `<svc>_worker` those of all;
- `<svc>_owner` logs in to migrate, and owns the database.
"""

from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import Connection, sql

from service_kit.store import normalise_url

_LOCK_KEY = int.from_bytes(b"dramatis")
"""Of `pg_advisory_lock`, so that two who provision at once take turns."""


@dataclass(frozen=True, slots=True)
class Roles:
    """The names of a service's four roles; the login is also the name of its database."""

    login: str

    @classmethod
    def of(cls, service: str) -> "Roles":
        """Return the roles of `draft-svc`, whose package is `draft_svc`: `draft` and so on."""
        return cls(service.replace("-", "_").removesuffix("_svc"))

    @property
    def api(self) -> str:
        """Who sees one workspace."""
        return f"{self.login}_api"

    @property
    def worker(self) -> str:
        """Who sees all workspaces."""
        return f"{self.login}_worker"

    @property
    def owner(self) -> str:
        """Who migrates."""
        return f"{self.login}_owner"


def provision_database(
    admin_url: str,
    service: str,
    password: str | None = None,
    *,
    owner_password: str | None = None,
) -> None:
    """Make the roles and the database of `service`, or bring them to what they should be.

    Safe to run again and at once with another. `admin_url` needs `CREATEROLE` and `CREATEDB`, not
    a superuser. A password that is not given is left as it is; without one only a trusted socket
    lets the role in.

    Raises:
        psycopg.Error: the server is away, or `admin_url` may not do this.
    """
    roles = Roles.of(service)
    with _connect(admin_url) as admin:
        admin.execute("select pg_advisory_lock(%s)", [_LOCK_KEY])
        _make_roles(admin, roles)
        _set_password(admin, roles.login, password)
        _set_password(admin, roles.owner, owner_password)
        if not _exists(admin, "select from pg_database where datname = %s", roles.login):
            make_database(admin, roles.login, roles)
        close_to_public(admin, roles.login, roles)
        with _connect(admin_url, roles.login) as database:
            open_schema(database, roles)


def make_database(admin: Connection, name: str, roles: Roles, template: str = "template0") -> None:
    """Make the database `name` as a copy of `template`, to which nobody may be connected."""
    _execute(admin, "create database {} owner {} template {}", name, roles.owner, template)


def close_to_public(admin: Connection, name: str, roles: Roles) -> None:
    """Let nobody but the service's own roles connect to the database `name`."""
    _execute(admin, "revoke all on database {} from public", name)
    _execute(admin, "grant connect on database {} to {}", name, roles.login)


def open_schema(database: Connection, roles: Roles) -> None:
    """Let the service's own roles, and nobody else, use the schema of `database`."""
    _execute(database, "set role {}", roles.owner)
    _execute(database, "revoke all on schema public from public")
    _execute(database, "grant usage on schema public to {}, {}", roles.api, roles.worker)


def _make_roles(admin: Connection, roles: Roles) -> None:
    attributes_of: dict[str, LiteralString] = {
        roles.login: "login noinherit",
        roles.api: "nologin",
        roles.worker: "nologin",
        roles.owner: "login",
    }
    for name, attributes in attributes_of.items():
        known = _exists(admin, "select from pg_roles where rolname = %s", name)
        statement: LiteralString = "alter role {} " if known else "create role {} "
        _execute(admin, statement + attributes, name)
    _execute(admin, "grant {}, {} to {}", roles.api, roles.worker, roles.login)
    # Forced row-level security binds the owner too: this lets a migration change rows.
    _execute(admin, "grant {} to {}", roles.worker, roles.owner)
    # To make a database for another role one must be its member (Postgres manual, CREATE DATABASE).
    _execute(admin, "grant {} to current_user", roles.owner)


def _set_password(admin: Connection, role: str, password: str | None) -> None:
    if password is not None:
        # Hashed here, so that the server's log never shows it.
        hashed = admin.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
        statement = sql.SQL("alter role {} password {}")
        admin.execute(statement.format(sql.Identifier(role), sql.Literal(hashed.decode())))


def _connect(admin_url: str, database: str | None = None) -> Connection:
    url = normalise_url(admin_url).set(drivername="postgresql")
    if database is not None:
        url = url.set(database=database)
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


def _exists(admin: Connection, query: LiteralString, name: str) -> bool:
    return admin.execute(query, [name]).fetchone() is not None


def _execute(connection: Connection, statement: LiteralString, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
