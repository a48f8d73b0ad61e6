"""Named steps at which a test lets this process die (reliability.md F1); inert otherwise."""

import os
import signal
from collections import Counter

_die_at: Counter[str] = Counter()


def die_at(step: str) -> None:
    """Kill this process, as `kill -9` does, at `<step>` or at the n-th `<step>:<n>` (from 1)."""
    name, _, times = step.partition(":")
    _die_at[name] = int(times or 1)


def crash_point(step: str) -> None:
    """Die here if a test chose `step`; else nothing."""
    if step not in _die_at:
        return
    _die_at[step] -= 1
    if _die_at[step] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
