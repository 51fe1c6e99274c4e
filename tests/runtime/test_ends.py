"""Tasks end in one way, and nothing that swallows a cancellation keeps a process alive."""

from __future__ import annotations

import ast
import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runtime import lifetime

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("accounts", "benchmarks", "democsms", "emulator", "messaging", "runtime", "scenarios",
         "stations", "terminal")  # fmt: skip
# (file, function) that may take a cancellation for an order and go on to its own end.
OBEY = {
    ("scenarios/engine/execution.py", "_clean_up"),
    ("scenarios/engine/execution.py", "_judge"),
    ("scenarios/engine/execution.py", "_station"),
}


def functions():
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield str(path.relative_to(ROOT)), node


def calls(node: ast.AST, name: str):
    for inner in ast.walk(node):
        called = inner.func if isinstance(inner, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr == name:
            yield inner


def last_await(function: ast.AsyncFunctionDef) -> int:
    return max((n.lineno for n in ast.walk(function) if isinstance(n, ast.Await)), default=0)


def test_no_coroutine_cancels_and_waits_by_itself():
    found = [
        f"{path}:{call.lineno} in {function.name}"
        for path, function in functions()
        if isinstance(function, ast.AsyncFunctionDef) and path != "runtime/lifetime.py"
        for call in calls(function, "cancel")
        if not call.args  # a run of a scenario is cancelled with a reason
        and last_await(function) >= call.lineno
    ]
    assert not found, f"end tasks with runtime.lifetime.end: {found}"


def test_nothing_waits_with_wait_for():
    """It swallows a cancellation that comes with the result (Python below 3.12)."""
    found = [
        f"{path}:{call.lineno}"
        for path, function in functions()
        for call in calls(function, "wait_for")
        if isinstance(call.func.value, ast.Name) and call.func.value.id == "asyncio"
    ]
    assert not found, f"use asyncio.timeout: {found}"


def test_nobody_swallows_a_cancellation():
    found = set()
    for path, function in functions():
        for node in ast.walk(function):
            if isinstance(node, ast.ExceptHandler) and node.type is not None:
                caught = ast.unparse(node.type)
                raises = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
                if ("CancelledError" in caught or caught == "BaseException") and not raises:
                    found.add((path, function.name))
        for call in calls(function, "suppress"):
            if any("CancelledError" in ast.unparse(kind) for kind in call.args):
                found.add((path, function.name))
    assert found - OBEY == set()


class Deaf:
    """Swallows the first cancellations."""

    def __init__(self, times: int) -> None:
        self.left = times

    async def run(self) -> None:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if not self.left:
                    raise
                self.left -= 1


async def test_a_task_that_swallows_a_cancellation_is_asked_again():
    task = asyncio.create_task(Deaf(2).run())
    await asyncio.sleep(0)
    await lifetime.end([task])
    assert task.cancelled()


async def test_a_task_that_never_ends_is_left_and_named(caplog):
    deaf = Deaf(10**9)
    task = asyncio.create_task(deaf.run(), name="deaf one")
    await asyncio.sleep(0)
    began = time.monotonic()
    await lifetime.end([task], 0.6)
    assert time.monotonic() - began < 30
    assert not task.done()
    assert "deaf one" in caplog.text
    deaf.left = 0


async def test_what_a_task_did_is_not_raised_by_its_end():
    async def fail():
        raise ValueError("its own matter")

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    await lifetime.end([task, asyncio.create_task(asyncio.sleep(60))])


@pytest.mark.parametrize("times", [0, 1, 10**9])
async def test_a_step_of_a_leaving_has_its_time_and_no_more(times, caplog):
    deaf = Deaf(times)
    assert not await lifetime.within(0.05, deaf.run(), "this step")
    deaf.left = 0
    assert "this step: not done within 0.05 s" in caplog.text


async def test_a_step_that_fails_is_told_of(caplog):
    async def fail():
        raise ConnectionError("away")

    assert not await lifetime.within(5, fail(), "last words")
    assert "last words: ConnectionError: away" in caplog.text
    assert await lifetime.within(5, asyncio.sleep(0), "well")


async def test_the_next_is_asked_for_while_one_is_used():
    asked: list[int] = []

    async def ask() -> int | None:
        asked.append(len(asked))
        return asked[-1] if len(asked) <= 3 else None

    used = []
    async for found in lifetime.ahead(ask):
        await asyncio.sleep(0)
        used.append((found, len(asked)))
    assert used == [(0, 2), (1, 3), (2, 4)]


HANGS = """
import asyncio, concurrent.futures, os, signal, threading
from runtime import lifetime

async def main():
    stopping = asyncio.Event()
    lifetime.on_signal(stopping.set, 0.3)
    os.kill(os.getpid(), signal.SIGTERM)
    await stopping.wait()
    # A thread in a store that is frozen: the interpreter would wait for it for ever.
    concurrent.futures.ThreadPoolExecutor(1).submit(threading.Event().wait)

asyncio.run(main())
"""


def test_a_hanging_thread_does_not_keep_a_process_alive():
    done = subprocess.run(
        [sys.executable, "-c", HANGS], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == lifetime.FORCED
    assert "ends by force" in done.stderr
    assert "Thread 0x" in done.stderr  # and what each does
