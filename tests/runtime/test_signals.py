"""What a process does at a first signal, at a second, and when all went in order."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runtime import lifetime

ROOT = Path(__file__).resolve().parents[2]
PATIENT = 600  # seconds: nothing here ends by force
LEAVES = f"""
import asyncio
from runtime import lifetime

async def main():
    stopping = asyncio.Event()
    lifetime.on_signal(stopping.set, {PATIENT})
    print("up", flush=True)
    await stopping.wait()
    print("leaving", flush=True)
    {{leaving}}

asyncio.run(main())
"""
SIGNALS = [signal.SIGTERM, signal.SIGINT]


def started(leaving: str) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", LEAVES.format(leaving=leaving)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        # A shell that starts us in the background has SIGINT ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert process.stdout.readline() == "up\n"
    return process


@pytest.mark.parametrize("number", SIGNALS)
def test_a_process_that_leaves_in_order_is_gone_then_and_there(number):
    process = started("pass")
    process.send_signal(number)
    assert process.stdout.readline() == "leaving\n"
    assert process.wait(PATIENT / 2) == 0


@pytest.mark.parametrize("number", SIGNALS)
def test_the_same_signal_again_ends_what_does_not_leave(number):
    process = started("await asyncio.Event().wait()")
    process.send_signal(number)
    assert process.stdout.readline() == "leaving\n"
    process.send_signal(number)
    assert process.wait(PATIENT / 2) != 0


# --- until ---------------------------------------------------------------------------------------


async def test_what_a_task_raised_is_raised_while_others_go_on():
    async def fail():
        raise ValueError("its own matter")

    others = asyncio.create_task(asyncio.Event().wait())
    with pytest.raises(ValueError, match="its own matter"):
        async with asyncio.timeout(60):
            await lifetime.until(asyncio.Event(), [others, asyncio.create_task(fail())])
    assert not others.done()
    await lifetime.end([others])


async def test_an_order_to_stop_leaves_the_tasks_to_whoever_gave_it():
    stopping, work = asyncio.Event(), asyncio.create_task(asyncio.Event().wait())
    waiting = asyncio.create_task(lifetime.until(stopping, [work]))
    await asyncio.sleep(0)
    stopping.set()
    async with asyncio.timeout(60):
        await waiting
    assert not work.done()
    await lifetime.end([work])


async def test_a_step_that_ran_out_of_time_does_not_go_on():
    went_on = asyncio.Event()

    async def slow():
        try:
            await asyncio.Event().wait()
        finally:
            went_on.set()

    assert not await lifetime.within(0.01, slow(), "this step")
    assert went_on.is_set()
