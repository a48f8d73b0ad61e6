"""`dramatis events`: what happens, live."""

import asyncio
import json as json_
import re
from contextlib import aclosing
from datetime import timedelta
from typing import Annotated, Any, cast

import typer
from rich.text import Text
from service_kit.clock import utc_now

from dramatis.broker import connected
from dramatis.event_feed import FeedEvent, follow
from dramatis.options import examples, expand
from dramatis.output import err, out, print_json, printable
from dramatis.target import BrokerTarget

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


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="What happens, live.")
    group.callback()(_events)
    group.command(
        epilog=examples(
            "dramatis events tail",
            "dramatis events tail 'persona.>'",
            "dramatis events tail 'draft.*.v1.acme' --since 10m --json",
        )
    )(expand(tail))
    app.add_typer(group, name="events")


def _events() -> None:
    """Follow what happens, live."""


async def _tail(
    target: BrokerTarget, subject: str, since: timedelta | None, limit: int | None
) -> None:
    begin = None if since is None else utc_now() - since
    async with (
        connected(target.address) as connection,
        aclosing(follow(connection, subject, begin)) as events,
    ):
        if not target.json:
            err.print(f"following {subject}; Ctrl-C ends", markup=False)
        count = 0
        async for event in events:
            _print(event, as_json=target.json)
            count += 1
            if count == limit:
                return


def _print(event: FeedEvent, *, as_json: bool) -> None:
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
