"""An answer while it is written: its words go to readers at once, to the store each second."""

import asyncio
from uuid import UUID

from chat_svc.domain.delta import Delta
from chat_svc.usecases.ports import Deltas

JOIN_SECONDS = 0.03


class GrowingAnswer:
    """The words so far; `tell` sends them to whoever reads, joined for JOIN_SECONDS."""

    def __init__(self, deltas: Deltas, workspace_id: str, message_id: UUID, run: int) -> None:
        self._deltas = deltas
        self._workspace_id = workspace_id
        self._message_id = message_id
        self._run = run
        self._parts: list[str] = []
        self._told = 0
        self._some = asyncio.Event()

    @property
    def text(self) -> str:
        """All of it."""
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0] if self._parts else ""

    def add(self, text: str) -> None:
        """Let more words come."""
        self._parts.append(text)
        self._some.set()

    async def tell(self) -> None:
        """Send what comes, until cancelled."""
        while True:
            await self._some.wait()
            self._some.clear()
            await self.flush()
            await asyncio.sleep(JOIN_SECONDS)

    async def flush(self, *, ended: bool = False) -> None:
        """Send what has come since the last time, and whether that was all."""
        text = self.text
        new, start = text[self._told :], self._told
        self._told = len(text)
        delta = Delta(run=self._run, start=start, text=new, ended=ended)
        await self._deltas.send(self._workspace_id, self._message_id, delta)
