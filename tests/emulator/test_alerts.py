"""docker/prometheus: the alerts ask for metrics that /api/metrics has, by labels it has."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from documentation import pages
from emulator.monitoring import health, limits, metrics, signs
from tests.emulator.test_health import WORKER, everybody_lives, store  # noqa: F401 - a fixture

RULES = Path(__file__).parents[2] / "docker" / "prometheus" / "alerts.yaml"
GROUPS = yaml.safe_load(RULES.read_text())["groups"]
ALERTS = [rule for group in GROUPS for rule in group["rules"]]
NAME = re.compile(r"\b(ocpp_\w+)(\{[^}]*\})?")
LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"")
BY = re.compile(r"\b(?:by|on) \(([^)]*)\)")
SHOWN = re.compile(r"\$labels\.(\w+)")
DURATION = re.compile(r"[1-9]\d*[smh]")


def known() -> dict[str, set[str]]:
    """{name of a sample: its labels} that the code can make."""
    return {
        f"{name}_total" if kind == "counter" else name: set(labels)
        for name, kind, labels, _ in pages.families()
    }


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_what_there_is(rule):
    metrics_of, expression = known(), rule["expr"]
    named = NAME.findall(expression)
    assert named
    labels = set().union(*(metrics_of[name] for name, _ in named))
    for name, chosen in named:
        assert set(LABEL.findall(chosen)) <= metrics_of[name]
    for kept in BY.findall(expression):
        assert {each.strip() for each in kept.split(",") if each.strip()} <= labels
    assert set(SHOWN.findall(json.dumps(rule["annotations"]))) <= labels
    assert expression.count("(") == expression.count(")")


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_is_well_formed(rule):
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"[A-Z][A-Za-z]+", rule["alert"])
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert set(rule["annotations"]) == {"summary", "description"}
    assert all(text[-1] in ".?" for text in rule["annotations"].values())
    if "for" in rule:
        assert DURATION.fullmatch(rule["for"])
    if " rate(" in rule["expr"] or "increase(" in rule["expr"]:
        assert "_total" in rule["expr"]  # a counter


def test_names_are_given_once():
    names = [rule["alert"] for rule in ALERTS]
    assert len(set(names)) == len(names) and len({group["name"] for group in GROUPS}) == len(GROUPS)


def limit_in(alert: str, pattern: str) -> float:
    rule = next(rule for rule in ALERTS if rule["alert"] == alert)
    return float(re.search(pattern, rule["expr"])[1])


def test_limits_are_those_of_health():
    for queue, most in limits.QUEUES.items():
        assert limit_in("QueueDeep", rf'queue="{queue}"\}} > (\d+)') == most
    assert limit_in("CommandsWait", r"> (\d+)") == limits.CHANNEL
    assert limit_in("WorkerLoopLate", r"> (\d+)") == limits.LOOP_LAG
    assert limit_in("DialsWait", r"> (\d+)") == limits.DIALS_WAIT
    assert limit_in("WorkerSilent", r"> (\d+)") == limits.WORKER_UNSEEN
    assert limit_in("LeftoversWait", r"> (\d+)") == limits.LEFTOVER_JOURNALS_WAIT
    assert limit_in("StatesWait", r"> (\d+)") == limits.SNAPSHOTS_WAIT
    assert limit_in("ScenariosWait", r"> (\d+)") == limits.EXECUTIONS_WAIT
    assert limit_in("RedisMemoryFull", r"> ([\d.]+) \*") == limits.MEMORY_SHARE
    # An alert on data that would be lost comes before health's word.
    assert limit_in("DiskFull", r"< (\S+)") > limits.DISK_FREE


# --- what the metrics say -----------------------------------------------------------------------


def samples() -> dict[tuple, float]:
    redis_answer, found = health.ask_redis()
    answer = health.report({"ok": True, "ms": 3.0}, redis_answer, found, time.time(), {"/d": 7})
    text = metrics.render(answer, found, 0).decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_every_queue_lag_lease_and_gap_is_told(store, monkeypatch):  # noqa: F811
    told = {
        "wanted": 9, "missing_for": 61.0, "dials_waiting": 12, "dials_wait": 3.5,
        "transfers_waiting": 2, "transfers_wait": 1.5, "snapshots_wait": 0.5, "up": 100.0,
        "held_back": {"CP-1": "it ended three workers"},
        "recorder": WORKER["recorder"] | {
            "leftovers_wait": 8.0, "journal_on_disk": False, "disk_free": 5000, "replayed": 6,
            "live_skipped": 4,
        },
    }  # fmt: skip
    everybody_lives(store, **told)
    worker = "host-1-ab"
    store.delete(f"{signs.prefix()}fleet:lease:1")
    store.zadd(signs.channel_key(0), {"command": 1})
    store.hset(f"{signs.celery_prefix()}unacked", "task", "x")
    store.lpush(f"{signs.celery_prefix()}sync", "a", "b", "c")
    store.zadd(signs.log_key(), {"batch": time.time() * 1000})
    monkeypatch.setenv("EXPECTED_PROCESSES", "celery=4")
    found = samples()
    expected = {
        ("ocpp_queue_depth", "sync"): 3, ("ocpp_tasks_unacknowledged",): 1,
        ("ocpp_commands_waiting", "0"): 1, ("ocpp_commands_waiting", "1"): 0,
        ("ocpp_log_batches",): 1, ("ocpp_processes_expected", "celery"): 4,
        ("ocpp_celery_children",): 1, ("ocpp_worker_shards", worker): 2,
        ("ocpp_stations_wanted", worker): 9, ("ocpp_stations_missing_seconds", worker): 61,
        ("ocpp_dials_waiting", worker): 12, ("ocpp_dials_wait_seconds", worker): 3.5,
        ("ocpp_transfers_waiting", worker): 2, ("ocpp_transfers_wait_seconds", worker): 1.5,
        ("ocpp_snapshots_wait_seconds", worker): 0.5, ("ocpp_worker_up_seconds", worker): 100,
        ("ocpp_stations_held_back", worker): 1, ("ocpp_worker_stuck_seconds", worker): 0,
        ("ocpp_log_leftovers_wait_seconds", worker): 8, ("ocpp_log_journal_on_disk", worker): 0,
        ("ocpp_log_journal_disk_free_bytes", worker): 5000,
        ("ocpp_log_replayed_total", worker): 6, ("ocpp_log_live_skipped_total", worker): 4,
        ("ocpp_store_answer_seconds", "mongodb"): 0.003, ("ocpp_disk_free_bytes", "/d"): 7,
        ("ocpp_redis_refuses_writes",): 0, ("ocpp_processes_silent", "celery"): 0,
        ("ocpp_beat_last_task_timestamp_seconds",): 1000,
    }  # fmt: skip
    assert {key: found.get(key) for key in expected} == expected
    assert found["ocpp_shards",] - found["ocpp_shards_owned",] == 1
    assert found["ocpp_worker_silent_seconds", worker] < 6


def test_what_a_worker_does_not_tell_is_no_zero(store):  # noqa: F811
    """One of an older version: a room of 0 bytes would be an alert."""
    everybody_lives(store)
    assert ("ocpp_log_journal_disk_free_bytes", "host-1-ab") not in samples()


def test_a_silent_process_is_counted(store):  # noqa: F811
    from tests.emulator.test_health import shift

    everybody_lives(store)
    shift(store, "charge_points:host-1-ab", 20)
    assert samples()["ocpp_processes_silent", "charge_points"] == 1
