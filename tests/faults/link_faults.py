"""What happens to a network, as functions of a FaultLink."""

import asyncio


async def stall(link):
    link.stall()
    await asyncio.sleep(2)
    link.restore()


async def cut_twice(link):
    for _ in range(2):
        link.cut()
        await asyncio.sleep(0.5)
        link.restore()
        await asyncio.sleep(0.5)


async def slow_down(link):
    link.delay(0.3)
    await asyncio.sleep(1)
    link.restore()


async def half_open(link):
    link.half_open()
