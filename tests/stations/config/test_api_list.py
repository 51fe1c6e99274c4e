"""GET /api/stations: pages, filters, live state."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from stations.api import listing
from stations.models import Template


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


def test_the_list_as_csv_is_of_all_that_the_filter_finds(
    api, make_station, set_state, monkeypatch
):
    monkeypatch.setattr(listing, "PAGE", 3)
    template = Template.objects.create(name="T", csms_url="ws://h")
    for number in range(8):
        make_station(f"S{number}", running=number < 5, tags=["n", "m"], template=template)
    make_station("=X", name="@x", password="pw")
    set_state("S1", {"status": "Faulted"})
    set_state("S4", {"status": "Faulted"}, connected=False, link={"error": "refused"})

    def rows(**query):
        answer = api.client.get("/api/stations", {"format": "csv", **query})
        assert answer.status_code == 200, answer.content
        text = b"".join(answer).decode()
        assert "pw" not in text
        return list(csv.DictReader(io.StringIO(text)))

    found = rows()
    assert [row["identity"] for row in found] == ["'=X", *(f"S{n}" for n in range(8))]
    assert (found[0]["name"], found[0]["state"]) == ("'@x", "stopped")
    assert (found[2]["state"], found[2]["template"], found[2]["tags"]) == ("faulted", "T", "n, m")
    assert (found[5]["connected"], found[2]["connected"]) == ("false", "true")
    assert found[5]["problem"].startswith("no worker runs this station")
    assert found[2]["connectors"] == "1:Type2:3:22000"
    faulted = [row["identity"] for row in rows(state="faulted", template="T")]
    assert faulted == ["S1", "S4"]
    assert [row["identity"] for row in rows(tag="n", state="stopped")] == ["S5", "S6", "S7"]
    _, page = api("GET", "stations", limit="4")
    assert [row["identity"] for row in rows(cursor=page["next"])] == ["S3", "S4", "S5", "S6", "S7"]
    assert api("GET", "stations", format="csv", state="odd")[0] == 422
    assert api("GET", "stations", format="xml")[0] == 422
