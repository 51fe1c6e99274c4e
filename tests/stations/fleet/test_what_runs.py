"""What a worker is to run by the database, and when it is woken for what."""

import pytest

from stations.configuration.changes import MOST_AT_ONCE, create_many, expand_pattern
from stations.models import Station
from stations.orders.commands import shard_of
from stations.orders.sharding import Share
from stations.worker.clock import Clock, Deadlines
from stations.worker.loading import compare
from tests.stations.fleet.conftest import until

ALL = None
URL = "ws://127.0.0.1:1/ocpp"


def make(identity: str, **more) -> Station:
    [station] = create_many([Station(identity=identity, csms_url=URL, running=True, **more)])
    return station


def row_of(station: Station) -> tuple[str, int]:
    return str(station.pk), station.revision


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("only", [ALL, {"CP-1", "CP-2", "CP-3"}])
def test_what_is_disabled_stopped_or_of_another_worker_does_not_run(only):
    for identity in ("CP-1", "CP-2", "CP-3"):
        make(identity)
    Station.objects.filter(identity="CP-1").update(enabled=False)
    Station.objects.filter(identity="CP-2").update(running=False)
    shards = Share({shard_of(identity) for identity in ("CP-1", "CP-2", "CP-3")})
    running = dict.fromkeys(("CP-1", "CP-2"), ("x", 0))
    found = compare(shards, running, only)
    assert (sorted(found.stop), found.replaced, found.load) == (["CP-1", "CP-2"], [], ["CP-3"])
    assert compare(Share(()), {}, only).load == []


@pytest.mark.django_db(transaction=True)
def test_a_station_made_anew_is_another_and_a_changed_one_is_not():
    station = make("CP-1")
    shards = Share({shard_of("CP-1")})
    row = row_of(station)
    assert compare(shards, {"CP-1": row}, ALL).load == []
    changed = compare(shards, {"CP-1": (row[0], row[1] - 1)}, ALL)
    assert (changed.replaced, changed.load) == ([], ["CP-1"])
    anew = compare(shards, {"CP-1": ("another", row[1])}, ALL)
    assert (anew.replaced, anew.load) == (["CP-1"], ["CP-1"])


def test_as_many_stations_at_once_as_told():
    assert len(expand_pattern("CP-{n}", MOST_AT_ONCE)) == MOST_AT_ONCE


class Owner:
    def __init__(self) -> None:
        self.armed: float | None = None
        self.calls = 0

    def due(self, now: float) -> None:
        self.calls += 1


async def test_a_deadline_that_was_moved_is_not_served_at_its_old_time_too():
    clock = Clock()
    deadlines, moved, last = Deadlines(clock), Owner(), Owner()
    began = clock.now()
    deadlines.arm(last, began + 0.3)
    deadlines.arm(moved, began + 0.2)
    deadlines.arm(moved, began + 0.05)
    await until(lambda: last.calls)
    assert moved.calls == 1
