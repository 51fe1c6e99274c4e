"""Files of stations: CSV and JSON to and fro, errors by their lines, nothing half-imported."""

from __future__ import annotations

import csv
import io
import json

import pytest

from stations.configuration import cells, changes, importing
from stations.configuration.reading import Unreadable, read
from stations.models import StaleStation, Station, Template

CONNECTORS = [
    {"id": 1, "evse": 1, "kind": "Type2", "phases": 3, "max_power_w": 22000},
    {"id": 2, "evse": 2, "kind": "CCS2", "phases": 0, "max_power_w": 50000},
]


def send(api, text: str, kind: str = "text/csv", **query):
    answer = api.client.generic(
        "POST", "/api/stations/import", text.encode(), kind, query_params=query
    )
    return answer.status_code, json.loads(answer.content)


def exported(api, **query) -> str:
    answer = api.client.get("/api/stations/export", query)
    assert answer.status_code == 200, answer.content
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def full(make_station) -> list[Station]:
    template = Template.objects.create(name="AC, one", csms_url="ws://h")
    one = make_station(
        "=CP1", name="'=A \"name\"\nof two lines", connectors=CONNECTORS, tags=["a b", "c"],
        configuration={"HeartbeatInterval": "30"}, delays={"reset": "1-2"}, latitude=-1.5,
        longitude=8.25, heartbeat_interval=None, ev_max_power_w=7000, measurands=[],
        template=template, offered_versions=["1.6", "2.1"], extra={"x": [1]}, enabled=False,
    )  # fmt: skip
    return [one, make_station("B", password="'=pw", name="+1", meter_variance=0.5)]


def told(station: Station) -> dict:
    values = {name: getattr(station, name) for name in cells.STATION_FIELDS}
    return values | {"template": station.template_id, "password": station.read_secrets()[0]}


@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_is_exported_is_imported_alike(api, make_station, form):
    before = [told(station) for station in full(make_station)]
    text = exported(api, format=form, secrets="true")
    Station.objects.all().delete()
    kind = "text/csv" if form == "csv" else "application/json"
    status, body = send(api, text, kind)
    assert (status, body["created"]) == (200, 2), body
    assert [told(station) for station in Station.objects.order_by("identity")] == before


def test_no_cell_is_a_formula_and_no_secret_is_told_unasked(api, make_station):
    full(make_station)
    text = exported(api, format="csv")
    found = rows(text)
    assert [row["identity"] for row in found] == ["'=CP1", "B"]
    assert found[1]["name"] == "'+1" and found[0]["name"].startswith("''=A")
    assert "password" not in found[0] and "pw" not in text
    assert found[0]["connectors"] == "1:Type2:3:22000, 2:CCS2:0:50000"
    assert (found[0]["latitude"], found[0]["enabled"], found[0]["tags"]) == (
        "-1.5", "false", "a b, c",
    )  # fmt: skip


def test_an_export_by_filters(api, make_station, set_state):
    template = Template.objects.create(name="T", csms_url="ws://h")
    make_station("A", running=True, template=template)
    make_station("B", tags=["n"])
    set_state("A", {"status": "Faulted"})
    for query, wanted in [({"state": "faulted"}, ["A"]), ({"template": "T"}, ["A"]),
                          ({"tag": "n"}, ["B"]), ({}, ["A", "B"])]:  # fmt: skip
        assert [row["identity"] for row in rows(exported(api, format="csv", **query))] == wanted
    assert api("GET", "stations/export", format="xml")[0] == 422


def test_a_small_file_of_ones_own(api, make_station):
    make_station("OLD", name="Old", vendor="Before")
    text = "\ufeffidentity;csms_url;name;tags;connectors;autostart\r\n" \
        "A;ws://h/ocpp;First;x, y;1:Type2:3:11000;yes\r\n" \
        ";;;;;\r\n" \
        "OLD;;;;;no\r\n"  # fmt: skip
    status, body = send(api, text, on_existing="update")
    assert (status, body["created"], body["updated"]) == (200, 1, 1), body
    new = Station.objects.get(identity="A")
    assert (new.name, new.tags, new.autostart, new.vendor) == (
        "First", ["x", "y"], True, "OCPP Emulator",
    )  # fmt: skip
    assert new.connectors[0]["max_power_w"] == 11000
    old = Station.objects.get(identity="OLD")
    assert (old.name, old.vendor, old.csms_url) == ("", "Before", "ws://127.0.0.1:9000/ocpp")


def test_each_error_has_its_line_and_nothing_is_imported(api, make_station):
    make_station("THERE")
    text = (
        "identity,csms_url,name,heartbeat_interval,connectors,tags\n"
        'A,ws://h,"two\nlines",30,,x\n'
        "B,http://h,,often,,\n"
        "THERE,ws://h,,,,\n"
        "A,ws://h,,,1:Type2:3,\n"
        "C,ws://h,,,1:Type9:3:5,,more\n"
    )
    status, body = send(api, text, dry_run="true")
    assert (status, body["code"]) == (422, "import_refused")
    assert Station.objects.count() == 1
    found = body["fields"]
    assert found["B.csms_url"].startswith("Line 4: ")
    assert found["B.heartbeat_interval"] == "Line 4: Write a whole number."
    assert found["THERE.identity"].startswith("Line 5: This identity exists already")
    assert any(t == "Line 6: The file has this identity twice." for t in found.values())
    assert any(t.startswith("Line 6: Write each connector as") for t in found.values())
    assert found["C.connectors"].startswith("Line 7: Connector 1: choose a kind of")
    assert found["C.station"].startswith("Line 7: It has 7 cells")
    assert send(api, text)[0] == 422 and Station.objects.count() == 1


def test_errors_of_json_have_their_lines_too(api):
    text = '{"format": "x",\n "stations": [\n  {"identity": "A",\n   "csms_url": "ws://h"},\n' \
        '  {"identity": "B", "csms_url": "no"}, 5\n ]}'  # fmt: skip
    status, body = send(api, text, "application/json")
    assert status == 422
    assert body["fields"]["B.csms_url"].startswith("Line 5: ")
    assert body["fields"]["stations[2]"].startswith("Line 5: ")
    status, body = send(api, '[\n {"identity": "A"\n', "application/json")
    assert (status, body["code"]) == (400, "bad_json") and "Line 3" in body["message"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("\n", "Line 1: name the columns"), ("name,x\n", "Line 1: name the columns"),
     ("identity,colour\n", "no column colour"), ("identity,identity\n", "each column once"),
     ('identity\n"A\n', "no CSV")],
)  # fmt: skip
def test_what_is_no_table_is_told_with_its_line(api, text, said):
    status, body = send(api, text)
    assert status == 400 and said in body["message"], body


def test_bytes_that_are_no_text():
    with pytest.raises(Unreadable, match="Line 2: save the file as UTF-8"):
        read(b"identity\n\xff", True)


def test_lines_are_found_whatever_stands_around():
    text = '{"a": [1, {"stations": [9]}], "stations" :\n[{"x": "]}\\"\\n"}\n,\n{}]  , "b": {}}'
    assert read(text.encode(), False).lines == [2, 4]
    assert read(b'\n\n{"identity": "A"}', False).lines == [3]
    assert read(b"[]", False).lines == [] and read(b"5", False).lines == []


def test_an_update_that_fails_half_way_is_taken_back(api, make_station, monkeypatch):
    for name in ("A", "B"):
        make_station(name, name="before")
    real, seen = changes.change, []

    def fails(identity, *more):
        if seen:
            raise StaleStation(identity)
        seen.append(identity)
        return real(identity, *more)

    monkeypatch.setattr(importing.changes, "change", fails)
    document = [{"identity": name, "csms_url": "ws://h", "name": "after"} for name in "ABC"]
    status, body = api("POST", "stations/import", document, on_existing="update")
    assert (status, body["code"]) == (409, "stale")
    assert dict(Station.objects.values_list("identity", "name")) == {"A": "before", "B": "before"}
