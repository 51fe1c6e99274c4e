"""A charge point worker is frozen until another has its stations, and goes on: it says nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from benchmarks.console import station_fields
from benchmarks.processes import wait_until
from benchmarks.stack import Stack

from .csms import Csms16, PythonCsms

STATIONS = [f"frozen-{n}" for n in range(12)]
QUICK = {"CHARGE_POINT_LEASE_MS": "2000"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("frozen"), start=["worker"], **QUICK) as running:
        running.start_worker("second")
        yield running


def line(stack: Stack, name: str) -> dict:
    """What a worker tells of itself."""
    pid = stack.processes[name].pid
    lines = map(json.loads, stack.redis.hvals("ocpp:fleet:workers"))
    return next((told for told in lines if told["pid"] == pid), {})


def test_a_thawed_worker_says_nothing_on_its_old_links(
    stack: Stack, python_csms: PythonCsms, monkeypatch
) -> None:
    monkeypatch.setattr(Csms16, "interval", 1)
    wire = python_csms.wire
    wait_until(lambda: len(line(stack, "second").get("shards", [])) == 4, 60, "shards are shared")
    stack.console.create([station_fields(name, python_csms.url) for name in STATIONS])
    for name in STATIONS:
        wire.await_call(name, "Heartbeat", 60)
    frozen = stack.processes["worker"]
    frozen.pause()
    old = {name: python_csms.sides[name]._connection for name in STATIONS}
    for name, connection in old.items():
        python_csms.do(connection.socket.send(f'[2,"late-{name}","ClearCache",{{}}]'))

    def of_link(connection) -> list:
        frames = wire.frames(connection.station)
        return [f for f in frames if f.link == connection.link and f.received]

    moved = [
        name for name in STATIONS if not any("late-" in f.text for f in of_link(old[name]))
    ] and wait_until(
        lambda: [n for n in STATIONS if python_csms.sides[n]._connection is not old[n]]
        if line(stack, "second").get("connected") == len(STATIONS) else None,
        60, "the other worker has every station",
    )  # fmt: skip
    assert 0 < len(moved) < len(STATIONS)
    before = {name: len(of_link(old[name])) for name in moved}
    frozen.resume()
    wait_until(
        lambda: frozen.tail(20_000).count("has another owner") >= 4, 60, "it finds its leases lost"
    )
    new = {name: python_csms.sides[name]._connection for name in moved}
    for name in moved:  # the one that took it over speaks on
        heard = len(of_link(new[name]))
        wait_until(lambda n=name, h=heard: len(of_link(new[n])) > h + 1, 60, f"{name} goes on")
    assert {name: len(of_link(old[name])) for name in moved} == before
    assert all(python_csms.sides[name]._connection is new[name] for name in moved)
    frozen.check()
    assert "the loop is stuck" not in frozen.tail(50_000)  # its watchdog stood still as well
    wait_until(lambda: len(line(stack, "worker").get("shards", [])) == 4, 60, "it works again")


def test_stations_go_on_while_redis_is_frozen_for_longer_than_a_lease(
    stack: Stack, python_csms: PythonCsms, monkeypatch
) -> None:
    """Nobody can take them over then, so a worker whose loop runs does not fall silent."""
    monkeypatch.setattr(Csms16, "interval", 1)
    names = [f"redisless-{n}" for n in range(4)]
    wire = python_csms.wire
    stack.console.create([station_fields(name, python_csms.url) for name in names])
    for name in names:
        wire.await_call(name, "Heartbeat", 60)
    redis = stack.processes["redis"]
    redis.pause()
    try:
        for name in names:
            before = len(wire.calls(name, "Heartbeat"))
            wait_until(
                lambda n=name, b=before: len(wire.calls(n, "Heartbeat")) > b + 5, 60, "no silence"
            )
    finally:
        redis.resume()
    links = {name: {frame.link for frame in wire.frames(name)} for name in names}
    assert all(len(of) == 1 for of in links.values()), links
