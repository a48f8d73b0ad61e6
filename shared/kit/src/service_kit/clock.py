"""The only place that asks what time it is."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from persona_contracts import Received

CLOCK_LEEWAY = timedelta(seconds=300)
"""How far a CRM's clock may be behind ours."""


def utc_now() -> datetime:
    """Return the present, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 — the one allowed place


def counted_from(item: "Received[Any]", told: datetime, *, now: datetime) -> datetime:
    """Return the time `told` by an event, but not after its arrival: a CRM's clock may be ahead.

    Args:
        item: the event as it arrived.
        told: a time that it tells of, such as `received_at`.
        now: by the database's clock.
    """
    return min(told, item.arrived_at or now, now)


def latest_time(item: "Received[Any]", told: datetime, *, now: datetime) -> datetime:
    """Return when what an event tells of can have been at the latest, by our clock.

    That is its arrival, if the CRM's clock may just be behind, else the time that is `told`.
    """
    arrived_at = min(item.arrived_at or now, now)
    return arrived_at if arrived_at - told <= CLOCK_LEEWAY else told
