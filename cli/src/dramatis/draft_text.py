"""How a draft is shown to people."""

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
            said = f"\n[{number}] {citation['source']}{place_of(citation)}"
            text.append(printable(said), "dim")
    heading = printable(title or draft["message_id"])
    out.print(
        Panel(
            text,
            title=Text(heading),
            title_align="left",
            subtitle=Text(printable(_speaker(draft, name_of))),
            subtitle_align="left",
        ),
        soft_wrap=False,
    )


def place_of(citation: dict[str, Any]) -> str:
    """Return where a passage stands in its source, such as `, page 3`; "" if nobody knows."""
    first, last = citation["page_start"], citation["page_end"]
    if first:
        return f", page {first}" if last in {None, first} else f", pages {first}-{last}"
    return f", {citation['section']}" if citation["section"] else ""


def _speaker(draft: dict[str, Any], name_of: Callable[[str], str | None]) -> str:
    resolution = draft["resolution"]
    if resolution is None:
        return "no persona was asked for"
    parts = [f"tier {resolution['tier']}"]
    if resolution["persona_id"]:
        persona_id = resolution["persona_id"]
        parts += [
            f"persona {name_of(persona_id) or persona_id[:SHORT_ID_CHARS]}",
            f"version {resolution['version']}",
        ]
    parts.append(f"model {draft['model']}")
    return " · ".join(parts)
