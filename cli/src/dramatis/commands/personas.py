"""`dramatis personas`: the personas of a workspace."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dramatis.commands.ensure_default import ensure_default
from dramatis.commands.persona_assignment import assign, explain
from dramatis.commands.persona_changes import clone, delete, edit, settings, undelete
from dramatis.commands.persona_versions import diff, restore, versions
from dramatis.lazy import Lazy
from dramatis.options import examples, expand
from dramatis.output import err, out, print_json, print_plain, print_table, printable
from dramatis.persona_lookup import find_persona
from dramatis.persona_options import Persona
from dramatis.target import RestTarget

if TYPE_CHECKING:
    from dramatis import persona_files
else:
    persona_files = Lazy("dramatis.persona_files")

BYTES = {"content-type": "application/octet-stream"}
"""The service tells the kinds of files apart by what they hold."""


def list_(
    target: RestTarget,
    *,
    deleted: Annotated[
        bool, typer.Option("--deleted", help="Those that can be undeleted, and until when.")
    ] = False,
) -> None:
    """List the personas; the default one is marked."""
    if deleted:
        _list_deleted(target)
        return
    with target.rest("persona") as api:
        personas = list(api.items("/api/personas"))
    if target.json:
        print_json({"items": personas})
        return
    if not personas:
        out.print(f"Workspace {target.workspace} has no personas yet.", markup=False)
        return
    rows = [
        (
            "*" if p["is_default"] else "",
            p["name"],
            p["persona_name"],
            p["version"],
            p["persona_id"],
        )
        for p in personas
    ]
    print_table(("", "name", "signs as", "version", "persona_id"), rows)


def _list_deleted(target: RestTarget) -> None:
    with target.rest("persona") as api:
        found = list(api.items("/api/personas/deleted"))
    if target.json:
        print_json({"items": found})
        return
    if not found:
        out.print(f"Workspace {target.workspace} has no deleted personas.", markup=False)
        return
    rows = [(p["name"], p["deleted_at"], p["erase_after"], p["persona_id"]) for p in found]
    print_table(("name", "deleted", "erased after", "persona_id"), rows)


def show(target: RestTarget, *, persona: Persona) -> None:
    """Show one persona."""
    with target.rest("persona") as api:
        document = find_persona(api, persona)
    if target.json:
        print_json(document)
        return
    for name, value in document.items():
        if value not in (None, {}, []):
            print_plain(f"{name}: {value}")


def import_(
    target: RestTarget,
    *,
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Markdown, or character cards (.json, .png)."),
    ] = None,
    starter: Annotated[
        list[str] | None, typer.Option("--starter", help="A persona that Dramatis ships, by name.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Instead of the name that the one file says.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="Where @import lines may point; else the file's own."),
    ] = None,
) -> None:
    """Create personas from files, or from the starters that Dramatis ships.

    Markdown needs no front matter, so CLAUDE.md, GEMINI.md and files of agents are read as they
    are. What a persona has no place for is told.
    """
    if not files and not starter:
        raise typer.BadParameter("Name a file, or a --starter.")
    if name is not None and len(files or ()) != 1:
        raise typer.BadParameter("--name needs one file.")
    sources = [persona_files.read_persona_file(path, folder) for path in files or ()]
    with target.rest("persona") as api:
        for source in sources:
            request: dict[str, Any] = {"content": source.body, "headers": BYTES}
            if name is not None:
                request["params"] = {"name": name}
            created = api.send("POST", "/api/personas/import", **request).json()
            _tell_imported(target, created, source.not_read)
        for archetype in starter or ():
            request = {"params": {"starter": archetype}}
            created = api.send("POST", "/api/personas/import", **request).json()
            _tell_imported(target, created, [])


def _tell_imported(
    target: RestTarget, created: dict[str, Any], not_read: "list[persona_files.NotRead]"
) -> None:
    dropped = [{"field": item.line, "reason": item.reason} for item in not_read]
    dropped += created["dropped"]
    if target.json:
        print_json({**created, "dropped": dropped})
        return
    print_plain(f"{created['name']}: {created['persona_id']}")
    for item in dropped:
        text = f"left out: {item['field']}: {item['reason']}"
        err.print(printable(text), markup=False, soft_wrap=True)


def export(
    target: RestTarget,
    *,
    persona: Persona,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write; else it is printed.")
    ] = None,
    card: Annotated[
        bool, typer.Option("--card", help="As a character card (JSON), which holds less.")
    ] = False,
) -> None:
    """Write one persona as Markdown with YAML front matter; `import` reads it."""
    file_format = "card" if card else "markdown"
    with target.rest("persona") as api:
        persona_id = find_persona(api, persona)["persona_id"]
        query = {"format": file_format}
        text = api.send("GET", f"/api/personas/{persona_id}/export", params=query).text
    if output is not None:
        output.write_text(text, encoding="utf-8")
    elif target.json:
        print_json({"persona_id": persona_id, file_format: text})
    else:
        print(printable(text), end="")


def default(target: RestTarget, *, persona: Persona) -> None:
    """Make one persona the default of its workspace."""
    with target.rest("persona") as api:
        persona_id = find_persona(api, persona)["persona_id"]
        document = api.send("POST", f"/api/personas/{persona_id}/default").json()
    if target.json:
        print_json(document)
    else:
        print_plain(f"{document['name']} is the default now.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="The personas of a workspace.")
    group.command("list", epilog=examples("dramatis personas list --workspace acme"))(expand(list_))
    group.command(epilog=examples("dramatis personas show Nova"))(expand(show))
    group.command(
        "import",
        epilog=examples(
            "dramatis personas import nova.md",
            "dramatis personas import CLAUDE.md --name Nova",
            "dramatis personas import card.png",
            "dramatis personas import --starter formal-professional",
        ),
    )(expand(import_))
    group.command(epilog=examples("dramatis personas export Nova -o nova.md", "… --card"))(
        expand(export)
    )
    group.command(epilog=examples("dramatis personas default Nova"))(expand(default))
    group.command(
        "ensure-default",
        epilog=examples(
            "dramatis personas ensure-default --workspace acme",
            "DRAMATIS_DATABASE_URL=… dramatis personas ensure-default --all-workspaces",
        ),
    )(expand(ensure_default))
    for command, lines in (
        (edit, ["dramatis personas edit Nova", "dramatis personas edit Nova --file nova.md"]),
        (clone, ["dramatis personas clone Nova --name 'Nova, in spring'"]),
        (settings, ["dramatis personas settings Nova --model gpt-5-mini --temperature 0.4"]),
        (delete, ["dramatis personas delete Nova --promote Kim", "… --yes --json"]),
        (undelete, ["dramatis personas list --deleted", "dramatis personas undelete Nova"]),
        (versions, ["dramatis personas versions Nova --limit 10"]),
        (diff, ["dramatis personas diff Nova 1 3"]),
        (restore, ["dramatis personas restore Nova 2"]),
        (
            assign,
            [
                "dramatis personas assign Nova spring autumn",
                "dramatis personas assign Kim spring --channel sms",
                "dramatis personas assign - spring",
            ],
        ),
        (
            explain,
            [
                "dramatis personas explain --campaign spring --channel sms",
                "dramatis personas explain --sequence 'After a demo' --lead lead-1",
            ],
        ),
    ):
        group.command(epilog=examples(*lines))(expand(command))
    app.add_typer(group, name="personas")
