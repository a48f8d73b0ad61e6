"""A place for each stream of audio that the provider allows at once, dealt fairly."""

import asyncio
from collections import OrderedDict, deque

from voice_svc.domain.speech import SpeechQueueError

MAX_PLACES = 200


class FairGate:
    """Lets `places` in at once; those who wait are let in by workspace in turn."""

    def __init__(self, places: int, wait_seconds: float) -> None:
        self._places = places
        self._wait_seconds = wait_seconds
        self._taken = 0
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    async def enter(self, workspace_id: str) -> None:
        """Take a place; give it back by `leave`.

        Raises:
            SpeechQueueError: none came free in time.
        """
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(workspace_id, deque()).append(turn)
        self._admit()
        try:
            async with asyncio.timeout(self._wait_seconds):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.leave()
            turn.cancel()
            if isinstance(error, TimeoutError):
                raise SpeechQueueError(
                    f"{self._taken} texts are being said; none ended in {self._wait_seconds:g} s."
                ) from None
            raise

    def leave(self) -> None:
        """Give a place back."""
        self._taken -= 1
        self._admit()

    def resize(self, places: int) -> None:
        """Let more in, or fewer, as the provider says."""
        self._places = min(max(1, places), MAX_PLACES)
        self._admit()

    def _admit(self) -> None:
        while self._taken < self._places and self._waiting:
            workspace_id, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._waiting[workspace_id] = turns
            if not turn.done():
                self._taken += 1
                turn.set_result(None)
