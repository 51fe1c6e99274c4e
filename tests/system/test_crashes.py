"""Real processes are killed, frozen and restarted; no frame and no energy is lost or doubled."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from benchmarks.console import station_fields
from benchmarks.processes import wait_until
from benchmarks.stack import Stack
from tests.messaging.conftest import series

from .csms import PythonCsms
from .sessions import SESSIONS, STEADY_CAR
from .wire import assert_logged_once, await_logged

VERSIONS = ["1.6", "2.0.1"]
OUTAGE = float(os.environ.get("OUTAGE_SECONDS", "20"))
# The broker returns a dead Celery worker's batches after this; 60 s in operation.
VISIBILITY = {"CELERY_VISIBILITY_TIMEOUT": "5"}
WATT_HOURS_A_SECOND = 22_000 / 3600


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> Iterator[Stack]:
    """A platform of this module's own: its stores and workers are killed."""
    with Stack(tmp_path_factory.mktemp("crashes"), **VISIBILITY) as running:
        yield running


class Charging:
    """One station in mid-transaction, and what must be true of it in the end."""

    def __init__(self, stack: Stack, csms: PythonCsms, name: str, version: str) -> None:
        self.stack, self.csms, self.name, self.version = stack, csms, name, version
        self.session = SESSIONS[version](csms.wire, name)

    def begin(self) -> None:
        self.stack.console.command(self.name, "plug", connector=1, ev=STEADY_CAR)
        self.stack.console.command(self.name, "start-transaction", connector=1, id_tag="TAG-1")
        self.session.await_start()
        self.await_readings(3)

    def await_readings(self, more: int, seconds: float = 90) -> None:
        wanted = len(self.session.readings()) + more
        wait_until(
            lambda: len(self.session.readings()) >= wanted, seconds,
            f"{more} more meter readings of {self.name}",
        )  # fmt: skip

    def stop_from_csms(self) -> None:
        state = self.stack.console.command(self.name, "state")
        self.csms.call(self.name, *remote_stop(self.version, state["connectors"][0]["transaction"]))

    def check_end(
        self, crashed: bool = False, off: tuple[float, float] = (0.0, 0.0)
    ) -> None:
        """The transaction is one, its register never falls, and the energy is what 22 kW give.

        off: for how many seconds, at least and at most, the station was off: none flows then.
        """
        stop = self.session.await_stop(seconds=60)
        wire, database = self.csms.wire, self.stack.mongo
        await_logged(database, wire, self.name, crashed=crashed)
        assert (self.session.starts(), self.session.stops()) == (1, 1)
        readings = self.session.readings()
        assert readings == sorted(readings)
        assert stop["register"] >= readings[-1]

        document = wait_until(
            lambda: database["transactions"].find_one({"station": self.name, "state": "ended"}),
            60, f"the transaction of {self.name} is kept",
        )  # fmt: skip
        assert database["transactions"].count_documents({"station": self.name}) == 1
        assert document["transaction_id"] == stop["transaction"]
        assert document["meter_stop"] == pytest.approx(stop["register"], abs=1)
        energy = document["meter_stop"] - document["meter_start"]
        seconds = (document["ended"] - document["started"]).total_seconds()
        # 2 s of energy: start and stop are stamped in whole seconds on some ways.
        least, most = ((seconds - gone) * WATT_HOURS_A_SECOND for gone in reversed(off))
        some = 2 * WATT_HOURS_A_SECOND + 2
        assert least - some <= energy <= most + some, f"{energy} Wh in {seconds} s, off {off}"
        kept = [sample["energy_wh"] for sample in series(database, document["_id"])]
        assert kept and kept == sorted(kept)
        await_logged(database, wire, self.name, crashed=crashed)  # what came meanwhile
        assert_logged_once(database, wire, self.name, crashed)


def remote_stop(version: str, transaction: str) -> tuple[str, dict]:
    if version == "1.6":
        return "RemoteStopTransaction", {"transactionId": int(transaction)}
    return "RequestStopTransaction", {"transactionId": transaction}


@pytest.fixture
def charging(stack, python_csms, fresh_name) -> list[Charging]:
    """A 1.6 and a 2.0.1 station, each in mid-transaction."""
    fleet = [Charging(stack, python_csms, fresh_name("crash"), v) for v in VERSIONS]
    stack.console.create([station_fields(c.name, python_csms.url, c.version) for c in fleet])
    for one in fleet:
        python_csms.wire.await_call(one.name, "StatusNotification", 60)
        one.begin()
    return fleet


def test_a_killed_charge_point_worker(stack, python_csms, charging):
    stack.processes["worker"].kill()
    stack.start_worker("worker")
    for one in charging:
        one.await_readings(3)
        stack.console.command(one.name, "stop-transaction", connector=1)
        one.check_end(crashed=True)


def test_a_killed_worker_while_another_stands_by(stack, python_csms, charging):
    """Its shards are taken."""
    stack.start_worker("second")
    stack.processes["worker"].kill()
    killed = time.monotonic()
    for one in charging:
        one.await_readings(1)
        print(f"{one.name} charges on after {time.monotonic() - killed:.1f} s")
    for one in charging:
        stack.console.command(one.name, "stop-transaction", connector=1)
        one.check_end(crashed=True)
    stack.start_worker("worker")
    stack.processes.pop("second").stop()


def test_a_killed_celery_worker_in_mid_batch(stack, python_csms, charging):
    # With the store frozen each batch that the worker takes is begun and not done.
    stack.processes["mongo"].pause()
    try:
        for one in charging:
            one.await_readings(3)
        wait_until(lambda: unacknowledged(stack) > 0, 60, "a batch is with the Celery worker")
        stack.processes["celery"].kill()
    finally:
        stack.processes["mongo"].resume()
    stack.start_celery("celery")
    for one in charging:
        one.await_readings(2)
        stack.console.command(one.name, "stop-transaction", connector=1)
    for one in charging:
        one.check_end()


def unacknowledged(stack: Stack) -> int:
    client = stack.redis
    return sum(
        client.hlen(key) for key in client.scan_iter("*unacked") if client.type(key) == b"hash"
    )


@pytest.mark.parametrize("how", ["restarted", "frozen"])
@pytest.mark.parametrize("store", ["redis", "mongo"])
def test_a_store_away(store, how, stack, python_csms, charging):
    process = stack.processes[store]
    away = OUTAGE if how == "restarted" else min(OUTAGE, 8)
    first, second = charging
    transaction = stack.console.command(first.name, "state")["connectors"][0]["transaction"]
    began = time.monotonic()
    if how == "restarted":
        assert process.stop() is not None
    else:
        process.pause()
    try:
        for one in charging:
            one.await_readings(3)  # nobody waits for a store
        # One transaction ends while it is away, by the word of the CSMS.
        python_csms.call(first.name, *remote_stop(first.version, transaction))
        first.session.await_stop()
        wait_until(lambda: time.monotonic() - began > away, away + 1, "the outage is over")
        second.await_readings(1)
    finally:
        if how == "restarted":
            getattr(stack, f"start_{store}")()
        else:
            process.resume()
    second.await_readings(2)
    wait_until(lambda: stop_by_command(second), 60, "commands reach the station again", 1.0)
    for one in charging:
        one.check_end()
    for name in ("worker", "celery"):
        stack.processes[name].check()


def stop_by_command(charging: Charging) -> bool:
    from benchmarks.child import ChildFailed

    try:
        charging.stack.console.command(charging.name, "stop-transaction", connector=1)
    except ChildFailed as failure:
        if charging.session.stops():  # it was carried out, and only the answer was lost
            return True
        print("not yet:", failure)
        return False
    return True
