"""`dramatis prompts`: the prompts of a persona and their versions."""

import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Any, Literal

import typer

from dramatis.commands.prompt_test import try_prompts
from dramatis.errors import CliError
from dramatis.options import examples, expand
from dramatis.output import out, print_json, print_plain, print_table
from dramatis.persona_lookup import find_persona
from dramatis.persona_options import Persona, path_of
from dramatis.persona_text import edited
from dramatis.rest import Rest
from dramatis.target import RestTarget

Layer = Annotated[
    Literal["system", "rag", "user"], typer.Argument(help="`system`, `rag` or `user`.")
]
Number = Annotated[int, typer.Argument(metavar="VERSION", help="As `list` shows it.", min=1)]


Name = Annotated[
    str, typer.Option("--name", help="A named prompt, such as greeting, of that layer.")
]
MAIN = "main"


@dataclass(frozen=True, slots=True)
class Prompt:
    """Which prompt of a persona."""

    persona: str
    layer: str
    name: str


def list_(target: RestTarget, *, persona: Persona, layer: Layer, name: Name = MAIN) -> None:
    """List the versions of a prompt, newest first; the active one is marked."""
    prompt = Prompt(persona, layer, name)
    with target.rest("persona") as api:
        found = _versions(api, prompt)
    if target.json:
        print_json({"versions": found})
        return
    rows = [
        (
            f"{version['version']}{' *' if version['is_active'] else ''}",
            version["state"],
            version["created_at"],
            version["author_id"],
            version["commit_message"] or version["origin"],
        )
        for version in found
    ]
    print_table(("version", "state", "saved", "by", "why"), rows)


def show(
    target: RestTarget,
    *,
    persona: Persona,
    layer: Layer,
    name: Name = MAIN,
    version: Annotated[
        int | None, typer.Option("--version", help="By default what is used now.", min=1)
    ] = None,
) -> None:
    """Show the text of a prompt as it is used, or of one version."""
    prompt = Prompt(persona, layer, name)
    with target.rest("persona") as api:
        if version is None:
            shown = _used(api, prompt)
        else:
            shown = api.get(f"{_path(api, prompt)}/versions/{_id_of(api, prompt, version)}")
    if target.json:
        print_json(shown)
    else:
        print_plain(shown["content"].rstrip("\n"))


def edit(
    target: RestTarget,
    *,
    persona: Persona,
    layer: Layer,
    name: Name = MAIN,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", "-f", help="The text; else standard input, or $EDITOR at a terminal."
        ),
    ] = None,
    message: Annotated[str | None, typer.Option("--message", "-m", help="Why.")] = None,
) -> None:
    """Save a new version of a prompt; it is used at once if it has no errors and nothing waits."""
    prompt = Prompt(persona, layer, name)
    with target.rest("persona") as api:
        content = _typed(api, prompt) if file is None else _text_of(file)
        body = {"content": content} | ({"commit_message": message} if message else {})
        path = f"{_path(api, prompt)}/{prompt.layer}/{prompt.name}/versions"
        saved = api.send("POST", path, json=body).json()
    if target.json:
        print_json(saved)
    else:
        print_plain((saved["diff"] or "").rstrip("\n"))
        print_plain(_outcome(saved))
    if not saved["validation"]["valid"]:
        told = "; ".join(_error(error) for error in saved["validation"]["errors"])
        raise CliError(f"Version {saved['version']['version']} is stored, not used: {told}.")


def diff(
    target: RestTarget,
    *,
    persona: Persona,
    layer: Layer,
    version: Number,
    other: Number,
    name: Name = MAIN,
) -> None:
    """Show what differs between two versions of a prompt."""
    prompt = Prompt(persona, layer, name)
    with target.rest("persona") as api:
        ids = [_id_of(api, prompt, number) for number in (version, other)]
        compared = api.get(f"{_path(api, prompt)}/versions/{ids[0]}/diff/{ids[1]}")
    if target.json:
        print_json(compared)
    else:
        print_plain((compared["diff"] or "Nothing differs.").rstrip("\n"))


def activate(
    target: RestTarget, *, persona: Persona, layer: Layer, version: Number, name: Name = MAIN
) -> None:
    """Use a version, also an earlier one."""
    prompt = Prompt(persona, layer, name)
    with target.rest("persona") as api:
        path = f"{_path(api, prompt)}/{_id_of(api, prompt, version)}/activate"
        _tell_active(target, api.send("PUT", path).json())


def approve(
    target: RestTarget, *, persona: Persona, layer: Layer, version: Number, name: Name = MAIN
) -> None:
    """Approve a version that another admin has proposed, and use it."""
    prompt = Prompt(persona, layer, name)
    with target.rest("persona") as api:
        path = f"{_path(api, prompt)}/versions/{_id_of(api, prompt, version)}/approve"
        _tell_active(target, api.send("POST", path).json())


def recover(target: RestTarget, *, persona: Persona, layer: Layer, name: Name = MAIN) -> None:
    """Go back to the version that was used before."""
    prompt = Prompt(persona, layer, name)
    body = {"layer": prompt.layer, "name": prompt.name}
    with target.rest("persona") as api:
        answer = api.send("POST", f"{_path(api, prompt)}/recover", json=body)
        _tell_active(target, answer.json())


def templates(
    target: RestTarget,
    *,
    persona: Annotated[
        str | None, typer.Option("--persona", "-p", help="Who takes one over, by id or name.")
    ] = None,
    apply: Annotated[
        str | None, typer.Option("--apply", metavar="ID", help="The one to take over.")
    ] = None,
) -> None:
    """List the templates, or let a persona take one over: all three layers at once."""
    if (persona is None) != (apply is None):
        raise typer.BadParameter("Give --persona and --apply together.")
    with target.rest("persona") as api:
        if persona is not None:
            path = path_of(find_persona(api, persona), "/prompts/from-template")
            applied = api.send("POST", path, json={"template_id": apply}).json()
            _tell(target, applied, f"{persona} has the prompts of {apply}.")
            return
        items = list(api.items("/api/prompt-templates"))
    if target.json:
        print_json({"items": items})
        return
    rows = [(item["template_id"], item["version"], item["title"]) for item in items]
    print_table(("template", "version", "title"), rows)


def _path(api: Rest, prompt: Prompt) -> str:
    return path_of(find_persona(api, prompt.persona), "/prompts")


def _versions(api: Rest, prompt: Prompt) -> list[dict[str, Any]]:
    path = f"{_path(api, prompt)}/{prompt.layer}/{prompt.name}/versions"
    found: list[dict[str, Any]] = []
    after: dict[str, str | int] = {}
    while True:
        page = api.get(path, **after)
        found += page["versions"]
        if page["next"] is None:
            return found
        after = {"after": page["next"]}


def _id_of(api: Rest, prompt: Prompt, number: int) -> str:
    for version in _versions(api, prompt):
        if version["version"] == number:
            return version["version_id"]
    raise CliError(f"{prompt.layer}/{prompt.name} has no version {number}.")


def _used(api: Rest, prompt: Prompt) -> dict[str, Any]:
    for shown in api.get(_path(api, prompt))["prompts"][prompt.layer]:
        if shown["name"] == prompt.name:
            return shown
    raise CliError(f"There is no prompt {prompt.layer}/{prompt.name}.")


def _typed(api: Rest, prompt: Prompt) -> str:
    """Return standard input; at a terminal what $EDITOR makes of the text that is used now."""
    if not sys.stdin.isatty():
        return sys.stdin.read()
    path = Path(mkdtemp(prefix="dramatis-")) / f"{prompt.layer}.md"
    path.write_text(_used(api, prompt)["content"], encoding="utf-8")
    return edited(path)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise CliError(f"{file} cannot be read: {error}.") from error


def _outcome(saved: dict[str, Any]) -> str:
    number = saved["version"]["version"]
    if saved["activated"]:
        return f"Version {number} is used."
    waits = "its gate" if saved["gate"] else "another admin to approve it"
    return f"Version {number} waits for {waits}." if saved["validation"]["valid"] else ""


def _error(error: dict[str, Any]) -> str:
    return f"line {error['line']}: {error['message']}" if error["line"] else error["message"]


def _tell_active(target: RestTarget, answer: dict[str, Any]) -> None:
    active = answer["active"]
    text = f"Version {active['version']} is used." if active else "No version is used."
    _tell(target, answer, text if answer["success"] else "It waits for its gate.")


def _tell(target: RestTarget, document: dict[str, Any], text: str) -> None:
    if target.json:
        print_json(document)
    else:
        out.print(text)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Prompts of a persona, and their versions.")
    for name, command, lines in (
        ("list", list_, ("dramatis prompts list Nova rag",)),
        (
            "show",
            show,
            ("dramatis prompts show Nova rag", "dramatis prompts show Nova rag --version 2"),
        ),
        ("edit", edit, ('dramatis prompts edit Nova rag -f rag.txt -m "Quote pages"',)),
        ("diff", diff, ("dramatis prompts diff Nova rag 1 2",)),
        ("test", try_prompts, ('dramatis prompts test Nova "What does it cost?" --rag rag.txt',)),
        ("activate", activate, ("dramatis prompts activate Nova rag 1",)),
        ("approve", approve, ("dramatis prompts approve Nova rag 2",)),
        ("recover", recover, ("dramatis prompts recover Nova rag",)),
        (
            "templates",
            templates,
            ("dramatis prompts templates", "dramatis prompts templates -p Nova --apply researcher"),
        ),
    ):
        group.command(name, epilog=examples(*lines))(expand(command))
    app.add_typer(group, name="prompts")
