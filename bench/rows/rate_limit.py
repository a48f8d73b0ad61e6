"""Row 17: what a request pays for its rate limits, beside a counter in a dictionary."""

from time import perf_counter
from uuid import UUID

from measured import Measured, Row
from service_kit.identity import Principal, Role
from service_kit.rate_limits import RateLimits

CALLERS = [
    Principal(workspace_id=f"w{n % 50}", subject="key", role=Role.EDITOR, key_id=UUID(int=n))
    for n in range(200)
]
PLENTY = 10**9


def measure(*, quick: bool) -> Row:
    """Count requests of 200 keys in 50 workspaces, by turns here and by hand."""
    rounds = 20 if quick else 500
    limits = RateLimits(per_key=PLENTY, per_workspace=PLENTY)
    counted = dict[object, int]()
    ours = theirs = 0.0
    for _ in range(rounds):
        began = perf_counter()
        for caller in CALLERS:
            limits.spend(caller)
        ours += perf_counter() - began
        began = perf_counter()
        for caller in CALLERS:
            counted[caller.key_id] = counted.get(caller.key_id, 0) + 1
            counted[caller.workspace_id] = counted.get(caller.workspace_id, 0) + 1
        theirs += perf_counter() - began
    requests = rounds * len(CALLERS)
    return Row(
        title="The rate limits of a request",
        figures=[
            Measured("per request", ours / requests * 1_000, "ms", at_most=0.3),
            Measured("two counters in a dictionary", theirs / requests * 1_000, "ms"),
        ],
    )
