"""Of /api/metrics what waits, and for how long: queues, leases, gaps, and the room that is left.

One gauge for each number that /api/health compares with a limit, so that Prometheus can warn before
health calls it a problem.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from emulator.monitoring import limits, signs

# What a worker tells (stations/worker/vitals.py), name, meaning.
WORKER_GAUGES = (
    ("wanted", "stations_wanted", "Stations that should run in the worker"),
    ("missing_for", "stations_missing_seconds", "For how long fewer run than should"),
    ("dials_waiting", "dials_waiting", "Stations that wait for their turn to connect"),
    ("dials_wait", "dials_wait_seconds", "By how long the first of them is late"),
    ("transfers_waiting", "transfers_waiting", "Files that wait for their turn"),
    ("transfers_wait", "transfers_wait_seconds", "For how long the first of them has waited"),
    ("snapshots_wait", "snapshots_wait_seconds",
     "For how long the oldest change of a state has waited for Redis"),
    ("age", "worker_silent_seconds", "Since the worker gave a sign"),
    ("up", "worker_up_seconds", "Since the worker started"),
)  # fmt: skip
# What its recorder tells (messaging/journals/recorder.py).
RECORDER_GAUGES = (
    ("leftovers_wait", "log_leftovers_wait_seconds",
     "For how long a dead worker's journal has waited to be replayed"),
    ("journal_on_disk", "log_journal_on_disk", "0 where the journal is in memory only"),
    ("disk_free", "log_journal_disk_free_bytes", "Room on the journal's disk"),
)  # fmt: skip
RECORDER_COUNTERS = (
    ("replayed", "log_replayed", "Records of dead workers handed to the task queue"),
    ("live_skipped", "log_live_skipped", "Messages left out of the live view"),
)


class WaitingCollector:
    """Made anew for each request, of health's answer and the signs that it was made from."""

    def __init__(self, answer: dict[str, Any], found: signs.Signs) -> None:
        self._answer, self._found = answer, found

    def collect(self) -> Iterator[Metric]:
        """Queues, lags, leases and gaps; see docs/reference/metrics.md."""
        yield from self._stores()
        yield from self._processes()
        yield from self._queues()
        yield from self._shards()
        yield from self._workers()
        yield from self._scenarios()

    def _stores(self) -> Iterator[Metric]:
        took = GaugeMetricFamily(
            "ocpp_store_answer_seconds", "How soon the store answers health", labels=["service"]
        )
        for name in ("mongodb", "redis"):
            if "ms" in self._answer[name]:
                took.add_metric([name], self._answer[name]["ms"] / 1000)
        yield took
        found = self._found
        yield _gauge("redis_memory_bytes", "Memory that Redis uses", found.memory)
        yield _gauge("redis_memory_limit_bytes", "Its maxmemory; 0: none", found.memory_most)
        refuses = float(bool(found.refuses))
        yield _gauge("redis_refuses_writes", "1 where Redis takes no writes", refuses)
        free = GaugeMetricFamily(
            "ocpp_disk_free_bytes", "Room where the web process keeps data", labels=["folder"]
        )
        for folder, size in self._answer["disks"].items():
            free.add_metric([folder], size)
        yield free

    def _processes(self) -> Iterator[Metric]:
        silent = GaugeMetricFamily(
            "ocpp_processes_silent", "Processes without a sign of life", labels=["kind"]
        )
        for kind in signs.FRESH:
            number = sum(line["kind"] == kind for line in self._found.silent)
            silent.add_metric([kind], number)
        yield silent
        try:
            wanted = limits.expected()
        except ValueError:  # health has the sentence
            wanted = {}
        expected = GaugeMetricFamily(
            "ocpp_processes_expected", "EXPECTED_PROCESSES", labels=["kind"]
        )
        for kind, number in wanted.items():
            expected.add_metric([kind], number)
        yield expected
        children = sum(len(line["children"]) for line in self._found.celery)
        yield _gauge("celery_children", "Children of Celery workers", children)
        last = self._answer["beat"].get("last_run")
        if last is not None:
            meaning = "When beat sent its last task"
            yield _gauge("beat_last_task_timestamp_seconds", meaning, last)

    def _queues(self) -> Iterator[Metric]:
        found = self._found
        meaning = "Tasks that are with Celery workers"
        yield _gauge("tasks_unacknowledged", meaning, found.unacknowledged)
        yield _gauge("tasks_failing", "Tasks whose last run failed", len(found.failures))
        yield _gauge("log_batches", "Batches of the log that are not stored", found.log_batches)
        waiting = GaugeMetricFamily(
            "ocpp_commands_waiting", "Commands and notices for a shard's worker", labels=["shard"]
        )
        for shard, depth in found.channels.items():
            waiting.add_metric([str(shard)], depth)
        yield waiting

    def _shards(self) -> Iterator[Metric]:
        found = self._found
        yield _gauge("shards", "Shards that the stations are divided into", found.shards)
        yield _gauge("shards_owned", "Shards whose lease a living worker has", found.shards_owned)
        taken_up = sum(found.shards_waiting.values())
        meaning = "Shards whose worker has not started their stations yet"
        yield _gauge("shards_taking_up", meaning, taken_up)
        held = GaugeMetricFamily("ocpp_worker_shards", "Shards of the worker", labels=["worker"])
        for line in found.charge_points:
            held.add_metric([line["id"]], len(line.get("shards", ())))
        yield held

    def _workers(self) -> Iterator[Metric]:
        lines = self._found.charge_points
        yield from by_worker(WORKER_GAUGES, GaugeMetricFamily, lines)
        recorders = [line.get("recorder", {}) | {"id": line["id"]} for line in lines]
        yield from by_worker(RECORDER_GAUGES, GaugeMetricFamily, recorders)
        yield from by_worker(RECORDER_COUNTERS, CounterMetricFamily, recorders)
        held = GaugeMetricFamily(
            "ocpp_stations_held_back", "Stations that ended workers", labels=["worker"]
        )
        stuck = GaugeMetricFamily(
            "ocpp_worker_stuck_seconds", "For how long the event loop stands", labels=["worker"]
        )
        standing = {line["id"]: line["seconds"] for line in self._found.stuck}
        for line in lines:
            held.add_metric([line["id"]], len(line.get("held_back", ())))
            stuck.add_metric([line["id"]], standing.get(line["id"], 0.0))
        yield from (held, stuck)

    def _scenarios(self) -> Iterator[Metric]:
        waits = GaugeMetricFamily(
            "ocpp_scenarios_wait_seconds", "For how long the first has waited", labels=["kind"]
        )
        for kind, key in (("execution", "waits"), ("suite", "suites_wait")):
            longest = max((line.get(key, 0.0) for line in self._found.scenarios), default=0.0)
            waits.add_metric([kind], longest)
        yield waits


def by_worker(rows, family_of, lines: list[dict[str, Any]]) -> Iterator[Metric]:
    """rows: (key, name, meaning); a line that does not have the key gives no sample."""
    for key, name, meaning in rows:
        family = family_of(f"ocpp_{name}", meaning, labels=["worker"])
        for line in lines:
            if line.get(key) is not None:
                family.add_metric([line["id"]], float(line[key]))
        yield family


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"ocpp_{name}", meaning, value)
