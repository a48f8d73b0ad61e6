"""Long replies are cleaned in separate processes, within a limit, and by turns."""

import asyncio
import os
import signal

import psutil
import pytest
from draft_svc.adapters import cleaning_pool
from draft_svc.adapters.cleaning_pool import CleaningPool, clean_within
from draft_svc.domain.reply import ReplyTooComplexError
from service_devkit.testing.waiting import wait_until

LONG = "What does it cost?\n" + "We read your offer with interest.\n" * 1_500
COSTLY = "<p>What does it cost?</p>" + "<ul><li>x " * 40_000


def forms(**given):
    return {"body_text": None, "body_html": None, "raw_email": None, "subject": "Hi"} | given


@pytest.fixture
async def a_pool():
    """Return a function that makes a pool, which is closed at the end."""
    open_ = []

    def made(**values):
        pool = CleaningPool(**values)
        open_.append(asyncio.create_task(pool.keep_open()))
        return pool

    yield made
    await asyncio.sleep(0)
    for task in open_:
        task.cancel()
    await asyncio.gather(*open_, return_exceptions=True)


def children():
    return {child.pid for child in psutil.Process().children() if is_cleaner(child)}


def is_cleaner(child):
    try:
        return "spawn_main" in " ".join(child.cmdline())
    except (psutil.ZombieProcess, psutil.NoSuchProcess):
        return False


@pytest.mark.parametrize("text", ["Yes.", "Yes, please.\n" * 200, LONG])
async def test_a_reply_of_any_length_is_cleaned(a_pool, text):
    cleaned = await a_pool().clean("w", forms(body_text=text))
    assert (cleaned.text, cleaned.subject) == (text.strip(), "Hi")


async def test_a_reply_over_the_limit_counts_as_its_plain_text(a_pool):
    pool = a_pool(cpu_seconds=0.05)
    given = forms(body_html=COSTLY, body_text="What does it cost?" + " " * 40_000)
    assert (await pool.clean("w", given)).text == "What does it cost?"


@pytest.mark.parametrize(
    "given", [{"body_html": COSTLY}, {"raw_email": f"Content-Type: text/html\n\n{COSTLY}"}]
)
async def test_a_reply_over_the_limit_without_plain_text_is_too_complex(a_pool, given):
    pool = a_pool(cpu_seconds=0.005)
    with pytest.raises(ReplyTooComplexError) as refused:
        await pool.clean("w", forms(**given))
    assert refused.value.slug == "reply-too-complex"


async def test_a_process_that_is_killed_is_replaced(a_pool):
    pool, before = a_pool(processes=1), children()
    await pool.clean("w", forms(body_text=LONG))
    (child,) = children() - before
    os.kill(child, signal.SIGKILL)
    assert (await pool.clean("w", forms(body_text=LONG))).text


async def test_the_processes_end_with_the_pool():
    pool, before = CleaningPool(processes=1), children()
    kept = asyncio.create_task(pool.keep_open())
    await pool.clean("w", forms(body_text=LONG))
    assert children() - before
    kept.cancel()
    await asyncio.gather(kept, return_exceptions=True)
    await wait_until(lambda: not children() - before)


def test_a_limit_leaves_nothing_behind():
    assert clean_within(forms(body_html=COSTLY), 0.005) is None
    assert clean_within(forms(body_text="Yes."), 0.5).text == "Yes."
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_a_page_of_512_kb_is_within_the_limit():
    page = "<p>What does it cost?</p>" + "<b>" * 70_000 + "</i>" * 70_000
    assert clean_within(forms(body_html=page), cleaning_pool.CPU_SECONDS).text
