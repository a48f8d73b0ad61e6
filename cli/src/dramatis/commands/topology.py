"""`dramatis topology`: what a deployment prepares before its services start."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dramatis.errors import CliError
from dramatis.lazy import Lazy
from dramatis.options import examples, expand
from dramatis.output import out, print_json, print_table
from dramatis.secret_files import secret
from dramatis.services import SERVICES, ServiceSpec
from dramatis.target import BrokerTarget

if TYPE_CHECKING:
    import psycopg
    from service_kit import logs, provision
    from service_kit import topology as streams_of_all

    from dramatis import access, broker, controller, nats_users, revisions
else:
    psycopg = Lazy("psycopg")
    logs = Lazy("service_kit.logs")
    provision = Lazy("service_kit.provision")
    streams_of_all = Lazy("service_kit.topology")
    access = Lazy("dramatis.access")
    broker = Lazy("dramatis.broker")
    controller = Lazy("dramatis.controller")
    nats_users = Lazy("dramatis.nats_users")
    revisions = Lazy("dramatis.revisions")

ADMIN_URL = "DRAMATIS_ADMIN_DATABASE_URL"
DRIFTED = 3


def apply(
    target: BrokerTarget,
    *,
    replicas: Annotated[
        int, typer.Option("--replicas", min=1, max=5, help="Copies of each stream in a cluster.")
    ] = 1,
    streams: Annotated[
        bool, typer.Option("--streams", help="The streams alone: no database is needed.")
    ] = False,
    databases: Annotated[
        bool,
        typer.Option("--databases", help="Databases and roles alone: no broker is needed."),
    ] = False,
) -> None:
    """Create or update all streams, databases and roles; safe to run again.

    DRAMATIS_ADMIN_DATABASE_URL names the Postgres server, for a login that may create roles and
    databases. DRAMATIS_<SERVICE>_PASSWORD and DRAMATIS_<SERVICE>_OWNER_PASSWORD, when set, become
    the passwords of the two logins of a service. Each can be a file of that name, in lower case,
    in the folder DRAMATIS_SECRETS_DIR.
    """
    is_all = streams == databases
    admin_url = _required(ADMIN_URL) if databases or is_all else None
    applied = _apply_streams(target, replicas) if streams or is_all else {}
    done = {f"stream {name}": what for name, what in applied.items()}
    for spec in SERVICES if admin_url else ():
        _provision(admin_url or "", spec)
        done[f"database {spec.name}"] = "ready"
    if target.json:
        print_json(done)
    else:
        print_table(("what", "done"), done.items())


def run(
    target: BrokerTarget,
    *,
    replicas: Annotated[
        int,
        typer.Option(
            "--replicas",
            envvar="DRAMATIS_STREAM_REPLICAS",
            min=1,
            max=5,
            help="Copies of each stream in a cluster.",
        ),
    ] = 1,
    health: Annotated[
        str | None,
        typer.Option(
            "--health",
            metavar="HOST:PORT",
            help="Where /livez and /startupz are answered, if at all.",
        ),
    ] = None,
) -> None:
    """Keep all streams and consumers in being, until stopped: every 15 s, and on reconnect.

    Where it runs, services start with DRAMATIS_TOPOLOGY=controller and create nothing. It connects
    as the user `topology` of `dramatis topology users`.
    """
    logs.configure_logging("topology", "INFO")
    with suppress(KeyboardInterrupt):
        asyncio.run(controller.run_controller(target.address, replicas=replicas, health_at=health))


def users(
    *,
    passwords: Annotated[
        Path,
        typer.Option(
            "--passwords", help="A folder with a file for each user; missing ones are made."
        ),
    ],
) -> None:
    """Print the broker's users, each with exactly the subjects it needs, as nats-server takes them.

    Include the text in the server's configuration; a changed one takes effect on reload. Each
    user's file in the folder is its password; services connect as `<user>:<password>@`.
    """
    permissions = nats_users.users(access.load_access())
    kept = nats_users.keep_passwords(passwords, list(permissions))
    sys.stdout.write(nats_users.configuration(permissions, kept))


def diff(target: BrokerTarget) -> None:
    """Show in what the streams are not as declared; exit code 3 if there is anything.

    Somebody else has changed them: `dramatis topology apply --streams` changes them back.
    """
    found = asyncio.run(_find_drift(target))
    if target.json:
        print_json({"items": [asdict(each) for each in found]})
    elif not found:
        out.print("Every stream is as declared.")
    else:
        columns = ("stream", "field", "declared", "found")
        print_table(columns, ((d.stream, d.field, d.declared, d.found) for d in found))
    if found:
        raise typer.Exit(DRIFTED)


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
        documents = revisions.bump_revisions(url, by)
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
    group.command(epilog=examples("dramatis topology diff", "dramatis topology diff --json"))(
        expand(diff)
    )
    group.command(
        epilog=examples("dramatis topology run --nats nats://topology:…@nats:4222 --replicas 3")
    )(expand(run))
    group.command(epilog=examples("dramatis topology users --passwords ./nats > auth.conf"))(users)
    group.command("bump-revisions", epilog=examples("dramatis topology bump-revisions"))(bump)
    app.add_typer(group, name="topology")


def _apply_streams(target: BrokerTarget, replicas: int) -> dict[str, str]:
    async def on_broker() -> dict[str, str]:
        async with broker.connected(target.address) as connection:
            return await streams_of_all.apply_streams(connection.jetstream(), replicas=replicas)  # pyright: ignore[reportUnknownMemberType]

    return asyncio.run(on_broker())


async def _find_drift(target: BrokerTarget) -> "Sequence[streams_of_all.Drift]":
    async with broker.connected(target.address) as connection:
        return await streams_of_all.find_drift(connection.jetstream())  # pyright: ignore[reportUnknownMemberType]


def _provision(admin_url: str, spec: ServiceSpec) -> None:
    name = f"DRAMATIS_{spec.name.upper()}"
    try:
        provision.provision_database(
            admin_url,
            spec.package,
            secret(f"{name}_PASSWORD"),
            owner_password=secret(f"{name}_OWNER_PASSWORD"),
        )
    except psycopg.Error as error:
        raise CliError(
            f"The database of {spec.name} was not prepared: {_first_line(error)}"
        ) from error


def _required(name: str) -> str:
    value = secret(name)
    if value is None:
        raise CliError(f"{name} is not set.", "Set it, or write a file: see --help.")
    return value


def _first_line(error: "psycopg.Error") -> str:
    return str(error).strip().partition("\n")[0]
