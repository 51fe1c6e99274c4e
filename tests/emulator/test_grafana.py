"""docker/grafana: the dashboards ask for metrics that /api/metrics has, by labels it has."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from prometheus_client.parser import text_string_to_metric_families

from accounts.models import ApiToken
from emulator.monitoring import metrics, signs, waiting_metrics
from messaging.keeping.storing import store_batch
from stations.models import Station
from tests.admin import rows
from tests.messaging.conftest import batch_of, make_record

pytestmark = pytest.mark.django_db
FOLDER = Path(__file__).parents[2] / "docker" / "grafana"
DASHBOARDS = sorted(FOLDER.glob("*.json"))
NAME = re.compile(r"\b(ocpp_\w+)(\{[^}]*\})?")
LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
LEGEND = re.compile(r"\{\{(\w+)\}\}")
BY = re.compile(r"\bby \(([^)]*)\)")
# Told only where there is something to tell: a worker's line, a lag that is known.
NOW_AND_THEN = {
    "ocpp_log_behind_seconds", "ocpp_sync_age_seconds", "ocpp_beat_last_task_timestamp_seconds",
}  # fmt: skip


@pytest.fixture
def exposed(monkeypatch) -> dict[str, set[str]]:
    """{name of a sample: its labels} of a platform with stations, a worker and messages."""
    monkeypatch.setattr(settings, "METRICS_STATIONS", 1000)
    rows.make_stations()
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.hset(signs.tasks_key(), "SUCCESS", 3)
    answer = make_record(kind="CallResult", direction="received", latency=0.1, time=time.time())
    store_batch(connection.database, batch_of([answer]))
    text = read()
    return (
        {
            sample.name: set(sample.labels)
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
        | {name: {"worker"} for name in of_workers()}
        | dict.fromkeys(NOW_AND_THEN, set())
        | {"ocpp_disk_free_bytes": {"folder"}}
    )


def of_workers() -> set[str]:
    rows = metrics.WORKER_GAUGES + metrics.RECORDER_GAUGES
    rows += waiting_metrics.WORKER_GAUGES + waiting_metrics.RECORDER_GAUGES
    gauges = {f"ocpp_{name}" for _, name, _ in rows}
    gauges |= {"ocpp_worker_shards", "ocpp_worker_stuck_seconds", "ocpp_stations_held_back"}
    counters = metrics.WORKER_COUNTERS + metrics.RECORDER_COUNTERS
    counters += waiting_metrics.RECORDER_COUNTERS
    return gauges | {f"ocpp_{name}_total" for _, name, _ in counters}


def read() -> str:
    from django.test import Client

    boss = User.objects.create_superuser("root")
    token = ApiToken.objects.issue(boss, scopes=["metrics"])[1]
    answer = Client(headers={"Authorization": f"Bearer {token}"}).get("/api/metrics")
    assert answer.status_code == 200
    return answer.content.decode()


def expressions(board: dict) -> list[tuple[str, str]]:
    """(expression, legend) of each panel's targets and of the variables."""
    found = [(t["expr"], t.get("legendFormat", "")) for p in board["panels"] for t in p["targets"]]
    return found + [(v["query"]["query"], "") for v in board["templating"]["list"]]


def test_each_metric_and_label_that_a_dashboard_names_is_there(exposed):
    faults, asked = [], set()
    for path in DASHBOARDS:
        for expression, legend in expressions(json.loads(path.read_text())):
            named = NAME.findall(expression)
            if not named:
                faults.append(f"{path.name}: {expression}: asks for nothing of ours")
            for name, chosen in named:
                asked.add(name)
                labels = exposed.get(name)
                if labels is None:
                    faults.append(f"{path.name}: {expression}: there is no {name}")
                    continue
                kept = BY.search(expression)
                shown = set(LEGEND.findall(legend)) | set(LABEL.findall(chosen))
                shown |= {each.strip() for each in kept[1].split(",")} if kept else set()
                if strange := shown - labels:
                    faults.append(f"{path.name}: {expression}: {name} has no {strange}")
    assert not faults, "\n".join(faults)
    told = {name for name in exposed if name.startswith("ocpp_") and not name.endswith("_created")}
    assert told - asked <= {"ocpp_station_sick", "ocpp_station_gauges_left_out"}


def test_a_dashboard_can_be_imported_and_its_panels_do_not_overlap():
    assert [path.stem for path in DASHBOARDS] == ["fleet", "platform"]
    for path in DASHBOARDS:
        board = json.loads(path.read_text())
        assert board["uid"] and board["schemaVersion"] >= 36 and board["__inputs"]
        held: set[tuple[int, int]] = set()
        for panel in board["panels"]:
            at = panel["gridPos"]
            cells = {
                (x, y) for x in range(at["x"], at["x"] + at["w"])
                for y in range(at["y"], at["y"] + at["h"])
            }  # fmt: skip
            assert not cells & held and at["x"] + at["w"] <= 24, panel["title"]
            held |= cells
            assert panel["datasource"]["uid"] == "${DS_PROMETHEUS}"


def test_gauges_of_stations_are_behind_a_setting_and_bounded(monkeypatch):
    rows.make_stations()
    assert settings.METRICS_STATIONS == 0
    text = read()
    assert "ocpp_station_" not in text and 'ocpp_fleet_stations{state="charging"} 3.0' in text
    monkeypatch.setattr(settings, "METRICS_STATIONS", 5)
    text = read_again()
    assert text.count("\nocpp_station_connected{") == 5
    assert f"ocpp_station_gauges_left_out {Station.objects.count() - 5}.0" in text
    monkeypatch.setattr(settings, "METRICS_STATIONS", 1000)
    text = read_again()
    assert 'ocpp_station_power_watts{station="CP-2.1-charging"} 11000.0' in text
    assert 'ocpp_station_transactions{station="CP-2.1-charging"} 1.0' in text
    assert 'ocpp_station_connected{station="CP-2.1-disconnected"} 0.0' in text
    assert 'ocpp_station_energy_watt_hours{station="CP-2.1-charging"} 1200.0' in text


def read_again() -> str:
    User.objects.filter(username="root").delete()
    return read()


def test_metrics_without_redis_tell_of_the_platform(monkeypatch):
    def away(*_):
        raise ConnectionError("away")

    rows.make_stations()
    monkeypatch.setattr("stations.state.census.snapshots_of", away)
    text = read()
    assert "ocpp_up{" in text and "ocpp_fleet" not in text
