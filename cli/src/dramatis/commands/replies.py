"""`dramatis replies`: reply e-mails in, drafts out."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress

from dramatis.draft_text import print_draft
from dramatis.errors import CliError
from dramatis.lazy import Lazy
from dramatis.options import examples, expand
from dramatis.output import err, print_json, print_plain
from dramatis.rest import Rest
from dramatis.target import RestTarget, subject_id
from dramatis.wire_names import Channel

if TYPE_CHECKING:
    import persona_contracts
    import pydantic

    from dramatis import reply_files, sent_replies
else:
    persona_contracts = Lazy("persona_contracts")
    pydantic = Lazy("pydantic")
    reply_files = Lazy("dramatis.reply_files")
    sent_replies = Lazy("dramatis.sent_replies")


@dataclass(frozen=True, kw_only=True)
class Sending:
    """How files are sent."""

    campaign: Annotated[
        str | None,
        typer.Option("--campaign", parser=subject_id, help="The campaign that is replied to."),
    ] = None
    channel: Annotated[Channel, typer.Option("--channel", help="Where it came from.")] = "email"
    lead: Annotated[
        str | None,
        typer.Option("--lead", help="Who replies, if not the sender of an .eml."),
    ] = None
    new: Annotated[
        bool, typer.Option("--new", help="Take files that were sent before as new messages.")
    ] = False
    wait: Annotated[bool, typer.Option("--wait", help="Print each draft as it appears.")] = False
    timeout: Annotated[
        float, typer.Option("--timeout", min=1, help="Seconds that --wait waits at most.")
    ] = 120


Files = Annotated[
    list[Path], typer.Argument(help="Replies: .eml (whole messages) or .txt (bodies).")
]


def send(target: RestTarget, sending: Sending, *, files: Files) -> None:
    """Send each file as one reply of a lead.

    The same file is the same message, however often it is sent: there is one draft.
    """
    replies = _replies(target, sending, files)
    with target.rest("draft") as drafts:
        if sending.wait:
            show = print_json if target.json else partial(print_draft, name_of=_names(target))
            _send_and_wait(drafts, replies, sending.timeout, show)
            return
        for path, reply in zip(files, replies, strict=True):
            accepted = sent_replies.send_reply(drafts, reply)
            if target.json:
                print_json({"file": str(path), **accepted})
            else:
                print_plain(f"{path}: {accepted['message_id']}")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Replies of leads.")
    group.callback()(_group)
    group.command(
        epilog=examples(
            "dramatis replies send reply.eml --wait",
            "dramatis replies send *.txt --campaign spring --wait --json",
        )
    )(expand(send))
    app.add_typer(group, name="replies")


def _group() -> None:
    """Send replies of leads."""


def _replies(
    target: RestTarget, sending: Sending, files: list[Path]
) -> "list[persona_contracts.LeadRepliedV1]":
    """Read all files, so that nothing is sent when one of them is wrong."""
    to = reply_files.Addressing(
        workspace_id=target.workspace,
        campaign_id=sending.campaign,
        channel=persona_contracts.Channel(sending.channel),
        lead_id=sending.lead,
        as_new=sending.new,
    )
    replies: list[persona_contracts.LeadRepliedV1] = []
    for path in files:
        try:
            replies.append(reply_files.read_reply(path, to))
        except pydantic.ValidationError as error:
            problems = "; ".join(f"{e['loc'][0]}: {e['msg']}" for e in error.errors())
            raise CliError(f"{path} cannot be sent: {problems}.") from error
    return replies


def _names(target: RestTarget) -> Callable[[str], str | None]:
    """Return what names a persona; None where persona-svc is not known, or does not answer."""

    @cache
    def name_of(persona_id: str) -> str | None:
        if target.url is not None:  # draft-svc's own
            return None
        with suppress(CliError), target.rest("persona") as personas:
            return personas.get(f"/api/personas/{persona_id}")["name"]
        return None

    return name_of


def _send_and_wait(
    drafts: Rest,
    replies: "list[persona_contracts.LeadRepliedV1]",
    timeout_seconds: float,
    show: Callable[[dict[str, Any]], None],
) -> None:
    with Progress(console=err, transient=True) as progress:
        sent = progress.add_task("sent", total=len(replies))
        drafted = progress.add_task("drafts", total=len(replies))
        message_ids: dict[str, Any] = {}
        for reply in replies:
            message_ids[sent_replies.send_reply(drafts, reply)["message_id"]] = None
            progress.advance(sent)
        progress.update(drafted, total=len(message_ids))
        try:
            for draft in sent_replies.wait_for_drafts(drafts, message_ids, timeout_seconds):
                progress.advance(drafted)
                show(draft)
        except TimeoutError as error:
            raise CliError(
                f"No draft in {timeout_seconds:g} s for {error}.",
                "See `dramatis dead list`, and the log of draft-svc in the data folder.",
            ) from error
