"""`dramatis sequences`: what is sent to leads, step by step."""

import json as json_text
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from dramatis.draft_text import print_followup
from dramatis.errors import CliError
from dramatis.options import examples, expand
from dramatis.output import out, print_json, print_plain, print_table
from dramatis.sequence_lookup import find_sequence
from dramatis.target import RestTarget

Which = Annotated[str, typer.Argument(metavar="SEQUENCE", help="Its id, or its name.")]
File = Annotated[Path, typer.Argument(help="A JSON file, as `show --json` prints it; - is stdin.")]
SHOWN_ONLY = {"sequence_id", "version", "created_at", "updated_at", "warnings", "changed_by"}


@dataclass(frozen=True, kw_only=True)
class LeadOptions:
    """What is known of a lead."""

    campaign: Annotated[str | None, typer.Option(help="Its campaign's id.")] = None
    first_name: Annotated[str | None, typer.Option(help="Its first name.")] = None
    last_name: Annotated[str | None, typer.Option(help="Its last name.")] = None
    email: Annotated[str | None, typer.Option(help="Its e-mail address.")] = None
    company: Annotated[str | None, typer.Option(help="Its company.")] = None
    time_zone: Annotated[str | None, typer.Option(help="Such as Europe/Berlin.")] = None
    attribute: Annotated[
        list[str] | None, typer.Option("--set", help="An attribute, KEY=VALUE; may be repeated.")
    ] = None

    def document(self, lead_id: str) -> dict[str, Any]:
        """Return the lead as the API takes it."""
        names = ("first_name", "last_name", "email", "company", "time_zone")
        known = {name: value for name in names if (value := getattr(self, name)) is not None}
        pairs = [pair.partition("=") for pair in self.attribute or ()]
        if any(not sign for _, sign, _ in pairs):
            raise CliError("An attribute is KEY=VALUE, such as --set plan=gold.")
        if pairs:
            known["attributes"] = {key: value for key, _, value in pairs}
        return {"lead_id": lead_id, "campaign_id": self.campaign, "lead": known}


def list_(target: RestTarget) -> None:
    """List the sequences, newest first."""
    with target.rest("followup") as followups:
        found = list(followups.items("/api/sequences"))
    if target.json:
        print_json({"items": found})
        return
    if not found:
        out.print("No sequences yet. `dramatis sequences create FILE` makes one.")
        return
    rows = [(s["name"], len(s["steps"]), _starts(s), s["version"], s["sequence_id"]) for s in found]
    print_table(("sequence", "steps", "starts", "version", "sequence_id"), rows)


def show(target: RestTarget, *, sequence: Which) -> None:
    """Show a sequence: its steps, its window, what starts and stops it."""
    with target.rest("followup") as followups:
        found = find_sequence(followups, sequence)
    _show(found, as_json=target.json)


def create(target: RestTarget, *, file: File) -> None:
    """Create a sequence from a JSON file."""
    with target.rest("followup") as followups:
        saved = followups.send("POST", "/api/sequences", json=_read(file)).json()
    _show_saved(saved, as_json=target.json)


def edit(target: RestTarget, *, sequence: Which, file: File) -> None:
    """Replace what a sequence says; leads on their way finish on the version they began with."""
    with target.rest("followup") as followups:
        found = find_sequence(followups, sequence)
        headers = {"If-Match": f'"{found["version"]}"'}
        path = f"/api/sequences/{found['sequence_id']}"
        saved = followups.send("PUT", path, json=_read(file), headers=headers).json()
    _show_saved(saved, as_json=target.json)


def delete(
    target: RestTarget,
    *,
    sequence: Which,
    stop_instances: Annotated[
        bool, typer.Option("--stop-instances", help="Stop the leads that are on their way.")
    ] = False,
) -> None:
    """Delete a sequence."""
    with target.rest("followup") as followups:
        found = find_sequence(followups, sequence)
        path = f"/api/sequences/{found['sequence_id']}"
        followups.send("DELETE", path, params={"stop_instances": stop_instances})
    if target.json:
        print_json({"deleted": found["sequence_id"]})
    else:
        print_plain(f"deleted: {found['name']}")


def clone(
    target: RestTarget,
    *,
    sequence: Which,
    name: Annotated[str | None, typer.Option(help='By default "Copy of …".')] = None,
) -> None:
    """Copy a sequence, without what starts it by itself."""
    with target.rest("followup") as followups:
        found = find_sequence(followups, sequence)
        path = f"/api/sequences/{found['sequence_id']}/clone"
        saved = followups.send("POST", path, json={"name": name}).json()
    _show_saved(saved, as_json=target.json)


def versions(target: RestTarget, *, sequence: Which) -> None:
    """List the versions of a sequence, newest first."""
    with target.rest("followup") as followups:
        found = find_sequence(followups, sequence)
        kept = list(followups.items(f"/api/sequences/{found['sequence_id']}/versions"))
    if target.json:
        print_json({"items": kept})
        return
    rows = [(v["version"], v["created_at"], v["changed_by"], len(v["steps"])) for v in kept]
    print_table(("version", "saved", "by", "steps"), rows)


def preview(
    target: RestTarget,
    lead: LeadOptions,
    *,
    sequence: Which,
    lead_id: Annotated[str, typer.Option("--lead", help="A lead's id; may be unknown.")] = (
        "preview"
    ),
) -> None:
    """Show what each step would send to one lead, when and in whose voice; nothing is sent."""
    with target.rest("followup") as followups:
        found = find_sequence(followups, sequence)
        path = f"/api/sequences/{found['sequence_id']}/preview"
        shown = followups.send("POST", path, json=lead.document(lead_id)).json()
    if target.json:
        print_json(shown)
        return
    for step in shown["steps"]:
        if step["ok"]:
            print_followup({**step, "status": f"due {step['due_at']}"})
        else:
            print_plain(f"step {step['step']}, {step['channel']}: would be blocked")
            _print_errors(step["template_errors"])


def start(
    target: RestTarget,
    lead: LeadOptions,
    *,
    sequence: Which,
    lead_ids: Annotated[list[str], typer.Option("--lead", help="A lead's id; may be repeated.")],
    skip_unavailable: Annotated[
        bool,
        typer.Option("--skip-unavailable", help="Leave out who is suppressed or on its way."),
    ] = False,
) -> None:
    """Start leads with the newest version: all of them, or none."""
    body = {
        "leads": [lead.document(lead_id) for lead_id in lead_ids],
        "skip_unavailable": skip_unavailable,
    }
    with target.rest("followup") as followups:
        found = find_sequence(followups, sequence)
        path = f"/api/sequences/{found['sequence_id']}/instances"
        started = followups.send("POST", path, json=body).json()
    if target.json:
        print_json(started)
        return
    for instance in started["items"]:
        due = f"first step due {instance['due_at']}"
        print_plain(f"{instance['lead_id']}: {instance['instance_id']}, {due}")
    for skipped in started["skipped"]:
        print_plain(f"{skipped['lead_id']}: left out ({skipped['reason']})")


def lint(
    target: RestTarget,
    *,
    template: Annotated[str, typer.Argument(help="The template's text; - is stdin.")],
) -> None:
    """Check a template: what is wrong with it, and what has no value today."""
    text = sys.stdin.read() if template == "-" else template
    with target.rest("followup") as followups:
        result = followups.send("POST", "/api/templates/lint", json={"template": text}).json()
    if target.json:
        print_json(result)
    else:
        _print_errors(result["template_errors"])
        _print_errors(result["warnings"], "warning")
        if result["ok"] and not result["warnings"]:
            print_plain("ok")
    if not result["ok"]:
        raise CliError("The template cannot be saved.")


def tokens(target: RestTarget) -> None:
    """List the tokens that templates may hold."""
    with target.rest("followup") as followups:
        known = followups.get("/api/tokens")["items"]
    if target.json:
        print_json({"items": known})
        return
    print_table(
        ("token", "source", "what it is"),
        [(token["token"], token["source"], token["description"]) for token in known],
    )


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="What is sent to leads, step by step.")
    name = "'After a demo'"
    for command, called, lines in (
        (list_, "list", ["dramatis sequences list"]),
        (show, "show", [f"dramatis sequences show {name}"]),
        (create, "create", ["dramatis sequences create sequence.json"]),
        (edit, "edit", [f"dramatis sequences edit {name} sequence.json"]),
        (delete, "delete", [f"dramatis sequences delete {name} --stop-instances"]),
        (clone, "clone", [f"dramatis sequences clone {name} --name 'After a fair'"]),
        (versions, "versions", [f"dramatis sequences versions {name}"]),
        (
            preview,
            "preview",
            [f"dramatis sequences preview {name} --first-name Bo --company Acme --set plan=gold"],
        ),
        (
            start,
            "start",
            [f"dramatis sequences start {name} --lead lead-1 --lead lead-2 --campaign spring"],
        ),
        (lint, "lint", ["dramatis sequences lint 'Hi {firstName|there}, {bookingLink}'"]),
        (tokens, "tokens", ["dramatis sequences tokens"]),
    ):
        group.command(called, epilog=examples(*lines))(expand(command))
    app.add_typer(group, name="sequences")


def _read(file: Path) -> dict[str, Any]:
    """Return the file's document without what only answers have."""
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        document = json_text.loads(text)
    except (OSError, ValueError) as error:
        raise CliError(f"{file} cannot be read as JSON: {error}.") from error
    if not isinstance(document, dict):
        raise CliError(f"{file} must hold one JSON object.")
    said = cast("dict[str, Any]", document)
    return {key: value for key, value in said.items() if key not in SHOWN_ONLY}


def _show_saved(saved: dict[str, Any], *, as_json: bool) -> None:
    _show(saved, as_json=as_json)
    if not as_json:
        for warning in saved["warnings"]:
            _print_errors([warning], f"warning, {warning['field']}")


def _show(sequence: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(sequence)
        return
    print_plain(f"{sequence['name']} · version {sequence['version']} · {_starts(sequence)}")
    print_plain(f"id {sequence['sequence_id']}")
    for number, step in enumerate(sequence["steps"], start=1):
        delay = f"{step['delay']['amount']} {step['delay']['unit'].replace('_', ' ')}"
        print_plain(f"{number}. {step['channel']}, after {delay}")
        subject = [f"   {step['subject']}"] if step["subject"] else []
        for line in [*subject, *(f"   {line}" for line in step["body"].splitlines())]:
            print_plain(line)


def _starts(sequence: dict[str, Any]) -> str:
    trigger = sequence["trigger"]
    return "started by hand" if trigger == "manual" else f"starts on {trigger['event']}"


def _print_errors(errors: list[dict[str, Any]], kind: str = "error") -> None:
    for error in errors:
        print_plain(f"  {kind}: {error['token']} at {error['position']}: {error['hint']}")
