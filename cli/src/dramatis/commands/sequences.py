"""`dramatis sequences`: what is sent to leads, step by step."""

import json as json_text
import sys
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from dramatis.draft_text import print_followup
from dramatis.errors import CliError
from dramatis.lead_options import LeadOptions
from dramatis.options import examples, expand
from dramatis.output import out, print_json, print_plain, print_table
from dramatis.sequence_lookup import find_sequence
from dramatis.sequence_text import print_sequence, print_template_errors, starts
from dramatis.target import RestTarget

Which = Annotated[str, typer.Argument(metavar="SEQUENCE", help="Its id, or its name.")]
File = Annotated[Path, typer.Argument(help="A JSON file, as `show --json` prints it; - is stdin.")]
SHOWN_ONLY = {
    *("sequence_id", "version", "created_at", "updated_at", "warnings", "changed_by"),
    "paused_reason",
}


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
    rows = [(s["name"], len(s["steps"]), starts(s), s["version"], s["sequence_id"]) for s in found]
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
    _show(saved, as_json=target.json)


def edit(target: RestTarget, *, sequence: Which, file: File) -> None:
    """Replace what a sequence says; leads on their way finish on the version they began with."""
    with target.rest("followup") as followups:
        found = find_sequence(followups, sequence)
        headers = {"If-Match": f'"{found["version"]}"'}
        path = f"/api/sequences/{found['sequence_id']}"
        saved = followups.send("PUT", path, json=_read(file), headers=headers).json()
    _show(saved, as_json=target.json)


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
    _show(saved, as_json=target.json)


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
            print_template_errors(step["template_errors"])


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
    file: Annotated[
        Path | None,
        typer.Argument(help="A sequence as JSON, else the text of a template; - is stdin."),
    ] = None,
    stored: Annotated[
        bool, typer.Option("--stored", help="Check what is stored, instead of a file.")
    ] = False,
) -> None:
    """Check every template of a file, or all that are stored: what is wrong, what has no value."""
    if stored == (file is not None):
        raise CliError("Give a file to check, or --stored.")
    if file is None:
        _lint_stored(target)
    else:
        _lint_file(target, file)


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
        (
            lint,
            "lint",
            ["dramatis sequences lint sequence.json", "dramatis sequences lint --stored"],
        ),
        (tokens, "tokens", ["dramatis sequences tokens"]),
    ):
        group.command(called, epilog=examples(*lines))(expand(command))
    app.add_typer(group, name="sequences")


def _templates(text: str) -> list[tuple[str, str]]:
    """Return each template with its field: those of a sequence, or the whole text."""
    try:
        document: object = json_text.loads(text)
    except ValueError:
        return [("template", text)]
    found: dict[str, Any] = {}
    if isinstance(document, dict):
        found = cast("dict[str, Any]", document)
    steps = found.get("steps")
    if not isinstance(steps, list):
        raise CliError("steps: the file is JSON, but holds no sequence with steps.")
    templates: list[tuple[str, str]] = []
    for number, step in enumerate(cast("list[Any]", steps)):
        fields: dict[str, Any] = cast("dict[str, Any]", step) if isinstance(step, dict) else {}
        templates += [
            (f"steps.{number}.{name}", fields[name])
            for name in ("subject", "body")
            if isinstance(fields.get(name), str)
        ]
    return templates


def _lint_file(target: RestTarget, file: Path) -> None:
    found: list[dict[str, Any]] = []
    with target.rest("followup") as followups:
        for field, template in _templates(_text(file)):
            answer = followups.send("POST", "/api/templates/lint", json={"template": template})
            found.append({"field": field, **answer.json()})
    if target.json:
        print_json({"ok": all(item["ok"] for item in found), "templates": found})
    else:
        for item in found:
            _print_lint(item)
    if not all(item["ok"] for item in found):
        raise CliError("The file cannot be saved as a sequence: see above.")


def _lint_stored(target: RestTarget) -> None:
    with target.rest("followup") as followups:
        found = followups.get("/api/templates/refused")["items"]
    if target.json:
        print_json({"ok": not found, "items": found})
    elif not found:
        print_plain("ok: every stored template can be sent")
    for item in () if target.json else found:
        print_plain(f"{item['name']}, version {item['version']}, {item['field']}:")
        print_template_errors([item])
    if found:
        raise CliError("Steps with these templates pause, for nothing fills them: see above.")


def _print_lint(item: dict[str, Any]) -> None:
    field = item["field"]
    if item["ok"] and not item["warnings"]:
        print_plain(f"{field}: ok")
        return
    print_plain(f"{field}:")
    print_template_errors(item["template_errors"])
    print_template_errors(item["warnings"], "warning")


def _text(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise CliError(f"{file} cannot be read: {error}.") from error


def _read(file: Path) -> dict[str, Any]:
    """Return the file's document without what only answers have.

    Raises:
        CliError: it is no JSON object, or holds what cannot be sent: NaN, half a character.
    """
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        document = json_text.loads(text)
        json_text.dumps(document, allow_nan=False, ensure_ascii=False).encode()
    except (OSError, ValueError) as error:
        raise CliError(f"{file} cannot be read as JSON: {error}.") from error
    if not isinstance(document, dict):
        raise CliError(f"{file} must hold one JSON object.")
    whole = cast("dict[str, Any]", document)
    return {key: value for key, value in whole.items() if key not in SHOWN_ONLY}


def _show(sequence: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(sequence)
    else:
        print_sequence(sequence)
