"""The terminal interface on a running stack, at 80 by 24."""

import asyncio
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import yaml
from dramatis.__main__ import GROUPS, _app
from dramatis.errors import CliError
from dramatis.rest import Rest, Written
from dramatis.target import RestTarget
from dramatis.tui.actions import Action, may
from dramatis.tui.app import Place, Tui, environment_of, start
from dramatis.tui.source import Scope, Source
from dramatis.tui.texts import cell, crash, document
from dramatis.tui.views import VIEWS
from service_devkit.testing.waiting import HANG_SECONDS
from textual.widgets import DataTable, Input, Static
from typer.main import get_command

pytestmark = pytest.mark.processes
WORKSPACE = "tui"
SNAPSHOTS = Path(__file__).parent / "screens"
NOVA = {"name": "Nova", "persona_name": "Nova Lind", "tone": "Warm."}


@pytest.fixture(scope="module")
def personas(stack):
    """Return a workspace's personas: Nova and Kim."""
    with Rest(stack.url("persona"), stack.token(WORKSPACE), Written()) as api:
        made = [
            api.send("POST", "/api/personas", json=body).json()
            for body in (NOVA, {"name": "Kim", "persona_name": "Kim"})
        ]
        yield {persona["name"]: persona for persona in made}


class Opened:
    """The app, driven by keys."""

    def __init__(self, app, pilot):
        self.app = app
        self.pilot = pilot

    @property
    def rows(self):
        table = self.app.screen_stack[0].query_one(DataTable)
        return [[str(c) for c in table.get_row_at(n)] for n in range(table.row_count)]

    @property
    def screen(self):
        """Return what the terminal shows, line by line."""
        width = self.app.size.width
        lines = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text[:width].rstrip() for strip in lines)

    def line(self, name):
        return str(self.app.screen_stack[0].query_one(f"#{name}", Static).render())

    async def press(self, *keys):
        await self.pilot.press(*keys)

    async def type(self, sign, text):
        await self.pilot.press(sign)
        self.app.query_one(Input).value = text
        await self.pilot.press("enter")

    async def until(self, promise):
        """Wait for what an answer of the stack brings."""
        end = time.monotonic() + HANG_SECONDS
        while not promise():
            assert time.monotonic() < end, self.screen
            await self.pilot.pause(0.05)


@pytest.fixture
def opened(stack, personas):
    """Return a function that opens the app at a list, as a caller with a role."""
    assert personas

    class Opening:
        def __init__(self, name="personas", role="admin", workspace=WORKSPACE):
            token = stack.token(workspace, role)
            self._rest = Rest(stack.endpoints().services["studio"], token, Written())
            self._source = source = Source(self._rest)
            target = RestTarget(workspace=workspace, data_dir=stack.data_dir)
            environment = environment_of(target, token)
            self.app = Tui(source, source.me(), Place(name), environment)
            self._test = self.app.run_test(size=(80, 24))

        async def __aenter__(self):
            return Opened(self.app, await self._test.__aenter__())

        async def __aexit__(self, *error):
            try:
                await self._test.__aexit__(*error)
            finally:
                self._source.__exit__()

    return Opening


async def test_the_first_list_has_the_personas_and_says_who_looks(opened):
    async with opened() as tui:
        await tui.until(lambda: len(tui.rows) >= 2)
        assert {row[1] for row in tui.rows} >= {"Nova", "Kim"}
        assert tui.line("where").startswith("dramatis · tui · ")
        assert "(admin) · Personas" in tui.line("where")


async def test_a_filter_leaves_the_rows_with_its_letters_and_escape_shows_all(opened):
    async with opened() as tui:
        await tui.until(lambda: len(tui.rows) >= 2)
        await tui.type("slash", "nova l")
        await tui.until(lambda: [row[1] for row in tui.rows] == ["Nova"])
        assert "/nova l" in tui.line("where")
        await tui.press("escape")
        await tui.until(lambda: len(tui.rows) >= 2)


async def test_the_command_bar_goes_to_a_list_and_escape_comes_back(opened):
    async with opened() as tui:
        await tui.type("colon", "audit")
        await tui.until(lambda: any("persona" in row[4] for row in tui.rows))
        await tui.press("escape")
        await tui.until(lambda: tui.app.place.name == "personas" and len(tui.rows) >= 2)


async def test_the_command_bar_runs_a_command_as_the_same_caller(opened, personas):
    async with opened() as tui:
        await tui.type("colon", "personas show Kim")
        await tui.until(lambda: len(tui.app.screen_stack) == 2)
        await tui.until(lambda: personas["Kim"]["persona_id"] in tui.screen)


@pytest.mark.parametrize("name", [name for name in VIEWS if name != "lead"])
async def test_every_list_is_read(stack, personas, name):
    fields = {"persona_id": personas["Nova"]["persona_id"]}
    with Rest(stack.endpoints().services["studio"], stack.token(WORKSPACE), Written()) as studio:
        rows = Source(studio).rows(name, Scope("Nova", fields))
    ids = [row.get(VIEWS[name].id) for row in rows]
    assert len(set(map(str, ids))) == len(ids)


async def test_enter_shows_all_of_a_persona(opened):
    async with opened() as tui:
        await tui.until(lambda: len(tui.rows) >= 2)
        await tui.type("slash", "nova l")
        await tui.until(lambda: len(tui.rows) == 1)
        await tui.press("enter")
        await tui.until(lambda: len(tui.app.screen_stack) == 2)
        assert "tone: Warm." in document_shown(tui)
        await tui.press("escape")
        assert len(tui.app.screen_stack) == 1


def document_shown(tui):
    return str(tui.app.screen.query_one("#text", Static).render())


async def test_a_persona_becomes_the_default_and_the_list_follows(opened):
    async with opened() as tui:
        await tui.until(lambda: len(tui.rows) >= 2)
        await tui.type("slash", "kim")
        await tui.until(lambda: len(tui.rows) == 1)
        await tui.press("s")
        await tui.until(lambda: tui.rows and tui.rows[0][0] == "yes")


async def test_the_history_of_the_persona_under_the_cursor(opened):
    async with opened() as tui:
        await tui.until(lambda: len(tui.rows) >= 2)
        await tui.type("slash", "nova l")
        await tui.until(lambda: len(tui.rows) == 1)
        await tui.press("h")
        await tui.until(lambda: tui.rows and tui.rows[-1][0] == "1")
        assert "Versions · Nova" in tui.line("where")


async def test_a_setting_of_the_workspace_is_typed_and_the_list_follows(opened):
    async with opened("settings") as tui:
        await tui.type("slash", "ideal_customer_profile")
        await tui.until(lambda: len(tui.rows) == 1)
        await tui.type("e", "Bicycle shops")
        await tui.until(lambda: tui.rows == [["ideal_customer_profile", "Bicycle shops"]])


async def test_prompts_are_tested_with_one_question(opened):
    async with opened() as tui:
        await tui.until(lambda: len(tui.rows) >= 2)
        await tui.type("slash", "nova l")
        await tui.until(lambda: len(tui.rows) == 1)
        await tui.press("p")
        await tui.until(lambda: tui.app.place.name == "prompts")
        await tui.type("t", "What does it cost?")
        await tui.until(lambda: len(tui.app.screen_stack) == 2)
        assert "active:" in document_shown(tui)


async def test_what_somebody_else_makes_appears_by_itself(opened, stack):
    async with opened() as tui:
        await tui.until(lambda: len(tui.rows) >= 2)
        with Rest(stack.url("persona"), stack.token(WORKSPACE), Written()) as api:
            await asyncio.to_thread(api.send, "POST", "/api/personas", json={"name": "Late"})
        await tui.until(lambda: "Late" in {row[1] for row in tui.rows})


async def test_a_viewer_is_offered_nothing_that_changes(opened):
    async with opened(role="viewer") as tui:
        await tui.until(lambda: len(tui.rows) >= 2)
        assert "make default" not in tui.line("keys")
        await tui.press("s")
        await tui.pilot.pause()
        assert [note.message for note in tui.app._notifications] == [
            "You are a viewer: to make default, one must be admin."
        ]
        await tui.press("question_mark")
        await tui.until(lambda: len(tui.app.screen_stack) == 2)
        assert "make default (needs the role admin)" in document_shown(tui)


async def test_keys_on_an_empty_list_do_nothing_but_say_so(opened):
    async with opened("conversations") as tui:
        await tui.until(lambda: "No conversations" in tui.line("problem"))
        await tui.press("D", "enter", "y")
        assert tui.app.return_code in {0, None}


async def test_a_refusal_is_told_and_the_app_goes_on(opened):
    async with opened("dead", role="viewer") as tui:
        await tui.until(lambda: "403" in tui.line("problem"))
        await tui.type("colon", "personas")
        await tui.until(lambda: len(tui.rows) >= 2)


def test_without_a_stack_the_command_says_how_to_start_one(run):
    refused = run("tui")
    assert refused.code == 1
    assert "No stack runs in .dramatis" in refused.err
    assert "dramatis up" in refused.err


def test_a_stack_that_is_gone_is_told_before_the_screen_is_taken():
    target = RestTarget(url="http://127.0.0.1:9", token="no-token")
    with pytest.raises(CliError, match="does not answer"):
        start(target, "personas")


def test_a_list_that_is_none_is_told_with_those_there_are(run):
    refused = run("tui", "horses")
    assert refused.code == 1
    assert "personas" in refused.err


async def test_a_fault_prints_its_place_and_no_token(opened, stack, capsys):
    token = stack.token(WORKSPACE)

    def fail(*_):
        secret = token
        raise KeyError(secret)

    opening = opened()
    opening.app.filter = fail

    async def use():
        async with opening as tui:
            await tui.type("slash", "x")

    with pytest.raises(KeyError):
        await use()
    told = capsys.readouterr().err
    assert "KeyError" in told
    assert "test_tui.py" in told
    assert token not in told


def test_what_is_told_of_a_fault_has_no_message():
    told = crash(httpx.ConnectError("bearer-words"))
    assert "ConnectError" in told
    assert "bearer-words" not in told


def test_what_strangers_chose_is_never_taken_for_an_option():
    chosen = ("{lead_id}", "{answer}", "{reason}", "{starter_id}")
    for view in VIEWS.values():
        for words in [view.show, *(action.words for action in view.actions)]:
            for number, word in enumerate(words):
                if word in chosen:
                    assert "--" in words[:number], words


def test_no_key_of_a_list_is_another_s_or_one_of_all_lists():
    for view in VIEWS.values():
        keys = [action.key for action in view.actions]
        assert len(set(keys)) == len(keys)
        assert not {*keys} & {"r", "y", "q", ":", "/", "?"}


def test_every_command_of_a_key_exists():
    groups = get_command(_app(list(GROUPS))).commands
    for view in VIEWS.values():
        for words in filter(None, [view.show, *(action.words for action in view.actions)]):
            command = groups[words[0]]
            rest = words[1:]
            if hasattr(command, "commands"):
                command, rest = command.commands[words[1]], words[2:]
            options = {
                option
                for parameter in command.params
                for option in [*parameter.opts, *parameter.secondary_opts]
            }
            named = {word.partition("=")[0] for word in rest if re.match("--.", word)}
            assert named <= options, words


def test_roles_include_those_before_them():
    action = Action(key="a", label="approve", least="editor")
    assert [may(role, action) for role in ("viewer", "editor", "admin")] == [False, True, True]


def test_cells_are_one_short_line_that_steers_no_terminal():
    assert cell("a\x1b[31mb\nc") == "a\ufffd[31mb c"
    assert len(cell("x" * 500)) == 48
    assert cell(None) == "-"
    assert cell({"email": True}) == "email yes"


def test_a_document_is_yaml():
    value = {
        "name": "Nova: the first",
        "signature": "Nova\nLind",
        "tags": ["a", "-b", ""],
        "deep": {"list": [{"x": 1, "y": None}], "none": []},
        "agreed": "yes",
    }
    assert yaml.safe_load(document(value)) == value


def is_as_kept(name, screen):
    """Compare a screen with the kept one, times aside; UPDATE_SCREENS=1 keeps it anew."""
    shown = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "2026-01-01 00:00", screen) + "\n"
    shown = re.sub(r"stand-ins: \d+", "stand-ins: 0", shown)
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("UPDATE_SCREENS"):
        path.write_text(shown)
    return shown == path.read_text()


async def test_screens_are_as_they_were(opened, stack):
    workspace = "tui-screens"
    with Rest(stack.url("persona"), stack.token(workspace), Written()) as api:
        nova = api.send("POST", "/api/personas", json=NOVA).json()
        api.send("POST", "/api/personas", json={"name": "Kim", "tags": ["sales", "spring"]})
        changed = {"json": {"tone": "Short."}, "headers": {"If-Match": '"1"'}}
        api.send("PATCH", f"/api/personas/{nova['persona_id']}", **changed)
    async with opened(workspace=workspace) as tui:
        await tui.until(lambda: len(tui.rows) == 2)
        await tui.until(lambda: is_as_kept("personas", tui.screen))
        await tui.press("question_mark")
        await tui.until(lambda: len(tui.app.screen_stack) == 2)
        await tui.until(lambda: is_as_kept("keys", tui.screen))
        await tui.press("escape")
        await tui.type("slash", "nova l")
        await tui.press("h")
        await tui.until(lambda: len(tui.rows) == 2)
        await tui.until(lambda: is_as_kept("versions", tui.screen))


TMUX = shutil.which("tmux")
SLOW_EDITOR = """
import sys, urllib.request

request = urllib.request.Request(
    {url!r},
    data=b'{{"tone": "Theirs."}}',
    method="PATCH",
    headers={{"Authorization": "Bearer " + {token!r}, "If-Match": {version!r}}}
    | {{"Content-Type": "application/json"}},
)
urllib.request.urlopen(request).read()
path = sys.argv[1]
text = open(path).read().replace("Warm.", "Mine.")
open(path, "w").write(text)
"""


@pytest.mark.skipif(TMUX is None, reason="no tmux here: apt-get install tmux")
def test_in_a_real_terminal_a_conflict_of_an_edit_is_shown_and_nothing_is_lost(stack, tmp_path):
    workspace = "tui-tmux"
    token = stack.token(workspace)
    with Rest(stack.url("persona"), token, Written()) as api:
        nova = api.send("POST", "/api/personas", json=NOVA).json()
    url = f"{stack.url('persona')}/api/personas/{nova['persona_id']}"
    editor = tmp_path / "editor.py"
    editor.write_text(SLOW_EDITOR.format(url=url, token=token, version='"1"'))
    with Terminal(stack, workspace, f"{sys.executable} {editor}") as terminal:
        terminal.shows("Nova Lind")
        terminal.press("e")
        terminal.shows("was faster", "+tone: Theirs.", "Your text is in", "Enter goes back")
        assert token not in terminal.text
        terminal.press("Enter")
        terminal.shows("? keys", "Nova Lind")
        terminal.press("q")
        terminal.ends()


class Terminal:
    """`dramatis tui` in a terminal of 80 by 24."""

    def __init__(self, stack, workspace, editor):
        self._name = f"dramatis-{os.getpid()}"
        variables = {
            "EDITOR": editor,
            "DRAMATIS_DATA_DIR": str(stack.data_dir),
            "DRAMATIS_WORKSPACE": workspace,
            "TERM": "screen-256color",
        }
        given = [f"{name}={value}" for name, value in variables.items()]
        self._command = shlex.join(["env", *given, sys.executable, "-m", "dramatis", "tui"])

    def __enter__(self):
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", self._command)
        return self

    def __exit__(self, *_):
        self._tmux("kill-server", check=False)

    @property
    def text(self):
        return self._tmux("capture-pane", "-p", "-J", "-S", "-200", check=False).stdout

    def press(self, key):
        self._tmux("send-keys", key)

    def shows(self, *parts):
        end = time.monotonic() + HANG_SECONDS
        while not all(part in self.text for part in parts):
            assert time.monotonic() < end, self.text
            time.sleep(0.1)

    def ends(self):
        end = time.monotonic() + HANG_SECONDS
        while self._tmux("has-session", check=False).returncode == 0:
            assert time.monotonic() < end, self.text
            time.sleep(0.1)

    def _tmux(self, *words, check=True):
        return subprocess.run(
            [TMUX, "-L", self._name, *words], capture_output=True, text=True, check=check
        )
