"""Ids that we make: UUIDv7, so that they sort by the time they were made."""

from uuid import UUID

import uuid_utils


def new_id() -> UUID:
    """Return a new UUIDv7 (RFC 9562)."""
    return UUID(bytes=uuid_utils.uuid7().bytes)
