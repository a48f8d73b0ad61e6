"""How a sequence, and what is wrong with its templates, are shown to people."""

from typing import Any

from dramatis.output import print_plain


def print_sequence(sequence: dict[str, Any]) -> None:
    """Print a sequence: when it sends, what starts and stops it, its steps, and any warnings."""
    print_plain(f"{sequence['name']} · version {sequence['version']} · {starts(sequence)}")
    print_plain(f"id {sequence['sequence_id']}")
    if sequence["ai_persona_id"]:
        print_plain(f"spoken by persona {sequence['ai_persona_id']}")
    print_plain(f"sends {_window(sequence['send_window'])}; {_reply(sequence)}")
    for number, step in enumerate(sequence["steps"], start=1):
        delay = f"{step['delay']['amount']} {step['delay']['unit'].replace('_', ' ')}"
        print_plain(f"{number}. {step['channel']}, after {delay}")
        print_message(step["subject"], step["body"])
    for warning in sequence.get("warnings", ()):
        print_template_errors([warning], f"warning, {warning['field']}")


def print_message(subject: str | None, text: str | None) -> None:
    """Print what a step says, indented under its line."""
    for line in [*([subject] if subject else ()), *(text or "").splitlines()]:
        print_plain(f"   {line}")


def print_template_errors(errors: list[dict[str, Any]], kind: str = "error") -> None:
    """Print a line for each thing to fix."""
    for error in errors:
        print_plain(f"  {kind}: {error['token']} at {error['position']}: {error['hint']}")


def starts(sequence: dict[str, Any]) -> str:
    """Return what starts it, such as `starts on lead.replied in spring`."""
    trigger = sequence["trigger"]
    if trigger == "manual":
        return "started by hand"
    outcomes = f" {' or '.join(trigger['outcomes'])}" if trigger["outcomes"] else ""
    campaigns = f" in {', '.join(trigger['campaign_ids'])}" if trigger["campaign_ids"] else ""
    first = ", first reply only" if trigger["first_reply_only"] else ""
    persona = f", answered by persona {trigger['persona_id']}" if trigger["persona_id"] else ""
    return f"starts on {trigger['event']}{outcomes}{campaigns}{first}{persona}"


def _window(window: dict[str, Any] | str | None) -> str:
    if window is None:
        return "at any hour"
    if isinstance(window, str):
        return "in the workspace's hours"
    return f"on {', '.join(window['days'])} from {window['from']} to {window['to']}"


def _reply(sequence: dict[str, Any]) -> str:
    if not sequence["stop_on_reply"]:
        return "a reply changes nothing"
    return f"a reply {sequence['on_reply']}s it"
