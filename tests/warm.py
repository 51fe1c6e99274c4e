"""`manage.py` commands without their imports: forked from a process that has made them.

Each is a process of its own with its own environment, folder, input and output, and sets Django up
by its own settings; what it spares are the packages that know no settings. A test whose matter is
the start of an interpreter starts one.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.forks import ANSWERS, STARTS, Forked
from emulator.processes.fork_server import LARGEST, READY, serve
from runtime.lifeline import adopt_orphans, die_with_parent

ROOT = Path(__file__).resolve().parent.parent
MODULES = (
    "aiohttp", "asgiref.sync", "celery.app.task", "celery.signals", "channels.consumer",
    "channels.layers", "chargepoint.versions",
    "cryptography.hazmat.primitives.serialization.pkcs12", "cryptography.x509",
    "django.contrib.auth.hashers", "django.core.management.base", "django.core.validators",
    "django.db.models", "django.forms", "django.template.loader", "django.test.signals",
    "django.urls", "django.views.debug", "django_mongodb_backend", "jinja2",
    "kombu.transport.redis", "picows", "prompt_toolkit", "prompt_toolkit.shortcuts", "pydantic",
    "pymongo", "python_socks", "redis.asyncio", "requests", "rich.console", "rich.table",
    "structlog", "uvloop", "yaml",
)  # fmt: skip


def run(
    argv: list[str], *, cwd: Path, env: dict[str, str], timeout: float, input: str = ""
) -> subprocess.CompletedProcess:
    """As subprocess.run of [sys.executable, ROOT/manage.py, ...], with text and captured output."""
    with contextlib.ExitStack() as files:
        given, output, errors = (files.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        given.write(input.encode())
        given.seek(0)
        process = _fork(argv[1:], cwd, env, given.fileno(), output.fileno(), errors.fileno())
        try:
            code = process.wait(timeout)
        except BaseException:
            process.kill()
            process.wait()
            raise
        said = []
        for file in (output, errors):
            file.seek(0)
            said.append(file.read().decode(errors="replace").replace("\r\n", "\n"))
    return subprocess.CompletedProcess(argv, code, *said)


def _fork(words: list[str], cwd: Path, env: dict[str, str], *files: int) -> Forked:
    given, output, errors = files
    work = {
        "words": words, "cwd": str(cwd), "env": env, "parent": os.getpid(),
        "stdin": f"/proc/{os.getpid()}/fd/{given}", "death_signal": signal.SIGKILL,
    }  # fmt: skip
    link = _server()
    adopt_orphans()
    try:
        socket.send_fds(link, [json.dumps(work).encode()], [output, errors])
        answer = json.loads(link.recv(LARGEST))
    finally:
        adopt_orphans(False)
    return Forked(answer["pid"])


@functools.cache
def _server() -> socket.socket:
    """The link to this process's server, which ends with it."""
    link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        number = theirs.fileno()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.warm", str(number)], stdin=subprocess.DEVNULL, cwd=ROOT,
            pass_fds=[number], preexec_fn=die_with_parent,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip

    def end() -> None:
        link.close()
        process.wait()

    atexit.register(end)
    link.settimeout(STARTS)
    assert link.recv(LARGEST) == READY, "the process to fork from did not start"
    link.settimeout(ANSWERS)
    return link


def become(work: dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(work["env"])
    os.dup2(os.open(work["stdin"], os.O_RDONLY), 0)
    for number, descriptor in zip((1, 2), work["descriptors"], strict=True):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(work["cwd"])
    sys.argv = work["words"]
    runpy.run_path(sys.argv[0], run_name="__main__")


def main() -> None:
    link = socket.socket(fileno=int(sys.argv[1]))
    gc.disable()
    for name in MODULES:
        importlib.import_module(name)
    gc.freeze()
    gc.enable()
    link.send(READY)
    if (work := serve(link)) is not None:
        become(work)


if __name__ == "__main__":
    main()
