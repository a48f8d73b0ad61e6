"""`dramatis drafts`: answers to leads that wait for a person."""

from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Any
from uuid import UUID

import typer

from dramatis.draft_text import print_draft
from dramatis.errors import CliError
from dramatis.options import examples, expand
from dramatis.output import out, print_json, print_plain, print_table
from dramatis.persona_text import edited
from dramatis.target import RestTarget

Draft = Annotated[UUID, typer.Argument(metavar="DRAFT", help="As `list` shows it.")]


def list_(
    target: RestTarget,
    *,
    status: Annotated[str | None, typer.Option(help="Only those, such as ready.")] = None,
    lead: Annotated[str | None, typer.Option(help="Only of this lead.")] = None,
) -> None:
    """List drafts, newest first."""
    given = {"status": status, "lead_id": lead}
    query = {name: value for name, value in given.items() if value is not None}
    with target.rest("draft") as api:
        found = list(api.items("/api/drafts", **query))
    if target.json:
        print_json({"items": found})
        return
    if not found:
        out.print("No drafts.")
        return
    rows = [
        (d["created_at"], d["status"], d["lead_id"], d["campaign_id"], d["draft_id"]) for d in found
    ]
    print_table(("made", "status", "lead", "campaign", "draft_id"), rows)


def show(target: RestTarget, *, draft: Draft) -> None:
    """Show a draft as it would be sent, who speaks in it, and its sources."""
    with target.rest("draft") as api:
        found = api.get(f"/api/drafts/{draft}")
    _print(target, found)


def approve(target: RestTarget, *, draft: Draft) -> None:
    """Approve a draft as it is."""
    _decide(target, draft, "approve", {})


def edit(
    target: RestTarget,
    *,
    draft: Draft,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="The new body; else $EDITOR opens.")
    ] = None,
) -> None:
    """Change the body of a draft in $EDITOR, then approve it, unless somebody was faster."""
    with target.rest("draft") as api:
        seen = api.send("GET", f"/api/drafts/{draft}")
        before = seen.json()["body"]
        if before is None:
            raise CliError("There is no text to edit.", "See `dramatis drafts show`.")
        path = file or _written(before)
        body = path.read_text(encoding="utf-8") if file else edited(path)
        if body.strip() == before.strip():
            raise CliError("The text is as it was: nothing was approved.")
        headers = {"If-Match": seen.headers["etag"]}
        answer = api.ask(
            "POST", f"/api/drafts/{draft}/approve", json={"body": body.strip()}, headers=headers
        )
        if not answer.is_success:
            print_plain(f"Your text is in {path}.")
        decided = api.checked(answer).json()
    _print(target, decided)


def reject(
    target: RestTarget,
    *,
    draft: Draft,
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
) -> None:
    """Reject a draft: nothing is sent."""
    _decide(target, draft, "reject", {"reason": reason} if reason else {})


def regenerate(target: RestTarget, *, draft: Draft) -> None:
    """Have a draft written anew, with the persona as it is now."""
    _decide(target, draft, "regenerate", None)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Answers to leads that wait for a person.")
    group.command("list", epilog=examples("dramatis drafts list --status ready"))(expand(list_))
    for command, line in (
        (show, "dramatis drafts show 0199b3c4-…"),
        (approve, "dramatis drafts approve 0199b3c4-…"),
        (edit, "EDITOR=nano dramatis drafts edit 0199b3c4-…"),
        (reject, "dramatis drafts reject 0199b3c4-… --reason 'not a lead'"),
        (regenerate, "dramatis drafts regenerate 0199b3c4-…"),
    ):
        group.command(epilog=examples(line))(expand(command))
    app.add_typer(group, name="drafts")


def _decide(target: RestTarget, draft: UUID, verb: str, body: dict[str, Any] | None) -> None:
    with target.rest("draft") as api:
        request = {} if body is None else {"json": body}
        decided = api.send("POST", f"/api/drafts/{draft}/{verb}", **request).json()
    _print(target, decided)


def _print(target: RestTarget, draft: dict[str, Any]) -> None:
    if target.json:
        print_json(draft)
        return
    print_plain(f"{draft['draft_id']}: {draft['status']}")
    print_draft(draft)


def _written(body: str) -> Path:
    path = Path(mkdtemp(prefix="dramatis-")) / "draft.txt"
    path.write_text(body, encoding="utf-8")
    return path
