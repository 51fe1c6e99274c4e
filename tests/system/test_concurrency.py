"""Sync without pause while readers, admin saves and live viewers press on the same stations.

Response times are counted and printed, never a reason to fail here: `make soak` reports them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from benchmarks.admin_client import AdminSaves
from benchmarks.child import Child
from benchmarks.console import station_fields
from benchmarks.processes import wait_until
from benchmarks.soak.load import Reader, Timings, Viewers, log_in
from benchmarks.stack import ADMIN, Stack

SECONDS = 15
NAMES = [f"PRESSED-{number}" for number in range(10)]
STAMP = 25  # characters of a state's stamp, as Redis has it before the snapshot


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> Iterator[Stack]:
    directory = tmp_path_factory.mktemp("pressed")
    with Stack(directory, start=("worker", "celery", "web")) as running:
        yield running


class Syncs(Reader):
    """One sync after the other, without a pause."""

    def run(self) -> None:
        while not self.ending.is_set():
            self.ask("POST admin/sync", "POST", "/api/admin/sync", "{}")


class Stamps:
    """The stamps of every station in both stores, looked at again and again."""

    def __init__(self, stack: Stack) -> None:
        self.redis, self.states = stack.redis, stack.mongo["station_state"]
        self.newest: dict[tuple[str, str], str] = {}
        self.fallen: list[str] = []

    def look(self) -> None:
        for document in self.states.find({}, {"stamp": 1}):
            self._seen("mongo", document["_id"], document["stamp"])
        for name in NAMES:
            self._seen("redis", name, self.hot(name))

    def hot(self, name: str) -> str:
        return self.redis.getrange(f"ocpp:state:{name}", 0, STAMP - 1).decode()

    def kept(self) -> dict[str, str]:
        return {d["_id"]: d["stamp"] for d in self.states.find({}, {"stamp": 1})}

    def _seen(self, store: str, name: str, stamp: str) -> None:
        before = self.newest.get((store, name), "")
        if stamp < before:
            self.fallen.append(f"{store}, {name}: {before} -> {stamp}")
        self.newest[store, name] = stamp


def test_everything_at_once_on_the_same_stations(stack: Stack, capsys) -> None:
    with Child("benchmarks.sink") as sink:
        port = sink.ask("listen", interval=1)
        url = f"ws://127.0.0.1:{port}"
        stack.console.create([station_fields(name, url) for name in NAMES])
        wait_until(
            lambda: sink.ask("stats")["calls"].get("BootNotification", 0) >= len(NAMES), 60,
            "every station has booted",
        )  # fmt: skip
        ev = {"battery_kwh": 10_000, "soc": 1}
        stack.console.commands(NAMES, "plug", connector=1, ev=ev)
        stack.console.commands(NAMES, "start-transaction", connector=1)

        token, timings, stamps = log_in(stack.url, *ADMIN), Timings(), Stamps(stack)
        admin = AdminSaves(stack, NAMES, timings)
        readers = [Reader(stack.url, token, NAMES, timings, n == 0) for n in range(3)]
        readers.append(Syncs(stack.url, token, NAMES, timings, False))
        viewers = Viewers(stack.url, token, 3)
        threads = [admin, *readers]
        for thread in [*threads, viewers]:
            thread.start()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            stamps.look()
        for thread in threads:
            thread.ending.set()
        for thread in threads:
            thread.join(70)
        viewers.stop()
        connected = sink.ask("stats")["connected"]

    with capsys.disabled():
        for name, count, p50, p99, most, over in timings.rows():
            print(f"  {name}: {count}, ms p50 {p50 * 1e3:.0f} p99 {p99 * 1e3:.0f} "
                  f"max {most * 1e3:.0f}, over 1 s: {over}")  # fmt: skip
    assert timings.failures == []
    assert stamps.fallen == []
    assert connected == len(NAMES)
    assert admin.saved > 0
    assert len(timings.seconds["POST admin/sync"]) > 3
    assert viewers.rows > 0 and viewers.lost == 0

    stack.processes["worker"].stop()  # the last snapshots are written
    stack.console.sync()
    kept = stamps.kept()
    assert {name: kept[name] for name in NAMES} == {name: stamps.hot(name) for name in NAMES}
