"""The messages of a sheet in one document: each is read, found and deleted as if it stood alone,
also those of before, which do."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from bson import Binary

from messaging.keeping import frames, store
from messaging.keeping.catalog import listed, sheet
from messaging.keeping.retention import prune
from messaging.keeping.storing import store_batch
from messaging.packing import compressed
from messaging.queries import history, kept
from messaging.queries.history import Wanted
from messaging.queries.windows import MINUTE_MS, from_ms
from messaging.records import decode_payload, document, encode, record_of
from tests.messaging.conftest import batch_of, make_record

LATELY = (time.time() - 3600) // 60 * 60
DAY = 86_400


def say(amount: int, start: float = LATELY, step: float = 0.5, **more) -> list:
    return [
        make_record(
            time=start + number * step, station=f"CP{number % 7}", uid=f"u{number}",
            text=f'[2,"u{number}","Heartbeat",{{}}]', **more,
        )
        for number in range(amount)
    ]  # fmt: skip


def store_as_before(mongo, records: list) -> None:
    """As the releases before left them: a document each, listed by sheets."""
    store_batch(mongo, batch_of(records))
    names = [row["_id"] for row, _ in listed(records)]
    assert mongo[store.FRAMES].delete_many({"_id": {"$in": names}}).deleted_count == len(names)
    mongo[store.MESSAGES].insert_many(map(document, records))


@pytest.fixture
def log(mongo) -> list:
    """Batches of now and of before, by turns, over some minutes."""
    records = say(900)
    for place in range(0, 900, 100):
        some = records[place : place + 100]
        if place % 200:
            store_as_before(mongo, some)
        else:
            store_batch(mongo, batch_of(some))
    return records


def read(wanted: Wanted, limit: int = 70, newest_first: bool = True) -> list[str]:
    """All pages."""

    async def pages() -> list[str]:
        db, found, cursor = store.async_database(), [], ""
        while cursor is not None:
            page = await history.read_page(
                db, wanted, limit=limit, cursor=cursor, newest_first=newest_first, seconds=60
            )
            found += [made["_id"] for made in page.items]
            cursor = page.next
        await store.close_async()
        return found

    return asyncio.run(pages())


def delete(wanted: Wanted) -> tuple[int, bool]:
    async def deleting() -> tuple[int, bool]:
        answer = await history.delete(store.async_database(), wanted)
        await store.close_async()
        return answer

    return asyncio.run(deleting())


def one(record_id: str) -> dict | None:
    async def reading() -> dict | None:
        message, _ = await history.message_and_pair(store.async_database(), record_id)
        await store.close_async()
        return message

    return asyncio.run(reading())


@pytest.mark.parametrize("newest_first", [True, False])
def test_pages_have_what_is_wanted_wherever_it_is_kept(mongo, log, newest_first):
    def ids(test) -> list[str]:
        return sorted((r.id for r in log if test(r)), reverse=newest_first)

    assert read(Wanted(), newest_first=newest_first) == ids(lambda r: True)
    of_some = Wanted(stations=("CP1", "CP3"))
    assert read(of_some, newest_first=newest_first) == ids(lambda r: r.station in ("CP1", "CP3"))
    assert read(Wanted(text='"U77'), newest_first=newest_first) == ids(lambda r: '"u77' in r.text)
    assert read(Wanted(uid="u5"), newest_first=newest_first) == [log[5].id]
    assert read(Wanted(text="nowhere"), newest_first=newest_first) == []


def test_a_message_is_found_by_its_id_wherever_it_is_kept(mongo, log):
    for record in random.Random(3).sample(log, 40):
        found = one(record.id)
        assert found is not None
        moment = int(record.id[:14], 16) / 1e6
        assert record_of(found) == msgspec.structs.replace(record, time=moment)
    assert one(f"{round(LATELY * 1e6):014x}ffffffff") is None


@pytest.mark.parametrize("wanted", [
    Wanted(stations=("CP1",)), Wanted(text='"u12'), Wanted(text="u12", masks=True),
    Wanted(uid="u101"), Wanted(), Wanted(start=from_ms(int(LATELY * 1000) + 100_000)),
], ids=["station", "text", "masked", "uid", "all", "time"])  # fmt: skip
def test_what_is_deleted_is_gone_wherever_it_was_kept_and_no_more(mongo, log, wanted):
    gone = set(read(wanted))
    assert gone and delete(wanted) == (len(gone), True)
    left = {record.id for record in log} - gone
    assert set(read(Wanted())) == {made["_id"] for made in frames.documents(mongo)} == left
    assert read(wanted) == [] and delete(wanted) == (0, True)
    assert one(next(iter(gone))) is None
    if left:
        assert one(next(iter(left))) is not None
    assert frames.amount(mongo) == len(left)


def test_what_is_too_old_goes_wherever_it_is_kept(mongo):
    start = LATELY - 10 * DAY
    old, before = say(300, start), say(200, start + 400)
    store_batch(mongo, batch_of(old))
    store_as_before(mongo, before)
    young = say(10)
    store_batch(mongo, batch_of(young))

    async def pruning(until: datetime) -> int:
        deleted, done = await prune(store.async_database(), until, 60.0)
        await store.close_async()
        assert done
        return deleted

    middle = datetime.fromtimestamp(start + 59, UTC)  # of a minute, which goes whole
    assert asyncio.run(pruning(middle)) == 0
    assert asyncio.run(pruning(middle + timedelta(seconds=61))) == 240
    assert asyncio.run(pruning(datetime.now(UTC) - timedelta(days=3))) == 260
    assert {made["_id"] for made in frames.documents(mongo)} == {record.id for record in young}
    assert mongo[store.MESSAGES].count_documents({}) == 0


def test_what_nobody_has_listed_goes_with_its_minute(mongo):
    """Whoever wrote it died before that, and its batch did not come again."""
    store_batch(mongo, batch_of(say(20, LATELY - 10 * DAY)))
    mongo[store.CATALOG].delete_many({})

    async def pruning() -> tuple[int, bool]:
        before = from_ms(int(LATELY * 1000) // MINUTE_MS * MINUTE_MS)
        answer = await prune(store.async_database(), before, 60.0)
        await store.close_async()
        return answer

    assert asyncio.run(pruning()) == (20, True)
    assert mongo[store.FRAMES].count_documents({}) == 0


def test_two_that_delete_at_once_bring_nothing_back(mongo, monkeypatch):
    records = say(30)
    store_batch(mongo, batch_of(records))
    name = mongo[store.FRAMES].find_one()["_id"]
    real, turns = frames.records_in, iter([3, 4])

    async def deleting() -> set[str]:
        return await kept.remove(store.async_database(), name, {records[1].id, records[9].id})

    def meanwhile(row):
        if (at := next(turns, None)) is not None:  # another takes one out between look and write
            left = [record for record in real(row) if record.id != records[at].id]
            mongo[store.FRAMES].replace_one(
                {"_id": name}, frames.document_of(name, row["minute"], left)
            )
        return real(row)

    monkeypatch.setattr(frames, "records_in", meanwhile)
    assert asyncio.run(deleting()) == {records[1].id, records[9].id}
    monkeypatch.setattr(frames, "records_in", real)
    gone = {1, 3, 4, 9}
    assert [m["_id"] for m in frames.documents(mongo)] == [
        record.id for at, record in enumerate(records) if at not in gone
    ]


def test_one_that_cannot_be_read_costs_no_other(mongo, caplog):
    records = say(5)
    store_batch(mongo, batch_of(records))
    row = mongo[store.FRAMES].find_one()
    parts = [encode(record) for record in records]
    bad = msgspec.msgpack.decode(parts[2])
    bad[3] = {"no": "number"}
    worse = msgspec.msgpack.encode([7, "no record"])
    packed = msgspec.msgpack.encode([
        msgspec.Raw(part) for part in (*parts[:2], msgspec.msgpack.encode(bad), worse, parts[4])
    ])  # fmt: skip
    frames_of = {"frames": Binary(compressed(packed))}
    mongo[store.FRAMES].update_one({"_id": row["_id"]}, {"$set": frames_of})
    wanted = [records[at].id for at in (0, 1, 2, 4)]
    assert read(Wanted(), newest_first=False) == wanted
    assert "cannot be read" in caplog.text
    assert one(records[4].id) is not None and one(records[3].id) is None


@pytest.mark.parametrize("value", [None, True, "x", 1.5, float("nan"), b"\xff", [1], 2**63])
@pytest.mark.parametrize("at", range(1, 15))
def test_whatever_a_field_of_a_record_is_it_is_kept(mongo, at, value):
    odd = msgspec.msgpack.decode(encode(make_record(time=LATELY)))
    odd += [""] * (15 - len(odd))
    odd[at] = f"{round(LATELY * 1e6):014x}0000000b" if at == 1 else value
    record = decode_payload(msgspec.msgpack.encode(odd))
    store_batch(mongo, batch_of([record]))
    [row] = mongo[store.FRAMES].find()
    assert len(frames.records_in(row)) == 1
    assert sheet(mongo[store.CATALOG].find_one()).ids == [record.id]
