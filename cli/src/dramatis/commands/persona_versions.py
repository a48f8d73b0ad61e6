"""`dramatis personas versions`, `diff` and `restore`."""

from typing import Annotated, Any

import typer

from dramatis.output import print_json, print_plain, print_table
from dramatis.persona_lookup import find_persona
from dramatis.persona_options import Persona, if_match, path_of
from dramatis.target import RestTarget


def versions(
    target: RestTarget,
    *,
    persona: Persona,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 50,
) -> None:
    """List the versions of a persona, newest first."""
    with target.rest("persona") as api:
        found = find_persona(api, persona)
        listed = api.items(path_of(found, "/versions"))
        kept = [item for item, _ in zip(listed, range(limit), strict=False)]
    if target.json:
        print_json({"items": kept})
        return
    rows = [(v["version"], v["created_at"], v["changed_by"], v["changes_summary"]) for v in kept]
    print_table(("version", "saved", "by", "what"), rows)


def diff(
    target: RestTarget,
    *,
    persona: Persona,
    version: Annotated[int, typer.Argument(help="The earlier version.", min=1)],
    other: Annotated[
        int | None, typer.Argument(help="The later one; by default the newest.", min=1)
    ] = None,
) -> None:
    """Show what differs between two versions of a persona."""
    with target.rest("persona") as api:
        found = find_persona(api, persona)
        later = found["version"] if other is None else other
        compared = api.get(path_of(found, f"/versions/{version}/diff/{later}"))
    if target.json:
        print_json(compared)
        return
    if not compared["changes"]:
        print_plain("Nothing differs.")
    for change in compared["changes"]:
        print_plain(f"{change['field']}:")
        print_plain(_change(change))


def restore(
    target: RestTarget,
    *,
    persona: Persona,
    version: Annotated[int, typer.Argument(help="The version to go back to.", min=1)],
) -> None:
    """Make a new version that equals an earlier one."""
    with target.rest("persona") as api:
        found = find_persona(api, persona)
        path = path_of(found, f"/versions/{version}/restore")
        document = api.send("POST", path, headers=if_match(found)).json()
    if target.json:
        print_json(document)
    else:
        print_plain(f"{document['name']}: version {document['version']} equals version {version}")


def _change(change: dict[str, Any]) -> str:
    if change["unified_diff"]:
        return change["unified_diff"].rstrip("\n")
    return f"  before: {_shown(change['before'])}\n  after: {_shown(change['after'])}"


def _shown(value: object) -> str:
    return "-" if value is None else str(value)
