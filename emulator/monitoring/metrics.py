"""/api/metrics: what the processes tell about themselves, in Prometheus's text format."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from emulator.monitoring import signs
from emulator.monitoring.fleet_metrics import FleetCollector
from emulator.monitoring.waiting_metrics import WaitingCollector

WORKER_GAUGES = (
    ("stations", "stations", "Stations that run in the worker"),
    ("connected", "stations_connected", "Stations with an open connection to their CSMS"),
    ("rss", "worker_resident_bytes", "Resident memory of the worker"),
    ("loop_lag", "worker_loop_lag_seconds", "How late the worker's event loop is"),
)
WORKER_COUNTERS = (
    ("sent", "frames_sent", "OCPP frames sent by stations"),
    ("received", "frames_received", "OCPP frames received by stations"),
    ("snapshots_written", "snapshots_written", "Station states written to Redis"),
    ("snapshots_refused", "snapshots_refused", "Station states refused as stale"),
)
RECORDER_GAUGES = (
    ("buffered", "log_buffered", "Records that are in the journal only"),
    ("journal_bytes", "log_journal_bytes", "Bytes of the journal"),
    ("lag", "log_lag_seconds", "Age of the oldest record that is in the journal only"),
)
RECORDER_COUNTERS = (
    ("sent", "log_shipped", "Records handed to the task queue"),
    ("dropped", "log_dropped", "Records dropped at the journal's limit"),
)


class Collector:
    """Made anew for each request: the numbers live in Redis, not in this process."""

    def __init__(self, answer: dict[str, Any], found: signs.Signs) -> None:
        self._answer, self._found = answer, found

    def collect(self) -> Iterator[Metric]:
        """The platform's metrics for Prometheus, from one look at its services."""
        yield from self._services()
        for rows, kind in ((WORKER_GAUGES, GaugeMetricFamily), (WORKER_COUNTERS, _counter)):
            yield from self._by_worker(rows, kind, lambda line: line)
        for rows, kind in ((RECORDER_GAUGES, GaugeMetricFamily), (RECORDER_COUNTERS, _counter)):
            yield from self._by_worker(rows, kind, lambda line: line.get("recorder", {}))
        yield from self._celery()

    def _services(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("ocpp_up", "1 where the service answers", labels=["service"])
        for name in ("mongodb", "redis"):
            up.add_metric([name], float(self._answer[name]["ok"]))
        up.add_metric(["beat"], float(self._answer["beat"]["alive"]))
        up.add_metric(["celery"], float(len(self._answer["celery"]["workers"])))
        up.add_metric(["charge_points"], float(self._answer["charge_points"]["workers"]))
        up.add_metric(["scenarios"], float(self._answer["scenarios"]["runners"]))
        yield up
        yield from self._scenarios()
        lag = self._answer["charge_points"]["log_lag"]
        if lag is not None:
            yield GaugeMetricFamily(
                "ocpp_log_behind_seconds", "Age of the oldest record that is not stored", lag
            )
        problems = len(self._answer["problems"])
        yield GaugeMetricFamily("ocpp_problems", "Sentences that /api/health has", problems)
        sync = self._answer["sync"]
        yield GaugeMetricFamily(
            "ocpp_sync_waiting", "Stations whose state MongoDB does not have yet", sync["waiting"]
        )
        if sync["lag"] is not None:
            yield GaugeMetricFamily(
                "ocpp_sync_age_seconds", "Seconds since the last sync", sync["lag"]
            )

    def _scenarios(self) -> Iterator[Metric]:
        answer = self._answer["scenarios"]
        running = GaugeMetricFamily(
            "ocpp_scenarios_running", "What scenario runners carry out", labels=["kind"]
        )
        waiting = GaugeMetricFamily(
            "ocpp_scenarios_waiting", "What no scenario runner has taken", labels=["kind"]
        )
        for kind, ours, theirs in (
            ("execution", "executions", "waiting"), ("suite", "suites", "suites_waiting"),
        ):  # fmt: skip
            running.add_metric([kind], float(answer[ours]))
            waiting.add_metric([kind], float(answer[theirs]))
        yield from (running, waiting)

    def _by_worker(self, rows, kind, part) -> Iterator[Metric]:
        for key, name, text in rows:
            family = kind(f"ocpp_{name}", text, labels=["worker"])
            for line in self._found.charge_points:
                family.add_metric([line["id"]], float(part(line).get(key, 0)))
            yield family

    def _celery(self) -> Iterator[Metric]:
        depth = GaugeMetricFamily("ocpp_queue_depth", "Tasks that wait", labels=["queue"])
        for queue, length in self._found.queues.items():
            depth.add_metric([queue], length)
        yield depth
        ended = CounterMetricFamily("ocpp_tasks", "Tasks by how they ended", labels=["state"])
        for state, count in self._found.tasks.items():
            ended.add_metric([state], count)
        yield ended


def _counter(name: str, text: str, labels: list[str]) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, labels=labels)


def render(answer: dict[str, Any], found: signs.Signs, stations: int) -> bytes:
    """stations: of so many at most there are gauges of each."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector(answer, found))
    if answer["redis"]["ok"]:  # without it nothing is known of what waits
        registry.register(WaitingCollector(answer, found))
    if answer["redis"]["ok"] and answer["mongodb"]["ok"]:
        registry.register(FleetCollector(stations))
    return generate_latest(registry)
