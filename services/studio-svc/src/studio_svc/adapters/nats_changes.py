"""Events of all workspaces as they pass, over one subscription of core NATS."""

import asyncio
from collections.abc import Callable
from typing import Final, NoReturn
from urllib.parse import unquote

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from pydantic import BaseModel, ValidationError
from structlog import get_logger

from studio_svc.domain.change import Change

SUBJECTS: Final = "*.*.v1.*"
"""`<noun>.<verb>.v1.<workspace_id>`: every event."""
CHECK_SECONDS: Final = 0.5

log = get_logger(__name__)


class _Revised(BaseModel):
    """All that is read of an event."""

    revision: int | None = None


class NatsChanges:
    """Notes which thing each event is about."""

    def __init__(
        self,
        connection: Client,
        note: Callable[[str, Change], None],
        note_gap: Callable[[], None],
    ) -> None:
        """Take who is told of a change in a workspace, and that some may have been missed."""
        self._connection = connection
        self._note = note
        self._note_gap = note_gap

    async def run(self) -> NoReturn:
        """Listen until cancelled; after the broker was away, anything may have changed."""
        await self._subscribe()
        reconnects = self._connection.stats["reconnects"]
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            if self._connection.stats["reconnects"] != reconnects:
                reconnects = self._connection.stats["reconnects"]
                self._note_gap()

    async def _subscribe(self) -> None:
        while True:
            try:
                if self._connection.is_connected:
                    await self._connection.subscribe(SUBJECTS, cb=self._on_message)  # pyright: ignore[reportUnknownMemberType]
                    await self._connection.flush()
                    return
            except (NatsError, OSError) as error:
                log.info("changes.not_heard_yet", reason=type(error).__name__)
            await asyncio.sleep(CHECK_SECONDS)

    async def _on_message(self, message: Msg) -> None:
        kind, _, _, workspace_id = message.subject.split(".")
        subject = (message.headers or {}).get("ce-subject")
        try:
            revision = _Revised.model_validate_json(message.data).revision
        except ValidationError:
            revision = None
        thing = unquote(subject) if subject else None
        self._note(workspace_id, Change(kind=kind, id=thing, revision=revision))
