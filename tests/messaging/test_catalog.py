"""The catalog: every message is listed once it is there, and found by what its sheet says."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging.keeping import store, storing
from messaging.keeping.catalog import FAILED, MARKED, Choice, name_of, sheet, sheets_of
from messaging.keeping.storing import store_batch
from messaging.queries import history
from messaging.queries.history import Wanted
from messaging.records import document
from tests.messaging.conftest import BASE, batch_of, make_record

LATELY = time.time() - 3600


def listed(mongo) -> list[str]:
    return sorted(one for row in mongo[store.CATALOG].find() for one in sheet(row).ids)


def stored(mongo) -> list[str]:
    return sorted(made["_id"] for made in mongo[store.MESSAGES].find({}, {"_id": 1}))


def test_a_batch_is_one_small_document_a_minute(mongo):
    records = [make_record(time=BASE + number / 10) for number in range(1000)]
    store_batch(mongo, batch_of(records))
    assert listed(mongo) == stored(mongo) == sorted(record.id for record in records)
    rows = list(mongo[store.CATALOG].find())
    assert len(rows) == len({row["minute"] for row in rows}) <= 3
    assert sum(len(row["rows"]) for row in rows) < 16 * len(records)


@pytest.mark.parametrize("dies_at", ["_insert", "insert_new", "note_late"])
def test_what_its_writer_did_not_list_is_listed_when_it_comes_again(mongo, monkeypatch, dies_at):
    batch = batch_of([make_record() for _ in range(5)])
    real = getattr(storing, dies_at)

    def dies(*arguments):
        if dies_at == "note_late":
            real(*arguments)
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(storing, dies_at, dies)
        with pytest.raises(ConnectionError):
            store_batch(mongo, batch)
    store_batch(mongo, batch)
    assert listed(mongo) == stored(mongo)
    assert len(stored(mongo)) == 5


def test_batches_in_other_parts_list_each_message_once(mongo):
    records = [make_record() for _ in range(10)]
    for some in (records[:6], records[3:], records[:8], records):
        store_batch(mongo, batch_of(some))
    assert listed(mongo) == sorted(record.id for record in records)


def test_a_message_that_was_deleted_comes_not_back_by_its_listing(mongo):
    records = [make_record() for _ in range(3)]
    store_batch(mongo, batch_of(records[:2]))
    mongo[store.CATALOG].delete_many({})
    store_batch(mongo, batch_of(records))
    assert listed(mongo) == stored(mongo)


ODD = [
    {},
    {"station": "CP2", "direction": "received", "kind": "CallResult", "latency": 0.25},
    {"kind": "CallError", "error": "FormatViolation", "uid": "u", "action": "Authorize"},
    {"mark": "delayed", "station": "CP2"},
    {"text": "", "uid": "", "action": ""},
]


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        (Choice(), [0, 1, 2, 3, 4]),
        (Choice(stations=["CP2", "CP9"]), [1, 3]),
        (Choice(stations=["CP9"]), []),
        (Choice(direction="received"), [1]),
        (Choice(kinds=["CallError", "CallResult"]), [1, 2]),
        (Choice(actions=["Authorize"]), [2]),
        (Choice(uid="u"), [2]),
        (Choice(flags=FAILED), [2]),
        (Choice(flags=MARKED), [3]),
        (Choice(flags=MARKED | FAILED), []),
        (Choice(stations=["CP2"], flags=MARKED), [3]),
        (Choice(stations=["CP1"], direction="sent", uid="u"), [2]),
    ],
)
def test_a_sheet_tells_what_is_wanted(choice, wanted):
    messages = [document(make_record(time=BASE + n, **odd)) for n, odd in enumerate(ODD)]
    [row] = sheets_of(reversed(messages))
    made = sheet(row)
    assert list(choice.ids(made)) == [messages[number]["_id"] for number in wanted]
    assert name_of(made) == row["_id"]


@pytest.mark.parametrize(
    ("choice", "read"),
    [
        (Choice(), True),
        (Choice(stations=["CP9", "CP2"]), True),
        (Choice(stations=["CP9"]), False),
        (Choice(stations=["CP2"], actions=["Authorize"]), True),
        (Choice(stations=["CP2"], actions=["Reset"]), False),
        (Choice(uid="u"), True),
        (Choice(uid="v"), False),
        (Choice(stations=["CP2"], uid="v"), False),
        (Choice(stations=["\ud800"]), False),  # no station can be called so, anyone can ask
    ],
)
def test_a_sheet_that_has_nothing_of_what_is_wanted_is_not_read(choice, read):
    [row] = sheets_of(document(make_record(time=BASE + n, **odd)) for n, odd in enumerate(ODD))
    assert choice.sheet(row) == (sheet(row) if read else None)


@given(
    st.lists(st.tuples(st.text(max_size=40), st.text(max_size=3)), min_size=1, max_size=20),
    st.integers(0, 19),
)
@settings(max_examples=200, deadline=None)
def test_a_sheet_is_read_for_whatever_stands_in_it(messages, at):
    """Names and unique ids of all lengths and letters."""
    made = [
        document(make_record(time=BASE + n / 1000, station=name, uid=uid))
        for n, (name, uid) in enumerate(messages)
    ]
    [row] = sheets_of(made)
    name, uid = messages[at % len(messages)]
    for choice in (Choice(stations=[name]), Choice(uid=uid), Choice(stations=[name, "-"], uid=uid)):
        assert choice.sheet(row) == sheet(row)
        assert made[at % len(messages)]["_id"] in list(choice.ids(sheet(row)))


def test_messages_of_one_minute_fill_several_sheets_where_they_are_many(monkeypatch):
    monkeypatch.setattr("messaging.keeping.catalog.MOST", 3)
    messages = [document(make_record(time=BASE + n / 1000)) for n in range(8)]
    assert [row["n"] for row in sheets_of(messages)] == [3, 3, 2]


async def test_what_was_deleted_leaves_no_gap_in_a_page(mongo):
    records = [make_record(time=LATELY + number) for number in range(40)]
    store_batch(mongo, batch_of(records))
    gone = [record.id for record in records[5:35]]
    mongo[store.MESSAGES].delete_many({"_id": {"$in": gone}})
    database, got, cursor = store.async_database(), [], ""
    while cursor is not None:
        page = await history.read_page(database, Wanted(), limit=7, cursor=cursor)
        got += [made["_id"] for made in page.items]
        cursor = page.next
    await store.close_async()
    assert got == sorted((r.id for r in [*records[:5], *records[35:]]), reverse=True)


async def test_sheets_go_with_all_of_their_messages(mongo):
    store_batch(mongo, batch_of([make_record(time=LATELY + n, station="CP1") for n in range(3)]))
    store_batch(mongo, batch_of([make_record(time=LATELY + n, station="CP2") for n in range(3)]))
    database = store.async_database()
    assert await history.delete(database, Wanted(stations=("CP2",))) == (3, True)
    assert listed(mongo) == stored(mongo)
    assert await history.delete(database, Wanted()) == (3, True)
    await store.close_async()
    assert listed(mongo) == stored(mongo) == []
