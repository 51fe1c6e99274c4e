"""Orders for many stations: kept before the answer, carried out by anybody, as often as may be."""

from __future__ import annotations

import asyncio
import time

import pytest
from django.db import connection

from stations.configuration import changes
from stations.models import Station
from stations.orders import named, order_book, orders, sharding, switching
from stations.orders.commands import shard_of
from stations.orders.order_book import OrderBook
from stations.tasks import sync_station_state

pytestmark = pytest.mark.django_db(transaction=True)

MANY = [f"CP-{number:03}" for number in range(changes.SWITCHED_AT_ONCE + 20)]


@pytest.fixture
def many(db):
    orders.collection().delete_many({})
    Station.objects.bulk_create([Station(identity=identity) for identity in MANY])
    yield
    orders.collection().delete_many({})


def running() -> set[str]:
    return {station.identity for station in Station.objects.runnable()}


def carry_out(order: orders.Order) -> int:
    return switching.set_running(order.identities, order.running, order.number)


def test_an_order_for_many_is_kept_and_its_rows_are_written_by_whoever_carries_it_out(many):
    Station.objects.filter(identity=MANY[0]).update(enabled=False)
    assert changes.set_running([*MANY, *MANY, "unknown"], True) == len(MANY) - 1
    assert running() == set()
    waiting = orders.all_waiting()
    assert {shard_of(i) for i in MANY} == {shard_of(order.identities[0]) for order in waiting}
    assert sum(map(carry_out, waiting)) == len(MANY) - 1
    assert running() == set(MANY[1:])
    assert sum(map(carry_out, waiting)) == 0  # once more changes nothing


def test_few_are_switched_before_the_answer(many):
    assert changes.set_running(MANY[:3], True) == 3
    assert running() == set(MANY[:3])
    assert orders.all_waiting() == []


def test_a_later_word_counts_though_an_earlier_order_is_carried_out_after_it(many):
    changes.set_running(MANY[:1], True)
    changes.set_running(MANY, True)
    stopped = MANY[:2]  # of one that runs, and of one that the order has not reached
    assert changes.set_running(stopped, False) == 1
    for order in orders.all_waiting():
        carry_out(order)
    assert running() == set(MANY[2:])


def test_of_two_orders_the_later_counts_in_any_order_of_carrying_out(many):
    assert changes.set_running(MANY, True) == len(MANY)
    assert changes.set_running(MANY, True) == 0
    assert changes.set_running(MANY, False) == len(MANY)
    for order in reversed(orders.all_waiting()):
        carry_out(order)
    assert running() == set()


def test_who_was_frozen_in_the_midst_of_an_order_turns_nothing_back(many):
    changes.set_running(MANY, True)
    frozen = orders.all_waiting()
    for order in frozen:
        carry_out(order)
        orders.done(order)
    changes.set_running(MANY[:2], False)
    for order in frozen:
        carry_out(order)
    assert running() == set(MANY[2:])


def test_where_no_worker_is_the_sync_carries_out_what_is_left_over(many, monkeypatch):
    changes.set_running(MANY, True)
    sync_station_state()
    assert running() == set()  # a worker may be at it
    monkeypatch.setattr(orders, "LEFT_OVER", -1.0)
    sync_station_state()
    assert running() == set(MANY)
    assert orders.all_waiting() == []


def test_of_two_syncs_at_a_time_one_carries_out_what_is_left_over(many, monkeypatch):
    """Beside the other's, each row would be written twice, and nothing else be stored meanwhile."""
    changes.set_running(MANY, True)
    later, real, written = time.time() + 2 * orders.LEFT_OVER, switching.set_running, []
    monkeypatch.setattr(orders.time, "time", lambda: later)

    def beside(identities, running, number):
        written.extend(identities)
        changes.carry_out_left_over()  # the next run of the task
        return real(identities, running, number)

    monkeypatch.setattr(switching, "set_running", beside)
    changes.carry_out_left_over()
    assert sorted(written) == sorted(MANY)
    monkeypatch.undo()
    assert running() == set(MANY) and orders.all_waiting() == []


def test_what_its_worker_is_at_is_not_left_over(many, monkeypatch):
    changes.set_running(MANY, True)
    ordered = orders.all_waiting()
    later = time.time() + 2 * orders.LEFT_OVER
    monkeypatch.setattr(orders.time, "time", lambda: later)
    assert {order.id for order in orders.left_over()} == {order.id for order in ordered}
    orders.attend(ordered[:-1])
    assert [order.id for order in orders.left_over()] == [ordered[-1].id]
    assert not orders.claim(ordered[0]) and orders.claim(ordered[-1])
    assert not orders.claim(ordered[-1]) and orders.left_over() == []


@pytest.mark.parametrize("busy", [True, False])
def test_a_worker_says_that_it_is_at_its_orders_while_it_is(many, monkeypatch, busy):
    changes.set_running(MANY, True)
    wanted = {order.id for order in orders.all_waiting()}
    told: list[set] = []

    async def in_database(do, *arguments):
        if do is orders.attend:
            told.append({order.id for order in arguments[0]})
            return None
        return await asyncio.to_thread(_alone, do, arguments)

    async def working() -> None:
        book, disturbed = OrderBook(in_database), asyncio.Event()
        await book.hear(range(sharding.in_force()))
        monkeypatch.setattr(order_book, "SIGN", 0.05)
        asyncio.get_running_loop().call_later(0.5, disturbed.set)
        await book.write(disturbed, lambda: busy)

    asyncio.run(working())
    assert told[0] == wanted and all(each <= wanted for each in told)
    assert len(told) > 1 if busy else told


def _alone(do, arguments):
    try:
        return do(*arguments)
    finally:
        connection.close()


def test_an_order_is_not_for_a_new_station_of_a_deleted_ones_name(many):
    changes.set_running(MANY, True)
    changes.delete(MANY[:1])
    Station.objects.create(identity=MANY[0])
    for order in orders.all_waiting():
        carry_out(order)
    assert running() == set(MANY[1:])


def test_rows_are_found_by_name_in_parts_and_where_most_are_meant_all_at_once(many):
    few = {row["identity"] for row in named.rows([*MANY[:3], "unknown"])}
    assert few == set(MANY[:3])
    rows = {row["identity"]: row["enabled"] for row in named.rows([*MANY, "unknown"], "enabled")}
    assert rows == dict.fromkeys(MANY, True)
    assert list(named.parts(["a", "b", "a", "c"], 2)) == [["a", "b"], ["c"]]
    assert {row["identity"] for row in named.rows(MANY[: named.CHUNK + 1])} == set(
        MANY[: named.CHUNK + 1]
    )


@pytest.mark.parametrize("meant", [{"identities": MANY}, {"tag": "hall"}, {"all": True}])
def test_the_api_answers_an_order_for_many_with_its_counts(api, many, meant):
    Station.objects.all().update(tags=["hall"])
    changes.set_running(MANY[:5], True)
    status, body = api("POST", "stations/bulk/start", meant)
    wanted = {
        "running": True, "stations": len(MANY), "changed": len(MANY) - 5, "complete": False,
    }  # fmt: skip
    assert (status, body) == (202, wanted)
    assert running() == set(MANY[:5])
    assert sum(map(carry_out, orders.all_waiting())) == len(MANY) - 5


def test_the_api_switches_few_at_once(api, many):
    status, body = api("POST", "stations/bulk/start", {"identities": MANY[:2]})
    assert (status, body["changed"], body["complete"]) == (200, 2, True)
    status, body = api("POST", "stations/bulk/stop", {"search": MANY[0]})
    assert (status, body["stations"], body["changed"]) == (200, 1, 1)
    assert running() == {MANY[1]}


@pytest.mark.parametrize(
    ("meant", "answer"),
    [
        ({}, 422),
        ({"identities": ["CP-000"], "all": True}, 422),
        ({"identities": ["CP-000", "none"]}, 404),
        ({"version": "3"}, 422),
    ],
)
def test_an_order_says_which_stations_it_means(api, many, meant, answer):
    assert api("POST", "stations/bulk/start", meant)[0] == answer
    assert running() == set() and orders.all_waiting() == []


class Watched:
    """The collection, with the longest list of names that it was asked for."""

    def __init__(self, collection) -> None:
        self.collection, self.longest = collection, 0

    def __getattr__(self, name: str):
        asked = getattr(self.collection, name)

        def ask(match=None, *arguments, **options):
            names = (match or {}).get("identity", {}).get("$in", [])
            self.longest = max(self.longest, len(names))
            return asked(match, *arguments, **options) if match is not None else asked()

        return ask


def test_no_question_names_so_many_that_its_cost_is_a_square(many, monkeypatch):
    class Connection:
        get_collection = staticmethod(lambda table: watched)

    watched = Watched(orders.connection.get_collection(named.TABLE))
    monkeypatch.setattr(named, "connection", Connection)
    monkeypatch.setattr(switching, "connection", Connection)
    others = [f"OTHER-{number}" for number in range(named.SHARE * len(MANY))]
    Station.objects.bulk_create([Station(identity=identity) for identity in others])
    assert len(list(named.rows(MANY))) == len(MANY)
    assert switching.set_running(MANY, True) == len(MANY)
    assert named.CHUNK <= watched.longest <= 100
