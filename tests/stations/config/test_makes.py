"""Makes: /api/makes, files in and out, and what a station takes from its make."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import ApiToken
from stations.configuration import changes as station_changes
from stations.makes import changes, documents, files, finding
from stations.makes.tables import Make
from stations.models import Station, Template
from tests.stations.config.conftest import Api

WALL = {
    "name": "wall-11", "vendor": "Volt & Co", "model": "Wall 11", "firmware": "1.4.2",
    "versions": ["1.6"], "delays": {"reset": [5, 8], "boot": 12},
    "outlets": [{"id": 1, "evse": 1, "kind": "Type2", "phases": 1, "max_power_w": 7400}],
    "keys": {"MeterValuesSampledData": {"value": "Energy.Active.Import.Register"}},
    "meter": {"noise_pct": 4},
}  # fmt: skip
FAST = WALL | {"name": "fast-150", "model": "Fast 150", "versions": ["2.0.1", "2.1"]}
del FAST["keys"]
URL = "ws://127.0.0.1:9000/ocpp"


@pytest.fixture
def wall(db) -> Make:
    return changes.create(WALL)


# --- the API


def test_life_of_a_make(api):
    status, made = api("POST", "makes", WALL)
    assert status == 201, made
    assert (made["name"], made["versions"], made["shipped"]) == ("wall-11", ["1.6"], False)
    assert made["document"] == WALL
    assert api("GET", "makes/wall-11") == (200, made)
    status, body = api("PUT", "makes/wall-11", WALL | {"firmware": "2.0"}, revision=1)
    assert (status, body["document"]["firmware"], body["revision"]) == (200, "2.0", 2)
    assert api("PUT", "makes/wall-11", WALL, revision=1)[1]["code"] == "stale"
    assert api("GET", "makes/wall-11")[1]["document"]["firmware"] == "2.0"
    assert api("DELETE", "makes/wall-11") == (204, None)
    assert api("GET", "makes/wall-11")[0] == 404


def test_pages_of_makes_by_name(api):
    for name in "bac":
        api("POST", "makes", WALL | {"name": name})
    _, first = api("GET", "makes", limit=2)
    _, second = api("GET", "makes", limit=2, cursor=first["next"])
    assert [row["name"] for row in first["items"] + second["items"]] == ["a", "b", "c"]
    assert second["next"] is None
    assert "document" not in first["items"][0]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"colour": "blue"}, "colour"),
        ({"meter": {"noise_pct": 400}}, "meter.noise_pct"),
        ({"outlets": [{"id": 1, "evse": 1, "kind": "Type9"}]}, "outlets[1].kind"),
        ({"variables": {"A.B": {"type": "string"}}}, "variables"),
        ({"name": ""}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": "export"}, "name"),
        ({"versions": []}, "versions"),
        ({"vendor": "A vendor of more than 20"}, "vendor"),
        ({"outlets": [{"id": 1, "evse": 1, "phases": 1, "max_power_w": 99000}]}, "outlets"),
    ],
)
def test_a_document_that_is_no_make_is_refused_by_its_fields(api, change, path):
    status, body = api("POST", "makes", WALL | change)
    assert (status, list(body["fields"])) == (422, [path]), body
    status, body = api("POST", "makes/import", [WALL | {"name": "good"}, WALL | change])
    assert status == 422
    assert any(name.endswith(f".{path}") for name in body["fields"]), body
    assert not Make.objects.exists(), "nothing of a file with a mistake is stored"


def test_a_name_is_for_good_and_ones_own(api, wall):
    assert api("POST", "makes", WALL)[1]["code"] == "name_taken"
    status, body = api("PUT", "makes/wall-11", WALL | {"name": "other"})
    assert (status, list(body["fields"])) == (422, ["name"])
    status, copy = api("POST", "makes/wall-11/copy", {"name": "wall-12"})
    assert (status, copy["document"]) == (201, WALL | {"name": "wall-12"})
    assert api("POST", "makes/wall-11/copy", {"name": "wall-12"})[0] == 409


def test_one_that_ships_is_copied_and_not_changed(api, db):
    changes.create(WALL, shipped=True)
    for method, path, body in (
        ("PUT", "makes/wall-11", WALL | {"firmware": "9"}), ("DELETE", "makes/wall-11", None),
    ):  # fmt: skip
        status, answer = api(method, path, body)
        assert (status, answer["code"]) == (409, "shipped")
    answer = api("POST", "makes/import", WALL | {"firmware": "9"}, on_existing="update")[1]
    assert list(answer["fields"]) == ["wall-11.name"]
    assert api("POST", "makes/wall-11/copy", {"name": "mine"})[1]["shipped"] is False


def test_one_in_use_stays(api, wall, make_station):
    make_station("CP1", make="wall-11")
    assert api("GET", "makes/wall-11")[1]["stations"] == 1
    assert api("GET", "makes")[1]["items"][0]["stations"] == 1
    assert api("DELETE", "makes/wall-11")[1]["code"] == "in_use"
    Station.objects.all().delete()
    Template.objects.create(name="T", csms_url=URL, make="wall-11")
    assert api("DELETE", "makes/wall-11")[1]["code"] == "in_use"


def test_the_schema_tells_what_the_reader_takes(api):
    jsonschema_rs = pytest.importorskip("jsonschema_rs")
    status, schema = api("GET", "make-schema")
    check = jsonschema_rs.validator_for(schema)
    assert status == 200 and check.is_valid(WALL) and not check.is_valid({"colour": "blue"})


def test_a_file_out_is_a_file_in(api, wall):
    changes.create(FAST)
    status, one = api("GET", "makes/export", name="fast-150")
    assert (status, [each["name"] for each in one["makes"]]) == (200, ["fast-150"])
    _, both = api("GET", "makes/export")
    assert api("GET", "makes/export", name="nobody")[0] == 404
    Make.objects.all().delete()
    status, body = api("POST", "makes/import", both, dry_run="true")
    assert (status, Make.objects.count()) == (200, 0)
    status, body = api("POST", "makes/import", both)
    assert [each["action"] for each in body["makes"]] == ["created", "created"]
    assert Make.objects.get(name="wall-11").document == WALL
    status, body = api("POST", "makes/import", [WALL | {"firmware": "2"}, FAST])
    assert list(body["fields"]) == ["wall-11.name"]
    body = api("POST", "makes/import", [WALL | {"firmware": "2"}, FAST], on_existing="update")[1]
    assert [each["action"] for each in body["makes"]] == ["updated", "skipped"]
    assert Make.objects.get(name="wall-11").document["firmware"] == "2"


def test_an_update_by_import_asks_for_the_right_to_change(wall, django_user_model, db, hot):
    from django.contrib.auth.models import Permission

    eve = django_user_model.objects.create_user("eve", is_staff=True)
    add = Permission.objects.filter(codename__in=["add_make", "view_make"])
    eve.user_permissions.set(add)
    _, token = ApiToken.objects.issue(eve, "test")
    eves = Api(token)
    assert eves("POST", "makes/import", FAST)[0] == 200
    assert eves("POST", "makes/import", WALL, on_existing="update")[0] == 403
    assert eves("PUT", "makes/wall-11", WALL)[0] == 403


# --- stations of a make


def test_a_station_takes_what_it_does_not_set_itself(wall, make_station):
    station = make_station("CP1", make="wall-11", firmware="9.9")
    assert (station.vendor, station.model, station.firmware) == ("Volt & Co", "Wall 11", "9.9")
    assert station.connectors[0]["max_power_w"] == 7400
    config = Station.objects.get(identity="CP1").to_core_config()
    assert (config.make.name, config.vendor, config.firmware) == ("wall-11", "Volt & Co", "9.9")
    assert config.meter_variance == 0.04
    assert "MeterValuesSampledData" not in config.configuration, "the make's own stands"
    own = make_station("CP2", make="wall-11", measurands=["Voltage"], meter_variance=0.1)
    config = own.to_core_config()
    assert config.configuration["MeterValuesSampledData"] == "Voltage"
    assert config.meter_variance == 0.1


def test_the_version_is_one_that_the_make_speaks(db, make_station):
    changes.create(FAST)
    assert make_station("CP1", make="fast-150").ocpp_version == "2.0.1"
    assert make_station("CP2", make="fast-150", ocpp_version="2.1").ocpp_version == "2.1"
    with pytest.raises(ValidationError) as wrong:
        make_station("CP3", make="fast-150", ocpp_version="2.1", offered_versions=["2.1", "1.6"])
    assert list(wrong.value.message_dict) == ["make"]
    changes.create(WALL)
    with pytest.raises(ValidationError) as wrong:  # chosen, and so not changed silently
        make_station("CP4", make="wall-11", ocpp_version="2.1")
    assert list(wrong.value.message_dict) == ["make"]


def test_a_row_has_the_make_that_it_names_now_and_as_it_is_now(wall):
    changes.create(FAST)
    row = Station(identity="CP1", csms_url=URL)
    finding.give(row, documents.read(WALL))
    assert finding.of_row(row).name == "wall-11"
    row.make = "fast-150"
    assert finding.of_row(row).name == "fast-150"
    with finding.remembered():
        assert finding.find("wall-11").firmware == "1.4.2"
    changes.replace(wall, WALL | {"firmware": "2.0"})
    assert finding.find("wall-11").firmware == "2.0"


def test_a_make_is_one_in_each_of_its_versions(api):
    """1.6 cuts the vendor at 20 characters, 2.x at 50."""
    both = WALL | {"versions": ["1.6", "2.0.1"], "vendor": "A vendor of more than 20"}
    for versions in (["1.6", "2.0.1"], ["2.0.1", "1.6"]):
        status, body = api("POST", "makes", both | {"versions": versions})
        assert (status, list(body["fields"])) == (422, ["vendor"])


def test_a_make_that_is_not_there_is_refused_by_the_field(api):
    status, body = api("POST", "stations", {"identity": "A", "csms_url": URL, "make": "nobody"})
    assert (status, list(body["fields"])) == (422, ["make"])


def test_delays_of_the_make_go_at_the_pace_of_the_settings(wall, make_station, settings):
    settings.STATION_DELAYS = 1.0
    station = make_station("CP1", make="wall-11")
    assert station.to_core_config().delays["reset"] == (5, 8)
    assert station.to_core_config().boot_delay == 12
    settings.STATION_DELAYS = 0.0
    assert station.to_core_config().boot_delay == 0
    assert station.to_core_config().delays == {}
    settings.STATION_DELAYS = 1.0
    own = make_station("CP2", make="wall-11", delays={"reset": "1"}, boot_delay=3)
    assert (own.to_core_config().delays["reset"], own.to_core_config().boot_delay) == ((1, 1), 3)


def test_another_make_takes_the_place_of_what_the_first_one_gave(api, wall):
    changes.create(WALL | {"name": "post", "vendor": "Post AG", "model": "P"})
    _, made = api("POST", "stations", {"identity": "A", "csms_url": URL, "make": "wall-11",
                                       "firmware": "own"})  # fmt: skip
    assert made["vendor"] == "Volt & Co"
    _, made = api("PATCH", "stations/A", {"make": "post"})
    assert (made["vendor"], made["model"], made["firmware"]) == ("Post AG", "P", "own")
    _, made = api("PATCH", "stations/A", {"make": ""})
    assert (made["make"], made["vendor"]) == ("", "Post AG")


def test_a_changed_make_changes_its_stations_but_not_what_they_set(api, wall, make_station):
    make_station("CP1", make="wall-11")
    make_station("CP2", make="wall-11", model="Mine")
    make_station("CP3")
    Template.objects.create(name="T", csms_url=URL, make="wall-11", vendor="Volt & Co")
    seen = {row.identity: row.revision for row in Station.objects.all()}
    outlets = [{**WALL["outlets"][0], "max_power_w": 11000}]
    new = WALL | {"model": "Wall 12", "vendor": "Volt SE", "outlets": outlets}
    assert api("PUT", "makes/wall-11", new)[0] == 200
    rows = {row.identity: row for row in Station.objects.all()}
    assert (rows["CP1"].model, rows["CP1"].vendor) == ("Wall 12", "Volt SE")
    assert rows["CP1"].connectors == outlets
    assert (rows["CP2"].model, rows["CP2"].vendor) == ("Mine", "Volt SE")
    assert rows["CP3"].vendor == "OCPP Emulator"
    moved = {name: row.revision - seen[name] for name, row in rows.items()}
    assert moved == {"CP1": 1, "CP2": 1, "CP3": 0}, "a worker looks at rows that have moved on"
    assert Template.objects.get(name="T").vendor == "Volt SE"


def test_a_station_that_is_changed_meanwhile_follows_all_the_same(wall, make_station, monkeypatch):
    station = make_station("CP1", make="wall-11")
    first = changes._moved_on
    raced = []

    def race(row, old, new):
        if not raced:
            raced.append(station_changes.change("CP1", lambda one: setattr(one, "name", "N"), None))
        return first(row, old, new)

    monkeypatch.setattr(changes, "_moved_on", race)
    changes.replace(wall, WALL | {"model": "Wall 12"})
    station.refresh_from_db()
    assert (station.name, station.model) == ("N", "Wall 12")


def test_a_version_that_stations_speak_is_not_taken_away(api, db, make_station):
    changes.create(FAST)
    make_station("CP1", make="fast-150", ocpp_version="2.1")
    status, body = api("PUT", "makes/fast-150", FAST | {"versions": ["2.0.1"]})
    assert (status, list(body["fields"])) == (422, ["versions"])
    assert "CP1" in body["fields"]["versions"]
    Station.objects.all().delete()
    make_station("CP2", make="fast-150", ocpp_version="2.0.1", offered_versions=["2.0.1", "2.1"])
    status, body = api("PUT", "makes/fast-150", FAST | {"versions": ["2.0.1"]})
    assert status == 422 and "CP2" in body["fields"]["versions"], "it offers the other one, too"


def test_stations_take_their_make_to_another_installation(api, wall, make_station):
    make_station("CP1", make="wall-11")
    _, document = api("GET", "stations/export")
    assert document["makes"] == [WALL]
    table = api.client.get("/api/stations/export?format=csv")
    text = b"".join(table.streaming_content).decode()
    Station.objects.all().delete()
    Make.objects.all().delete()
    status, body = api("POST", "stations/import", document)
    assert (status, body["created"]) == (200, 1), body
    assert Station.objects.get(identity="CP1").to_core_config().make.name == "wall-11"
    Station.objects.all().delete()
    answer = api.client.post("/api/stations/import", text, content_type="text/csv")
    assert answer.status_code == 200, answer.content
    assert Station.objects.get(identity="CP1").make == "wall-11"
    document["makes"] = [WALL | {"name": "broken", "colour": "blue"}]
    status, body = api("POST", "stations/import", document, on_existing="update")
    assert list(body["fields"]) == ["makes[0].colour"]


def test_many_stations_of_a_template_are_of_its_make(api, wall):
    status, _ = api("POST", "templates", {"name": "T", "csms_url": URL, "make": "wall-11"})
    assert status == 201
    status, _ = api("POST", "stations/bulk", {"template": "T", "pattern": "B-{n}", "count": 3})
    assert status == 201
    assert set(Station.objects.values_list("make", "vendor")) == {("wall-11", "Volt & Co")}


# --- the trail


def test_the_trail_tells_of_a_make(api, wall):
    api("PUT", "makes/wall-11", WALL | {"firmware": "2.0"})
    from accounts.trail.reading import newest_of

    entry = newest_of(changes.LABEL, "wall-11", 1)[0]
    assert entry["action"] == "changed" and entry["changes"][0]["field"] == "document"


# --- the package and the commands


def test_those_that_ship_are_brought_once_and_renewed(db, monkeypatch, make_station):
    first = {"wall-11": WALL}
    monkeypatch.setattr(documents, "shipped", lambda: first)
    assert [row.name for row in changes.seed()] == ["wall-11"]
    assert changes.seed() == []
    make_station("CP1", make="wall-11")
    first["wall-11"] = WALL | {"firmware": "2.0"}
    assert [row.name for row in changes.seed()] == ["wall-11"]
    assert Station.objects.get().firmware == "2.0"
    Station.objects.all().delete()
    Make.objects.all().delete()
    changes.create(WALL)
    assert changes.seed() == [], "one's own of the same name stays"
    assert Make.objects.get().document == WALL


def test_every_shipped_file_is_a_make_under_its_own_name():
    assert len(documents.shipped()) >= 12
    for path in documents.SHIPPED.glob("*.json"):
        document = json.loads(path.read_text())
        assert documents.read(document).name == path.stem


def test_the_commands_take_what_they_wrote(db, tmp_path, wall, capsys):
    changes.create(FAST)
    path = tmp_path / "makes.json"
    call_command("exportmakes", "wall-11", to=path)
    document = json.loads(path.read_text())
    document["makes"][0]["firmware"] = "3.0"
    path.write_text(json.dumps(document))
    with pytest.raises(CommandError, match="exists already"):
        call_command("importmakes", path)
    call_command("importmakes", path, "--on-existing", "update", "--dry-run")
    assert Make.objects.get(name="wall-11").revision == 1
    call_command("importmakes", path, "--on-existing", "update")
    assert Make.objects.get(name="wall-11").document["firmware"] == "3.0"
    with pytest.raises(CommandError, match="nobody"):
        call_command("exportmakes", "nobody")
    path.write_text("{")
    with pytest.raises(CommandError, match="not JSON"):
        call_command("importmakes", path)


def test_a_file_that_somebody_overtakes_leaves_nothing(db, wall, monkeypatch):
    plan = files.make_plan([FAST, WALL | {"firmware": "2"}], "update")
    changes.replace(Make.objects.get(name="wall-11"), WALL | {"firmware": "theirs"})
    with pytest.raises(files.MakesRefused):
        files._carry_out(plan)
    assert {row.name: row.document["firmware"] for row in Make.objects.all()} == {
        "wall-11": "theirs"
    }
