"""POST /api/stations/import and GET /api/stations/export."""

import json
from pathlib import Path

import pytest

from accounts.models import ApiToken
from stations.configuration.predecessor import flatten
from stations.models import Station, TagGroup, Template
from tests.stations.config.conftest import Api

OLD = json.loads((Path(__file__).parent / "fixtures" / "predecessor.json").read_text())


def test_the_predecessors_stations(api):
    status, body = api("POST", "stations/import", OLD)
    assert status == 200, body
    assert (body["created"], Station.objects.count()) == (len(OLD), len(OLD))
    first = Station.objects.get(identity="CP001")
    assert (first.vendor, first.model, first.serial, first.firmware, first.iccid) == (
        "ABB", "Terra AC", "ABB-TAC-001", "2.1.5", "89310410106543789301",
    )  # fmt: skip
    assert (first.autostart, first.running, first.tags[0]) == (True, False, "production")
    assert (first.username, first.read_secrets()[0]) == ("cp001", "change-me")
    assert first.dial_target().url == "ws://localhost:9000/ocpp/CP001"
    assert (first.heartbeat_interval, first.meter_sample_interval) == (60, 60)
    assert (first.meter_aligned_interval, first.boot_delay, first.meter_variance) == (900, 5, 0.05)
    assert (first.default_id_tag, first.ev_max_power_w) == ("TAG-A001", 7000)
    assert len(first.connectors) == 2
    many = Station.objects.get(identity="CP006")
    assert [(c["kind"], c["phases"], c["max_power_w"]) for c in many.connectors] == [
        ("CCS2", 0, 100000), ("CHAdeMO", 0, 50000), ("Type2", 3, 43000),
    ]  # fmt: skip
    assert Station.objects.get(identity="CP005").ocpp_version == "2.0.1"
    assert not Station.objects.get(identity="CP004").enabled
    quiet = Station.objects.get(identity="CP007")
    assert (quiet.meter_variance, quiet.connectors[0]["phases"]) == (0, 1)
    assert quiet.extra["simulation.meter_value_variance"] == 0.01


def test_an_import_can_start_what_starts_by_itself(api):
    assert api("POST", "stations/import", OLD, start="true")[0] == 200
    assert [s.identity for s in Station.objects.runnable()] == ["CP001", "CP006"]


def test_every_field_is_kept_or_named(api):
    _, body = api("POST", "stations/import", OLD, dry_run="true")
    assert Station.objects.count() == 0
    for source, report in zip(OLD, body["stations"], strict=True):
        told = {*report["kept"], *report["changed"], *report["ignored"]}
        names = set(flatten({k: v for k, v in source.items() if k != "connectors"}))
        names |= {f"connectors[].{name}" for row in source["connectors"] for name in row}
        assert names <= told, names - told
        assert report["ignored"]["connection_status"].startswith("Not taken over")


def test_an_unknown_field_is_kept_and_named(api):
    odd = OLD[0] | {"colour": "red", "simulation": OLD[0]["simulation"] | {"mood": "good"}}
    _, body = api("POST", "stations/import", [odd])
    assert {"colour", "simulation.mood"} <= set(body["stations"][0]["ignored"])
    extra = Station.objects.get(identity="CP001").extra
    assert (extra["colour"], extra["simulation.mood"]) == ("red", "good")


def test_nothing_is_half_imported(api):
    broken = json.loads(json.dumps(OLD))
    broken[3]["csms_url"] = "http://wrong"
    broken[4]["connectors"][0]["max_power"] = "lots"
    status, body = api("POST", "stations/import", broken)
    assert (status, body["code"]) == (422, "import_refused")
    assert {"CP006.csms_url", "CP007.connectors"} <= set(body["fields"])
    assert Station.objects.count() == 0


def test_an_existing_identity(api, make_station):
    make_station("CP005", name="Mine", password="keep")
    status, body = api("POST", "stations/import", OLD)
    assert (status, list(body["fields"])) == (422, ["CP005.identity"])
    assert Station.objects.count() == 1
    status, body = api("POST", "stations/import", OLD, on_existing="skip")
    assert (status, body["created"], body["skipped"]) == (200, len(OLD) - 1, 1)
    assert Station.objects.get(identity="CP005").name == "Mine"
    status, body = api("POST", "stations/import", OLD, on_existing="update")
    assert (status, body["updated"]) == (200, len(OLD))
    assert Station.objects.get(identity="CP005").name == OLD[2]["name"]


def test_an_identity_twice_in_the_file(api):
    status, body = api("POST", "stations/import", [OLD[0], OLD[0]])
    assert (status, body["fields"]["CP001.identity"]) == (
        422, "Line 1: The file has this identity twice.",
    )  # fmt: skip


@pytest.mark.parametrize(
    "document",
    ["text", 5, {}, {"stations": 1}, [1], [{}], [{"identity": 5}], [{"station_id": ["x"]}],
     [{"identity": "A", "csms_url": {"x": 1}}], [{"identity": "A", "tags": 3}],
     [{"station_id": "A", "csms_url": "ws://h", "connectors": [3]}],
     [{"station_id": "A", "csms_url": "ws://h", "csms_auth": {"type": "oauth"}}],
     [{"identity": "A", "csms_url": "ws://h", "colour": "red"}],
     [{"identity": "A", "csms_url": "ws://h", "boot_delay": "soon"}],
     {"stations": [], "templates": [{"name": "x", "csms_url": "http://x"}]}],
)  # fmt: skip
def test_nonsense_is_refused_by_name(api, document):
    status, body = api("POST", "stations/import", document)
    assert status == 422, body
    assert body["fields"]
    assert Station.objects.count() == Template.objects.count() == 0


def test_an_export_comes_back_the_same(api, make_station):
    template = Template.objects.create(name="T", csms_url="ws://t")
    TagGroup.objects.create(name="Site", tags=["north"])
    api("POST", "stations/import", OLD)
    make_station("OWN", template=template, tags=["north"], password="pw")
    _, document = api("GET", "stations/export", secrets="true")
    before = {s.identity: (s.design(), s.extra, s.read_secrets()) for s in Station.objects.all()}
    for model in (Station, Template, TagGroup):
        model.objects.all().delete()
    status, body = api("POST", "stations/import", document)
    assert (status, body["created"]) == (200, len(OLD) + 1), body
    after = {s.identity: (s.design(), s.extra, s.read_secrets()) for s in Station.objects.all()}
    assert after == before
    assert Station.objects.get(identity="OWN").template.name == "T"
    assert TagGroup.objects.get(name="Site").tags == ["north"]


def test_only_an_administrator_who_asks_gets_secrets(api, make_station, django_user_model):
    make_station("CP1", password="hidden-word")
    _, document = api("GET", "stations/export")
    assert "hidden-word" not in json.dumps(document)
    bob = django_user_model.objects.create_user("bob", password="x")
    other = Api(ApiToken.objects.issue(bob)[1])
    assert other("GET", "stations/export", secrets="true")[0] == 403
    assert "hidden-word" in json.dumps(api("GET", "stations/export", secrets="true")[1])


def test_an_export_can_be_filtered(api, make_station):
    make_station("CP1", tags=["a"])
    make_station("CP2")
    _, document = api("GET", "stations/export", tag="a")
    assert [row["identity"] for row in document["stations"]] == ["CP1"]


def test_a_file_can_be_uploaded(api):
    from django.core.files.uploadedfile import SimpleUploadedFile

    upload = SimpleUploadedFile("s.json", json.dumps(OLD).encode(), "application/json")
    answer = api.client.post("/api/stations/import", {"file": upload})
    assert (answer.status_code, answer.json()["created"]) == (200, len(OLD))


@pytest.mark.parametrize(
    "body",
    [
        b"--edge--\r\n",
        b"not multipart at all",
        b'--edge\r\nContent-Disposition: form-data; name="other"\r\n\r\nnull\r\n--edge--\r\n',
        b'--edge\r\nContent-Disposition: form-data; name="file"; filename="s"\r\n\r\n\xff',
    ],
)  # fmt: skip
def test_an_upload_without_a_readable_file_is_refused(api, body):
    kind = "multipart/form-data; boundary=edge"
    answer = api.client.generic("POST", "/api/stations/import", body, kind)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_json")
