"""What is wrong, in sentences: every lag and queue against its limit, every process that is silent.

Each function takes the health answer (see health.py) and the signs that it was made from.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from emulator.monitoring import limits
from emulator.monitoring.signs import Signs, child_line, silent_children

TITLES = {
    "charge_points": "charge point worker", "scenarios": "scenario runner",
    "celery": "Celery worker", "beat": "Celery beat", "supervisors": "`manage.py up`",
}  # fmt: skip
NONE_RUNS = {
    "charge_points": "No charge point worker runs: start `manage.py runchargepoints`.",
    "scenarios": "No scenario runner runs: start `manage.py runscenarios`.",
    "celery": "No Celery worker runs: messages wait in Redis.",
    "beat": "Celery beat does not run: nothing is synced.",
}


def problems(answer: dict[str, Any], found: Signs) -> Iterator[str]:
    """Sentences, the gravest first."""
    for name, title in (("mongodb", "MongoDB"), ("redis", "Redis")):
        if not answer[name]["ok"]:
            yield f"{title} is away: {answer[name]['error']}."
    yield from disks(answer, found)
    if not answer["redis"]["ok"]:
        return  # nothing else is known without it
    yield from redis(found)
    yield from processes(found)
    yield from celery_children(found)
    yield from services(found)
    yield from message_log(answer, found)
    yield from sync(answer, found)
    yield from queues(answer, found)
    yield from executions(found)
    yield from charge_points(found)
    yield from failures(found)


def disks(answer: dict[str, Any], found: Signs) -> Iterator[str]:
    """Sentences on disks with less than DISK_FREE bytes: here, or those of the workers'
    journals."""
    short = {place: free for place, free in answer["disks"].items() if free < limits.DISK_FREE}
    if not short:  # or it is the same disk, most likely
        for line in found.charge_points:
            free = line.get("recorder", {}).get("disk_free")
            if free is not None and free < limits.DISK_FREE:
                short[f"the journal of {line['id']}"] = free
    for place, free in short.items():
        yield f"The disk of {place} is nearly full: {free // 2**20} MB are free."


def redis(found: Signs) -> Iterator[str]:
    """Sentences on a Redis that refuses writes or is nearly full."""
    if found.refuses:
        yield f"Redis refuses writes: {found.refuses}"
    if found.memory_most and found.memory > limits.MEMORY_SHARE * found.memory_most:
        share = 100 * found.memory / found.memory_most
        yield f"Redis uses {share:.0f} % of its maxmemory; when that is full it refuses writes."


def processes(found: Signs) -> Iterator[str]:
    """Too few of a kind, and those that were there and left without a word."""
    try:
        expected = limits.expected()
    except ValueError as error:
        yield f"{error}"
        expected = {}
    for kind, number in expected.items():
        living = len(getattr(found, kind))
        if number and not living:
            yield NONE_RUNS[kind]
        elif living < number:
            yield f"{living} of {number} {TITLES[kind]}s run."
    if len(found.beat) > 1:
        yield f"{len(found.beat)} Celery beats run: every periodic task is sent more than once."
    for line in found.silent:
        if line["kind"] in TITLES:
            title = TITLES[line["kind"]]
            yield f"{title[0].upper()}{title[1:]} {line['id']} {_silence(line)}."
    missing = found.shards - found.shards_owned
    if found.charge_points and missing > 0:
        yield f"{missing} of {found.shards} shards have no worker."
    for worker, number in found.shards_waiting.items():
        yield f"The stations of {number} shards are being taken up by {worker}."


def _silence(line: dict[str, Any]) -> str:
    if line.get("ended"):
        return "has ended without a word"
    age = line["age"]
    since = f"for {age:.0f} s" if age is not None and age >= 0 else "since a clock was set back"
    return f"has given no sign {since}: it is dead or stuck"


def celery_children(found: Signs) -> Iterator[str]:
    """Of the living workers: the main process goes on speaking when a child is stuck."""
    for worker in found.celery:
        for pid in silent_children(worker, found):
            yield f"The child {pid} of {worker['id']} gives no sign: it is dead or stuck."
        for pid in worker["children"]:
            line = child_line(worker, pid, found)
            if line and line["seconds"] > limits.TASK_SECONDS:
                yield (
                    f"The child {pid} of {worker['id']} has been busy with {line['task']} for "
                    f"{line['seconds']:.0f} s."
                )


def services(found: Signs) -> Iterator[str]:
    """What `manage.py up` started and is not well; it knows what must run."""
    for supervisor in found.supervisors:
        for name, service in supervisor["services"].items():
            # That one has ended is known at once; one that does not answer may be slow.
            grace = {"healthy": math.inf, "restarting": 0.0}
            if service["seconds"] < grace.get(service["state"], limits.SERVICE_AWAY):
                continue
            doing = {"silent": "does not answer"}.get(service["state"], "is being started")
            often = service.get("failures", 0)
            ended = f" It has ended {often} times: see its log." if often > 1 else ""
            yield f"{name} {doing}, for {service['seconds']:.0f} s already.{ended}"


def message_log(answer: dict[str, Any], found: Signs) -> Iterator[str]:
    """Sentences on a log that is behind, in memory only, or has dropped messages."""
    lag = answer["charge_points"]["log_lag"]
    if lag is None:
        yield (
            f"{found.log_batches} batches of the message log have waited since before a clock "
            "was set back."
        )
    elif lag > limits.LOG_LAG:
        yield f"The message log is {lag:.0f} s behind: records of that age are not stored."
    for line in found.charge_points:
        recorder = line.get("recorder", {})
        if not recorder.get("journal_on_disk", True):
            yield f"The journal of {line['id']} is in memory only: a crash would lose messages."
        for name, what, recent in (
            ("dropped", "were dropped from the log", limits.DROPPED_RECENTLY),
            ("live_skipped", "were left out of the live view", limits.SKIPPED_RECENTLY),
        ):
            ago = recorder.get(f"{name}_ago")
            if ago is not None and ago < recent:
                yield f"{recorder[name]} messages {what} by {line['id']}, the last {ago:.0f} s ago."


def sync(answer: dict[str, Any], found: Signs) -> Iterator[str]:
    """Sentences on states that have not been stored for too long."""
    limit = limits.SYNCS_MISSED * settings.SYNC_INTERVAL + limits.SYNC_GRACE
    lag = answer["sync"]["lag"]
    waiting = f"{found.dirty} states wait for MongoDB"
    if lag is not None and lag > limit:
        yield f"The last sync was {lag:.0f} s ago; {waiting}."
    elif lag is None and any(line.get("up", 0) > limit for line in found.charge_points):
        yield f"No sync has run yet; {waiting}."


def queues(answer: dict[str, Any], found: Signs) -> Iterator[str]:
    """Sentences on queues that are too long."""
    for name, depth in found.queues.items():
        if depth > limits.QUEUES[name]:
            yield f"{depth} tasks wait in the queue {name}."
    if found.unacknowledged > limits.UNACKNOWLEDGED:
        yield f"{found.unacknowledged} tasks are with Celery workers and not done."
    for shard, depth in found.channels.items():
        if depth > limits.CHANNEL:
            yield f"{depth} commands and notices wait for the worker of shard {shard}."


def executions(found: Signs) -> Iterator[str]:
    """Each runner looks at all that wait: the one that has seen them longest speaks for all."""
    line = max(found.scenarios, key=lambda line: line.get("waits", 0.0), default={})
    if line.get("waits", 0.0) > limits.EXECUTIONS_WAIT:
        yield (
            f"{line['waiting']} executions of scenarios wait for a runner, the first for "
            f"{line['waits']:.0f} s: those that run have all the stations they can drive."
        )
    line = max(found.scenarios, key=lambda line: line.get("suites_wait", 0.0), default={})
    if line.get("suites_wait", 0.0) > limits.SUITES_WAIT:
        yield (
            f"{line['suites_waiting']} runs of suites wait for a runner, the first for "
            f"{line['suites_wait']:.0f} s: each runner carries out one at a time."
        )


def charge_points(found: Signs) -> Iterator[str]:
    """Sentences on charge point workers that are stuck, silent or behind, and on stations held
    back."""
    for line in found.stuck:
        station = line["station"] and f" It handles {line['station']}; its log says what."
        yield f"The event loop of {line['id']} is stuck for {line['seconds']:.0f} s.{station}"
    for line in found.charge_points:
        name = line["id"]
        if line["age"] > limits.WORKER_UNSEEN:
            yield (
                f"Charge point worker {name} has given no sign for {line['age']:.0f} s: what is "
                f"shown of its {line['stations']} stations is of before."
            )
        for station, why in line.get("held_back", {}).items():
            yield f"{station} is held back: {why}. Its page or POST .../release runs it again."
        if line.get("loop_lag", 0) > limits.LOOP_LAG:
            yield f"The event loop of {name} is {line['loop_lag']:.1f} s late."
        if line.get("snapshots_wait", 0) > limits.SNAPSHOTS_WAIT:
            yield f"States of stations of {name} wait for Redis for {line['snapshots_wait']:.0f} s."
        if line.get("dials_wait", 0) > limits.DIALS_WAIT:
            yield (
                f"{line['dials_waiting']} stations of {name} wait for their turn to connect, the "
                f"first is {line['dials_wait']:.0f} s late."
            )
        if line.get("transfers_wait", 0) > limits.TRANSFERS_WAIT:
            yield (
                f"{line['transfers_waiting']} files of stations of {name} wait for their turn to "
                f"be transferred, the first for {line['transfers_wait']:.0f} s."
            )
        if line.get("missing_for", 0) > limits.STATIONS_MISSING:
            number = line["wanted"] - line["stations"]
            yield f"{number} stations of {name} should run and do not; its log says why."
        if (wait := line.get("recorder", {}).get("leftovers_wait", 0)) > (
            limits.LEFTOVER_JOURNALS_WAIT
        ):
            yield f"A dead worker's journal has waited for {wait:.0f} s to be replayed by {name}."


def failures(found: Signs) -> Iterator[str]:
    for failure in found.failures:
        if failure["age"] is not None and failure["age"] < limits.FAILED_RECENTLY:
            ago = max(0.0, failure["age"])
            yield f"{failure['task']} failed {ago:.0f} s ago: {failure['error']}."
