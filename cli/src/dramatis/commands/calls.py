"""`dramatis calls`: what was said with personas' voice agents."""

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from dramatis.draft_text import place_of
from dramatis.options import examples, expand
from dramatis.output import out, print_json, print_plain, print_table
from dramatis.persona_lookup import persona_id_of
from dramatis.target import RestTarget

Persona = Annotated[
    str | None, typer.Option("--persona", "-p", help="Only of this one: its id, or its name.")
]
Lead = Annotated[str | None, typer.Option(help="Only with this lead.")]
Since = Annotated[str | None, typer.Option(help="Only those that began then or later (RFC 3339).")]
Until = Annotated[str | None, typer.Option(help="Only those that began before (RFC 3339).")]


def list_(
    target: RestTarget,
    *,
    persona: Persona = None,
    lead: Lead = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """List calls, newest first."""
    query = _query(target, persona, lead, since, until)
    with target.rest("voice") as voice:
        found = list(voice.items("/api/calls", **query))
    if target.json:
        print_json({"items": found})
        return
    if not found:
        out.print("No calls.")
        return
    rows = [
        (c["started_at"], c["duration_seconds"], c["lead_id"], c["revision"], c["call_id"])
        for c in found
    ]
    print_table(("started", "seconds", "lead", "revision", "call_id"), rows)


def show(
    target: RestTarget,
    *,
    call: Annotated[UUID, typer.Argument(metavar="CALL", help="The call's id.")],
) -> None:
    """Show a call: who said what, and which places the agent was told."""
    with target.rest("voice") as voice:
        shown = voice.get(f"/api/calls/{call}")
    if target.json:
        print_json(shown)
        return
    print_plain(
        f"{shown['started_at']} · {shown['duration_seconds']} s · persona {shown['persona_id']}"
        f" at revision {shown['revision']} · lead {shown['lead_id'] or 'unknown'}"
    )
    for turn in shown["transcript"]:
        print_plain(f"{turn['at_seconds']:>5} s  {turn['role']}: {turn['message']}")
    for citation in shown["citations"]:
        print_plain(f"told from {_place(citation)}: {citation['quote']}")


def export(
    target: RestTarget,
    *,
    file: Annotated[Path | None, typer.Argument(help="Where to; else to the screen.")] = None,
    persona: Persona = None,
    lead: Lead = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Export calls with all that was said, as JSON, a line each."""
    query = _query(target, persona, lead, since, until)
    with target.rest("voice") as voice:
        lines = voice.send("GET", "/api/calls/export", params=query).text
    if file is None:
        print_plain(lines.rstrip("\n"))
        return
    file.write_text(lines)
    print_plain(f"{len(lines.splitlines())} calls in {file}")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Calls with personas' voice agents.")
    group.command("list", epilog=examples("dramatis calls list --persona Nova --lead lead-1"))(
        expand(list_)
    )
    group.command(epilog=examples("dramatis calls show 0199b3c4-…"))(expand(show))
    group.command(epilog=examples("dramatis calls export calls.jsonl --lead lead-1"))(
        expand(export)
    )
    app.add_typer(group, name="calls")


def _query(
    target: RestTarget,
    persona: str | None,
    lead: str | None,
    since: str | None,
    until: str | None,
) -> dict[str, str | int]:
    given = {"lead_id": lead, "since": since, "until": until}
    if persona is not None:
        given["persona_id"] = persona_id_of(target, persona)
    return {name: value for name, value in given.items() if value is not None}


def _place(citation: dict[str, Any]) -> str:
    page = citation["page"]
    return f"{citation['source']}{place_of({**citation, 'page_start': page, 'page_end': page})}"
