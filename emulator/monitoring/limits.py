"""Limits of lags and queues; docs/deploy/operating.md says what to do beyond them."""

from __future__ import annotations

import os

# Seconds.
LOG_LAG = 10.0  # age of the oldest record that is not stored
SYNCS_MISSED = 3  # of the sync's interval, and half a minute
SYNC_GRACE = 30.0
SNAPSHOTS_WAIT = 15.0  # a change of a station's state that Redis does not have
DIALS_WAIT = 60.0  # a station that waits for its turn to connect
TRANSFERS_WAIT = 300.0  # a firmware or log file that waits for its turn to be transferred
EXECUTIONS_WAIT = 60.0  # an execution of a scenario that no runner has taken
SUITES_WAIT = 900.0  # the run of a suite: a runner has one at a time, and one takes minutes
STATIONS_MISSING = 60.0  # stations that should run and do not
LOOP_LAG = 2.0  # of a charge point worker's event loop
TASK_SECONDS = 60.0  # one task in a Celery child; a batch of the log takes 33 s at most
SERVICE_AWAY = 5.0  # a process that lives and does not answer, or is slow to start
WORKER_UNSEEN = 6.0  # a charge point worker that gave a sign every 2 s
DROPPED_RECENTLY = 600.0  # messages that the log has lost
SKIPPED_RECENTLY = 60.0  # messages that the live view left out
FAILED_RECENTLY = 600.0  # a task that has failed and not succeeded since

# Numbers of tasks or messages.
QUEUES = {"messages": 200, "sync": 10, "maintenance": 100}
UNACKNOWLEDGED = 50
CHANNEL = 200  # of 1,000, which is all that a shard's channel holds
LEFTOVER_JOURNALS_WAIT = 60.0  # seconds that a dead worker's journal waits

MEMORY_SHARE = 0.9  # of Redis' maxmemory
DISK_FREE = 200 * 2**20  # bytes, as `manage.py up` asks for


def expected() -> dict[str, int]:
    """How many processes of a kind must run: EXPECTED_PROCESSES=charge_points=3,celery=2.

    Raises ValueError where the variable is malformed.
    """
    wanted = {"charge_points": 1, "scenarios": 1, "celery": 1, "beat": 1}
    for part in filter(None, os.environ.get("EXPECTED_PROCESSES", "").split(",")):
        kind, _, number = part.strip().partition("=")
        if kind not in wanted or not number.isdigit():
            raise ValueError(f"EXPECTED_PROCESSES: {part!r} is not KIND=NUMBER with a known kind.")
        wanted[kind] = int(number)
    return wanted
