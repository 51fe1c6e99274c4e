"""Carrying jobs on: slice by slice, in Celery, at the pace that was asked for.

A task carries a job on for a second and has itself called again, so the messages' tasks, which
share the pool, come in between. Nobody waits in a task: where the pace says "later", that is when
the next one is due. launching.py finds jobs whose task was lost with a worker or with Redis.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from accounts.trail import acts, keeping
from stations.configuration.secrets import SecretUnreadable
from stations.many import commanding, creating, editing, jobs
from stations.many.jobs import Job, Result

LEASE = 40.0  # seconds: longer than any slice
BUDGET = 1.0  # seconds of a task
LONGEST_PAUSE = 10.0  # seconds; below the broker's visibility timeout
BURST = 2.0  # seconds of the pace that are made up for at once


class Doing(Protocol):
    """What a kind of job does with a slice of its stations.

    `repeats`: a slice that was begun by a worker which died may be done again, with no harm.
    """

    repeats: bool
    slice: int

    def do(self, job: Job, stations: Sequence[str]) -> list[Result]: ...


KINDS: Mapping[str, Callable[[dict], Doing]] = {
    "create": creating.Creating,
    "command": commanding.Commanding,
    "edit": editing.Editing,
}
IN_DOUBT = "A worker ended in the midst of it: whether it was done is not known."


def step(identity: str, turn: int) -> tuple[int, float] | None:
    """Carry a job on for BUDGET seconds: (its turn, seconds until the next step), None if over."""
    job = jobs.claim(identity, turn, LEASE)
    if job is None:
        return None
    try:
        doing = KINDS[job.kind](job.read_arguments())
    except SecretUnreadable as error:
        jobs.end(job, jobs.FAILED, str(error))
        return None
    heard: list[dict] = []
    act = acts.Act(**job.act, keep=heard.extend)
    entered = acts.enter(act)
    try:
        return _carried(job, doing)
    finally:
        acts.leave(entered)
        keeping.keep(jobs.merged(heard))


def _carried(job: Job, doing: Doing) -> tuple[int, float] | None:
    began = time.monotonic()
    job = _settled(job, doing)
    while True:
        if job.position >= job.total:
            jobs.end(job, jobs.DONE)
            return None
        if jobs.stop_asked(job):
            jobs.end(job, jobs.STOPPED, f"Stopped after {job.position} of {job.total} stations.")
            return None
        room = _room(job, doing)
        if room <= 0 or time.monotonic() - began > BUDGET:
            wait = min(LONGEST_PAUSE, _wait(job)) if room <= 0 else 0.0
            jobs.pause(job, wait)
            return job.turn, wait
        end = min(job.total, job.position + room)
        if not jobs.begin(job, end):
            return None
        stations = list(jobs.stations_of(job.id, job.position, end))
        found = doing.do(job, stations)
        if not jobs.told(job, found):
            return None
        job = _moved(job, len(found))


def _settled(job: Job, doing: Doing) -> Job:
    """A slice that the worker before began and told nothing of."""
    if job.slice is None or doing.repeats:
        return job
    first, end = job.slice
    names = jobs.stations_of(job.id, first, end)
    found = [Result(name, "unknown", IN_DOUBT) for name in names]
    jobs.told(job, found)
    return _moved(job, len(found))


def _moved(job: Job, count: int) -> Job:
    return replace(job, position=job.position + count, slice=None)


def _room(job: Job, doing: Doing) -> int:
    """Stations that may be done now."""
    if not job.per_second:
        return doing.slice
    due = (time.time() - (job.started or time.time())) * job.per_second + 1 - job.position
    # Time in which no worker was there is not made up for by a rush.
    return int(min(due, max(1.0, job.per_second * BURST), doing.slice))


def _wait(job: Job) -> float:
    """Seconds until the pace lets the next station in; half a second's worth at least."""
    next_one = (job.started or 0) + job.position / job.per_second
    return max(next_one - time.time(), 0.2)
