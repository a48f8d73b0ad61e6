"""`dramatis conversations`: your own conversations with personas."""

from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import typer

from dramatis.options import examples, expand
from dramatis.output import out, print_json, print_plain, print_table
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
        ("delete", delete, "dramatis conversations delete 0199b3c4-…"),
    ):
        group.command(name, epilog=examples(line))(expand(command))
    app.add_typer(group, name="conversations")
