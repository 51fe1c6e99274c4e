"""GET /api/stations: pages, filters, live state."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext


def identities(answer) -> list[str]:
    status, body = answer
    assert status == 200, body
    return [item["identity"] for item in body["items"]]


def test_pages_by_cursor(api, make_station):
    for number in range(5):
        make_station(f"CP{number}")
    status, first = api("GET", "stations", limit=2)
    assert (status, [s["id"] for s in first["items"]]) == (200, ["CP0", "CP1"])
    _, second = api("GET", "stations", limit=2, cursor=first["next"])
    _, third = api("GET", "stations", limit=2, cursor=second["next"])
    assert [s["id"] for s in second["items"] + third["items"]] == ["CP2", "CP3", "CP4"]
    assert third["next"] is None


def test_filters(api, make_station):
    make_station("CP1", name="Main entrance", tags=["north", "ac"])
    make_station("CP2", vendor="Siemens", ocpp_version="2.0.1", tags=["north"])
    assert identities(api("GET", "stations", search="ENTRANCE")) == ["CP1"]
    assert identities(api("GET", "stations", search="siem")) == ["CP2"]
    assert identities(api("GET", "stations", version="2.0.1")) == ["CP2"]
    assert identities(api("GET", "stations", tag="north")) == ["CP1", "CP2"]
    assert identities(api("GET", "stations", tag="north", search="CP1")) == ["CP1"]


def test_a_search_is_no_regular_expression(api, make_station):
    make_station("CP1")
    assert identities(api("GET", "stations", search="C.1")) == []


def test_states(api, make_station, set_state):
    make_station("off")
    make_station("disabled", enabled=False)
    for name in ("new", "idle", "busy", "broken"):
        make_station(name, running=True)
    set_state("off", {"power_w": 5000, "transaction": "t"})  # its last words before it stopped
    set_state("idle")
    set_state("busy", {}, {"status": "Charging", "transaction": "7", "power_w": 11000.5})
    set_state("broken", {"status": "Faulted", "error": "GroundFailure"})
    _, page = api("GET", "stations")
    assert {s["id"]: s["state"]["state"] for s in page["items"]} == {
        "off": "stopped", "disabled": "disabled", "new": "disconnected", "idle": "connected",
        "busy": "charging", "broken": "faulted",
    }  # fmt: skip
    powers = {s["id"]: s["state"]["power_w"] for s in page["items"]}
    assert (powers["busy"], powers["off"]) == (11000.5, 0)
    assert identities(api("GET", "stations", state="charging")) == ["busy"]
    assert identities(api("GET", "stations", state="online")) == ["broken", "busy", "idle"]
    assert identities(api("GET", "stations", state="running", limit=2)) == ["broken", "busy"]


def test_a_page_costs_one_query_of_stations(api, make_station):
    for number in range(20):
        make_station(f"CP{number}")
    with CaptureQueriesContext(connection) as queries:
        api("GET", "stations")
    assert sum("stations_station" in query["sql"] for query in queries) == 1
    assert len(queries) <= 3  # the token, and now and then its last use


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 501}, {"cursor": "%"}, {"state": "x"}, {"version": "9"}]
)
def test_bad_queries_are_refused(api, query):
    status, body = api("GET", "stations", **query)
    assert status == 422
    assert body["code"] in ("invalid", f"bad_{next(iter(query))}")
    assert body["message"].endswith(".")
