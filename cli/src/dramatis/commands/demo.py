"""`dramatis demo`: the whole story, in a throw-away stack."""

import signal
import time
from typing import TYPE_CHECKING

import typer
from rich.status import Status

from dramatis.lazy import Lazy
from dramatis.options import examples
from dramatis.output import err
from dramatis.target import AsJson

if TYPE_CHECKING:
    from dramatis import demo_story
    from dramatis import stack as local_stack
else:
    demo_story = Lazy("dramatis.demo_story")
    local_stack = Lazy("dramatis.stack")


def demo(*, json: AsJson = False) -> None:
    """Start a throw-away stack, draft answers to real replies, edit a persona, see the next draft.

    Then a persona gets three documents, and answers a question from them, with the page, by e-mail
    and on the phone: its voice agent, at a stand-in for the vendor, follows the edit. Last, a
    sequence of follow-ups is blocked by a missing setting, fixed, sent, and stopped by a reply.

    Needs no key: the drafts are written by the offline writer, which says so.
    """
    started_at = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        Status("starting", console=err) as status,
        local_stack.Stack(ephemeral=True, on_step=status.update, fake_elevenlabs=True) as stack,
    ):
        status.stop()
        demo_story.say(f"The stack was up in {time.monotonic() - started_at:.1f} s.", as_json=json)
        demo_story.play(stack, as_json=json)
    demo_story.say(
        f"Done in {time.monotonic() - started_at:.1f} s; nothing is left behind.", as_json=json
    )


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=examples("dramatis demo", "dramatis demo --json"))(demo)
