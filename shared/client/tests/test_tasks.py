import asyncio

from persona_client.tasks import cancelled


async def test_a_task_whose_answer_comes_with_its_cancellation_ends_too():
    answer = asyncio.get_running_loop().create_future()
    waiting = asyncio.Event()

    async def asks() -> None:
        waiting.set()
        await asyncio.wait_for(answer, 120)
        await asyncio.Event().wait()

    task = asyncio.create_task(asks())
    await waiting.wait()
    await asyncio.sleep(0)
    answer.set_result(None)
    await asyncio.wait_for(cancelled([task], patience_seconds=0.01), 120)
    assert task.cancelled()


async def test_what_has_ended_or_failed_holds_nobody_up():
    async def fails() -> None:
        raise ValueError

    ended = asyncio.create_task(asyncio.sleep(0))
    failed = asyncio.create_task(fails())
    await asyncio.wait([ended, failed])
    await asyncio.wait_for(cancelled([ended, failed]), 120)
    assert not ended.cancelled()
    assert isinstance(failed.exception(), ValueError)


async def test_no_task_is_nothing_to_wait_for():
    await cancelled([])
