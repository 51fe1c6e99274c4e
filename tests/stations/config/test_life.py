"""The life of a station: its frame and table of commands, what the API adds, who may see it."""

from __future__ import annotations

import json
import re
import time

import orjson
import pytest
from django.test import Client
from django.urls import reverse

from stations import rights
from stations.api.seats import SEATS
from stations.life.page import FAULT_CODES, TABLE, commands_for
from stations.models import Station
from stations.state import keys
from tests.emulator.callers import make_callers
from tests.stations.config.settings_words import PLACE, words

pytestmark = pytest.mark.django_db
# On the page in its own way: the head, and settings beside their values.
ELSEWHERE = {"start", "stop", "release", "settings"}


@pytest.fixture
def members(db):
    """{group: a logged-in browser of one of it}."""
    callers = make_callers()
    clients = {group: Client() for group in ("Viewer", "Tester", "Operator")}
    for group, client in clients.items():
        client.force_login(callers[group].user)
    return clients


def life(client, station) -> str:
    return client.get(reverse("admin:stations_station_life", args=[station.pk])).content.decode()


def told_in(page: str) -> dict:
    return json.loads(re.search(r'id="life-told"[^>]*>([^<]*)<', page)[1])


# --- the table of commands -----------------------------------------------------------------------


def test_every_command_of_the_api_has_a_seat_and_the_page_knows_no_other():
    """New in the API: give it one by stations.api.seats.command."""
    buttons = {name.rpartition(" ")[2] for name in rights.PART.buttons}
    assert {each.name for each in TABLE} == buttons - ELSEWHERE
    assert {each.seat for each in TABLE} == set(SEATS)
    assert len({each.label for each in TABLE}) == len(TABLE), "two buttons cannot be confused"


def test_each_command_and_each_field_is_explained():
    for command in TABLE:
        assert command.help, command.name
        schema = command.schema or {}
        inner = [part["properties"] for part in schema.get("$defs", {}).values()]
        for fields in (schema.get("properties", {}), *inner):
            for name, field in fields.items():
                plain = name == "ev" or "$ref" in json.dumps(field)
                assert plain or field.get("description"), f"{command.name}: {name}"


def test_the_core_has_each_command_in_some_version_and_an_older_one_lacks_the_newer():
    for command in TABLE:
        assert any(command.spoken_in(version) for version in ("1.6", "2.0.1", "2.1")), command
    names = {
        version: {
            each["name"]
            for seat in commands_for(version, [c.name for c in TABLE]) for each in seat["commands"]
        }
        for version in ("1.6", "2.0.1", "2.1")
    }  # fmt: skip
    assert "data-transfer" in names["1.6"] and "charging-limit" not in names["1.6"]
    assert {"charging-limit", "bay"} <= names["2.0.1"] and "battery-swap" not in names["2.0.1"]
    assert {"battery-swap", "pay-terminal", "der-alarm"} <= names["2.1"]


def test_the_words_of_the_settings_are_those_of_the_docs():
    assert PLACE.read_text() == words(), "run: python -m tests.stations.config.settings_words"


# --- the page ------------------------------------------------------------------------------------


def test_who_may_drive_has_the_commands_and_who_may_look_has_none(members, running, set_state):
    set_state("CP1", {"status": "Charging", "transaction": "7", "power_w": 7000})
    told = told_in(life(members["Tester"], running))
    assert [seat["seat"] for seat in told["seats"]] == list(SEATS)
    assert told["suggested"]["error_code"][1:] == list(FAULT_CODES)
    assert "settings" not in told["allowed"]  # that is configuring
    page = life(members["Viewer"], running)
    assert told_in(page)["seats"] == [] and told_in(page)["allowed"] == []
    assert "data-command=" not in page and 'id="lf-no-rights"' in page
    assert told_in(page)["live"]["connectors"][0]["power_w"] == 7000


def test_the_page_is_found_by_the_identity_too(user, client, running):
    client.force_login(user)
    answer = client.get(reverse("admin:stations_station_life", args=[running.identity]))
    assert told_in(answer.content.decode()) == told_in(life(client, running))


def test_a_station_that_is_not_there(user, client, running):
    client.force_login(user)
    answer = client.get(reverse("admin:stations_station_life", args=["0" * 24]))
    assert answer.status_code == 302


def test_the_start_of_a_station_is_not_called_as_that_of_a_transaction(user, client, running):
    client.force_login(user)
    page = life(client, running)
    assert "Start station" in page and ">Start<" not in page and ">Stop<" not in page
    assert {"Start charging", "Stop charging"} <= {each.label for each in TABLE}


def test_a_name_of_any_signs_is_told_in_the_address(user, client, make_station):
    station = make_station("Säule 7/2")
    client.force_login(user)
    assert told_in(life(client, station))["api"] == "/api/stations/S%C3%A4ule%207%2F2"


def test_a_station_that_does_not_run_delivers_nothing(api, make_station, set_state):
    make_station("CP1")
    set_state("CP1", {"status": "Charging", "transaction": "7", "power_w": 11000, "soc": 40.0})
    state = api("GET", "stations/CP1/state")[1]
    assert state["power_w"] == 0
    [outlet] = state["connectors"]
    assert (outlet["status"], outlet["power_w"]) == ("Unavailable", 0)
    assert (outlet["transaction"], outlet["soc"]) == ("7", 40.0)  # it goes on at the next start


# --- what the API adds ---------------------------------------------------------------------------


def test_schedule_and_settings_are_asked_of_the_station(api, worker, running):
    worker.answer = {"result": {"start": 5.0, "seconds": 60, "periods": []}}
    assert api("GET", "stations/CP1/schedule", connector=2, seconds=60)[0] == 200
    row = {"key": "A", "group": "g", "name": "A", "value": "1", "mutability": "ReadWrite"}
    worker.answer = {"result": {"settings": [{**row, "kind": "text"}]}}
    assert api("GET", "stations/CP1/settings")[1]["settings"][0]["value"] == "1"
    worker.answer = {"result": {"status": "Accepted"}}
    body = {"key": "HeartbeatInterval", "value": "60"}
    assert api("POST", "stations/CP1/settings", body)[1]["result"] == {"status": "Accepted"}
    assert worker.seen == [
        ("schedule", {"connector": 2, "seconds": 60}), ("settings", {}),
        ("set", {**body, "leading": True}),  # a superuser sees secrets
    ]  # fmt: skip


def test_where_the_link_leads_is_for_those_who_see_secrets(members, worker, running):
    worker.answer = {"result": {"status": "Accepted"}}
    body = {"key": "EmulatorSecureUrl", "value": "wss://x/"}
    answer = members["Operator"].post("/api/stations/CP1/settings", body, "application/json")
    assert answer.status_code == 200, answer.content
    assert worker.seen == [("set", body)]


def test_a_secret_among_the_settings_is_masked(members, worker, running):
    row = {"key": "A.SharedSecret", "group": "A", "name": "SharedSecret", "value": "s3cret"}
    answer = {"settings": [{**row, "mutability": "ReadWrite", "kind": "string"}]}
    worker.answer = {"result": answer}
    told = members["Viewer"].get("/api/stations/CP1/settings").json()
    assert told["settings"][0]["value"] == "***"


def test_a_refused_setting_tells_why(api, worker, running):
    error = {"code": "setting_refused", "message": "The station answers Rejected."}
    worker.answer = {"error": error}
    status, told = api("POST", "stations/CP1/settings", {"key": "A", "value": "b"})
    assert (status, told["code"]) == (409, "setting_refused")


def test_the_past_day_is_read_of_redis_and_of_the_sessions(api, hot, running):
    now = time.time()
    old, fresh = ([now - age, "boot"] for age in (30 * 3600, 60))
    hot.rpush(keys.moments_key("CP1"), orjson.dumps(old), orjson.dumps(fresh))
    status, told = api("GET", "stations/CP1/timeline")
    assert (status, told["moments"], told["sessions"]) == (200, [fresh], [])
    assert told["to"] - told["from"] == 24 * 3600
    assert api("GET", "stations/NONE/timeline")[0] == 404
    assert api("GET", "stations/CP1/timeline", hours=99)[0] == 422


def test_a_deleted_station_leaves_no_past(api, hot, running):
    hot.rpush(keys.moments_key("CP1"), orjson.dumps([time.time(), "boot"]))
    Station.objects.filter(identity="CP1").update(running=False)
    assert api("DELETE", "stations/CP1")[0] in (200, 204)
    assert not hot.exists(keys.moments_key("CP1"))
