"""`dramatis topology`: what a deployment prepares before its services start."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from service_kit.provision import provision_database
from service_kit.topology import apply_streams

from dramatis.broker import connected
from dramatis.errors import CliError
from dramatis.options import examples, expand
from dramatis.output import print_json, print_table
from dramatis.revisions import bump_revisions
from dramatis.services import SERVICES, ServiceSpec
from dramatis.target import BrokerTarget

ADMIN_URL = "DRAMATIS_ADMIN_DATABASE_URL"


def apply(
    target: BrokerTarget,
    *,
    replicas: Annotated[
        int, typer.Option("--replicas", min=1, max=5, help="Copies of each stream in a cluster.")
    ] = 1,
) -> None:
    """Create or update all streams, databases and roles; safe to run again.

    DRAMATIS_ADMIN_DATABASE_URL names the Postgres server, for a login that may create roles and
    databases. DRAMATIS_<SERVICE>_PASSWORD and DRAMATIS_<SERVICE>_OWNER_PASSWORD, when set, become
    the passwords of the two logins of a service. Each can be a file of that name, in lower case,
    in the folder DRAMATIS_SECRETS_DIR.
    """
    admin_url = _required(ADMIN_URL)
    done = {f"stream {name}": what for name, what in _apply_streams(target, replicas).items()}
    for spec in SERVICES:
        _provision(admin_url, spec)
        done[f"database {spec.name}"] = "ready"
    if target.json:
        print_json(done)
    else:
        print_table(("what", "done"), done.items())


def bump(
    *,
    by: Annotated[
        int,
        typer.Option("--by", min=1, max=10**12, help="More than any change that was lost."),
    ] = 1_000_000,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """After a database restore: raise all revisions, so that readers take the restored state.

    DRAMATIS_MIGRATION_DATABASE_URL names persona-svc's database, for its owner. persona-svc
    publishes everything again by itself.
    """
    url = _required("DRAMATIS_MIGRATION_DATABASE_URL")
    try:
        documents = bump_revisions(url, by)
    except psycopg.Error as error:
        raise CliError(f"The database refused: {_first_line(error)}") from error
    done = {"raised_by": by, "documents": documents}
    if json:
        print_json(done)
    else:
        print_table(done.keys(), [done.values()])


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="What a deployment prepares.")
    group.command(
        epilog=examples(
            "DRAMATIS_SECRETS_DIR=/run/secrets dramatis topology apply --nats nats://nats:4222"
            " --replicas 3"
        )
    )(expand(apply))
    group.command("bump-revisions", epilog=examples("dramatis topology bump-revisions"))(bump)
    app.add_typer(group, name="topology")


def _apply_streams(target: BrokerTarget, replicas: int) -> dict[str, str]:
    async def on_broker() -> dict[str, str]:
        async with connected(target.nats_url) as connection:
            return await apply_streams(connection.jetstream(), replicas=replicas)  # pyright: ignore[reportUnknownMemberType]

    return asyncio.run(on_broker())


def _provision(admin_url: str, spec: ServiceSpec) -> None:
    name = f"DRAMATIS_{spec.name.upper()}"
    try:
        provision_database(
            admin_url,
            spec.package,
            _secret(f"{name}_PASSWORD"),
            owner_password=_secret(f"{name}_OWNER_PASSWORD"),
        )
    except psycopg.Error as error:
        raise CliError(
            f"The database of {spec.name} was not prepared: {_first_line(error)}"
        ) from error


def _required(name: str) -> str:
    value = _secret(name)
    if value is None:
        raise CliError(f"{name} is not set.", "Set it, or write a file: see --help.")
    return value


def _secret(name: str) -> str | None:
    """Return a secret from its file, else from the environment; never from the command line."""
    folder = os.environ.get("DRAMATIS_SECRETS_DIR")
    if folder and (Path(folder) / name.lower()).is_file():
        return (Path(folder) / name.lower()).read_text().strip()
    return os.environ.get(name)


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().partition("\n")[0]
