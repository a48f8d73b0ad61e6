"""`dramatis conversations`: your own conversations with personas."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal, cast
from uuid import UUID

import typer

from dramatis.errors import CliError
from dramatis.options import examples, expand
from dramatis.output import out, print_json, print_plain, print_table
from dramatis.rest import Rest
from dramatis.target import RestTarget

Thread = Annotated[UUID, typer.Argument(metavar="CONVERSATION", help="As `list` shows it.")]


def list_(target: RestTarget) -> None:
    """List your conversations, newest first."""
    with target.rest("chat") as api:
        found = list(api.items("/api/conversations"))
    if target.json:
        print_json({"items": found})
        return
    if not found:
        out.print("No conversations.")
        return
    rows = [
        (c["updated_at"], c["persona_name"], c["message_count"], c["title"], c["conversation_id"])
        for c in found
    ]
    print_table(("changed", "persona", "messages", "title", "conversation_id"), rows)


def search(
    target: RestTarget, *, words: Annotated[str, typer.Argument(help="What was said.")]
) -> None:
    """Find words in your conversations."""
    with target.rest("chat") as api:
        found = api.get("/api/conversations/search", query=words)["items"]
    if target.json:
        print_json({"items": found})
        return
    rows = [(f["created_at"], f["title"], f["snippet"], f["conversation_id"]) for f in found]
    print_table(("said", "title", "words", "conversation_id"), rows)


def export(
    target: RestTarget,
    *,
    conversation: Thread,
    file: Annotated[Path | None, typer.Argument(help="Where to; else to the screen.")] = None,
    form: Annotated[
        Literal["markdown", "json"], typer.Option("--format", help="`markdown` or `json`.")
    ] = "markdown",
) -> None:
    """Take a conversation along."""
    path = f"/api/conversations/{conversation}/export"
    with target.rest("chat") as api:
        text = api.send("GET", path, params={"format": form}).text
    if file is None:
        print_plain(text.rstrip("\n"))
        return
    file.write_text(text, encoding="utf-8")
    print_plain(f"The conversation is in {file}.")


def import_(
    target: RestTarget,
    *,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="What `export --format json` wrote.")
    ],
    user: Annotated[
        str | None, typer.Option(help="Whose they are, by the id in tokens; else yours.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would become of each.")
    ] = False,
) -> None:
    """Take over conversations with their ids; what is there already stays as it is."""
    conversations = [_read(file) for file in files]
    path = "/api/conversations/import"
    if user is not None:
        path = "/api/user-conversations/import"
        conversations = [{**each, "user_id": user} for each in conversations]
    with target.rest("chat") as api:
        items = [_imported(api, path, each, dry_run=dry_run) for each in conversations]
    if target.json:
        print_json({"dry_run": dry_run, "items": items})
    else:
        rows = [
            (i["outcome"], i["message_count"], i["conversation_id"], i["reason"]) for i in items
        ]
        print_table(("outcome", "messages", "conversation_id", "why"), rows)
    if any(item["outcome"] == "refused" for item in items):
        raise CliError("Some conversations are refused.")


def _imported(
    api: Rest, path: str, conversation: dict[str, Any], *, dry_run: bool
) -> dict[str, Any]:
    body = {"conversations": [conversation], "dry_run": dry_run}
    (item,) = api.send("POST", path, json=body).json()["items"]
    return item


def _read(file: Path) -> dict[str, Any]:
    """Return the conversation of an exported file: of its messages, what was said to the end."""
    try:
        document = cast("dict[str, Any]", json.loads(file.read_text(encoding="utf-8")))
        about, messages = document["conversation"], document["messages"]
        kept = ("conversation_id", "persona_id", "title", "created_at")
        return {
            **{name: about[name] for name in kept if about.get(name)},
            "messages": [_message(each) for each in messages if _is_said(each)],
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CliError(f"{file} is no exported conversation: {error!r}.") from error


def _is_said(message: dict[str, Any]) -> bool:
    return message["kind"] == "text" and bool(message["content"].strip())


def _message(message: dict[str, Any]) -> dict[str, Any]:
    return {name: message[name] for name in ("message_id", "role", "content", "created_at")}


def delete(target: RestTarget, *, conversation: Thread) -> None:
    """Delete a conversation with all its messages."""
    with target.rest("chat") as api:
        api.send("DELETE", f"/api/conversations/{conversation}")
    out.print("Deleted.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Your conversations with personas.")
    for name, command, line in (
        ("list", list_, "dramatis conversations list"),
        ("search", search, "dramatis conversations search bicycles"),
        ("export", export, "dramatis conversations export 0199b3c4-… talk.md"),
        ("import", import_, "dramatis conversations import talk.json --dry-run"),
        ("delete", delete, "dramatis conversations delete 0199b3c4-…"),
    ):
        group.command(name, epilog=examples(line))(expand(command))
    app.add_typer(group, name="conversations")
