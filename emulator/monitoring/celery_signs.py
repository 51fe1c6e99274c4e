"""Celery's processes tell Redis that they live and how their tasks ended.

The main process and each child of its pool have a sign of their own: the main one goes on speaking
when a child is stuck. Telling never fails the work: where Redis is away, the sign is left out.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import socket
import threading
import time
from typing import Any

import redis
from celery import signals

from emulator.monitoring import signs
from messaging import pulse
from runtime.lifeline import die_with_parent
from runtime.stores import STORE_ERRORS


@functools.lru_cache(maxsize=1)
def _client_of(pid: int) -> redis.Redis:
    from django.conf import settings

    return signs.connect(settings.REDIS_URL)


def client() -> redis.Redis:
    """One client a process; a forked child must not use its parent's."""
    return _client_of(os.getpid())


def tell(kind: str, name: str, line: dict[str, Any]) -> None:
    with contextlib.suppress(*STORE_ERRORS):
        pulse.tell(client(), signs.prefix(), kind, name, signs.lines_key(kind), json.dumps(line))


def withdraw(kind: str, name: str) -> None:
    with contextlib.suppress(*STORE_ERRORS):
        pulse.withdraw(client(), signs.prefix(), kind, name, signs.lines_key(kind))


# --- the main process ---------------------------------------------------------------------------


class Main:
    """The main process of a Celery worker, and since when each child of its pool is there."""

    def __init__(self) -> None:
        self._pool: Any = None
        self._children: dict[int, float] = {}

    def is_ready(self, consumer: Any) -> None:
        """The worker has begun: give its first sign of life."""
        self._pool = consumer.pool
        self.tell(consumer.hostname)

    def tell(self, name: str) -> None:
        """Give a sign of life of the worker `name`, with its children's ages in seconds."""
        now = time.monotonic()
        known = self._children
        self._children = {pid: known.get(pid, now) for pid in self._pids()}
        tell("celery", name, {
            "name": name, "time": time.time(), "pid": os.getpid(), "host": socket.gethostname(),
            # Child's process id -> seconds since it was seen first.
            "children": {pid: round(now - since, 1) for pid, since in self._children.items()},
        })  # fmt: skip

    def _pids(self) -> list[int]:
        """Of the pool's processes; none with a pool of threads or none at all."""
        pool = getattr(self._pool, "_pool", None)
        return [process.pid for process in getattr(pool, "_pool", None) or ()
                if hasattr(process, "pid")]  # fmt: skip


_main = Main()


@signals.worker_ready.connect(weak=False)
def on_worker_ready(sender=None, **_) -> None:
    _main.is_ready(sender)


@signals.heartbeat_sent.connect(weak=False)
def on_heartbeat(sender=None, **_) -> None:
    _main.tell(sender.eventer.hostname)


@signals.worker_shutdown.connect(weak=False)
def on_worker_shutdown(sender=None, **_) -> None:
    withdraw("celery", sender.hostname)


# --- a child of the pool ------------------------------------------------------------------------


class Child:
    """A thread beside the tasks: it is silent when the process is frozen, and tells what runs."""

    def __init__(self) -> None:
        self._task: tuple[str, float] | None = None

    def start(self) -> None:
        threading.Thread(target=self._run, name="sign-of-life", daemon=True).start()

    def begins(self, task: str) -> None:
        self._task = (task, time.monotonic())

    def is_done(self) -> None:
        self._task = None

    def _run(self) -> None:
        name = signs.child_name(socket.gethostname(), os.getppid(), os.getpid())
        while True:
            task = self._task
            line = {"pid": os.getpid(), "task": None, "seconds": 0.0}
            if task is not None:
                line |= {"task": task[0], "seconds": round(time.monotonic() - task[1], 1)}
            tell("celery_children", name, line)
            time.sleep(pulse.EVERY)


_child = Child()


@signals.worker_process_init.connect(weak=False)
def on_pool_process_started(**_) -> None:
    """In a new child: end with the parent, and give signs of life."""
    # A killed worker must not leave its pool behind.
    die_with_parent()
    _child.start()


@signals.task_prerun.connect(weak=False)
def on_task_begins(sender=None, **_) -> None:
    _child.begins(getattr(sender, "name", ""))


@signals.task_postrun.connect(weak=False)
def on_task_ended(sender=None, state=None, **_) -> None:
    """Count the task by its state; one that succeeded takes its last failure away."""
    _child.is_done()
    with contextlib.suppress(*STORE_ERRORS):
        pipe = client().pipeline(transaction=False)
        pipe.hincrby(signs.tasks_key(), state or "UNKNOWN", 1)
        if state == "SUCCESS":
            pipe.hdel(signs.failures_key(), getattr(sender, "name", ""))
        pipe.execute()


@signals.task_failure.connect(weak=False)
def on_task_failed(sender=None, exception=None, **_) -> None:
    """Keep the failure for `/api/health`: of all tasks the last one, and of this task its last."""
    task = getattr(sender, "name", "")
    failure = json.dumps({
        "time": time.time(), "task": task, "error": f"{type(exception).__name__}: {exception}"[:500]
    })  # fmt: skip
    with contextlib.suppress(*STORE_ERRORS):
        client().set(signs.failure_key(), failure)
        client().hset(signs.failures_key(), task, failure)
        pulse.mark(client(), signs.prefix(), f"failure:{task}")
