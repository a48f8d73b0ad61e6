"""`dramatis dead`: messages that could not be handled."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dramatis.errors import CliError
from dramatis.lazy import Lazy
from dramatis.options import examples, expand
from dramatis.output import out, print_json, print_plain, print_table
from dramatis.target import BrokerTarget

if TYPE_CHECKING:
    from nats.aio.client import Client
    from service_kit import clock

    from dramatis import broker, dead_letters
    from dramatis.dead_letters import ParkedMessage
else:
    clock = Lazy("service_kit.clock")
    broker = Lazy("dramatis.broker")
    dead_letters = Lazy("dramatis.dead_letters")

NOTHING = "Nothing is parked: every message was handled."
MAX_REPLAYED = 10_000
Number = Annotated[int, typer.Argument(min=1, help="The number that `dead list` shows.")]


def list_(
    target: BrokerTarget,
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many, the newest.")] = 50,
) -> None:
    """List the parked messages: reason, consumer, age."""
    parked, total = asyncio.run(_list(target, limit))
    if target.json:
        print_json({"items": [_summary(message) for message in parked], "total": total})
    elif not parked:
        out.print(NOTHING)
    else:
        columns = ("number", "reason", "consumer", "age", "deliveries", "subject", "detail")
        print_table(columns, map(_row, parked))
        if total > len(parked):
            out.print(f"These are the newest {len(parked)} of {total}.")


def show(target: BrokerTarget, *, number: Number) -> None:
    """Show one parked message: why, its headers and its body."""
    parked = asyncio.run(_show(target, number))
    body = parked.body.decode(errors="replace")
    if target.json:
        print_json({**_summary(parked), "headers": dict(parked.headers), "body": body})
        return
    for name, value in _summary(parked).items():
        print_plain(f"{name}: {value}")
    for name, value in parked.headers.items():
        print_plain(f"{name}: {value}")
    print_plain(f"\n{body}")


def replay(
    target: BrokerTarget,
    *,
    numbers: Annotated[
        list[int] | None, typer.Argument(min=1, help="The numbers that `dead list` shows.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Replay all parked messages.")] = False,
) -> None:
    """Publish parked messages again where they came from, and take them off the list.

    They keep their identity (`ce-id`): consumers that had handled one ignore it.
    """
    if every == bool(numbers):
        raise typer.BadParameter("Name the messages, or pass --all.")
    replayed = asyncio.run(_replay(target, None if every else numbers))
    if target.json:
        print_json({"items": replayed})
    elif not replayed:
        out.print(NOTHING)
    for item in [] if target.json else replayed:
        print_plain(f"{item['number']}: published again on {item['subject']}")
        if item["added_ce_id"]:
            print_plain(f"   its sender gave no ce-id; it was added: {item['added_ce_id']}")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Messages that could not be handled.")
    group.command("list", epilog=examples("dramatis dead list", "dramatis dead list --json"))(
        expand(list_)
    )
    group.command(epilog=examples("dramatis dead show 3"))(expand(show))
    group.command(epilog=examples("dramatis dead replay 3 4", "dramatis dead replay --all"))(
        expand(replay)
    )
    app.add_typer(group, name="dead")


async def _list(target: BrokerTarget, limit: int) -> "tuple[list[ParkedMessage], int]":
    async with broker.connected(target.address) as connection:
        return await dead_letters.list_parked(connection, limit)


async def _show(target: BrokerTarget, number: int) -> "ParkedMessage":
    async with broker.connected(target.address) as connection:
        return await _existing(connection, number)


async def _replay(target: BrokerTarget, numbers: list[int] | None) -> list[dict[str, Any]]:
    async with broker.connected(target.address) as connection:
        if numbers is None:
            listed, _ = await dead_letters.list_parked(connection, MAX_REPLAYED)
            numbers = [message.sequence for message in listed]
        messages = [await _existing(connection, number) for number in numbers]
        return [
            {
                "number": message.sequence,
                "subject": message.subject,
                "added_ce_id": await dead_letters.replay_parked(connection, message),
            }
            for message in messages
        ]


async def _existing(connection: "Client", number: int) -> "ParkedMessage":
    parked = await dead_letters.load_parked(connection.jetstream(), number)  # pyright: ignore[reportUnknownMemberType]
    if parked is None:
        raise CliError(f"No message {number} is parked.", "See `dramatis dead list`.")
    return parked


def _summary(parked: "ParkedMessage") -> dict[str, Any]:
    return {
        "number": parked.sequence,
        "reason": parked.reason,
        "detail": parked.detail,
        "consumer": parked.consumer,
        "stream": parked.stream,
        "subject": parked.subject,
        "original_sequence": parked.original_sequence,
        "deliveries": parked.deliveries,
        "parked_at": parked.parked_at.isoformat() if parked.parked_at else None,
    }


def _row(parked: "ParkedMessage") -> tuple[object, ...]:
    return (
        parked.sequence,
        parked.reason,
        parked.consumer,
        _age(parked),
        parked.deliveries,
        parked.subject,
        parked.detail,
    )


def _age(parked: "ParkedMessage") -> str | None:
    if parked.parked_at is None:
        return None
    seconds = int((clock.utc_now() - parked.parked_at).total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{max(seconds, 0)} s"
