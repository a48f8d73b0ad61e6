"""How a draft, a step of a follow-up, a call and a chat are shown to people."""

from collections.abc import Callable
from typing import Any

from rich.panel import Panel
from rich.text import Text

from dramatis.output import out, printable

SHORT_ID_CHARS = 13
"""Of a UUIDv7: its time, to the millisecond."""


def print_draft(
    draft: dict[str, Any],
    title: str | None = None,
    name_of: Callable[[str], str | None] = lambda _: None,
) -> None:
    """Print a draft with who speaks in it, and why there is no text if there is none.

    `name_of` gives the name of a persona; without a name its id is shown, shortened.
    """
    if draft["text"] is None:
        error = draft["error"] or {"title": draft["status"], "detail": ""}
        text = Text(printable(f"{draft['status']}: {error['title']} {error['detail']}"), "yellow")
    else:
        text = Text(printable(draft["text"]))
        for number, citation in enumerate(draft["citations"], start=1):
            source = f"\n[{number}] {citation['source']}{place_of(citation)}"
            text.append(printable(source), "dim")
    _panel(text, title or draft["message_id"], _speaker(draft, name_of))


def print_followup(step: dict[str, Any]) -> None:
    """Print a step that was requested: exactly what was to be sent, and who speaks."""
    subject = f": {step['subject']}" if step["subject"] else ""
    who = " · ".join(_persona(step["resolution"], lambda _: None))
    title = f"step {step['step']}, {step['channel']}{subject}"
    _panel(Text(printable(step["text"])), title, f"{who} · {step['status']}")


def print_call(call: dict[str, Any], note: str) -> None:
    """Print what was said in a call."""
    text = Text()
    for turn in call["transcript"]:
        text.append(f"{turn['role']}: ", "dim")
        text.append(f"{printable(turn['message'])}\n")
    text.rstrip()
    _panel(text, "a call", f"{call['turns']} turns · {note}")


def print_exchange(exchange: dict[str, Any]) -> None:
    """Print what was asked in a chat, and what was answered."""
    text = Text(printable(exchange["text"]))
    for number, source in enumerate(exchange["citations"], start=1):
        text.append(printable(f"\n[{number}] {source}"), "dim")
    who = f"{exchange['persona_name']} · version {exchange['version']} · model {exchange['model']}"
    _panel(text, exchange["question"], who)


def place_of(citation: dict[str, Any]) -> str:
    """Return where a passage stands in its source, such as `, page 3`; "" if nobody knows."""
    first, last = citation["page_start"], citation["page_end"]
    if first:
        return f", page {first}" if last in {None, first} else f", pages {first}-{last}"
    return f", {citation['section']}" if citation["section"] else ""


def _panel(text: Text, title: str, subtitle: str) -> None:
    out.print(
        Panel(
            text,
            title=Text(printable(title)),
            title_align="left",
            subtitle=Text(printable(subtitle)),
            subtitle_align="left",
        ),
        soft_wrap=False,
    )


def _speaker(draft: dict[str, Any], name_of: Callable[[str], str | None]) -> str:
    if draft["resolution"] is None:
        return "no persona was asked for"
    return " · ".join([*_persona(draft["resolution"], name_of), f"model {draft['model']}"])


def _persona(resolution: dict[str, Any], name_of: Callable[[str], str | None]) -> list[str]:
    parts = [f"tier {resolution['tier']}"]
    if resolution["persona_id"]:
        persona_id = resolution["persona_id"]
        parts += [
            f"persona {name_of(persona_id) or persona_id[:SHORT_ID_CHARS]}",
            f"version {resolution['version']}",
        ]
    return parts
