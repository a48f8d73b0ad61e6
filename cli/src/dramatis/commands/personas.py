"""`dramatis personas`: the personas of a workspace."""

from pathlib import Path
from typing import Annotated, Any

import typer

from dramatis.errors import CliError
from dramatis.options import examples, expand
from dramatis.output import out, print_json, print_plain, print_table, printable
from dramatis.persona_lookup import find_persona
from dramatis.target import RestTarget

MARKDOWN = {"content-type": "text/markdown; charset=utf-8"}
Persona = Annotated[str, typer.Argument(help="The persona's id, or its name.")]


def list_(target: RestTarget) -> None:
    """List the personas; the default one is marked."""
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
        list[Path] | None, typer.Argument(help="Markdown files with YAML front matter.")
    ] = None,
    starter: Annotated[
        list[str] | None, typer.Option("--starter", help="A persona that Dramatis ships, by name.")
    ] = None,
) -> None:
    """Create personas from Markdown files, or from the starters that Dramatis ships."""
    if not files and not starter:
        raise typer.BadParameter("Name a file, or a --starter.")
    imports: list[dict[str, Any]] = [
        {"content": _read(path), "headers": MARKDOWN} for path in files or ()
    ]
    imports += [{"params": {"starter": name}} for name in starter or ()]
    with target.rest("persona") as api:
        for request in imports:
            created = api.send("POST", "/api/personas/import", **request).json()
            if target.json:
                print_json(created)
            else:
                print_plain(f"{created['name']}: {created['persona_id']}")


def export(
    target: RestTarget,
    *,
    persona: Persona,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write; else it is printed.")
    ] = None,
) -> None:
    """Write one persona as Markdown with YAML front matter; `import` reads it."""
    with target.rest("persona") as api:
        persona_id = find_persona(api, persona)["persona_id"]
        markdown = api.send("GET", f"/api/personas/{persona_id}/export").text
    if output is not None:
        output.write_text(markdown, encoding="utf-8")
    elif target.json:
        print_json({"persona_id": persona_id, "markdown": markdown})
    else:
        print(printable(markdown), end="")


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
            "dramatis personas import --starter formal-professional",
        ),
    )(expand(import_))
    group.command(epilog=examples("dramatis personas export Nova -o nova.md"))(expand(export))
    group.command(epilog=examples("dramatis personas default Nova"))(expand(default))
    app.add_typer(group, name="personas")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CliError(f"{path} cannot be read: {error.strerror}.") from error
