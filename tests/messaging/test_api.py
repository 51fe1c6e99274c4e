"""The history API: filters, pages, pairs, downloads, deletion, numbers."""

from __future__ import annotations

import csv
import io
import json
import time
from datetime import UTC, datetime

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient

from accounts.models import ApiToken
from emulator.groups import make_group
from messaging.keeping import store
from messaging.keeping.counting import count
from messaging.keeping.storing import store_batch
from messaging.queries import analytics
from messaging.records import SessionRecord
from tests.messaging.conftest import batch_of, make_record

NOW = int(time.time()) - 7200.0


@pytest.fixture
def log(db):
    """The test database's log, empty."""
    database = store.database()
    for name in store.COLLECTIONS:
        database.drop_collection(name)
    store.ensure_indexes(database)
    return lambda records: store_batch(database, batch_of(records))


def caller(user):
    _, token = ApiToken.objects.issue(user, "test")
    client = AsyncClient()
    headers = {"Authorization": f"Bearer {token}"}

    async def ask(method, path, **query):
        answer = await client.generic(method, f"/api/{path}", query_params=query, headers=headers)
        if answer.streaming:
            body = b"".join([part async for part in answer.streaming_content])
        else:
            body = json.loads(answer.content)
        await store.close_async()  # this loop ends with the call
        return answer.status_code, body

    return async_to_sync(ask)


@pytest.fixture
def api(log, django_user_model):
    return caller(django_user_model.objects.create_superuser("ada", "a@example.com", "x"))


def record(number, **changes):
    return make_record(time=NOW + number, **changes)


def ids(answer):
    status, body = answer
    assert status == 200, body
    return [item["id"] for item in body["items"]]


def test_it_asks_for_a_login(log):
    answer = async_to_sync(AsyncClient().get)("/api/messages")
    assert answer.status_code == 401
    assert json.loads(answer.content)["code"] == "not_authenticated"


def test_pages_go_through_all_messages_once_in_both_orders(api, log):
    # Minutes apart, hours apart and within one millisecond.
    times = [0, 0.0001, 0.0002, 1, 61, 62, 130, 3700, -90_000, -90_001]
    made = sorted((record(t) for t in times), key=lambda r: r.id)
    log(made)
    for order, wanted in (("oldest", made), ("newest", made[::-1])):
        got, cursor = [], ""
        while cursor is not None:
            status, body = api("GET", "messages", limit=3, order=order, cursor=cursor)
            assert status == 200, body
            assert len(body["items"]) <= 3
            got += [item["id"] for item in body["items"]]
            cursor = body["next"]
        assert got == [r.id for r in wanted]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"station": "CP2"}, [1, 4]),
        ({"stationId": "CP2,CP3"}, [1, 2, 4]),
        ({"direction": "received"}, [1]),
        ({"kind": "CallError"}, [4]),
        ({"messageType": "CallResult,CallError"}, [1, 4]),
        ({"kind": "Send"}, [5]),
        ({"messageType": "CallResultError"}, [6]),
        ({"action": "NotifyPeriodicEventStream"}, [5]),
        ({"action": "Authorize"}, [2, 3]),
        ({"uid": "same"}, [0, 1]),
        ({"uid": "same", "station": "CP1"}, [0]),
        ({"text": "NEEDLE.*"}, [3]),
        ({"text": ".*"}, [3]),
        ({"errors": "true"}, [4, 6]),
        ({"errors": "true", "station": "CP1"}, []),
        ({"from": datetime.fromtimestamp(NOW + 20, UTC).isoformat()}, [2, 3, 4, 5, 6]),
        ({"to": datetime.fromtimestamp(NOW + 20, UTC).isoformat()}, [0, 1]),
        ({"action": "Authorize", "station": "CP3"}, [2]),
    ],
)
def test_filters(api, log, query, wanted):
    made = [
        record(0, uid="same"),
        record(10, station="CP2", direction="received", kind="CallResult", uid="same"),
        record(20, station="CP3", action="Authorize"),
        record(30, action="Authorize", text='[2,"a needle.*",{}]'),
        record(40, station="CP2", kind="CallError", error="FormatViolation"),
        record(50, station="CP4", kind="Send", action="NotifyPeriodicEventStream"),
        record(60, station="CP4", kind="CallResultError", error="FormatViolation"),
    ]
    log(made)
    assert ids(api("GET", "messages", order="oldest", **query)) == [made[n].id for n in wanted]


def test_a_range_of_ids_includes_both_ends(api, log):
    made = [record(number) for number in range(5)]
    log(made)
    got = ids(api("GET", "messages", first_id=made[1].id, last_id=made[3].id))
    assert got == [made[3].id, made[2].id, made[1].id]


def test_search_finds_text(api, log):
    made = [record(0), record(1, text='[2,"Find Me"]')]
    log(made)
    assert ids(api("GET", "messages/search", q="find me")) == [made[1].id]


def test_bad_questions_are_answered_with_what_to_do(api):
    for query in ({"kind": "Cal"}, {"direction": "up"}, {"cursor": "x"}, {"first_id": "{}"}):
        status, body = api("GET", "messages", **query)
        assert status == 422, query
        assert body["code"] in ("bad_filter", "bad_cursor")


def test_a_message_comes_with_its_pair(api, log):
    call = record(0, uid="7", station="CP2")
    answer = record(1, uid="7", station="CP2", direction="received", kind="CallResult", latency=1.0)
    again = record(5, uid="7", station="CP2")
    other = record(0.5, uid="7", station="CP9", direction="received", kind="CallResult")
    # The CSMS's own call of the same id, and our answer to it.
    theirs = record(0.2, uid="7", station="CP2", direction="received")
    ours = record(0.3, uid="7", station="CP2", kind="CallResult")
    log([call, answer, again, other, theirs, ours])
    for one, two in ((call, answer), (theirs, ours)):
        assert api("GET", f"messages/{one.id}")[1]["pair"]["id"] == two.id
        assert api("GET", f"messages/{two.id}")[1]["pair"]["id"] == one.id
    assert api("GET", f"messages/{again.id}")[1]["pair"] is None
    status, body = api("GET", "messages/nothing")
    assert (status, body["code"]) == (404, "message_not_found")


def test_a_refusal_belongs_to_the_answer_and_a_send_to_nothing(api, log):
    call = record(0, uid="7")
    answer = record(1, uid="7", direction="received", kind="CallResult", error="FormatViolation")
    refusal = record(2, uid="7", kind="CallResultError", error="FormatViolation")
    # The CSMS's Call of the same id, our answer, and its refusal of that.
    theirs = record(3, uid="7", direction="received", action="GetLog")
    ours = record(4, uid="7", kind="CallResult", action="GetLog")
    refused = record(5, uid="7", direction="received", kind="CallResultError", action="GetLog")
    lone = record(6, uid="8", kind="Send")
    stray = record(7, uid="8", direction="received", kind="CallResult")
    unreadable = record(8, uid="9", direction="received", kind="Invalid")
    told = record(9, uid="9", kind="CallResultError")
    log([call, answer, refusal, theirs, ours, refused, lone, stray, unreadable, told])
    for one, other in (
        (call, answer), (answer, call), (refusal, answer), (theirs, ours), (ours, theirs),
        (refused, ours), (lone, None), (stray, None), (told, unreadable),
    ):  # fmt: skip
        pair = api("GET", f"messages/{one.id}")[1]["pair"]
        assert (pair and pair["id"]) == (other and other.id), one


def test_the_new_kinds_are_exported_and_counted(api, log):
    now = time.time()
    log(
        [
            make_record(time=now - 5, kind="Send", action="NotifyPeriodicEventStream"),
            make_record(time=now - 4, kind="CallResultError", error="FormatViolation"),
            make_record(time=now - 3, direction="received", kind="CallResultError"),
        ]
    )
    _, body = api("GET", "messages/stats", hours=2)
    assert body["kinds"] == {"Send": 1, "CallResultError": 2}
    assert body["actions"] == {"NotifyPeriodicEventStream": 1}
    _, errors = api("GET", "analytics/errors", hours=2)
    assert (errors["total"], errors["errors"]) == (3, 2)
    assert errors["codes"] == {"FormatViolation": 1, "CallResultError": 1}
    for form in ("jsonl", "csv"):
        _, body = api("GET", "messages/export", format=form, kind="Send,CallResultError")
        assert body.count(b"NotifyPeriodicEventStream") == 1
        assert body.count(b"CallResultError") == 2


def test_export_as_json_lines_holds_every_message_verbatim(api, log):
    made = [record(number / 10, text=f'[2,"ü{number}"]') for number in range(1200)]
    log(made)
    status, body = api("GET", "messages/export")
    lines = [json.loads(line) for line in body.splitlines()]
    assert status == 200
    assert [(line["id"], line["text"]) for line in lines] == [(r.id, r.text) for r in made]


def test_export_as_csv_defuses_formulas(api, log):
    log(
        [record(0, text='[2,"a\nb, c"]', action='=HYPERLINK("http://x")', uid="@sum", station="-1")]
    )
    _, body = api("GET", "messages/export", format="csv")
    (row,) = csv.DictReader(io.StringIO(body.decode(), newline=""))
    assert row["text"] == '[2,"a\nb, c"]'
    assert row["action"] == '\'=HYPERLINK("http://x")'
    assert (row["uid"], row["station"]) == ("'@sum", "'-1")


def test_export_takes_the_epoch_of_a_real_worker(api, log):
    """A run is in milliseconds: MongoDB gives such a number back as an Int64."""
    log([record(0, run=1_795_491_526_499)])
    status, body = api("GET", "messages/export")
    assert (status, json.loads(body)["run"]) == (200, 1_795_491_526_499)


def test_export_takes_filters(api, log):
    log([record(0), record(1, station="CP2")])
    _, body = api("GET", "messages/export", station="CP2")
    assert [json.loads(line)["station"] for line in body.splitlines()] == ["CP2"]
    assert api("GET", "messages/export", format="xml")[0] == 422


def test_delete_by_filter_and_all_only_when_confirmed(api, log):
    log([record(0), record(1, station="CP2"), record(-50_000)])
    assert api("DELETE", "messages", station="CP2") == (200, {"deleted": 1, "done": True})
    status, body = api("DELETE", "messages")
    assert (status, body["code"]) == (422, "confirm_needed")
    assert len(ids(api("GET", "messages"))) == 2
    assert api("DELETE", "messages", confirm="true") == (200, {"deleted": 2, "done": True})
    assert ids(api("GET", "messages")) == []


def test_delete_is_for_administrators(log, django_user_model):
    eve = django_user_model.objects.create_user("eve", is_staff=True)
    eve.groups.add(make_group("Operator"))
    plain = caller(eve)
    log([record(0)])
    status, body = plain("DELETE", "messages", station="CP1")
    assert (status, body["code"]) == (403, "forbidden")
    assert len(ids(plain("GET", "messages"))) == 1


def test_stats_and_analytics_count(api, log):
    now = time.time()
    log(
        [
            make_record(time=now - 10),
            make_record(time=now - 9, direction="received", kind="CallResult", latency=0.25),
            make_record(time=now - 8, kind="CallError", error="GenericError"),
            make_record(time=now - 50 * 3600, action="Old"),
        ]
    )
    for path, hours in (("messages/stats", 2), ("messages/stats", 24), ("analytics/messages", 2)):
        status, body = api("GET", path, hours=hours)
        assert status == 200, body
        assert (body["total"], body["sent"], body["received"], body["errors"]) == (3, 2, 1, 1)
        assert body["latency_ms"] == 250
        assert body["actions"] == {"Heartbeat": 1}
    assert api("GET", "analytics/messages", hours=72)[1]["total"] == 4
    _, errors = api("GET", "analytics/errors", hours=2)
    assert errors["codes"] == {"GenericError": 1}
    assert [item["error"] for item in errors["recent"]] == ["GenericError"]
    _, board = api("GET", "analytics/dashboard")
    assert board["messages"]["total"] == 3
    assert board["live"]["redis"] == "ok"


def session(number, **changes):
    update = {
        "id": f"s{number}", "rev": 1, "station": "CP1", "connector": 1, "evse": 1, "ocpp": "1.6",
        "transaction_id": str(number), "id_tag": "TAG", "started": NOW - number * 7200,
        "meter_start": 0, "ended": None, "meter_stop": None, "reason": None,
        "energy_wh": 100, "state": "active", "sample": {"t": NOW, "energy_wh": 100},
    }  # fmt: skip
    return SessionRecord("0" * 22, {**update, **changes})


def test_transactions_page_by_filter_newest_first(api, log):
    log([session(number) for number in range(7)])
    log([session(1, rev=2, state="ended", ended=NOW - 7000, meter_stop=100, reason="Local")])
    log([session(9, station="CP2")])
    got, cursor = [], ""
    while cursor is not None:
        status, body = api("GET", "transactions", station="CP1", limit=2, cursor=cursor)
        assert status == 200, body
        got += [item["id"] for item in body["items"]]
        cursor = body["next"]
    assert got == [f"s{number}" for number in range(7)]
    assert [i["id"] for i in api("GET", "transactions", state="ended")[1]["items"]] == ["s1"]
    assert [i["id"] for i in api("GET", "transactions", station="CP2")[1]["items"]] == ["s9"]
    _, one = api("GET", "transactions/s1")
    assert (one["reason"], one["samples"]) == ("Local", [{"t": NOW, "energy_wh": 100}])
    assert api("GET", "transactions/none")[0] == 404
    assert api("GET", "transactions", cursor="?")[0] == 422
    _, sums = api("GET", "analytics/transactions", hours=48)
    assert (sums["started"], sums["ended"], sums["active"]) == (8, 1, 7)
    assert sums["energy_wh"] == 800


def test_answers_of_many_are_given_again_for_some_seconds(api, log, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(analytics, "monotonic", lambda: now[0])
    monkeypatch.setattr(analytics, "_given", {})
    monkeypatch.setattr(analytics, "MANY_SESSIONS", 2)

    def told() -> tuple[int, int, int]:
        board = api("GET", "analytics/dashboard")[1]
        assert "days" not in board["transactions"]
        day, two = (api("GET", "analytics/transactions", hours=h)[1] for h in (24, 48))
        assert day["days"] and two["days"]
        return board["transactions"]["started"], day["started"], two["started"]

    log([session(number) for number in range(2)])
    assert told() == (2, 2, 2)
    log([session(2)])
    assert told() == (3, 3, 3)  # two were not many
    log([session(3)])
    assert told() == (3, 3, 3)
    now[0] += analytics.GIVEN_AGAIN
    assert told() == (4, 4, 4)
    monkeypatch.setattr(analytics, "MANY_SESSIONS", 99)
    monkeypatch.setattr(analytics, "MANY_MESSAGES", 0)
    now[0] += analytics.GIVEN_AGAIN
    log([make_record(time=time.time() - 10)])
    assert told() == (4, 4, 4)
    log([session(4)])
    assert told() == (4, 5, 5)  # of many messages the look alone is given again


def test_sessions_are_downloaded_by_filter(api, log):
    log([session(number) for number in range(3)])
    log([session(9, station="=CP2", id_tag="TAG")])
    _, body = api("GET", "transactions/export", station="CP1")
    assert [json.loads(line)["id"] for line in body.splitlines()] == ["s0", "s1", "s2"]
    _, body = api("GET", "transactions/export", format="csv", station="=CP2")
    [row] = csv.DictReader(io.StringIO(body.decode()))
    assert (row["id"], row["station"], row["energy_wh"]) == ("s9", "'=CP2", "100")
    assert api("GET", "transactions/export", format="xml")[0] == 422
    assert api("GET", "transactions/export", stationId="CP1")[0] == 422


def test_statistics_of_actions_and_stations(api, log):
    log([record(0, uid="u"), record(1, kind="CallResult", direction="received", latency=0.25)])
    count(store.database(), time.time())
    status, told = api("GET", "analytics/actions", range="24h", station="CP1")
    assert status == 200 and told["since"].endswith("Z")
    [row] = told["rows"]
    assert (row["action"], row["caller"], row["calls"], row["answers"]) == (
        "Heartbeat", "station", 1, 1,
    )  # fmt: skip
    assert {row[f"{name}_ms"] for name in ("min", "mean", "p50", "p95", "p99", "max")} == {250.0}
    assert api("GET", "analytics/actions", station="CP2")[1]["rows"] == []
    _, told = api("GET", "analytics/stations", sort="p95_ms", limit=1)
    assert told["stations"] == 1 and told["rows"][0]["station"] == "CP1"
    for query in ({"range": "2h"}, {"sort": "name"}, {"limit": 0}, {"hours": 3}):
        assert api("GET", "analytics/stations", **query)[0] == 422


@pytest.mark.slow
def test_a_page_of_a_large_log(api, log):
    for start in range(0, 20_000, 1000):
        log(
            [
                record(number / 100, station=f"CP{number % 50}")
                for number in range(start, start + 1000)
            ]
        )
    for query in ({}, {"station": "CP7"}, {"errors": "true"}, {"text": "nowhere to be found"}):
        status, page = api("GET", "messages", limit=100, **query)
        assert status == 200
        assert len(page["items"]) == (0 if "text" in query or "errors" in query else 100)


def test_who_made_a_frame_is_told_where_somebody_did(api, log):
    cause = "ada, API, token ci [066163e7f4ab4130a4031a]"
    log([record(1), record(2, text="[2]", kind="Invalid", cause=cause), record(3, mark="held")])
    status, body = api("GET", "messages", order="oldest")
    assert [item["cause"] for item in body["items"]] == ["", cause, ""]
    status, body = api("GET", f"messages/{body['items'][1]['id']}")
    assert body["message"]["cause"] == cause
    assert len(ids(api("GET", "messages", marked=True))) == 2  # what a person made, too
    status, body = api("GET", "messages/export")
    assert [json.loads(line)["cause"] for line in body.splitlines()] == ["", cause, ""]
    status, body = api("GET", "messages/export", format="csv")
    assert [row["cause"] for row in csv.DictReader(io.StringIO(body.decode()))] == ["", cause, ""]
