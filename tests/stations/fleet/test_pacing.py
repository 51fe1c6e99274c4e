"""Whose turn it is to connect, by CHARGE_POINT_DIAL_RATE and CHARGE_POINT_BOOT_SPREAD."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stations.checks import dialing_can_be_read
from stations.link.dialing import DialQueue
from stations.link.pacing import CATCH_UP, NO_RATES, Rates, Turns
from stations.link.state import LinkState
from stations.orders import switching
from stations.worker.worker import WorkerOptions
from tests.stations.fleet.conftest import until
from tests.stations.fleet.dialers import make_dialer
from tests.stations.fleet.running import RunningWorker, configure


@dataclass
class Who:
    csms: str
    number: int
    wanted: bool = True

    @property
    def url(self) -> str:
        return f"ws://{self.csms}/ocpp/CP-{self.number}"


# --- the setting -------------------------------------------------------------------------------


@pytest.mark.parametrize("text, url, expected", [
    ("", "ws://a/CP", ("", 0.0)),
    ("0", "ws://a/CP", ("", 0.0)),
    ("12.5", "ws://a/CP", ("a:80", 12.5)),
    ("5", "wss://u:p@A.Example/x/CP?y=1", ("a.example:443", 5.0)),
    ("5", "ws://[::1]:9000/CP", ("[::1]:9000", 5.0)),
    ('{"a": 3}', "ws://a:1/CP", ("a", 3.0)),
    ('{"a": 3}', "ws://a:2/CP", ("a", 3.0)),
    ('{"a": 3}', "ws://b/CP", ("", 0.0)),
    ('{"a": 3, "a:9000": 4}', "ws://a:9000/CP", ("a:9000", 4.0)),
    ('{"A.example": 0, "*": 7}', "ws://a.example/CP", ("", 0.0)),
    ('{"a": 0, "*": 7}', "ws://b/CP", ("b:80", 7.0)),
])  # fmt: skip
def test_which_rate_a_connection_has(text, url, expected):
    assert Rates.parse(text).of(url) == expected


@pytest.mark.parametrize("text, said", [
    ("fast", "neither a number nor JSON"), ("-1", "from 0"), ("1e9", "from 0"),
    ('{"a": "3"}', "a: the rate must be a number"), ('{"a": true}', "must be a number"),
    ("[3]", "must be a number"), ("NaN", "from 0"), ("null", "must be a number"),
])  # fmt: skip
def test_what_is_no_rate_is_refused(text, said, settings):
    with pytest.raises(ValueError, match=said):
        Rates.parse(text)
    settings.CHARGE_POINT_DIAL_RATE = text
    settings.CHARGE_POINT_BOOT_SPREAD = 0.0
    [error] = dialing_can_be_read()
    assert error.id == "stations.E002" and said in error.msg


@pytest.mark.parametrize("seconds", [-1.0, 1e6, float("nan")])
def test_what_is_no_spread_is_refused(seconds, settings):
    settings.CHARGE_POINT_BOOT_SPREAD = seconds
    assert [error.id for error in dialing_can_be_read()] == ["stations.E003"]


# --- turns -------------------------------------------------------------------------------------


def taken(turns: Turns, seconds: float, step: float, began: float = 0.0) -> list[tuple[float, Who]]:
    """What comes up within these seconds, asked for every `step`."""
    found = []
    now = began
    while now <= began + seconds:
        while (who := turns.take(now)) is not None:
            found.append((now, who))
        now += step
    return found


def test_without_rates_all_come_at_once_in_the_order_of_asking():
    turns: Turns[Who] = Turns()
    everybody = [Who("ab"[n % 2], n) for n in range(100)]
    for who in everybody:
        turns.add(who, "", 5.0)
    assert turns.crowded(6.0) and turns.late(8.0) == 3.0 and len(turns) == 100
    assert [turns.take(8.0) for _ in range(101)] == [*everybody, None]
    assert not turns.crowded(8.0) and turns.late(8.0) == 0.0 and turns.next_turn() is None


def test_a_rate_holds_for_each_csms_by_itself():
    turns: Turns[Who] = Turns(Rates.parse('{"a": 10, "*": 20, "free": 0}'))
    for n in range(400):
        for csms in ("a", "b", "c", "free"):
            turns.add(who := Who(csms, n), who.url, 0.0)
    found = taken(turns, 10.0, 0.01)
    count = defaultdict(int)
    for _, who in found:
        count[who.csms] += 1
    assert count["free"] == 400
    assert abs(count["a"] - 100) <= 3 and abs(count["b"] - 200) <= 4 and count["c"] == count["b"]
    for csms in "abc":  # each in its order
        assert [w.number for _, w in found if w.csms == csms] == list(range(count[csms]))


def test_asked_for_one_by_one_they_are_no_more():
    """As by stations whose connection failed, each at a time of its own."""
    turns: Turns[Who] = Turns(Rates.parse("40"))
    found = 0
    for n in range(1000):
        turns.add(who := Who("a", n), who.url, n / 1000)
        found += turns.take(n / 1000) is not None
    assert 40 <= found <= 40 * (1 + CATCH_UP) + 1


def test_a_worker_takes_the_part_of_its_shards():
    share = 0.25
    turns: Turns[Who] = Turns(Rates.parse("40"), lambda: share)
    for n in range(1000):
        turns.add(who := Who("a", n), who.url, 0.0)
    assert abs(len(taken(turns, 10.0, 0.01)) - 100) <= 3
    share = 1.0  # the others have left
    assert abs(len(taken(turns, 10.0, 0.01, began=10.01)) - 400) <= 6


def test_who_is_no_longer_wanted_uses_up_no_turn():
    turns: Turns[Who] = Turns(Rates.parse("1"))
    for n in range(50):
        turns.add(who := Who("a", n, wanted=n in (0, 49)), who.url, 0.0)
    found = taken(turns, 1.0, 0.01)
    assert [w.number for _, w in found] == list(range(50))
    assert found[-1][0] >= 1 - CATCH_UP


def test_nothing_is_kept_of_a_csms_that_nobody_waits_for():
    turns: Turns[Who] = Turns(Rates.parse("100"))
    for n in range(1000):
        turns.add(who := Who(f"csms-{n}", n), who.url, 0.0)
    assert len(taken(turns, 0.0, 1.0)) == 1000
    assert len(turns._lanes) == 1000  # each may make up for no more than before
    turns.add(who := Who("last", 0), who.url, 1.0)
    assert list(turns._lanes) == ["last:80"] and turns.take(1.0) is who


asks = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from([0, 0, 0.01, 0.4]),
        st.sampled_from([True, True, False]),
        st.integers(0, 3),
    ),
    max_size=80,
)


@given(asks=asks, rates=st.fixed_dictionaries({c: st.sampled_from([0, 1, 7, 60]) for c in "abc"}))
def test_any_history_of_asking_and_taking(asks, rates):
    """Against a model: in no window more than the rate and what may be made up for; each CSMS in
    its order; nobody is forgotten; no wake-up is missed."""
    turns: Turns[Who] = Turns(Rates(dict(rates)))
    waiting: dict[str, deque[int]] = defaultdict(deque)
    when: dict[str, list[float]] = defaultdict(list)
    now = 0.0

    def take() -> bool:
        who = turns.take(now)
        if who is None:
            return False
        lane = who.csms if rates[who.csms] else "any"
        assert waiting[lane].popleft() == who.number
        if who.wanted:
            when[who.csms].append(now)
        return True

    for number, (csms, pause, wanted, takes) in enumerate(asks):
        turns.add(who := Who(csms, number, wanted), who.url, now)
        waiting[csms if rates[csms] else "any"].append(number)
        for _ in range(takes):
            take()
        now += pause
    while any(waiting.values()):
        while take():
            pass
        if any(waiting.values()):
            turn = turns.next_turn()
            assert turn is not None and turn > now
            now = turn
    assert len(turns) == 0
    for csms, moments in when.items():
        if rate := rates[csms]:
            for first in range(len(moments)):
                for last in range(first, len(moments)):
                    most = (moments[last] - moments[first] + CATCH_UP) * rate + 1
                    assert last - first + 1 <= most + 1e-6


# --- connections -------------------------------------------------------------------------------


async def test_connections_are_made_at_the_rate(sink, kept):
    """Slower is always possible on a busy machine; faster is not."""
    queue = DialQueue(turns=Turns(Rates.parse("40")))
    dialers = [make_dialer(f"CP-{n}", sink, queue, kept) for n in range(25)]
    began = asyncio.get_running_loop().time()
    for dialer in dialers:
        dialer.connect()
    assert queue.backlog()[0] > 15 and not queue.crowded
    dialers[-1].disconnect()  # while it waits
    await until(lambda: len(sink.connections) == 24)
    took = asyncio.get_running_loop().time() - began
    assert took >= (24 - 1) / 40 - CATCH_UP
    await until(lambda: queue.backlog() == (0, 0.0))
    assert dialers[-1].state is LinkState.OFF
    for dialer in dialers:
        dialer.disconnect()
    await until(lambda: all(dialer.state is LinkState.OFF for dialer in dialers))
    await queue.close()


async def test_the_limit_of_dials_holds_beside_the_rate(sink, kept):
    queue = DialQueue(limit=2, turns=Turns(Rates.parse("100000")))
    dialers = [make_dialer(f"CP-{n}", sink, queue, kept) for n in range(20)]
    for dialer in dialers:
        dialer.connect()
    assert queue._dialing == 2 and queue._timer is None
    await until(lambda: len(sink.connections) == 20)
    for dialer in dialers:
        dialer.drop()
    await queue.close()


async def test_a_queue_that_closes_wakes_no_more(sink, kept):
    queue = DialQueue(turns=Turns(Rates.parse("1")))
    dialers = [make_dialer(f"CP-{n}", sink, queue, kept) for n in range(3)]
    for dialer in dialers:
        dialer.connect()
    assert queue._timer is not None
    await queue.close()
    assert queue._timer is None and queue.backlog() == (0, 0.0)
    for dialer in dialers:
        dialer.drop()


# --- a worker ----------------------------------------------------------------------------------


@pytest.fixture
async def run_worker(transactional_db, store, layers):
    made = []

    def run(**options) -> RunningWorker:
        quick = {"lease_ms": 1000, "tend_every": 0.1}
        made.append(RunningWorker(WorkerOptions(**quick | options)))
        return made[-1]

    yield run
    for worker in made:
        await worker.stop()


async def test_first_connections_of_many_are_spread(run_worker, sink, monkeypatch):
    monkeypatch.setattr(switching, "PART", 4)
    names = [f"CP-{n}" for n in range(10)]
    await configure(sink, *names)
    worker = run_worker(spread=3600.0)
    fleet = worker.worker.fleet
    await until(lambda: len(fleet.running) == 10)
    links = [fleet.running[name].dialer.describe() for name in names]
    assert {link["state"] for link in links} == {LinkState.WAITING.value}
    assert len({link["next"] for link in links}) == 10
    now = worker.worker.host.clock.now()
    assert max(link["next"] for link in links) <= now + 3600
    assert max(link["next"] for link in links) > now + 60


async def test_a_few_connect_at_once(run_worker, sink):
    await configure(sink, "CP-1", "CP-2")
    run_worker(spread=3600.0)
    await until(lambda: len(sink.connections) == 2)


async def test_two_workers_share_a_rate(run_worker, sink):
    rates = Rates.parse("8")
    workers = [run_worker(rates=rates), run_worker(rates=rates)]
    await until(lambda: all(len(w.worker.leases.held) == 4 for w in workers))
    assert [w.worker._share() for w in workers] == [0.5, 0.5]


def test_no_rates_is_what_a_queue_has_by_itself():
    assert Turns()._rates is NO_RATES and not Turns().paced and Turns(Rates.parse("1")).paced
