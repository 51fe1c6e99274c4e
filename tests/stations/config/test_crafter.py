"""The message crafter's frame, and the schemas that it makes its forms of."""

from __future__ import annotations

import pytest
from django.test import Client

from chargepoint.wire import schemas
from stations.api.actions import sent_by_stations
from tests.emulator.callers import make_callers

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_a_station_sends_what_is_no_call_of_the_csms(version):
    sent = sent_by_stations(version)
    assert {"BootNotification", "Heartbeat", "StatusNotification", "DataTransfer"} <= set(sent)
    assert not {"Reset", "TriggerMessage", "UnlockConnector"} & set(sent)
    assert set(sent) <= schemas.actions(version)


def test_the_api_tells_actions_and_their_schemas(api):
    assert api("GET", "schemas/1.6")[1]["actions"] == sent_by_stations("1.6")
    status, schema = api("GET", "schemas/2.0.1/TransactionEvent")
    assert (status, schema["type"]) == (200, "object")
    assert "eventType" in schema["required"] and "definitions" in schema
    for path, code in (
        ("schemas/9.9", "bad_version"), ("schemas/9.9/Heartbeat", "bad_version"),
        ("schemas/1.6/NoSuch", "action_not_found"),
    ):  # fmt: skip
        status, told = api("GET", path)
        assert (status, told["code"]) == (404, code)


def test_who_may_drive_may_craft(running):
    callers = make_callers()
    for group, status in (("Viewer", 403), ("Tester", 200)):
        browser = Client()
        browser.force_login(callers[group].user)
        answer = browser.get("/admin/crafter/", {"station": 'CP1"><b>'})
        assert answer.status_code == status, group
        if status == 200:
            page = answer.content.decode()
            assert '<option value="CP1">' in page and "<b>" not in page
    assert Client().get("/admin/crafter/").status_code == 302
