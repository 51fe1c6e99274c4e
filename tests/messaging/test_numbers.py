"""The numbers over log and sessions against a plain count of what was put there."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient

from accounts.models import ApiToken
from messaging.keeping import store
from tests.messaging.conftest import make_record
from tests.messaging.test_api import NOW, api, log, session  # noqa: F401

HOUR = 3600.0


def day_of(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


def iso_of(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


def test_sessions_are_counted_by_day_reason_and_time(api, log):  # noqa: F811
    """(begun so many hours ago, for so many seconds or still open, reason, Wh)"""
    lives = [
        (1, 600, "Local", 1000), (2, 1200, "Local", 500), (3, 60, None, 7), (30, 90, "Remote", 40),
        (31, None, None, 3), (100, 600, "Local", 9999),
    ]  # fmt: skip
    rows, now = [], int(time.time())
    for number, (ago, seconds, reason, energy) in enumerate(lives):
        began = now - ago * HOUR
        ended = None if seconds is None else began + seconds
        state = "active" if seconds is None else "ended"
        rows.append(session(number, started=began, ended=ended, reason=reason, energy_wh=energy,
                            state=state))  # fmt: skip
    log(rows)
    counted, days = lives[:5], {}
    for ago, seconds, _, energy in counted:
        day = days.setdefault(day_of(now - ago * HOUR), {"started": 0, "energy_wh": 0, "ended": 0})
        day["started"] += 1
        day["energy_wh"] += energy
        day["ended"] += seconds is not None
    _, found = api("GET", "analytics/transactions", hours=48)
    assert [{"ended": 0, **day} for day in found.pop("days")] == [
        {"day": day, **days[day]} for day in sorted(days)
    ]
    assert found == {
        "hours": 48, "started": 5, "ended": 4, "active": 1, "energy_wh": 1550,
        "mean_seconds": 487.5, "reasons": {"Local": 2, "unknown": 1, "Remote": 1},
    }  # fmt: skip


def test_nothing_is_counted_where_there_is_nothing(api, log):  # noqa: F811
    _, sums = api("GET", "analytics/transactions", hours=1)
    assert (sums["started"], sums["mean_seconds"], sums["days"]) == (0, None, [])
    _, failures = api("GET", "analytics/errors", hours=1)
    assert (failures["rate"], failures["recent"], failures["codes"]) == (0.0, [], {})
    _, found = api("GET", "analytics/messages", hours=1)
    assert (found["total"], found["latency_ms"], found["series"]) == (0, None, [])


@pytest.mark.parametrize(("hours", "step"), [(6, 60), (7, 3600)])
def test_messages_are_counted_by_minutes_and_by_hours(api, log, hours, step):  # noqa: F811
    now = time.time() // HOUR * HOUR - 1.5 * HOUR  # half an hour into an hour that is over
    made = [make_record(time=now + at, text="12345") for at in (0, 1, 61)]
    made.append(make_record(time=now + 62, direction="received", kind="CallResult", latency=0.5))
    log(made)
    _, found = api("GET", "analytics/messages", hours=hours)
    assert (found["step"], found["hours"], found["total"]) == (step, hours, 4)
    assert set(found) == {
        "actions", "bytes", "codes", "errors", "hours", "kinds", "latency_ms", "received", "sent",
        "series", "step", "total", "uncounted",
    }  # fmt: skip
    assert found["latency_ms"] == 500
    counts = [(p["total"], p["sent"], p["received"], p["errors"]) for p in found["series"]]
    assert counts == ([(2, 2, 0, 0), (2, 1, 1, 0)] if step == 60 else [(4, 3, 1, 0)])


def test_failures_are_those_of_the_hours_asked_for(api, log):  # noqa: F811
    now = time.time()
    log([make_record(time=now - 60, kind="CallError", error="GenericError"),
         make_record(time=now - 61),
         make_record(time=now - 5 * HOUR, kind="CallError", error="FormatViolation")])  # fmt: skip
    _, found = api("GET", "analytics/errors", hours=2)
    assert (found["hours"], found["total"], found["errors"], found["rate"]) == (2, 2, 1, 0.5)
    assert [item["error"] for item in found["recent"]] == ["GenericError"]
    _, found = api("GET", "analytics/errors", hours=6)
    assert [item["error"] for item in found["recent"]] == ["GenericError", "FormatViolation"]


def test_sessions_are_found_by_when_they_began(api, log):  # noqa: F811
    log([session(number) for number in range(6)])  # two hours apart, the newest first

    def between(**span):
        return [item["id"] for item in api("GET", "transactions", **span)[1]["items"]]

    first, last = iso_of(NOW - 4 * 7200), iso_of(NOW - 2 * 7200)
    assert between(**{"from": first}) == ["s0", "s1", "s2", "s3", "s4"]
    assert between(to=last) == ["s3", "s4", "s5"]
    assert between(**{"from": first, "to": last}) == ["s3", "s4"]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_export_is_a_file_of_its_kind(log, django_user_model, form):  # noqa: F811
    user = django_user_model.objects.create_superuser("ada", password=None)
    headers = {"Authorization": f"Bearer {ApiToken.objects.issue(user, 'export')[1]}"}

    async def ask():
        answer = await AsyncClient().get(f"/api/messages/export?format={form}", headers=headers)
        _ = [part async for part in answer.streaming_content]
        await store.close_async()
        return answer

    assert f'filename="messages.{form}"' in async_to_sync(ask)()["Content-Disposition"]


def test_a_process_has_one_client_of_the_log(log):  # noqa: F811
    assert store.database().client is store.database().client
