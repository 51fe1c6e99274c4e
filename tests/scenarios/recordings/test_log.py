"""A recording out of the message log, by the API: its time, its rights, its secrets."""

from __future__ import annotations

import json

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group
from django.test import AsyncClient

from accounts.models import ApiToken
from emulator.groups import make_groups
from messaging.keeping import store
from scenarios.documents import fill
from scenarios.models import Scenario
from tests.messaging.test_api import NOW, api, log, record  # noqa: F401

BOOT = {"chargePointVendor": "Volt", "chargePointModel": "Wall", "chargePointSerialNumber": "SN-1X"}
KEY = {"key": "AuthorizationKey", "value": "a-key-of-16-signs"}
SECRET = {"vendorId": "v", "messageId": "password", "data": "hunter2hunter2"}


def frame(number: float, text: list, direction: str = "sent", **more: str):
    kind = {2: "Call", 3: "CallResult"}[text[0]]
    action = text[2] if kind == "Call" else ""
    return record(number, station="CP-1", direction=direction, kind=kind, uid=text[1],
                  action=action, text=json.dumps(text), **more)  # fmt: skip


@pytest.fixture
def session(log) -> None:  # noqa: F811
    log([
        frame(0, [2, "a", "BootNotification", BOOT]),
        frame(1, [3, "a", {"status": "Accepted", "interval": 9, "currentTime": "2026-01-31T12:00:00Z"}], "received"),  # noqa: E501
        frame(2, [2, "b", "Authorize", {"idTag": "LOST"}], mark="dropped"),
        frame(3, [2, "c", "ChangeConfiguration", KEY], "received"),
        frame(4, [3, "c", {"status": "Accepted"}]),
        frame(100, [2, "d", "DataTransfer", {"vendorId": "v", "data": "SN-1X"}]),
        frame(101, [2, "e", "DataTransfer", SECRET]),
        record(102, station="CP-2"),
    ])  # fmt: skip


def ask_as(user, path: str, **query: object):
    _, token = ApiToken.objects.issue(user, "test")
    client = AsyncClient()

    async def ask():
        headers = {"Authorization": f"Bearer {token}"}
        answer = await client.get(f"/api/{path}", query_params=query, headers=headers)
        await store.close_async()  # this loop ends with the call
        return answer

    return async_to_sync(ask)()


def test_a_session_of_the_log_is_a_scenario(api, session) -> None:  # noqa: F811
    status, made = api("GET", "stations/CP-1/recording")
    assert status == 200
    text = json.dumps(made)
    assert made["name"] == "Recording of CP-1" and "LOST" not in text and "hunter2" in text
    fill(Scenario(), made).full_clean(validate_unique=False, validate_constraints=False)
    kinds = [step["type"] for step in made["steps"]]
    assert kinds[0] == "start" and kinds[-1] == "message"
    _, part = api("GET", "stations/CP-1/recording", **{"from": f"{NOW + 50}", "calls": "skip"})
    kinds = [step["type"] for step in part["steps"]]
    assert kinds == ["start", "wait_for_state", "message", "delay", "message"]
    _, short = api("GET", "stations/CP-1/recording", calls="skip", most_pause_ms=10)
    assert not [step for step in short["steps"] if step["type"] == "delay"]
    status, told = api("GET", "stations/CP-9/recording")
    assert (status, told["code"]) == (404, "nothing_recorded")


def test_mask_leaves_nothing(api, session) -> None:  # noqa: F811
    _, made = api("GET", "stations/CP-1/recording", mask="true")
    text = json.dumps(made)
    assert not [each for each in ("SN-1X", "hunter2", "CP-1", "a-key") if each in text]
    assert "SERIAL-1" in text and "AuthorizationKey" in text


def test_who_may_not_see_secrets_gets_none(session, django_user_model) -> None:
    make_groups()
    viewer = django_user_model.objects.create_user("vi", "v@example.com", "x")
    assert ask_as(viewer, "stations/CP-1/recording").status_code == 403
    viewer.groups.add(Group.objects.get(name="Viewer"))
    answer = ask_as(viewer, "stations/CP-1/recording")
    assert answer.status_code == 200 and "attachment" in answer["Content-Disposition"]
    assert b"hunter2" not in answer.content and b"AuthorizationKey" in answer.content
