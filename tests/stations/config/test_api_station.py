"""GET, PUT, PATCH and DELETE of one station; start, stop, clone, state."""

import threading

import pytest

from stations.models import Station
from stations.state import keys
from stations.state.snapshots import state_collection


def test_read(api, make_station, set_state):
    make_station("CP1", password="pw", running=True)
    set_state("CP1", {"status": "Preparing"})
    status, body = api("GET", "stations/CP1")
    assert (status, body["identity"], body["has_password"]) == (200, "CP1", True)
    assert body["state"]["connectors"][0]["status"] == "Preparing"
    assert "pw" not in str(body)
    assert api("GET", "stations/CP1/state") == (200, body["state"])


def test_an_unknown_station(api):
    for method, path in [("GET", "X"), ("PATCH", "X"), ("PUT", "X"), ("DELETE", "X"),
                         ("POST", "X/start"), ("POST", "X/clone"), ("GET", "X/state"),
                         ("POST", "X/plug")]:  # fmt: skip
        status, body = api(method, f"stations/{path}", {} if method in ("PATCH", "PUT") else None)
        assert (method, path, status, body["code"]) == (method, path, 404, "station_not_found")


def test_patch_changes_only_what_is_sent(api, make_station):
    make_station("CP1", name="Old", tags=["a"], password="pw")
    status, body = api("PATCH", "stations/CP1", {"name": "New"})
    assert (status, body["name"], body["tags"], body["revision"]) == (200, "New", ["a"], 2)
    assert body["has_password"]
    _, body = api("PATCH", "stations/CP1", {"password": ""})
    assert not body["has_password"]


def test_patch_refuses_what_the_form_refuses(api, make_station):
    make_station("CP1")
    status, body = api("PATCH", "stations/CP1", {"csms_url": "http://x"})
    assert (status, list(body["fields"])) == (422, ["csms_url"])
    assert Station.objects.get(identity="CP1").revision == 1


def test_a_revision_that_moved_on_is_refused(api, make_station):
    make_station("CP1")
    assert api("PATCH", "stations/CP1", {"name": "A", "revision": 1})[0] == 200
    status, body = api("PATCH", "stations/CP1", {"name": "B", "revision": 1})
    assert (status, body["code"]) == (409, "stale")
    assert Station.objects.get(identity="CP1").name == "A"


def test_changes_at_the_same_time_are_all_kept(api, make_station):
    make_station("CP1")
    sent = {"name": "A", "serial": "S", "iccid": "1", "imsi": "2"}
    answers = []

    def change(name: str, value: str) -> None:
        answers.append(api("PATCH", "stations/CP1", {name: value}))

    threads = [threading.Thread(target=change, args=pair) for pair in sent.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [status for status, _ in answers] == [200] * 4
    station = Station.objects.get(identity="CP1")
    assert {name: getattr(station, name) for name in sent} == sent
    assert station.revision == 5


def test_put_replaces_and_keeps_the_secrets(api, make_station):
    make_station("CP1", name="Old", tags=["a"], password="pw")
    status, body = api("PUT", "stations/CP1", {"csms_url": "ws://other", "vendor": "ABB"})
    assert status == 200, body
    assert (body["name"], body["tags"], body["vendor"]) == ("", [], "ABB")
    assert body["has_password"]
    for method in ("PUT", "PATCH"):
        asked = {"identity": "CP2", "csms_url": "ws://other"}
        status, body = api(method, "stations/CP1", asked)
        assert (status, list(body["fields"])) == (422, ["identity"])
        assert "clone the station" in body["fields"]["identity"]
    assert api("PATCH", "stations/CP1", {"identity": "CP1", "name": "A"})[0] == 200


def test_delete_forgets_the_state_too(api, make_station, set_state, hot):
    make_station("CP1")
    set_state("CP1")
    state_collection().replace_one({"_id": "CP1"}, {"stamp": "1"}, upsert=True)
    assert api("DELETE", "stations/CP1") == (204, None)
    assert api("GET", "stations/CP1")[0] == 404
    assert hot.get(keys.state_key("CP1")) is None
    assert state_collection().find_one({"_id": "CP1"}) is None


@pytest.mark.parametrize("method", ["PATCH", "POST"])
def test_start_and_stop(api, make_station, method):
    make_station("CP1")
    assert api(method, "stations/CP1/start")[1] == {
        "identity": "CP1", "running": True, "changed": True,
    }  # fmt: skip
    assert Station.objects.get(identity="CP1").running
    assert api(method, "stations/CP1/start")[1]["changed"] is False
    assert api(method, "stations/CP1/stop")[1]["changed"] is True
    assert not Station.objects.get(identity="CP1").running


def test_a_disabled_station_does_not_start(api, make_station):
    make_station("CP1", enabled=False)
    status, body = api("POST", "stations/CP1/start")
    assert (status, body["code"]) == (409, "disabled")


def test_clone(api, make_station):
    make_station("CP1", password="pw", tags=["a"], csms_url="ws://h/ocpp/CP1", running=True)
    status, body = api("POST", "stations/CP1/clone", {"identity": "CP2", "name": "Two"})
    assert status == 201, body
    assert (body["identity"], body["name"], body["tags"]) == ("CP2", "Two", ["a"])
    assert (body["csms_url"], body["running"]) == ("ws://h/ocpp/CP2", False)
    assert Station.objects.get(identity="CP2").read_secrets()[0] == "pw"
    assert api("POST", "stations/CP1/clone")[1]["identity"] == "CP1-copy"
    assert api("POST", "stations/CP1/clone")[1]["identity"] == "CP1-copy-2"
    assert api("POST", "stations/CP1/clone", {"identity": "CP2"})[0] == 422


def test_a_station_that_is_held_back_says_why_and_is_released(api, make_station, set_state):
    make_station("CP1", running=True, held_back="2 workers ended")
    make_station("CP2", running=True)
    set_state("CP1", {"status": "Charging", "transaction": "7", "power_w": 11040})
    _, body = api("GET", "stations/CP1")
    state = body["state"]
    assert (body["running"], body["held_back"], state["state"]) == (
        True, "2 workers ended", "held back",
    )  # fmt: skip
    assert (state["connected"], state["power_w"]) == (False, 0)
    assert state["link_error"] == "held back: 2 workers ended"
    listed = [(s, api("GET", "stations", state=s)[1]["items"]) for s in ("held back", "charging")]
    assert [(s, [row["identity"] for row in rows]) for s, rows in listed] == [
        ("held back", ["CP1"]), ("charging", []),
    ]  # fmt: skip
    status, body = api("POST", "stations/CP1/plug", {"connector": 1})
    assert (status, body["code"]) == (409, "held_back")
    assert "POST /api/stations/CP1/release" in body["message"]
    assert api("POST", "stations/CP1/release") == (200, {"identity": "CP1", "released": True})
    assert api("POST", "stations/CP1/release") == (200, {"identity": "CP1", "released": False})
    assert api("POST", "stations/CP9/release")[0] == 404
    assert api("GET", "stations/CP1/state")[1]["state"] == "charging"


def test_what_the_csms_got_wrong_and_why_it_is_not_in_service(api, make_station, set_state):
    make_station("CP1", running=True)
    breach = {"action": "BootNotification", "kind": "CallResult", "what": "status: null, left out",
              "count": 3, "last": 1.5, "read": False, "detail": "null is no status"}  # fmt: skip
    trouble = "BootNotification: its answer cannot be read: TypeConstraintViolation: null"
    link = {"state": "open", "error": ""}
    set_state("CP1", registration="", trouble=trouble, breaches=[breach], link=link)
    state = api("GET", "stations/CP1/state")[1]
    assert (state["state"], state["link_error"], state["breaches"]) == (
        "pending", trouble, [breach])  # fmt: skip
    set_state("CP1", connected=False, link={"state": "waiting", "error": "refused with 401"})
    state = api("GET", "stations/CP1/state")[1]
    assert (state["link_error"], state["breaches"]) == ("refused with 401", [])
