"""/api/crafter: frames sent to one station or many, their answers, and what is kept of them."""

from __future__ import annotations

import time

import pytest

from accounts.models import ApiToken
from messaging.keeping import store
from messaging.keeping.storing import store_batch
from stations.crafter import keeping, tables
from stations.models import SavedRequest, SentRequest
from tests.messaging.conftest import batch_of, make_record
from tests.stations.config.conftest import Api

pytestmark = pytest.mark.django_db
BOOT = {"folder": "Boot/wrong", "name": "No vendor", "version": "1.6",
        "action": "BootNotification", "text": "{}"}  # fmt: skip


@pytest.fixture
def other(django_user_model, hot) -> Api:
    user = django_user_model.objects.create_superuser("eve")
    return Api(ApiToken.objects.issue(user, "test")[1])


def test_a_request_is_kept_changed_shared_and_deleted_by_its_owner_alone(api: Api, other: Api):
    status, made = api("POST", "crafter/requests", BOOT)
    assert (status, made["mine"], made["shared"], made["folder"]) == (
        201,
        True,
        False,
        BOOT["folder"],
    )
    path = f"crafter/requests/{made['id']}"
    assert other("GET", "crafter/requests")[1]["items"] == []
    changed = api("PUT", path, {**BOOT, "shared": True})
    assert (changed[0], changed[1]["shared"]) == (200, True)
    [seen] = other("GET", "crafter/requests")[1]["items"]
    assert (seen["id"], seen["mine"], seen["text"]) == (made["id"], False, "{}")
    for method, body in (("PUT", BOOT), ("DELETE", None)):
        status, told = other(method, path, body)
        assert (status, told["code"]) == (404, "request_not_found")
    assert other("GET", "crafter/requests/export")[1] == {"requests": []}
    assert api("DELETE", path) == (204, None)
    assert other("GET", "crafter/requests")[1]["items"] == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"name": " "}, "name"), ({"version": "1.5"}, "version"), ({"action": ""}, "action"),
     ({"folder": "a//b"}, "folder"), ({"text": "x" * (tables.LONGEST + 1)}, "text")],
)  # fmt: skip
def test_what_cannot_be_kept_is_told_by_its_field(api: Api, changes, field):
    status, told = api("POST", "crafter/requests", {**BOOT, **changes})
    assert (status, list(told["fields"])) == (422, [field])
    assert not SavedRequest.objects.exists()


def test_names_are_taken_once_in_a_folder_and_there_is_an_end(api: Api, monkeypatch):
    assert api("POST", "crafter/requests", BOOT)[0] == 201
    assert api("POST", "crafter/requests", BOOT)[1]["fields"]["name"].startswith(
        "You have a request"
    )
    assert api("POST", "crafter/requests", {**BOOT, "folder": ""})[0] == 201
    monkeypatch.setattr(keeping, "MOST_SAVED", 2)
    status, told = api("POST", "crafter/requests", {**BOOT, "name": "Third"})
    assert (status, "2 are kept" in told["fields"]["name"]) == (422, True)


def test_what_is_exported_is_imported_all_or_nothing(api: Api, other: Api):
    api("POST", "crafter/requests", BOOT)
    api("POST", "crafter/requests", {**BOOT, "name": "Frame", "frame": True, "text": "[2"})
    file = api("GET", "crafter/requests/export")[1]
    assert other("POST", "crafter/requests/import", file) == (
        200, {"created": 2, "replaced": 0, "skipped": 0},
    )  # fmt: skip
    assert other("GET", "crafter/requests/export")[1] == file
    file["requests"][0]["text"] = "other"
    assert other("POST", "crafter/requests/import", file)[1]["skipped"] == 2
    told = other("POST", "crafter/requests/import", file, on_existing="replace")[1]
    assert told["replaced"] == 2
    assert "other" in [row["text"] for row in other("GET", "crafter/requests")[1]["items"]]
    bad = {"requests": [{**BOOT, "name": "Good"}, {**BOOT, "name": "Bad", "version": "9"}]}
    status, told = other("POST", "crafter/requests/import", bad)
    assert (status, list(told["fields"])) == (422, ["2.version"])
    assert not SavedRequest.objects.filter(name="Good").exists()
    assert other("POST", "crafter/requests/import", file, on_existing="fail")[0] == 422


def test_who_is_deleted_takes_his_own_along(api: Api, user):
    api("POST", "crafter/requests", {**BOOT, "shared": True})
    assert SavedRequest.objects.count() == 1
    user.delete()
    assert not SavedRequest.objects.exists()


# --- sending


def test_a_sending_tells_of_each_station(api: Api, worker, running, make_station):
    worker.answer = {"result": {"unique_id": "u-1", "text": "[]"}}
    make_station("OFF")
    make_station("NEW", ocpp_version="2.0.1", running=True)
    body = {"stations": ["CP1", "OFF", "NEW"], "version": "1.6", "action": "Heartbeat"}
    status, told = api("POST", "crafter/sends", body)
    assert (status, told["stations"], told["sent"]) == (201, 3, 1)
    sent, off, new = told["results"]
    assert (sent["station"], sent["unique_id"], sent["error"]) == ("CP1", "u-1", "")
    assert off["error"] == "It does not run: start it first."
    assert new["error"] == "It speaks OCPP 2.0.1, and the message is of 1.6."
    assert worker.seen == [("message", {"action": "Heartbeat", "payload": {}})]
    assert api("GET", "crafter/sends")[1]["items"][0]["id"] == told["id"]


def test_the_answer_is_found_in_the_log_and_kept(api: Api, other: Api, worker, running):
    worker.answer = {"result": {"unique_id": "mine", "text": "[]"}}
    sent = api("POST", "crafter/sends", {"stations": ["CP1"], "text": '[2,"mine","X",{}]'})[1]
    assert (sent["waiting"], sent["results"][0]["answer"]) == (1, None)
    path = f"crafter/sends/{sent['id']}"
    now = time.time()
    records = [
        make_record(time=now, direction="received", kind="CallResult", uid="other"),
        make_record(time=now, direction="sent", kind="CallResult", uid="mine"),
        make_record(station="CP2", time=now, direction="received", kind="CallResult", uid="mine"),
        make_record(time=now + 0.01, direction="received", kind="CallError", uid="mine",
                    error="NotImplemented", latency=12.5, text='[4,"mine","NotImplemented","",{}]'),
    ]  # fmt: skip
    store_batch(store.database(), batch_of(records[:3]))
    assert api("GET", path)[1]["results"][0]["answer"] is None
    store_batch(store.database(), batch_of(records[3:]))
    told = api("GET", path)[1]
    answer = told["results"][0]["answer"]
    assert (answer["kind"], answer["error"], answer["id"]) == (
        "CallError", "NotImplemented", records[3].id,
    )  # fmt: skip
    assert (told["answered"], told["waiting"]) == (1, 0)
    assert SentRequest.objects.get().answers[0]["station"] == "CP1"
    assert other("GET", path)[1]["code"] == "sent_not_found"
    assert other("GET", "crafter/sends")[1]["items"] == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"stations": []}, "stations"), ({"stations": ["NOBODY"]}, "stations"),
     ({"tag": "no such"}, "tag"), ({"action": None}, "text"), ({"text": "[2"}, "text"),
     ({"version": "1.5"}, "version")],
)  # fmt: skip
def test_what_cannot_be_sent_is_told_by_its_field(api: Api, running, changes, field):
    body = {"stations": ["CP1"], "action": "Heartbeat", **changes}
    status, told = api("POST", "crafter/sends", body)
    assert (status, list(told["fields"])) == (422, [field])
    assert not SentRequest.objects.exists()


def test_a_ramp_has_an_end(api: Api, running, make_station):
    for number in range(6):
        make_station(f"R{number}", tags=["many"])
    body = {"tag": "many", "action": "Heartbeat", "every_ms": 5000}
    status, told = api("POST", "crafter/sends", body)
    assert (status, list(told["fields"])) == (422, ["every_ms"])


def test_the_history_is_bounded_and_forgotten_at_will(
    api: Api, other: Api, make_station, monkeypatch
):
    monkeypatch.setattr(keeping, "MOST_SENT", 2)
    make_station("OFF")
    for number in range(4):
        api("POST", "crafter/sends", {"stations": ["OFF"], "text": str(number)})
    other("POST", "crafter/sends", {"stations": ["OFF"], "text": "hers"})
    assert [row["text"] for row in api("GET", "crafter/sends")[1]["items"]] == ["3", "2"]
    assert api("DELETE", "crafter/sends") == (204, None)
    assert api("GET", "crafter/sends")[1]["items"] == []
    assert [row.text for row in SentRequest.objects.all()] == ["hers"]
