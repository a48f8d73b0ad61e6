"""Cleans long replies in separate processes: no hostile mail costs others more than a turn."""

import asyncio
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import NoReturn

from service_kit.fair_turns import FairTurns

from draft_svc.domain.reply import CleanReply, ReplyForms, ReplyTooComplexError, clean_reply

SHORT_CHARS = 1_000
"""A millisecond or two: about what a thread costs."""
MIDDLE_CHARS = 32_000
"""At most a few hundredths of a second in a thread; typed mails are not longer."""
PROCESSES = 2
ATTEMPTS = 2
"""A process may have ended for another's reply."""
CPU_SECONDS = 0.5
"""Of processor time for the whole of a reply, and once more for its plain text alone."""


class CleaningPool:
    """Cleans replies: short ones at once, long ones in processes that workspaces take in turn."""

    def __init__(self, processes: int = PROCESSES, cpu_seconds: float = CPU_SECONDS) -> None:
        self._cpu_seconds = cpu_seconds
        self._processes = processes
        self._turns = FairTurns(processes)
        self._pool: ProcessPoolExecutor | None = None

    async def clean(self, workspace_id: str, forms: ReplyForms) -> CleanReply:
        """Return the newest words of a reply; of its plain text if the others cost too much.

        Raises:
            ReplyTooComplexError: so does the plain text, or there is none.
        """
        if _chars(forms) <= SHORT_CHARS:
            return clean_reply(**forms)
        async with self._turns.of(workspace_id):
            if _chars(forms) <= MIDDLE_CHARS:
                return await asyncio.to_thread(clean_reply, **forms)
            return await self._within_limit(forms)

    async def keep_open(self) -> None:
        """Keep the processes until cancelled, then end them."""
        try:
            await asyncio.Event().wait()
        finally:
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)

    async def _within_limit(self, forms: ReplyForms) -> CleanReply:
        plain: ReplyForms = {**forms, "body_html": None, "raw_email": None}
        for each in (forms, plain) if forms["body_text"] and plain != forms else (forms,):
            cleaned = await self._run(each)
            if cleaned is not None:
                return cleaned
        raise ReplyTooComplexError(f"it took more than {self._cpu_seconds:g} s of processor time")

    async def _run(self, forms: ReplyForms) -> CleanReply | None:
        """Return the cleaned reply; None: it cost too much, or ended its process twice."""
        loop = asyncio.get_running_loop()
        for _ in range(ATTEMPTS):
            pool = self._processes_now()
            try:
                return await loop.run_in_executor(pool, clean_within, forms, self._cpu_seconds)
            except BrokenProcessPool:
                self._pool = None if self._pool is pool else self._pool
        return None

    def _processes_now(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._processes, context, _end_with_parent)
        return self._pool


def _chars(forms: ReplyForms) -> int:
    return sum(len(forms[name] or "") for name in ("body_text", "body_html", "raw_email"))


class _OverLimitError(BaseException):
    """The processor time is up; no `except Exception` on the way keeps it."""


def clean_within(forms: ReplyForms, cpu_seconds: float) -> CleanReply | None:
    """Return the cleaned reply; None if it takes more processor time. In a main thread only."""
    signal.signal(signal.SIGPROF, _over)
    try:
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
        try:
            return clean_reply(**forms)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except _OverLimitError:  # also when the time is up between the two
        return None


def _over(*_: object) -> NoReturn:
    raise _OverLimitError


def _end_with_parent() -> None:
    """Let this process end with the one that started it, also when that is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
