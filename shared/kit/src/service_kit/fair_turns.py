"""Turns at something scarce, dealt to workspaces in rotation, however many each asks for."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class FairTurns:
    """Up to `count` turns at a time; of those that wait, each workspace's oldest comes in turn."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def of(self, workspace_id: str) -> AsyncGenerator[None]:
        """Wait for a turn of this workspace, and hold it."""
        await self._take(workspace_id)
        try:
            yield
        finally:
            self._free += 1
            self._hand_on()

    async def _take(self, workspace_id: str) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(workspace_id, deque()).append(turn)
        self._hand_on()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._free += 1
                self._hand_on()
            raise

    def _hand_on(self) -> None:
        while self._free and self._waiting:
            workspace_id, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._waiting[workspace_id] = turns
            if not turn.done():
                self._free -= 1
                turn.set_result(None)
