"""The management commands: seedstations, autostart, importstations."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from stations.models import Station, Template

pytestmark = pytest.mark.django_db
OLD = Path(__file__).parent / "fixtures" / "predecessor.json"


def run(*args: str, **options: object) -> str:
    out = io.StringIO()
    call_command(*args, stdout=out, **options)
    return out.getvalue()


def test_ten_different_demo_stations(hot):
    assert "10" in run("seedstations", csms_url="ws://127.0.0.1:9999/x")
    stations = list(Station.objects.all())
    assert len(stations) == 10
    assert {s.ocpp_version for s in stations} == {"1.6", "2.0.1"}
    assert len({s.vendor for s in stations}) >= 8
    shapes = {(len(s.connectors), s.connectors[0]["phases"] == 0) for s in stations}
    assert {(1, False), (2, False), (2, True)} <= shapes
    assert all(s.running and s.csms_url == "ws://127.0.0.1:9999/x" for s in stations)
    assert all(s.problems() == {} for s in stations)
    assert len({(s.latitude, s.longitude) for s in stations} - {(None, None)}) == 10
    assert Template.objects.count() >= 3
    assert all(t.problems() == {} for t in Template.objects.all())


def test_a_second_seed_changes_nothing(hot):
    run("seedstations")
    Station.objects.filter(identity="DEMO-ABB-01").update(name="mine", running=False)
    Station.objects.filter(identity="DEMO-HYC-09").delete()
    assert "1 demo" in run("seedstations")
    station = Station.objects.get(identity="DEMO-ABB-01")
    assert (station.name, station.running) == ("mine", False)


def test_autostart(make_station):
    make_station("A", autostart=True)
    make_station("B")
    make_station("C", autostart=True, enabled=False)
    assert "1 station started" in run("autostart")
    assert [s.identity for s in Station.objects.runnable()] == ["A"]


def test_importstations(hot):
    said = run("importstations", str(OLD), start=True)
    assert "connection_status" in said and "5 stations imported" in said
    assert {s.identity for s in Station.objects.runnable()} == {"CP001", "CP006"}


def test_importstations_says_what_is_wrong(hot, tmp_path):
    path = tmp_path / "x.json"
    with pytest.raises(CommandError, match="cannot be read"):
        run("importstations", str(path))
    path.write_text("{")
    with pytest.raises(CommandError, match="not JSON"):
        run("importstations", str(path))
    path.write_text(json.dumps([{"identity": "a,b", "csms_url": "ws://h"}]))
    with pytest.raises(CommandError, match="identity"):
        run("importstations", str(path))
    assert Station.objects.count() == 0
