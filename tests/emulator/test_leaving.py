"""SIGTERM ends the web process though its threads wait for what never comes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import urllib.request

import pytest

from benchmarks.processes import free_port, wait_until

# As a synchronous middleware does in a request: a thread that waits for the loop. That it is told
# to give up is of no use where the loop stops before it has done so.
STUCK = """
import asyncio, threading
from asgiref.sync import async_to_sync, sync_to_async
{leaving}

async def never():
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            print("cancelled", flush=True)

async def application(scope, receive, send):
    print("under way", flush=True)
    await sync_to_async(async_to_sync(never), thread_sensitive=False)()
"""
LEAVING = "from emulator.web.leaving import end_in_time; end_in_time()"


def ended(tmp_path, leaving: str, seconds: float) -> int:
    """Exit code of a Daphne that got SIGTERM in the middle of a request."""
    (tmp_path / "stuck.py").write_text(STUCK.format(leaving=leaving))
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port),
         "--application-close-timeout", "1", "stuck:application"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{os.getcwd()}"}, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}/"
        asking = threading.Thread(target=ask, args=(address, process), daemon=True)
        asking.start()
        assert process.stdout.readline() == "under way\n"
        process.terminate()
        return process.wait(seconds)
    finally:
        process.kill()
        process.wait()


def ask(address: str, process: subprocess.Popen) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def answered() -> bool:
        try:
            opener.open(address, timeout=30)
        except urllib.error.URLError as error:
            return not isinstance(error.reason, ConnectionRefusedError)
        except OSError:
            pass
        return True

    wait_until(answered, 60, "Daphne listens")


def test_a_request_under_way_does_not_hold_the_web_process(tmp_path):
    assert ended(tmp_path, LEAVING, 60) == 0


def test_without_it_such_a_thread_would_hold_the_process(tmp_path):
    with pytest.raises(subprocess.TimeoutExpired):
        ended(tmp_path, "", 12)
