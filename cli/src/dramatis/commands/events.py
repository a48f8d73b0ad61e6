"""`dramatis events`: what happens, live; and events as a CRM sends them."""

import asyncio
import json as json_
import re
from collections.abc import Sequence
from contextlib import aclosing
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from rich.text import Text

from dramatis.errors import CliError
from dramatis.lazy import Lazy
from dramatis.options import examples, expand
from dramatis.output import err, out, print_json, print_table, printable
from dramatis.target import AsJson, BrokerTarget

if TYPE_CHECKING:
    from service_kit import clock, publishing

    from dramatis import broker, crm_events, event_feed
else:
    clock = Lazy("service_kit.clock")
    publishing = Lazy("service_kit.publishing")
    broker = Lazy("dramatis.broker")
    crm_events = Lazy("dramatis.crm_events")
    event_feed = Lazy("dramatis.event_feed")

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
SHOWN_CHARS = 60
HIDDEN = {"workspace_id", "occurred_at"}
COLOURS = {"lead": "cyan", "draft": "green", "persona": "magenta", "dead": "red"}


def _age(text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if match is None:
        raise typer.BadParameter("must be a number with s, m, h or d, such as 10m")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def tail(
    target: BrokerTarget,
    *,
    subject: Annotated[
        str, typer.Argument(help="A NATS subject; * is one part of it, > is the rest.")
    ] = ">",
    since: Annotated[
        timedelta | None,
        typer.Option("--since", parser=_age, metavar="AGE", help="Begin so long ago, as in 10m."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="End after so many events.")
    ] = None,
) -> None:
    """Print events as they happen, until Ctrl-C."""
    try:
        asyncio.run(_tail(target, subject, since, limit))
    except KeyboardInterrupt:
        return


def send(
    target: BrokerTarget,
    *,
    event_type: Annotated[str, typer.Argument(metavar="TYPE", help="Such as lead.replied.")],
    file: Annotated[
        Path, typer.Argument(help="One body as JSON, or an array of them; - is standard input.")
    ],
) -> None:
    """Check events of a CRM, and store them where the services read them.

    All are checked before the first is sent. What was stored before is not stored twice.
    """
    messages = crm_events.read_events(_known(event_type), file)
    for message, is_new in zip(messages, asyncio.run(_send(target, messages)), strict=True):
        if target.json:
            print_json({"subject": message.subject, "stored": is_new})
        else:
            what = "stored" if is_new else "was stored before"
            out.print(printable(f"{message.subject}  {what}"), markup=False)


def types(
    *,
    event_type: Annotated[
        str | None, typer.Argument(metavar="[TYPE]", help="Print an example of this one alone.")
    ] = None,
    json: AsJson = False,
) -> None:
    """List what a CRM may send, or print an example, ready to be changed and sent."""
    if event_type is not None:
        out.print_json(data=crm_events.example_of(_known(event_type)))
        return
    told = {
        name: (model.__doc__ or "").splitlines()[0] for name, model in crm_events.CRM_EVENTS.items()
    }
    if not json:
        print_table(("type", "what it tells"), told.items())
        return
    for name, model in crm_events.CRM_EVENTS.items():
        print_json(
            {
                "type": name,
                "tells": told[name],
                "dataschema": model.schema_urn(),
                "example": crm_events.example_of(name),
            }
        )


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="What happens, live; and what a CRM tells.")
    group.callback()(_events)
    group.command(
        epilog=examples(
            "dramatis events send lead.outcome meeting.json",
            "dramatis events types lead.replied | dramatis events send lead.replied -",
        )
    )(expand(send))
    group.command(
        epilog=examples("dramatis events types", "dramatis events types campaign.synced > c.json")
    )(types)
    group.command(
        epilog=examples(
            "dramatis events tail",
            "dramatis events tail 'persona.>'",
            "dramatis events tail 'draft.*.v1.acme' --since 10m --json",
        )
    )(expand(tail))
    app.add_typer(group, name="events")


def _events() -> None:
    """Follow what happens, and tell what a CRM tells."""


def _known(event_type: str) -> str:
    if event_type not in crm_events.CRM_EVENTS:
        near = get_close_matches(event_type, crm_events.CRM_EVENTS, 1)
        meant = (
            f"Did you mean {near[0]}?" if near else f"One of {', '.join(crm_events.CRM_EVENTS)}."
        )
        raise CliError(f"No CRM sends {event_type!r}.", meant)
    return event_type


async def _send(target: BrokerTarget, messages: "Sequence[publishing.Message]") -> list[bool]:
    async with broker.connected(target.address) as connection:
        try:
            return [await publishing.send_one(connection, message) for message in messages]
        except publishing.MessageTooLargeError as error:
            raise CliError(str(error)) from error


async def _tail(
    target: BrokerTarget, subject: str, since: timedelta | None, limit: int | None
) -> None:
    begin = None if since is None else clock.utc_now() - since
    async with (
        broker.connected(target.address) as connection,
        aclosing(event_feed.follow(connection, subject, begin)) as events,
    ):
        if not target.json:
            err.print(f"following {subject}; Ctrl-C ends", markup=False)
        count = 0
        async for event in events:
            _print(event, as_json=target.json)
            count += 1
            if count == limit:
                return


def _print(event: "event_feed.FeedEvent", *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "subject": event.subject,
                "id": event.event_id,
                "source": event.headers.get("ce-source"),
                "stored_at": event.stored_at.isoformat(),
                "stream": event.stream,
                "data": event.data,
            }
        )
        return
    noun = event.subject.partition(".")[0]
    line = Text(f"{event.stored_at.astimezone():%H:%M:%S} ", style="dim")
    line.append(printable(event.subject), style=COLOURS.get(noun, "blue"))
    line.append(f"  {printable(_summary(event.data))}", style="default")
    out.print(line)


def _summary(data: object) -> str:
    if not isinstance(data, dict):
        return _short(data)
    members = cast("dict[str, Any]", data)
    return " ".join(
        f"{name}={_short(value)}"
        for name, value in members.items()
        if name not in HIDDEN and value not in (None, [], {})
    )


def _short(value: object) -> str:
    text = json_.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARS else f"{text[: SHOWN_CHARS - 1]}…"
