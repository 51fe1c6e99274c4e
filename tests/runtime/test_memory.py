"""What the allocator keeps, in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

LOAD = """
import ctypes, sys, threading
from runtime import memory
if sys.argv[1] == "saving":
    memory.save()
together = threading.Barrier(8)
def work():
    together.wait()
    for _ in range(50):
        parts = [bytes(100_000) for _ in range(20)]
    packed = bytes(20_000_000)
threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""


def heaps(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", LOAD, how], capture_output=True, text=True)
    if "malloc_info" in done.stderr:
        pytest.skip("not glibc")
    assert done.returncode == 0, done.stderr
    return len(re.findall(r"<heap nr=", done.stdout))


def test_threads_share_one_heap():
    assert heaps("saving") == 1
    assert heaps("as it is") > 1
