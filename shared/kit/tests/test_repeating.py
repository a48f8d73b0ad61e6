import asyncio

import pytest
from service_kit.errors import UpstreamError
from service_kit.repeating import repeat
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

AWAY = (OperationalError("select 1", {}, OSError()), OSError(), UpstreamError("away"))


async def test_what_is_away_is_told_and_asked_again_and_a_bug_ends_it():
    answers = iter([None, *AWAY, None, ZeroDivisionError()])

    async def do():
        answer = next(answers)
        if answer is not None:
            raise answer

    with capture_logs() as logs, pytest.raises(ZeroDivisionError):
        await repeat(do, 0, failed="thing.not_done")
    assert [(each["event"], each["log_level"], each["reason"]) for each in logs] == [
        ("thing.not_done", "warning", type(error).__name__) for error in AWAY
    ]


async def test_it_rests_in_between():
    began, done = asyncio.Event(), 0

    async def do():
        nonlocal done
        done += 1
        began.set()

    task = asyncio.create_task(repeat(do, 3_600, failed="thing.not_done"))
    await began.wait()
    for _ in range(10):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == 1
