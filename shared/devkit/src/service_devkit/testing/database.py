"""A fresh, migrated database in milliseconds: a copy of one that was migrated once."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from itertools import count

import psycopg
from psycopg import sql
from service_kit.migrations import upgrade
from service_kit.provision import (
    Roles,
    close_to_public,
    make_database,
    open_schema,
    provision_database,
)
from sqlalchemy import URL, make_url

from service_devkit.embedded import PostgresProcess
from service_devkit.embedded.ports import LOOPBACK

PASSWORD = "only-for-tests"  # noqa: S105 — of databases that live as long as the test run


@dataclass(frozen=True, slots=True)
class Database:
    """A migrated database of one service."""

    name: str
    login_url: str
    """What the service gets as `DRAMATIS_DATABASE_URL`."""
    owner_url: str
    """What the service gets as `DRAMATIS_MIGRATION_DATABASE_URL`."""
    admin_url: str
    """The superuser's, to whom row-level security does not apply: for a test's own queries."""
    port: int

    def login_url_by(self, port: int) -> str:
        """Return the login's URL by TCP: to `self.port`, or to a fault link in front of it."""
        login = make_url(self.login_url).username
        return URL.create(
            "postgresql", login, PASSWORD, LOOPBACK, port, self.name
        ).render_as_string(hide_password=False)


NewDatabase = Callable[[str], Database]
"""Takes a service's package, such as `draft_svc`."""
OldDatabase = Callable[[str, str], Database]
"""Takes a service's package and the migration to stop after."""


class Databases:
    """Makes databases in one Postgres that listens on TCP."""

    def __init__(self, postgres: PostgresProcess) -> None:
        self._postgres = postgres
        self._templates: set[str] = set()
        self._shared: dict[str, Database] = {}
        self._numbers = count(1)

    def new(self, package: str) -> Database:
        """Return a fresh database with the schema of `package`."""
        roles = Roles.of(package)
        if package not in self._templates:
            provision_database(self._postgres.admin_url, package, PASSWORD)
            upgrade(import_module(package), self._postgres.url(roles.owner, roles.login))
            self._templates.add(package)
        return self._made(roles, template=roles.login)

    def old(self, package: str, revision: str) -> Database:
        """Return a fresh database as `package` had it after the migration `revision`."""
        roles = Roles.of(package)
        provision_database(self._postgres.admin_url, package, PASSWORD)
        made = self._made(roles, template="template0")
        with psycopg.connect(made.admin_url, autocommit=True) as database:
            open_schema(database, roles)
        upgrade(import_module(package), made.owner_url, revision)
        return made

    def _made(self, roles: Roles, *, template: str) -> Database:
        name = f"{roles.login}_{next(self._numbers)}"
        with psycopg.connect(self._postgres.admin_url, autocommit=True) as admin:
            make_database(admin, name, roles, template=template)
            close_to_public(admin, name, roles)
        return Database(
            name,
            self._postgres.url(roles.login, name),
            self._postgres.url(roles.owner, name),
            self._postgres.url("postgres", name),
            self._postgres.port or 0,
        )

    def shared(self, package: str) -> Database:
        """Return the one database of `package` for tests that leave nothing behind in it."""
        if package not in self._shared:
            self._shared[package] = self.new(package)
        return self._shared[package]

    def drop(self, database: Database) -> None:
        """Remove the database, whoever is connected to it."""
        statement = sql.SQL("drop database {} with (force)").format(sql.Identifier(database.name))
        with psycopg.connect(self._postgres.admin_url, autocommit=True) as admin:
            admin.execute(statement)
