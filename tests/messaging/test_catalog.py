"""The catalog: every message is listed once it is there, and found by what its sheet says."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging.keeping import frames, store, storing
from messaging.keeping.catalog import FAILED, MARKED, Choice, name_of, sheet
from messaging.keeping.catalog import listed as listed_of
from messaging.keeping.storing import store_batch
from messaging.queries import history
from messaging.queries.history import Wanted
from tests.messaging.conftest import BASE, batch_of, make_record

LATELY = time.time() - 3600


def listed(mongo) -> list[str]:
    return sorted(one for row in mongo[store.CATALOG].find() for one in sheet(row).ids)


def stored(mongo) -> list[str]:
    return sorted(made["_id"] for made in frames.documents(mongo))


def test_a_batch_is_one_small_document_a_minute(mongo):
    records = [make_record(time=BASE + number / 10) for number in range(1000)]
    store_batch(mongo, batch_of(records))
    assert listed(mongo) == stored(mongo) == sorted(record.id for record in records)
    rows = list(mongo[store.CATALOG].find())
    assert len(rows) == len({row["minute"] for row in rows}) <= 3
    assert sum(len(row["rows"]) for row in rows) < 16 * len(records)


@pytest.mark.parametrize("dies_at", ["mark", "insert_new", "catalog", "note_late"])
def test_what_its_writer_did_not_list_is_listed_when_it_comes_again(mongo, monkeypatch, dies_at):
    batch = batch_of([make_record() for _ in range(5)])
    name = "insert_new" if dies_at == "catalog" else dies_at
    real = getattr(storing, name)

    def dies(*arguments):
        if dies_at == "catalog" and arguments[0].name == store.FRAMES:
            return real(*arguments)
        if dies_at == "note_late":
            real(*arguments)
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(storing, name, dies)
        with pytest.raises(ConnectionError):
            store_batch(mongo, batch)
    store_batch(mongo, batch)
    assert listed(mongo) == stored(mongo)
    assert len(stored(mongo)) == 5


async def test_batches_in_other_parts_have_each_message_once(mongo):
    """And one that is deleted goes wherever it is kept."""
    records = [make_record(time=LATELY + number / 10) for number in range(10)]
    for some in (records[:6], records[3:], records[:8], records):
        store_batch(mongo, batch_of(some))
    database, ids = store.async_database(), [record.id for record in records]
    assert sorted(set(listed(mongo))) == stored(mongo) == ids

    async def read() -> list[str]:
        page = await history.read_page(database, Wanted(), limit=50)
        assert page.next is None
        return [made["_id"] for made in reversed(page.items)]

    assert await read() == ids
    some = Wanted(first_id=ids[2], last_id=ids[6])
    assert await history.delete(database, some) == (5, True)
    assert await read() == stored(mongo) == ids[:2] + ids[7:]
    assert await history.delete(database, Wanted(uid=records[8].uid)) == (1, True)
    assert await read() == stored(mongo) == [ids[0], ids[1], ids[7], ids[9]]
    await store.close_async()


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
    messages = [make_record(time=BASE + n, **odd) for n, odd in enumerate(ODD)]
    [(row, records)] = listed_of(reversed(messages))
    made = sheet(row)
    assert records == messages and made.ids == [record.id for record in records]
    ids = [one for _, one in choice.places(made)]
    assert ids == [messages[number].id for number in wanted]
    assert [messages[at].id for at, _ in choice.places(made)] == ids
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
    [(row, _)] = listed_of(make_record(time=BASE + n, **odd) for n, odd in enumerate(ODD))
    assert choice.sheet(row) == (sheet(row) if read else None)


@given(
    st.lists(st.tuples(st.text(max_size=40), st.text(max_size=3)), min_size=1, max_size=20),
    st.integers(0, 19),
)
@settings(max_examples=200, deadline=None)
def test_a_sheet_is_read_for_whatever_stands_in_it(messages, at):
    """Names and unique ids of all lengths and letters."""
    made = [
        make_record(time=BASE + n / 1000, station=name, uid=uid)
        for n, (name, uid) in enumerate(messages)
    ]
    [(row, _)] = listed_of(made)
    name, uid = messages[at % len(messages)]
    for choice in (Choice(stations=[name]), Choice(uid=uid), Choice(stations=[name, "-"], uid=uid)):
        assert choice.sheet(row) == sheet(row)
        assert made[at % len(messages)].id in [one for _, one in choice.places(sheet(row))]


def test_messages_of_one_minute_fill_several_sheets_where_they_are_many(monkeypatch):
    monkeypatch.setattr("messaging.keeping.catalog.MOST", 3)
    messages = [make_record(time=BASE + n / 1000) for n in range(8)]
    assert [row["n"] for row, _ in listed_of(messages)] == [3, 3, 2]


def test_long_messages_fill_several_sheets(monkeypatch):
    monkeypatch.setattr("messaging.keeping.catalog.LARGEST", 10)
    messages = [make_record(time=BASE + n / 1000, text="x" * n) for n in (4, 5, 6, 30, 0, 1)]
    parts = [[len(record.text) for record in some] for _, some in listed_of(messages)]
    assert parts == [[0, 1, 4, 5], [6], [30]]


async def test_what_was_deleted_leaves_no_gap_in_a_page(mongo):
    records = [make_record(time=LATELY + number) for number in range(40)]
    store_batch(mongo, batch_of(records))
    database, got, cursor = store.async_database(), [], ""
    part = Wanted(first_id=records[5].id, last_id=records[34].id)
    assert await history.delete(database, part) == (30, True)
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
