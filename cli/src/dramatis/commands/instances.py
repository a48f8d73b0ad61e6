"""`dramatis instances`: leads on their way through sequences, and who must not be written to."""

import sys
from typing import Annotated, Any, Literal
from uuid import UUID

import typer

from dramatis.errors import CliError
from dramatis.options import examples, expand
from dramatis.output import out, print_json, print_plain, print_table
from dramatis.rest import Rest
from dramatis.sequence_lookup import find_sequence
from dramatis.sequence_text import print_message
from dramatis.target import RestTarget

Id = Annotated[UUID, typer.Argument(metavar="INSTANCE", help="The instance's id.")]
Lead = Annotated[str | None, typer.Argument(help="The lead's id.")]
Email = Annotated[str | None, typer.Option(help="An e-mail address, instead of a lead.")]
Sequence = Annotated[str | None, typer.Option(help="Only of this sequence: its id, or its name.")]


def list_(
    target: RestTarget,
    *,
    state: Annotated[
        str | None, typer.Option(help="Only those: active, paused, completed or stopped.")
    ] = None,
    sequence: Sequence = None,
    lead: Annotated[str | None, typer.Option(help="Only of this lead.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only those that are paused for it.")] = None,
) -> None:
    """List instances, newest first."""
    filters = {"state": state, "lead_id": lead, "reason": reason}
    with target.rest("followup") as followups:
        if sequence is not None:
            filters["sequence_id"] = find_sequence(followups, sequence)["sequence_id"]
        query: dict[str, str | int] = {name: text for name, text in filters.items() if text}
        found = list(followups.items("/api/instances", **query))
    if target.json:
        print_json({"items": found})
        return
    if not found:
        out.print("No instances. `dramatis sequences start` starts leads.")
        return
    rows = [(i["lead_id"], _state(i), i["step"], i["due_at"], i["instance_id"]) for i in found]
    print_table(("lead", "state", "step", "due", "instance_id"), rows)


def show(target: RestTarget, *, instance: Id) -> None:
    """Show an instance: its steps, what each sent, and what happened to it."""
    with target.rest("followup") as followups:
        shown = followups.get(f"/api/instances/{instance}")
    _show(shown, as_json=target.json)


def reasons(target: RestTarget) -> None:
    """Count what instances are paused for."""
    with target.rest("followup") as followups:
        groups = followups.get("/api/instances/pause-reasons")["items"]
    if target.json:
        print_json({"items": groups})
        return
    if not groups:
        out.print("Nothing is paused.")
        return
    print_table(("reason", "instances"), [(g["reason"], g["instances"]) for g in groups])


def resume(
    target: RestTarget,
    *,
    instance: Annotated[
        UUID | None, typer.Argument(metavar="INSTANCE", help="The instance's id.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Instead: all that are paused for it (see `reasons`).")
    ] = None,
    sequence: Sequence = None,
) -> None:
    """Let a paused instance go on, or all that are paused for a reason."""
    if (instance is None) == (reason is None):
        raise CliError("Name one instance, or --reason for all that are paused for it.")
    with target.rest("followup") as followups:
        if instance is not None:
            path = f"/api/instances/{instance}/resume"
            _show(followups.send("POST", path).json(), as_json=target.json)
            return
        body: dict[str, Any] = {"reason": reason}
        if sequence is not None:
            body["sequence_id"] = find_sequence(followups, sequence)["sequence_id"]
        count = _resume_all(followups, body)
    if target.json:
        print_json({"resumed": count})
    else:
        print_plain(f"{count} resumed")


def stop(target: RestTarget, *, instance: Id) -> None:
    """End an instance before its last step."""
    with target.rest("followup") as followups:
        stopped = followups.send("POST", f"/api/instances/{instance}/stop").json()
    _show(stopped, as_json=target.json)


def resolve(
    target: RestTarget,
    *,
    instance: Id,
    outcome: Annotated[
        Literal["sent", "resend"],
        typer.Argument(help="It was sent: go on. Or ask the CRM to send it once more."),
    ],
) -> None:
    """Settle a step of which nobody knows whether it was sent."""
    with target.rest("followup") as followups:
        path = f"/api/instances/{instance}/resolve"
        settled = followups.send("POST", path, json={"outcome": outcome}).json()
    _show(settled, as_json=target.json)


def suppressed(
    target: RestTarget,
    *,
    csv: Annotated[bool, typer.Option("--csv", help="As a table to import elsewhere.")] = False,
) -> None:
    """List who must not be written to, newest first."""
    with target.rest("followup") as followups:
        if csv:
            sys.stdout.write(followups.send("GET", "/api/suppressions/export").text)
            return
        found = list(followups.items("/api/suppressions"))
    if target.json:
        print_json({"items": found})
        return
    if not found:
        out.print("Nobody is suppressed.")
        return
    rows = [
        (
            s["lead_id"] or "",
            " ".join(s["addresses"]),
            s["reason"],
            s["created_by"],
            s["created_at"],
        )
        for s in found
    ]
    print_table(("lead", "addresses", "reason", "by", "since"), rows)


def suppress(
    target: RestTarget,
    *,
    lead: Lead = None,
    email: Email = None,
    reason: Annotated[str, typer.Option(help="Why.")] = "by hand",
) -> None:
    """Never write to a lead or an address again, and stop all that is on its way there."""
    with target.rest("followup") as followups:
        body = {**_whom(lead, email), "reason": reason}
        done = followups.send("POST", "/api/suppressions", json=body).json()
    if target.json:
        print_json(done)
    else:
        print_plain(f"suppressed: {lead or email} ({done['reason']})")


def unsuppress(
    target: RestTarget,
    *,
    lead: Lead = None,
    email: Email = None,
    reason: Annotated[str, typer.Option(help="Why; it is kept.")],
) -> None:
    """Allow a lead or an address to be written to again."""
    with target.rest("followup") as followups:
        found = followups.get("/api/suppressions", **_whom(lead, email))["items"]
        if not found:
            raise CliError(
                f"{lead or email} is not suppressed.", "See `dramatis instances suppressed`."
            )
        for item in found:
            path = f"/api/suppressions/{item['suppression_id']}"
            followups.send("DELETE", path, params={"reason": reason})
    if target.json:
        print_json({"unsuppressed": lead or email})
    else:
        print_plain(f"{lead or email} may be started again")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Leads on their way through sequences.")
    reason = "'missing_value:{signature}'"
    for command, called, lines in (
        (list_, "list", ["dramatis instances list --state paused"]),
        (show, "show", ["dramatis instances show 0199b3c4-…"]),
        (reasons, "reasons", ["dramatis instances reasons"]),
        (
            resume,
            "resume",
            [
                "dramatis instances resume 0199b3c4-…",
                f"dramatis instances resume --reason {reason}",
            ],
        ),
        (stop, "stop", ["dramatis instances stop 0199b3c4-…"]),
        (resolve, "resolve", ["dramatis instances resolve 0199b3c4-… resend"]),
        (suppressed, "suppressed", ["dramatis instances suppressed --csv"]),
        (suppress, "suppress", ["dramatis instances suppress lead-1 --reason 'asked by phone'"]),
        (
            unsuppress,
            "unsuppress",
            ["dramatis instances unsuppress lead-1 --reason 'signed up again'"],
        ),
    ):
        group.command(called, epilog=examples(*lines))(expand(command))
    app.add_typer(group, name="instances")


def _resume_all(followups: Rest, body: dict[str, Any]) -> int:
    """Return how many go on: no more than were paused, for some may be blocked again at once."""
    groups = followups.get("/api/instances/pause-reasons")["items"]
    paused = sum(g["instances"] for g in groups if g["reason"] == body["reason"])
    count, more = 0, True
    while more:
        done = followups.send("POST", "/api/instances/resume", json=body).json()
        count += done["resumed"]
        more = done["more"] and count < paused
    return count


def _state(instance: dict[str, Any]) -> str:
    return (
        f"{instance['state']} ({instance['reason']})" if instance["reason"] else instance["state"]
    )


def _show(instance: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(instance)
        return
    print_plain(f"{instance['lead_id']} · {_state(instance)} · step {instance['step']}")
    if instance["detail"]:
        print_plain(instance["detail"])
    for step in instance["steps"]:
        due = f", due {step['due_at']}" if step["due_at"] else ""
        attempt = f", attempt {step['attempt']}" if step["attempt"] > 1 else ""
        print_plain(f"{step['step']}. {step['channel']}: {step['status']}{due}{attempt}")
        print_message(step["subject"], step["text"])
        if step["error"]:
            print_plain(f"   error: {step['error']}")
    for entry in instance["timeline"]:
        number = f" step {entry['step']}" if entry["step"] else ""
        detail = f": {entry['detail']}" if entry["detail"] else ""
        print_plain(f"{entry['at']}  {entry['what']}{number} ({entry['by']}){detail}")


def _whom(lead: str | None, email: str | None) -> dict[str, str]:
    if (lead is None) == (email is None):
        raise CliError("Give a lead's id, or --email.")
    return {"lead_id": lead} if lead is not None else {"email": email or ""}
