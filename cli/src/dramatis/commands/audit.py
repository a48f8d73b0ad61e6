"""`dramatis audit`: who changed what, in all services or in one."""

from typing import Annotated, Any

import typer

from dramatis.errors import CliError
from dramatis.options import examples, expand
from dramatis.output import out, print_json, print_table
from dramatis.services import SERVICES
from dramatis.target import RestTarget

SHOWN = 100


def audit(
    target: RestTarget,
    *,
    service: Annotated[
        str | None, typer.Option(help="Only what was done in this one, such as draft.")
    ] = None,
    entity: Annotated[str | None, typer.Option(help="Only of the thing with this id.")] = None,
    actor: Annotated[str | None, typer.Option(help="Only by this one.")] = None,
    since: Annotated[str | None, typer.Option(help="Only then or later (RFC 3339).")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help=f"All entries, not the newest {SHOWN}.")
    ] = False,
) -> None:
    """Show who changed what, newest first."""
    names = [spec.name for spec in SERVICES]
    if service is not None and service not in names:
        raise CliError(f"There is no service {service!r}.", f"One of {', '.join(names)}.")
    given = {"entity_id": entity, "actor": actor, "since": since}
    query = {name: value for name, value in given.items() if value is not None}
    found = [
        {**entry, "service": name}
        for name in names
        if service in {None, name}
        for entry in _entries(target, name, query, is_whole=everything or service is not None)
    ]
    found.sort(key=lambda entry: entry["at"], reverse=True)
    shown = found if everything else found[:SHOWN]
    if target.json:
        for entry in shown:
            print_json(entry)
        return
    if not shown:
        out.print("Nothing was changed.")
        return
    rows = [
        (e["at"], e["service"], e["actor"], e["action"], f"{e['entity']} {e['entity_id']}")
        for e in shown
    ]
    print_table(("at", "service", "actor", "action", "what"), rows)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            "dramatis audit --since 2026-08-01T00:00:00Z",
            "dramatis audit --service draft --all --json > audit.jsonl",
        )
    )(expand(audit))


def _entries(
    target: RestTarget, service: str, query: dict[str, str], *, is_whole: bool
) -> list[dict[str, Any]]:
    """Return what was done in a service; the gateway lists what was done in all."""
    own = f"{service}-svc"
    with target.rest(service) as rest:
        if is_whole:
            found = rest.items("/api/audit", **query)
        else:
            found = rest.get("/api/audit", limit=SHOWN, **query)["items"]
        return [entry for entry in found if entry.get("service", own) == own]
