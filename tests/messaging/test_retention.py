"""What is older than the retention goes, a little at a time; the rest and its counts stay."""

import time
from datetime import UTC, datetime, timedelta

import pymongo
import pytest

from messaging import tasks
from messaging.keeping import frames, store
from messaging.keeping.counting import count
from messaging.keeping.folding import fold
from messaging.keeping.storing import store_batch
from messaging.records import SessionRecord, id_at
from messaging.tasks import apply_retention
from tests.messaging.conftest import batch_of, make_record, series

DAY = 86400


def fill(mongo, *ages: float) -> list[str]:
    """A message of each age in seconds; returns the ids."""
    records = [make_record(time=time.time() - age) for age in ages]
    assert store_batch(mongo, batch_of(records)) == len(records)
    return [record.id for record in records]


def kept(mongo) -> set[str]:
    return {found["_id"] for found in frames.documents(mongo)}


def test_messages_older_than_the_setting_are_deleted_with_their_counts(mongo, settings):
    settings.MESSAGE_RETENTION_DAYS = 3
    ids = fill(mongo, 900 * DAY, 10 * DAY, 10 * DAY - 1, 3 * DAY + 7200, 3 * DAY - 7200, 0)
    count(mongo, time.time() + 600)
    assert apply_retention() == 4
    assert kept(mongo) == set(ids[4:])
    for name in (store.MINUTES, store.HOURS):
        assert sum(row["total"] for row in mongo[name].find()) == 2
    assert apply_retention() == 0


def test_meter_samples_go_with_the_messages_of_their_time_and_sessions_stay(mongo, settings):
    settings.MESSAGE_RETENTION_DAYS = 3
    times = [time.time() - age for age in (10 * DAY, 5 * DAY, 0)]
    updates = [
        {"id": "s1", "rev": rev, "station": "CP1", "started": times[0], "state": "active",
         "sample": {"t": moment, "energy_wh": rev}}
        for rev, moment in enumerate(times)
    ]  # fmt: skip
    for update in updates:  # told at the time, and folded since, but for the last
        record = SessionRecord(id_at(update["sample"]["t"]) + "0" * 8, update)
        store_batch(mongo, batch_of([record]))
    fold(mongo, datetime.now(UTC) - timedelta(days=1), all_hours=True)
    fill(mongo, 10 * DAY)  # none is as old as the second sample: it goes all the same
    assert apply_retention() == 1
    assert [sample["energy_wh"] for sample in series(mongo, "s1")] == [2]
    assert mongo[store.TRANSACTIONS].count_documents({}) == 1


def test_a_run_that_is_out_of_time_leaves_the_rest_to_the_next(mongo, settings, monkeypatch):
    settings.MESSAGE_RETENTION_DAYS = 3
    ids = fill(mongo, *(10 * DAY - n * 5 * DAY / 5000 for n in range(1200)), 0)
    monkeypatch.setattr(tasks, "RETENTION_SECONDS", 0.0)
    first = apply_retention()
    assert 0 < first < 1200
    assert min(kept(mongo)) > ids[0]  # the oldest went first
    runs = 1
    while apply_retention():
        runs += 1
        assert runs < 300
    assert kept(mongo) == {ids[-1]}


def test_nothing_that_lists_what_is_gone_stays(mongo, settings):
    settings.MESSAGE_RETENTION_DAYS = 3
    fill(mongo, 10 * DAY, 10 * DAY - 7200, 0)
    apply_retention()
    assert mongo[store.CATALOG].count_documents({}) == 1
    assert mongo[store.STATIONS].count_documents({}) == 1


@pytest.mark.parametrize("name", [store.MINUTES, store.HOURS])
def test_no_index_of_the_log_has_a_ttl(mongo, name):
    counts = mongo[name]
    counts.drop_index("time")
    former = pymongo.IndexModel([("time", 1)], name="time_ttl", expireAfterSeconds=60)
    counts.create_indexes([former])
    store.ensure_indexes(mongo)
    names = counts.index_information()
    assert "time" in names
    assert not any("expireAfterSeconds" in index for index in names.values())
