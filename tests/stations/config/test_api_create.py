"""POST /api/stations."""

import pytest

from stations.models import Station, Template
from tests.stations.config.test_api_import import OLD

LEAST = {"identity": "CP1", "csms_url": "ws://127.0.0.1:9000/ocpp"}


def test_the_least_that_makes_a_station(api):
    status, body = api("POST", "stations", LEAST)
    assert status == 201, body
    assert (body["id"], body["ocpp_version"], body["running"]) == ("CP1", "1.6", False)
    assert body["state"]["state"] == "stopped"
    assert len(body["connectors"]) == 1


def test_everything_is_kept(api):
    sent = LEAST | {
        "name": "N", "ocpp_version": "2.0.1", "vendor": "ABB", "model": "Terra", "serial": "S1",
        "firmware": "2", "iccid": "1", "imsi": "2", "tags": ["a"], "autostart": True,
        "heartbeat_interval": 30, "configuration": {"A.B": "c"}, "username": "u", "boot_delay": 1.5,
        "reading": "strict", "delays": {"reset": "3-8"},
        "connectors": [{"id": 1, "evse": 1, "kind": "CCS2", "phases": 0, "max_power_w": 150000}],
    }  # fmt: skip
    status, body = api("POST", "stations", sent | {"password": "pw", "start": True})
    assert status == 201, body
    assert sent.items() <= body.items()
    assert (body["has_password"], body["running"]) == (True, True)
    assert "password" not in body
    assert Station.objects.get(identity="CP1").read_secrets()[0] == "pw"


def test_autostart_starts_at_once_unless_told(api):
    _, body = api("POST", "stations", LEAST | {"autostart": True})
    assert body["running"] is True
    _, body = api("POST", "stations", LEAST | {"identity": "B", "autostart": True, "start": False})
    assert body["running"] is False
    _, body = api("POST", "stations", LEAST | {"identity": "C", "start": True, "enabled": False})
    assert body["running"] is False


def test_errors_are_named_by_field(api):
    wrong = [{"id": 1, "evse": 1, "kind": "Type2", "phases": 3, "max_power_w": 99000}]
    status, body = api(
        "POST", "stations", {"identity": "a,b", "csms_url": "http://x", "connectors": wrong}
    )
    assert (status, body["code"]) == (422, "invalid")
    assert set(body["fields"]) == {"identity", "csms_url", "connectors"}
    assert Station.objects.count() == 0


def test_an_unknown_or_missing_field_is_named(api):
    status, body = api("POST", "stations", LEAST | {"colour": "red"})
    assert (status, list(body["fields"])) == (422, ["colour"])
    status, body = api("POST", "stations", {"csms_url": "ws://h"})
    assert (status, list(body["fields"])) == (422, ["identity"])


def test_an_identity_is_taken_once(api):
    api("POST", "stations", LEAST)
    status, body = api("POST", "stations", LEAST)
    assert (status, "identity" in body["fields"]) == (422, True)


def test_from_a_template(api):
    Template.objects.create(name="DC", csms_url="ws://dc:1/x", vendor="Alpitronic", tags=["dc"])
    status, body = api("POST", "stations", {"identity": "D1", "template": "DC", "name": "First"})
    assert status == 201, body
    assert (body["vendor"], body["csms_url"], body["tags"]) == ("Alpitronic", "ws://dc:1/x", ["dc"])
    status, body = api("POST", "stations", {"identity": "D2", "template": "none"})
    assert (status, body["code"]) == (404, "template_not_found")


def test_not_json(api):
    answer = api.client.post("/api/stations", "{", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize("number", range(len(OLD)))
def test_the_predecessors_shape_is_taken(api, number):
    """Its users' scripts go on working: the same body as in its exports, one station."""
    status, body = api("POST", "stations", OLD[number])
    assert status == 201, body
    assert (body["id"], body["running"]) == (OLD[number]["station_id"], body["autostart"])
    posted = Station.objects.get(identity=body["id"])
    Station.objects.all().delete()
    api("POST", "stations/import", [OLD[number]])
    imported = Station.objects.get(identity=body["id"])
    for name in ("vendor", "model", "csms_url", "username", "connectors", "extra", "tags",
                 "meter_sample_interval", "ev_max_power_w", "ocpp_version", "enabled"):  # fmt: skip
        assert getattr(posted, name) == getattr(imported, name), name
    assert posted.read_secrets() == imported.read_secrets()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"connectors": "two"}, "connectors"),
        ({"csms_auth": {"type": "oauth"}}, "csms_auth.type"),
        ({"csms_url": "http://x/"}, "csms_url"),
        ({"name": 5}, "name"),
    ],
)
def test_faults_in_the_predecessors_shape_are_named(api, change, field):
    status, body = api("POST", "stations", OLD[0] | change)
    assert (status, list(body["fields"])) == (422, [field])
    assert not Station.objects.exists()


def test_the_predecessors_shape_replaces_too(api):
    api("POST", "stations", OLD[0])
    without = {name: value for name, value in OLD[0].items() if name != "csms_auth"}
    status, body = api("PUT", "stations/CP001", without | {"vendor": "Other"})
    assert (status, body["vendor"]) == (200, "Other")
    assert Station.objects.get(identity="CP001").read_secrets()[0] == "change-me"
    api("PUT", "stations/CP001", OLD[0] | {"csms_auth": {"type": "none"}})
    station = Station.objects.get(identity="CP001")
    assert (station.username, station.read_secrets()[0]) == ("", "")
    assert api("PUT", "stations/CP001", OLD[1])[0] == 422


@pytest.mark.parametrize(
    "extra",
    [
        {"a": {"b": [1, None, "x"]}}, {"big": 2**70}, {"": 1}, {"$set": {"a.b": 1}}, {"a.b": 1},
        {"nul\0": 1}, {"lone": "\ud800"}, {"x": float("1e308")}, [], "text",
    ],
)  # fmt: skip
def test_whatever_extra_holds_it_is_kept_or_refused(api, extra):
    status, body = api("POST", "stations", LEAST | {"extra": extra})
    assert status in (201, 422), body
    if status == 201:
        assert api("GET", "stations/CP1")[1]["extra"] == extra


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "\ud800"), ("vendor", "\ud800"), ("tags", ["\ud800"]),
        ("configuration", {"a\0b": "c"}), ("configuration", {"a": "\ud800"}),
        ("extra", {"text": "x" * 1_000_001}),
    ],
)  # fmt: skip
def test_what_no_document_can_hold_is_refused_by_its_field(api, field, value):
    status, body = api("POST", "stations", LEAST | {field: value})
    assert (status, [name.partition(".")[0] for name in body["fields"]]) == (422, [field])
    odd = {"station_id": "CP2", "csms_url": LEAST["csms_url"], "note": {"a": 2**70}}
    assert api("POST", "stations/import", [odd])[1]["fields"].keys() == {"CP2.extra"}
