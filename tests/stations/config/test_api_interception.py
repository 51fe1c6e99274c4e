"""Interception by the API: what goes to the worker, what is refused, what comes back."""

import pytest
from django.test import Client

from stations.api import interception as api_interception

BREAKPOINT = {"id": 1, "direction": "sent", "action": "Heartbeat", "kind": "", "count": None,
              "until": 1.5, "hold_seconds": 60.0}  # fmt: skip
HELD = {"id": 2, "direction": "sent", "kind": "Call", "action": "Heartbeat", "unique_id": "u",
        "text": "[2]", "answers": ["CallResult", "CallError"], "since": 1.0,
        "until": 61.0}  # fmt: skip
ALL = {"action": "", "kind": ""}
SECRET = '[2,"u","ChangeConfiguration",{"key":"AuthorizationKey","value":"c0ffee"}]'

CALLS = [
    ("held/2/release", None, "release", {"id": 2}),
    ("held/2/release", {"text": "[nonsense"}, "release",
     {"id": 2, "text": "[nonsense", "leading": True}),
    ("held/release", None, "release", {}),
    ("held/2/drop", None, "drop", {"id": 2}),
    ("held/2/answer", {"payload": {"a": 1}}, "answer", {"id": 2, "payload": {"a": 1}}),
    ("held/2/answer", {"code": "InternalError", "description": "no"}, "answer",
     {"id": 2, "code": "InternalError", "description": "no"}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "name", "args"), CALLS)
def test_a_decision_reaches_the_worker(api, worker, running, path, body, name, args):
    status, answer = api("POST", f"stations/CP1/{path}", body)
    assert status == 200, answer
    assert worker.seen == [(name, args)]


def test_a_breakpoint_is_set_listed_and_lifted(api, worker, running):
    worker.answer = {"result": BREAKPOINT}
    body = {"direction": "sent", "action": "Heartbeat", "hold_seconds": 60}
    assert api("POST", "stations/CP1/breakpoints", body) == (201, BREAKPOINT)
    worker.answer = {"result": {"breakpoints": [BREAKPOINT], "held": [HELD]}}
    shown = api("GET", "stations/CP1/interception")
    assert shown == (200, {"breakpoints": [BREAKPOINT], "held": [HELD]})
    worker.answer = {"result": {"cleared": [1]}}
    assert api("DELETE", "stations/CP1/breakpoints/1") == (200, {"cleared": [1]})
    assert api("DELETE", "stations/CP1/breakpoints") == (200, {"cleared": [1]})
    assert worker.seen == [
        ("add-breakpoint", ALL | body), ("interception", {}), ("clear-breakpoint", {"id": 1}),
        ("clear-breakpoint", {}),
    ]  # fmt: skip


def test_a_held_frame_hides_its_secrets(api, worker, running, monkeypatch):
    held = HELD | {"action": "ChangeConfiguration", "text": SECRET}
    worker.answer = {"result": {"breakpoints": [], "held": [held]}}
    assert api("GET", "stations/CP1/interception")[1]["held"] == [held]

    async def no(request):
        return False

    monkeypatch.setattr(api_interception, "asker_sees_secrets", no)
    (shown,) = api("GET", "stations/CP1/interception")[1]["held"]
    assert shown == held | {"text": SECRET.replace("c0ffee", "***")}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("breakpoints", {"direction": "up"}, "direction"),
        ("breakpoints", {"hold_seconds": 0}, "hold_seconds"),
        ("breakpoints", {"count": 0}, "count"),
        ("held/2/release", {"txet": ""}, "txet"),
    ],
)
def test_a_bad_wish_is_refused_by_its_field(api, running, path, body, field):
    status, answer = api("POST", f"stations/CP1/{path}", body)
    assert (status, list(answer["fields"])) == (422, [field])


def test_a_frame_that_has_gone_on_is_not_found(api, worker, running):
    sentence = "Frame 2 is not held any more: see the list."
    worker.answer = {"error": {"code": "no_such_frame", "message": sentence}}
    status, answer = api("POST", "stations/CP1/held/2/drop")
    assert (status, answer["message"]) == (404, sentence)


def test_it_needs_a_login_and_a_browser_its_csrf_token(user, worker, running):
    assert Client().get("/api/stations/CP1/interception").status_code == 401
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user)
    assert browser.post("/api/stations/CP1/held/2/drop").status_code == 403
    assert worker.seen == []
