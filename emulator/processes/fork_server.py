"""python -m emulator.processes.fork_server DESCRIPTOR: what `manage.py up` forks from.

What all of them import is imported here, once: it is in memory once, and a process works a moment
after its start. Each request, a packet with the words behind `python` and two descriptors for
output, is answered with the process id of a process that does what `python WORDS` would do.

That process is no child of this one. It is forked twice, and as an orphan it becomes a child of
`manage.py up`, which watches, signals and waits for it like any other; it outlives this process.
There must be no thread and no event loop here: neither is whole on the other side of a fork.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import socket
import sys
import time
from typing import Any

from emulator.processes.lean import leave_out_celerys_shell
from runtime.lifeline import die_with_parent

READY = b"ready"
LARGEST = 65536  # bytes of a packet
ADOPTION = 10.0  # seconds
MODULES = (
    # The web.
    "emulator.urls", "emulator.routing", "channels_redis.core", "channels_redis.pubsub",
    # Charge points and scenarios.
    "uvloop", "scenarios.engine.runner", "stations.management.commands.runchargepoints",
    # Celery's worker and its beat.
    "celery.bin.celery", "celery.apps.worker", "celery.apps.beat", "celery.worker.consumer",
    "celery.concurrency.prefork", "celery.concurrency.asynpool", "kombu.transport.redis",
    "emulator.beat", "messaging.tasks", "stations.tasks", "scenarios.tasks",
    # What makes the database ready.
    "emulator.management.commands.prepare", "django.core.management.commands.migrate",
)  # fmt: skip


def preload() -> None:
    """Import what the processes share, and leave it out of every collection of garbage."""
    import django

    gc.disable()  # and no collection after it: what it frees would be filled page by page in each
    leave_out_celerys_shell()
    django.setup()
    for name in MODULES:
        importlib.import_module(name)
    gc.freeze()
    gc.enable()


def serve(link: socket.socket) -> dict[str, Any] | None:
    """Fork at each request. Returns None once nobody asks any more; in a new process, its work."""
    while True:
        data, descriptors, _, _ = socket.recv_fds(link, LARGEST, 2)
        if not data:
            return None
        work = json.loads(data) | {"descriptors": descriptors}
        try:
            answer = _fork_twice(work)
        except OSError as error:
            answer = {"error": error.strerror}
        if answer is None:
            link.close()
            return work
        for descriptor in descriptors:
            os.close(descriptor)
        link.send(json.dumps(answer).encode())


def _fork_twice(work: dict[str, Any]) -> dict[str, Any] | None:
    """{"pid"} or {"error"}; in the new process, once it is adopted, None."""
    here, there = os.pipe()
    middle = os.fork()
    if middle == 0:
        os.close(here)
        _leave_an_orphan(there, work["parent"], work["death_signal"])
        return None
    os.close(there)
    os.waitpid(middle, 0)
    with open(here, "rb") as pipe:
        told = pipe.read()
    return {"pid": int(told)} if told else {"error": "the new process was not adopted"}


def _leave_an_orphan(told: int, parent: int, death_signal: int) -> None:
    """Fork and end. Returns in the orphan, once it is a child of `parent` and has said its id."""
    middle = os.getpid()
    with contextlib.suppress(OSError):  # whatever it is: nobody may go on who is not wanted
        if not os.fork() and _is_adopted(middle, parent, death_signal):
            os.write(told, str(os.getpid()).encode())
            os.close(told)
            return
    os._exit(0)


def _is_adopted(middle: int, parent: int, death_signal: int) -> bool:
    """Lead a group of our own, as a child of `parent` that does not outlive it."""
    os.setsid()
    limit = time.monotonic() + ADOPTION
    while os.getppid() == middle and time.monotonic() < limit:
        time.sleep(0.0005)
    if os.getppid() != parent:
        return False
    die_with_parent(death_signal, parent)
    return True


def become(work: dict[str, Any]) -> None:
    """Do what `python WORDS` would do, to the end of this process."""
    for number, descriptor in zip((1, 2), work["descriptors"], strict=True):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(work["cwd"])
    if work["settings"]:
        live_by(work["settings"])
    words = work["words"]
    with contextlib.suppress(ImportError):
        from setproctitle import setproctitle

        setproctitle(" ".join([sys.executable, *words]))
    if words[0] == "-m":
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = words
        runpy.run_path(words[0], run_name="__main__")


def live_by(module: str) -> None:
    """Take on the settings of a kind of process, where Django has been set up with the usual ones.

    The applications stay those that are loaded.
    """
    from django.conf import settings
    from django.db import connections

    os.environ["DJANGO_SETTINGS_MODULE"] = module
    chosen = importlib.import_module(module)
    for name in filter(str.isupper, dir(chosen)):
        setattr(settings, name, getattr(chosen, name))
    # What it has made of the settings, and the connections (none is open) that were made by that.
    vars(connections).pop("settings", None)
    connections.__init__()


def main() -> None:
    """Serve orders that come by the socket whose descriptor is the first argument; a child
    becomes what it is told."""
    link = socket.socket(fileno=int(sys.argv[1]))
    preload()
    link.send(READY)
    if (work := serve(link)) is not None:
        become(work)


if __name__ == "__main__":
    main()
