"""Faults on demand by the API: what goes to the worker, what is refused before, what comes back."""

import pytest
from django.test import Client
from django.urls import reverse

RULE = {"id": 3, "fault": "drop", "direction": "sent", "action": "Heartbeat", "kind": "",
        "probability": 1.0, "count": 2, "until": None, "seed": 7}  # fmt: skip
NOTHING = {"frames": [], "clock": None, "half_open": False, "power": "on", "power_back": None,
           "connectors": []}  # fmt: skip
ALWAYS = {"action": "", "kind": "", "probability": 1.0}

CALLS = [
    ("clock", {"offset_seconds": -5, "ppm": 100, "follow": False}, "clock",
     {"offset_seconds": -5, "ppm": 100, "follow": False}),
    ("clock", None, "clock", {"offset_seconds": 0, "ppm": 0, "follow": True}),
    ("half-open", {"seconds": 9}, "half-open", {"seconds": 9}),
    ("half-open", None, "half-open", {}),
    ("heal", None, "heal", {}),
    ("power-cut", {"seconds": 30}, "power-cut", {"seconds": 30}),
    ("power-cut", None, "power-cut", {}),
    ("power-on", None, "power-on", {}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "name", "args"), CALLS)
def test_a_fault_of_the_station_reaches_the_worker(api, worker, running, path, body, name, args):
    status, answer = api("POST", f"stations/CP1/{path}", body)
    assert status == 200, answer
    assert worker.seen == [(name, args)]


def test_a_fault_of_frames_is_added(api, worker, running):
    worker.answer = {"result": RULE}
    body = {"fault": "drop", "direction": "sent", "action": "Heartbeat", "count": 2, "seed": 7}
    status, answer = api("POST", "stations/CP1/faults", body)
    assert status == 201, answer
    assert {name: answer[name] for name in RULE} == RULE
    assert worker.seen == [("add-fault", ALWAYS | body)]


def test_a_broken_connector_is_listed_with_the_vendors_code(api, worker, running):
    broken = {"connector": 1, "error_code": "OtherError", "info": "", "vendor_error_code": "E-42",
              "vendor_id": "com.acme"}  # fmt: skip
    worker.answer = {"result": {**NOTHING, "connectors": [broken]}}
    status, answer = api("GET", "stations/CP1/faults")
    assert (status, answer["connectors"]) == (200, [broken])


def test_an_answer_is_laid_down(api, worker, running):
    told = {"id": 4, "action": "Reset", "payload": {"status": "Rejected"}, "count": 1}
    worker.answer = {"result": {**told, "until": None}}
    body = {"action": "Reset", "payload": {"status": "Rejected"}}
    status, answer = api("POST", "stations/CP1/respond", body)
    assert status == 201 and {name: answer[name] for name in told} == told, answer
    assert worker.seen == [("respond", {**body, "count": 1})]
    assert api("POST", "stations/CP1/respond", {"payload": {}})[0] == 422


def test_faults_are_listed(api, worker, running):
    worker.answer = {"result": NOTHING | {"frames": [RULE], "power": "off"}}
    status, answer = api("GET", "stations/CP1/faults")
    assert status == 200, answer
    assert (answer["frames"][0]["id"], answer["power"]) == (3, "off")
    assert worker.seen == [("faults", {})]


def test_one_fault_or_all_are_cleared(api, worker, running):
    worker.answer = {"result": {"cleared": [3]}}
    assert api("DELETE", "stations/CP1/faults/3") == (200, {"cleared": [3]})
    assert api("DELETE", "stations/CP1/faults") == (200, {"cleared": [3]})
    assert worker.seen == [("clear-fault", {"id": 3}), ("clear-fault", {})]


def test_a_fault_that_is_not_there(api, worker, running):
    worker.answer = {"error": {"code": "no_such_fault", "message": "There is no fault 9."}}
    assert api("DELETE", "stations/CP1/faults/9")[0] == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "fault"),
        ({"fault": "sabotage"}, "fault"),
        ({"fault": "drop", "direction": "up"}, "direction"),
        ({"fault": "drop", "probability": 2}, "probability"),
        ({"fault": "drop", "count": 0}, "count"),
        ({"fault": "malformed", "form": "odd"}, "form"),
        ({"fault": "drop", "dealy_ms": 5}, "dealy_ms"),
    ],
)
def test_a_bad_fault_is_refused_by_its_field(api, running, body, field):
    status, answer = api("POST", "stations/CP1/faults", body)
    assert (status, list(answer["fields"])) == (422, [field])


def test_what_only_the_station_can_judge_is_refused_in_its_words(api, worker, running):
    sentence = "Give delay_ms or jitter_ms."
    worker.answer = {"error": {"code": "invalid_arguments", "message": sentence}}
    status, answer = api("POST", "stations/CP1/faults", {"fault": "latency"})
    assert (status, answer["message"]) == (422, sentence)


def test_faults_stand_in_the_state(api, running, set_state):
    set_state("CP1", faults={"frames": [RULE], "clock": None, "half_open": False, "power": "on"})
    assert api("GET", "stations/CP1/state")[1]["faults"]["frames"] == [RULE]


def test_they_need_a_login(db):
    assert Client().get("/api/stations/CP1/faults").status_code == 401
    assert Client().post("/api/stations/CP1/power-cut").status_code == 401


def test_a_browser_needs_its_csrf_token(user, worker, running):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user)
    assert browser.post("/api/stations/CP1/power-cut").status_code == 403
    assert worker.seen == []


def test_the_admin_page_offers_every_fault(user, running):
    browser = Client()
    browser.force_login(user)
    url = reverse("admin:stations_station_life", args=[running.pk])
    page = browser.get(url).content.decode()
    for word in ("latency", "drop", "duplicate", "reorder", "malformed", "wrong-id", "no-answer",
                 "wrong-types", '"power-cut"', '"half-open"', '"clock"'):  # fmt: skip
        assert word in page
