"""The only place that asks what time it is."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the present, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 — the one allowed place
