"""Screens over a list: a text, and the keys."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from dramatis.output import printable
from dramatis.tui.actions import Action
from dramatis.tui.views import VIEWS, View

KEYS = {
    "Enter": "show all of a row",
    ":": "a list (:drafts) or a command of dramatis (:personas explain --campaign spring)",
    "/": "only rows with these letters; Escape shows all",
    "Escape": "back",
    "r": "read anew (it is, every few seconds)",
    "y": "copy the row as YAML",
    "?": "these keys",
    "q": "end",
}


class TextScreen(ModalScreen[None]):
    """A text to scroll in; Escape goes back."""

    AUTO_FOCUS = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "back"),
        Binding("y", "copy", "copy"),
    ]

    def __init__(self, title: str, text: str, copy: Callable[[str], None]) -> None:
        super().__init__()
        self._title = title
        self._copy = copy
        self._shown = printable(text)

    def compose(self) -> ComposeResult:
        """Yield the title, the text, and how to go back."""
        yield Static(Text(self._title, style="bold"), classes="line")
        with VerticalScroll():
            yield Static(Text(self._shown), id="text")
        yield Static(Text("Escape back · y copy · arrows scroll"), classes="line")

    def action_copy(self) -> None:
        """Copy the text, as far as the terminal takes it (OSC 52)."""
        self._copy(self._shown)


def keys_of(view: View, allowed: Mapping[Action, bool]) -> str:
    """Return what the keys do, those of the list first."""
    own = [
        (action.key, action.label if may else f"{action.label} (needs the role {action.least})")
        for action, may in allowed.items()
    ]
    lines = [view.title, ""]
    lines += [f"  {key:8}{label}" for key, label in own]
    lines += ["", "Everywhere", ""]
    lines += [f"  {key:8}{label}" for key, label in KEYS.items()]
    lines += ["", "Lists", ""]
    lines += [f"  :{name:14}{each.title}" for name, each in VIEWS.items()]
    return "\n".join(lines)
