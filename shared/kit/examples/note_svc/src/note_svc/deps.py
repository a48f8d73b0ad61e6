"""What the handlers, routes and workers of note-svc are given."""

from dataclasses import dataclass

from service_kit.service import Service
from service_kit.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteDeps:
    """Everything here lives as long as the process."""

    store: Store


def build(service: Service) -> NoteDeps:
    """Return the deps of this process."""
    return NoteDeps(store=service.store)
