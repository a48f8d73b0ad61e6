"""The app: one list at a time, a line that says where one is, and one that is typed into."""

import asyncio
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import events, on, work
from textual.app import App, ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.suggester import SuggestFromList
from textual.widgets import DataTable, Input, Static

from dramatis.errors import CliError
from dramatis.target import RestTarget
from dramatis.tui import commands
from dramatis.tui.actions import ANSWER, Action, Row, filled, may
from dramatis.tui.screens import TextScreen, keys_of
from dramatis.tui.source import Scope, Source
from dramatis.tui.texts import cell, crash, document, value_of
from dramatis.tui.views import VIEWS, View

REFRESH_SECONDS = 3.0
IN_TERMINAL = {"chat", "edit", "tail", "watch", "delete"}
"""Commands that ask, open an editor, or go on until they are stopped."""
NOT_HERE = {"tui", "up", "demo"}
_LISTS = SuggestFromList(list(VIEWS))
_TABLE = DataTable[Text]


@dataclass(frozen=True, slots=True)
class Place:
    """Which list is shown, of what, and which of its rows."""

    name: str
    scope: Scope = field(default_factory=Scope)
    letters: str = ""

    @property
    def view(self) -> View:
        """The list."""
        return VIEWS[self.name]


def start(target: RestTarget, name: str) -> None:
    """Show the list `name`, until somebody ends it.

    Raises:
        NotUpError: the stack does not answer.
        CliError: there is no such list, or the studio refuses the caller.
    """
    if name not in VIEWS:
        raise CliError(f"There is no list {name!r}.", f"One of {', '.join(VIEWS)}.")
    studio = target.rest("studio")
    with Source(studio) as source:
        app = Tui(source, source.me(), Place(name), environment_of(target, studio.token))
        app.run()
    if app.return_code:
        raise CliError("The terminal interface has ended early (see above).")


def environment_of(target: RestTarget, token: str) -> dict[str, str]:
    """Return how commands find the same stack, as the same caller; the token is no argument."""
    found = {
        "DRAMATIS_TOKEN": token,
        "DRAMATIS_WORKSPACE": target.workspace,
        "DRAMATIS_DATA_DIR": str(target.data_dir),
    }
    return found if target.url is None else {**found, "DRAMATIS_URL": target.url}


class Tui(App[None]):
    """Lists, as k9s shows them."""

    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = "DataTable"
    TITLE = "dramatis"
    CSS = """
    .line { height: 1; }
    #where { text-style: bold; }
    #problem { display: none; }
    DataTable { height: 1fr; }
    #bar { display: none; border: none; height: 1; padding: 0; }
    TextScreen { background: $background; }
    TextScreen VerticalScroll { height: 1fr; }
    #text { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("colon", "type(':')", "command"),
        Binding("slash", "type('/')", "filter"),
        Binding("question_mark", "keys", "keys"),
        Binding("escape", "leave", "back"),
        Binding("r", "reload", "read anew"),
        Binding("y", "copy", "copy"),
        Binding("q", "quit", "end"),
    ]

    def __init__(self, source: Source, me: Row, place: Place, environment: dict[str, str]) -> None:
        super().__init__()
        self._source = source
        self._me = me
        self._places = [place]
        self._environment = environment
        self._rows: list[Row] = []
        self._drawn: list[tuple[str, ...]] = []
        self._typed: Callable[[str], None] | None = None

    @property
    def place(self) -> Place:
        """What is shown now."""
        return self._places[-1]

    def compose(self) -> ComposeResult:
        """Yield the lines and the list."""
        yield Static(id="where", classes="line")
        yield DataTable[Text](cursor_type="row", zebra_stripes=False)
        yield Static(id="problem", classes="line")
        yield Input(id="bar")
        yield Static(id="keys", classes="line")

    def on_mount(self) -> None:
        """Show the first list, and keep it fresh."""
        self.go(self.place)
        self.set_interval(REFRESH_SECONDS, self.action_reload)

    # What is shown.

    def go(self, place: Place) -> None:
        """Show another list, without its rows yet."""
        self._places[-1] = place
        self._rows = []
        self._fill([])
        self._tell()
        self.action_reload()

    @work(exclusive=True, group="reload")
    async def action_reload(self) -> None:
        """Read the list again; what cannot be read is told, and what was read stays."""
        place = self.place
        try:
            rows = await asyncio.to_thread(self._source.rows, place.name, place.scope)
        except CliError as error:
            self._say(str(error))
            return
        if place.name == self.place.name and place.scope == self.place.scope:
            self._say("" if rows else place.view.empty)
            self._rows = rows
            self._draw()

    @property
    def _table(self) -> DataTable[Text]:
        return self.query_one(_TABLE)

    def _shown(self) -> list[Row]:
        letters = self.place.letters.casefold()
        return [row for row in self._rows if letters in "\n".join(self._cells(row)).casefold()]

    def _cells(self, row: Row) -> tuple[str, ...]:
        return tuple(cell(value_of(row, path)) for path in self.place.view.columns.values())

    def _draw(self) -> None:
        """Write the rows, unless they are what stands there; the cursor stays on its row."""
        shown = self._shown()
        drawn = [self._cells(row) for row in shown]
        self._tell()
        if drawn == self._drawn:
            return
        before = self._here()
        self._fill(drawn)
        ids = [row.get(self.place.view.id) for row in shown]
        if before is not None and before.get(self.place.view.id) in ids:
            self._table.move_cursor(row=ids.index(before.get(self.place.view.id)))

    def _fill(self, drawn: list[tuple[str, ...]]) -> None:
        """Write the table anew; a table that widens its columns itself does so once it is idle."""
        self._drawn = drawn
        table = self._table
        table.clear(columns=True)
        for title, *cells in zip(self.place.view.columns, *drawn, strict=True):
            table.add_column(Text(title), key=title, width=max(map(cell_len, (title, *cells))))
        for row in drawn:
            table.add_row(*map(Text, row))

    def _tell(self) -> None:
        """Say where one is, and what the keys do."""
        place = self.place
        who = f"{self._me['subject']} ({self._me['role']})"
        parts = ["dramatis", self._me["workspace_id"], who, place.view.title]
        parts += [place.scope.name] if place.scope.name else []
        parts += [f"{len(self._shown())} of {len(self._rows)}"] if place.letters else []
        parts += [f"/{place.letters}"] if place.letters else []
        if stand_ins := self._me["stand_ins"]:
            parts.append(f"stand-ins: {len(stand_ins)}")
        self.query_one("#where", Static).update(Text(" · ".join(parts)))
        offered = [action for action in place.view.actions if may(self._me["role"], action)]
        keys = [f"{action.key} {action.label}" for action in offered]
        self.query_one("#keys", Static).update(Text(" · ".join(["? keys", ": go", *keys])))

    def _say(self, text: str) -> None:
        """Show a line above the keys; "" takes it away."""
        for line in self.query("#problem").results(Static):  # none once the app ends
            line.display = bool(text)
            line.update(Text(text))

    def _here(self) -> Row | None:
        """Return the row that the cursor is on."""
        shown, number = self._shown(), self._table.cursor_row
        return shown[number] if 0 <= number < len(shown) else None

    # What is typed.

    def action_type(self, sign: str) -> None:
        """Open the line for a command or a filter."""
        if sign == ":":
            self._ask(":", self.obey)
        else:
            self._ask("/", self.filter, self.place.letters)

    def _ask(self, sign: str, then: Callable[[str], None], value: str = "") -> None:
        bar = self.query_one("#bar", Input)
        self._typed = then
        bar.value, bar.placeholder, bar.display = value, sign, True
        bar.suggester = _LISTS if sign == ":" else None
        bar.focus()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        then = self._typed
        self._close_bar()
        if then is not None:
            then(event.value.strip())

    def _close_bar(self) -> None:
        self._typed = None
        self.query_one("#bar", Input).display = False
        self._table.focus()

    def filter(self, letters: str) -> None:
        """Show only rows with these letters."""
        self._places[-1] = replace(self.place, letters=letters)
        self._draw()

    def obey(self, line: str) -> None:
        """Show the list that `line` names, or run it as a command of `dramatis`."""
        try:
            words = shlex.split(line)
        except ValueError as error:
            self.notify(f"{error}.", severity="error", markup=False)
            return
        if not words:
            return
        if words in (["q"], ["quit"]):
            self.exit()
        elif len(words) == 1 and words[0] in VIEWS:
            self.show_view(words[0])
        elif words[0] in NOT_HERE:
            self.notify(f"`dramatis {words[0]}` needs another terminal.", severity="error")
        else:
            self._run(words, in_terminal=not IN_TERMINAL.isdisjoint(words[:2]))

    def action_leave(self) -> None:
        """Close the line, take the filter away, or go back to the list before."""
        if self._typed is not None:
            self._close_bar()
        elif self.place.letters:
            self.filter("")
        elif len(self._places) > 1:
            self._places.pop()
            self.go(self.place)

    def show_view(self, name: str) -> None:
        """Show a list; one of a persona or a lead is of that under the cursor."""
        needed = _needs(VIEWS[name])
        known = {**self.place.scope.fields, **(self._here() or {})}
        if needed and known.get(needed) is None:
            self.notify("Choose a persona or a lead first.", severity="error")
            return
        scope = Scope()
        if needed:
            name_of = known.get("name") if needed == "persona_id" else None
            title = str(name_of or known[needed])
            scope = Scope(title, {needed: known[needed], "name": title})
        self._places.append(self.place)
        self.go(Place(name, scope))

    # What is done.

    def on_key(self, event: events.Key) -> None:
        """Do what the list says of a key."""
        if self._typed is not None or self.screen is not self.screen_stack[0]:
            return
        for action in self.place.view.actions:
            if event.character == action.key:
                event.stop()
                self._begin(action)

    def _begin(self, action: Action) -> None:
        """Ask what an action needs to know, then do it."""
        if not may(self._me["role"], action):
            self.notify(
                f"You are a {self._me['role']}: to {action.label}, one must be {action.least}.",
                severity="warning",
                markup=False,
            )
            return
        row = self._here()
        if row is None and action.needs_row:
            self.notify("There is no row here.", severity="warning")
            return
        fields = {**self._me, **self.place.scope.fields, **(row or {})}
        if action.is_risky:
            self._ask(f"{action.label}? y", lambda typed: self._sure(action, fields, typed))
        elif action.asks:
            self._ask(action.asks, lambda typed: self._answered(action, fields, typed))
        else:
            self._do(action, fields)

    def _sure(self, action: Action, fields: Row, typed: str) -> None:
        if typed.lower() in {"y", "yes"}:
            self._do(action, fields)
        else:
            self.notify("Nothing was done.")

    def _answered(self, action: Action, fields: Row, typed: str) -> None:
        if typed:
            self._do(action, {**fields, ANSWER: typed})

    def _do(self, action: Action, fields: Row) -> None:
        if action.view is not None:
            self.show_view(action.view)
        elif action.request is not None:
            self._send(action, fields)
        else:
            words = [filled(word, fields) for word in action.words]
            self._run(words, in_terminal=action.in_terminal)

    @work
    async def _send(self, action: Action, fields: Row) -> None:
        try:
            answer = await asyncio.to_thread(self._source.do, action, fields)
        except CliError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        if action.request is not None and action.request[0] == "GET":
            self._show_text(action.label, document(answer))
        else:
            self.notify(f"{action.label}: done", markup=False)
        self.action_reload()

    def _run(self, words: Sequence[str], *, in_terminal: bool) -> None:
        if not in_terminal:
            self._run_beside(words)
            return
        try:
            with self.suspend():
                commands.run_here(words, self._environment)
        except SuspendNotSupported:
            self.notify("This terminal cannot be given to a command.", severity="error")
        self.action_reload()

    @work
    async def _run_beside(self, words: Sequence[str]) -> None:
        self._say(f"dramatis {shlex.join(words)} …")
        printed = await commands.run(words, self._environment, self.size.width)
        self._say("")
        lines = printed.text.strip()
        if printed.is_done and "\n" not in lines:
            self.notify(lines or "Done.", markup=False)
        else:
            self._show_text(f"dramatis {shlex.join(words)}", lines)
        self.action_reload()

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        row = self._here()
        if row is None:
            return
        if self.place.view.show:
            fields = {**self.place.scope.fields, **row}
            self._run([filled(word, fields) for word in self.place.view.show], in_terminal=False)
        else:
            self._show(row)

    @work
    async def _show(self, row: Row) -> None:
        view = self.place.view
        try:
            found = await asyncio.to_thread(self._source.detail, view, row)
        except CliError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self._show_text(view.title, document(found))

    def action_keys(self) -> None:
        """Show what the keys do."""
        role = self._me["role"]
        allowed = {action: may(role, action) for action in self.place.view.actions}
        self._show_text("Keys", keys_of(self.place.view, allowed))

    def action_copy(self) -> None:
        """Copy the row, as far as the terminal takes it (OSC 52)."""
        row = self._here()
        if row is not None:
            self._copy(document(row))

    def _copy(self, text: str) -> None:
        self.copy_to_clipboard(text)
        self.notify("Copied.")

    def _show_text(self, title: str, text: str) -> None:
        self.push_screen(TextScreen(title, text, self._copy))

    # What goes wrong.

    def _handle_exception(self, error: Exception) -> None:
        """Tell of a fault without values: Textual's own report prints them, tokens too."""
        self._fault: Any = crash(error)
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        self.panic(Text(self._fault))


def _needs(view: View) -> str | None:
    """Return the field of the row that a list is of."""
    return next((f for f in ("persona_id", "lead_id") if f"{{{f}}}" in view.path), None)
