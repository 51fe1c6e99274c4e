"""A worker and orders for many stations: started part by part, resumed by the next owner."""

from __future__ import annotations

import asyncio
import threading

import pytest

from benchmarks.processes import wait_until
from stations.configuration import changes
from stations.models import Station
from stations.orders import named, order_book, orders, switching
from stations.orders.order_book import OrderBook
from stations.orders.sharding import Share
from stations.worker import loading
from tests.stations.fleet.conftest import PATIENCE, until
from tests.stations.fleet.running import RunningWorker, configure, in_database

pytestmark = pytest.mark.django_db(transaction=True)

MANY = [f"CP-{number:03}" for number in range(changes.SWITCHED_AT_ONCE + 20)]


@pytest.fixture
def no_orders(transactional_db):
    orders.collection().delete_many({})
    yield
    orders.collection().delete_many({})


@in_database
def rows_running() -> int:
    return Station.objects.runnable().count()


@in_database
def waiting() -> list[orders.Order]:
    return orders.waiting(range(1000))


async def in_database_of_test(work, *arguments):
    return await in_database(work)(*arguments)


def consumers(worker: RunningWorker) -> dict[str, object]:
    """The very objects that run: one that was stopped and started again is another."""
    return {name: each.consumer for name, each in worker.worker.fleet.running.items()}


async def all_written() -> None:
    async with asyncio.timeout(PATIENCE):
        while await waiting():  # noqa: ASYNC110 - the store has no event
            await asyncio.sleep(0.05)


async def test_many_start_and_stop_by_one_order_each(worker, sink, no_orders):
    await configure(sink, *MANY, running=False)
    assert await in_database(changes.set_running)(MANY, True) == len(MANY)
    await until(lambda: len(sink.live()) == len(MANY))
    assert await in_database(changes.set_running)(MANY, False) == len(MANY)
    await until(lambda: not sink.live())
    await until(lambda: not worker.worker.fleet.running)
    await all_written()
    assert await rows_running() == 0


async def test_an_order_outlives_the_worker_that_carries_it_out(
    worker, sink, layers, no_orders, monkeypatch
):
    await configure(sink, *MANY, running=False)
    written, set_running = [], switching.set_running

    def dies_at_the_second(names, running, number=None):
        written.append(names)
        if len(written) > 1:
            raise ConnectionError("the worker dies here")
        return set_running(names, running, number)

    monkeypatch.setattr(switching, "PART", 10)
    monkeypatch.setattr(switching, "set_running", dies_at_the_second)
    await in_database(changes.set_running)(MANY, True)
    await until(lambda: len(written) > 1)
    await worker.kill()
    assert 0 < await rows_running() < len(MANY)
    monkeypatch.setattr(switching, "set_running", set_running)
    second = RunningWorker()
    try:
        await until(lambda: len(second.worker.fleet.running) == len(MANY))
        await all_written()
        assert await rows_running() == len(MANY)
    finally:
        await second.stop()


async def test_a_single_stop_is_not_held_up_by_an_order_under_way(
    worker, sink, no_orders, monkeypatch
):
    await configure(sink, "ALONE", *MANY, running=False)
    await in_database(changes.set_running)(["ALONE"], True)
    await until(lambda: worker.running("ALONE"))
    monkeypatch.setattr(named, "CHUNK", 5)
    monkeypatch.setattr(switching, "PART", 5)
    parts, set_running = [], switching.set_running

    def stops_one_meanwhile(names, running, number=None):
        if len(names) > 1:
            parts.append(worker.running("ALONE") is not None)
            if len(parts) == 1:
                changes.set_running(["ALONE"], False)
                wait_until(lambda: "ALONE" in worker.worker._changed, PATIENCE, "it is told")
        return set_running(names, running, number)

    monkeypatch.setattr(switching, "set_running", stops_one_meanwhile)
    await in_database(changes.set_running)(MANY, True)
    await until(lambda: len(worker.worker.fleet.running) == len(MANY))
    assert worker.running("ALONE") is None
    assert parts[0] and not any(parts[1:])  # gone before the second part was begun


async def test_what_an_order_has_started_runs_on_while_its_rows_are_not_written(
    worker, sink, no_orders, monkeypatch
):
    await configure(sink, *MANY, running=False)
    let_go, set_running = threading.Event(), switching.set_running

    def waits(names, running, number=None):
        assert let_go.wait(PATIENCE)
        return set_running(names, running, number)

    await in_database(changes.set_running)(MANY[:1], True)
    monkeypatch.setattr(switching, "set_running", waits)
    await in_database(changes.set_running)(MANY, True)
    await until(lambda: len(sink.live()) == len(MANY))
    assert await rows_running() == 1
    started = consumers(worker)
    worker.worker._reconcile_soon()  # as every 15 s
    monkeypatch.setattr(switching, "set_running", set_running)
    let_go.set()
    await all_written()
    assert await rows_running() == len(MANY)
    assert consumers(worker) == started and len(started) == len(MANY)


@pytest.mark.parametrize("number", [2, 4])
def test_an_order_counts_where_the_row_has_taken_none_that_is_higher(no_orders, number):
    Station.objects.create(identity="A", running=False, ordered=3)
    Station.objects.create(identity="B", running=True, ordered=3)
    standing = {"A": (number, True), "B": (number, False)}
    for only in (None, {"A", "B"}):
        found = loading.compare(Share(range(100)), {}, only, standing)
        assert found.load == (["A"] if number > 3 else ["B"])
    assert loading.compare(Share(range(100)), {}, None).load == ["B"]


async def test_a_stop_after_a_part_was_read_ahead_counts_and_not_what_was_read(
    worker, sink, no_orders, monkeypatch
):
    await configure(sink, *MANY, running=False)
    monkeypatch.setattr(switching, "PART", 10)
    stopped, compare = sorted(MANY)[15], loading.compare

    def stops_one_of_it_after_reading(shards, running, only, *more):
        found = compare(shards, running, only, *more)
        if stopped in found.load and len(only) > 1:
            changes.set_running([stopped], False)
            wait_until(lambda: stopped in worker.worker._changed, PATIENCE, "it is told")
        return found

    started, carry_out = [], worker.worker.fleet.carry_out

    def starts(plan, *more):
        started.append(plan.identity)
        carry_out(plan, *more)

    monkeypatch.setattr(worker.worker.fleet, "carry_out", starts)
    monkeypatch.setattr(loading, "compare", stops_one_of_it_after_reading)
    await in_database(changes.set_running)(MANY, True)
    await until(lambda: len(worker.worker.fleet.running) >= len(MANY) - 1)
    await all_written()
    assert set(MANY) - set(worker.worker.fleet.running) == {stopped}
    assert set(MANY) - set(started) == {stopped}
    assert await rows_running() == len(MANY) - 1


async def test_rows_wait_for_the_starts_but_not_for_ever(no_orders, transactional_db, monkeypatch):
    await in_database(Station.objects.bulk_create)([Station(identity=name) for name in MANY])
    await in_database(changes.set_running)(MANY, True)
    book, disturbed, busy = OrderBook(in_database_of_test), asyncio.Event(), [True]
    assert set(await book.hear(range(1000))) == set(MANY)
    writing = asyncio.create_task(book.write(disturbed, lambda: busy[0]))
    await asyncio.sleep(3 * order_book.LOOK)
    assert await rows_running() == 0 and not writing.done()
    disturbed.set()  # something else is to be done: it is not held up
    await writing
    disturbed.clear()
    monkeypatch.setattr(order_book, "LONGEST_WAIT", 0.0)
    await book.write(disturbed, lambda: True)
    assert await rows_running() == len(MANY)
    assert await waiting() == [] and book.standing == {}
