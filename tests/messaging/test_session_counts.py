"""The sessions of each hour as they are kept for the statistics: the same as of all documents."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta

import pytest
from pymongo.asynchronous.collection import AsyncCollection

from messaging.keeping import ending, session_counts, store
from messaging.keeping.storing import store_batch
from messaging.queries import analytics
from messaging.records import SessionRecord, id_at, when
from tests.messaging.conftest import batch_of
from tests.messaging.test_storing import session

HOUR = 3600


def tell(mongo, *updates: dict) -> None:
    records = (SessionRecord(f"{id_at(time.time())}{n:08x}", one) for n, one in enumerate(updates))
    store_batch(mongo, batch_of(records))


def lives(seed: int, number: int = 120) -> list[dict]:
    """Updates of sessions of the last two days: some end, some go on."""
    draw, now, made = random.Random(seed), time.time(), []
    for name in range(number):
        started = now - draw.choice((draw.uniform(0, 48 * HOUR), draw.uniform(0, 600), 7200.0))
        ended = draw.choice((None, started + draw.randrange(60, 4000)))
        made.append(session(
            1, id=f"s{name}", started=round(started, 3), ended=ended, sample=None,
            state="active" if ended is None else "ended", energy_wh=draw.randrange(9000),
            reason=None if ended is None else draw.choice(("Local", "a.$b", None)),
        ))  # fmt: skip
    return made


@pytest.fixture
def few(monkeypatch) -> None:
    """No number of sessions is so small that all are read, and no answer is given again."""
    monkeypatch.setattr(analytics, "MANY_SESSIONS", 0)
    monkeypatch.setattr(analytics, "GIVEN_AGAIN", 0)
    monkeypatch.setattr(session_counts, "BACK", 72)  # hours: what the tests make is younger


async def asked(hours: int) -> dict:
    try:
        return await analytics.transactions(store.async_database(), hours)
    finally:
        await store.close_async()


def plain(mongo, hours: int) -> dict:
    """The answer of one document after the other, from the full minute on."""
    since = (datetime.now(UTC) - timedelta(hours=hours)).replace(second=0, microsecond=0)
    found = [made for made in mongo[store.TRANSACTIONS].find() if made["started"] >= since]
    over = [made for made in found if made["ended"]]
    reasons = [made["reason"] or "unknown" for made in over]
    seconds = [(made["ended"] - made["started"]).total_seconds() for made in over]
    days: dict[str, dict] = {}
    for made in found:
        day = days.setdefault(
            f"{made['started']:%Y-%m-%d}", {"started": 0, "energy_wh": 0, "ended": 0}
        )
        day["started"] += 1
        day["energy_wh"] += made["energy_wh"]
        day["ended"] += bool(made["ended"])
    return {
        "hours": hours, "started": len(found), "ended": len(over),
        "active": mongo[store.TRANSACTIONS].count_documents({"state": "active"}),
        "energy_wh": sum(made["energy_wh"] for made in found),
        "mean_seconds": pytest.approx(sum(seconds) / len(over), abs=0.06) if over else None,
        "reasons": {reason: reasons.count(reason) for reason in reasons},
        "days": [{"day": day, **days[day]} for day in sorted(days)],
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
async def test_sums_are_those_of_all_documents_whatever_has_changed(mongo, few, seed):
    made = lives(seed)
    tell(mongo, *made)
    session_counts.keep(mongo, time.time())
    for hours in (1, 3, 24, 720):
        assert await asked(hours) == plain(mongo, hours)
    draw = random.Random(seed)
    for one in draw.sample([one for one in made if one["state"] == "active"], 20):
        over = {"state": "ended", "ended": one["started"] + 900, "reason": "Remote"}
        tell(
            mongo,
            {**one, **draw.choice((over, {"energy_wh": 9999, "transaction_id": "8"})), "rev": 2},
        )
    tell(mongo, session(1, id="new", started=time.time(), sample=None))
    assert session_counts.keep(mongo, time.time()) < 60
    for hours in (1, 3, 24, 720):
        assert await asked(hours) == plain(mongo, hours)
    assert session_counts.keep(mongo, time.time()) == 0


async def test_an_hour_that_was_never_counted_is_read(mongo, few):
    session_counts.keep(mongo, time.time())
    mongo[store.SESSION_HOURS].delete_many({"_id": {"$ne": session_counts.WHOLE}})
    tell(mongo, session(1, started=time.time() - 5, sample=None))
    found = await asked(2)
    assert (found["started"], found["active"], found["energy_wh"]) == (1, 1, 10)


async def test_before_the_first_count_all_is_read(mongo, few):
    mongo[store.TRANSACTIONS].insert_many(
        {"_id": f"s{n}", "rev": 1, "station": "CP1", "state": "active", "energy_wh": 5,
         "started": when(time.time() - n * HOUR), "ended": None, "reason": None}
        for n in range(1, 60)
    )  # fmt: skip
    before = await asked(720)
    assert (before["started"], before["active"]) == (59, 59)
    assert session_counts.keep(mongo, time.time(), seconds=0) == 1  # time for no more
    assert await asked(720) == before
    session_counts.keep(mongo, time.time())
    assert await asked(720) == before


async def test_what_changes_while_its_hour_is_counted_is_counted_next_time(mongo, few, monkeypatch):
    started = time.time() - 3 * HOUR
    tell(mongo, session(1, started=started, sample=None))
    session_counts.keep(mongo, time.time())
    tell(mongo, session(2, started=started, sample=None, transaction_id="18"))
    real = session_counts.together

    def late(several):
        monkeypatch.setattr(session_counts, "together", real)
        tell(mongo, session(3, started=started, sample=None, transaction_id="19"))
        return real(several)

    monkeypatch.setattr(session_counts, "together", late)
    session_counts.keep(mongo, time.time())
    session_counts.keep(mongo, time.time())
    assert (await asked(24))["energy_wh"] == 30


async def test_a_session_that_is_ended_for_its_station_is_counted_again(mongo, few):
    tell(mongo, session(1, started=time.time() - 3 * HOUR, sample=None))
    session_counts.keep(mongo, time.time())
    [open_one] = ending.active_sessions(mongo)
    ending.end_session(mongo, open_one, "Lost", open_one["rev"] + 1, time.time())
    session_counts.keep(mongo, time.time())
    found = await asked(24)
    assert (found["active"], found["ended"], found["reasons"]) == (0, 1, {"Lost": 1})


async def test_hours_without_sessions_are_not_kept(mongo, few):
    assert session_counts.keep(mongo, time.time()) == 0  # a store that is new
    started = time.time() - 50 * HOUR
    tell(mongo, session(1, started=started, sample=None))
    mongo[store.SESSION_HOURS].delete_many({})  # as if it were of before
    assert session_counts.keep(mongo, time.time()) == 73
    kept = [row["_id"] for row in mongo[store.SESSION_HOURS].find({"time": {"$gt": when(0)}})]
    assert kept == [int(started) // HOUR]


async def test_of_many_no_session_is_read(mongo, few, monkeypatch):
    tell(mongo, *lives(7))
    session_counts.keep(mongo, time.time())
    asked_for: list[str] = []
    real = AsyncCollection.find

    def watched(self, *arguments, **options):
        asked_for.append(self.name)
        return real(self, *arguments, **options)

    monkeypatch.setattr(AsyncCollection, "find", watched)
    assert (await asked(720))["started"] == 120
    assert asked_for and store.TRANSACTIONS not in asked_for
