"""Who is suspected of a worker's death, and what becomes of them."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

from stations.configuration import changes
from stations.models import Station
from stations.orders import holding
from stations.orders.commands import notify_changed
from stations.worker import handling
from stations.worker.vitals import DEAD_TOLD
from tests.stations.fleet.conftest import until
from tests.stations.fleet.dialers import booted
from tests.stations.fleet.running import configure, in_database

pytestmark = pytest.mark.django_db(transaction=True)

# Names its file, then lives until its input ends.
PROCESS = """
import sys
from pathlib import Path
from stations.worker.handling import HandlingFile, label_of
file = HandlingFile(Path(sys.argv[1]), sys.argv[2])
label = label_of(sys.argv[3])
if sys.argv[3]:
    file.slot[: len(label)] = label
print("ready", flush=True)
sys.stdin.read()
"""


class Handler:
    """A process in the midst of a step of a station; of none where `identity` is empty."""

    def __init__(self, root: Path, worker: str, identity: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(root), worker, identity],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=settings.BASE_DIR,
        )  # fmt: skip
        assert self._process.stdout.readline() == b"ready\n"

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


def test_who_was_in_hand_when_a_process_died_is_found_once(tmp_path):
    living, busy, idle = (
        Handler(tmp_path, name, identity)
        for name, identity in (("living", "CP-1"), ("busy", "CP-ü"), ("idle", ""))
    )
    assert list(handling.left_by_the_dead(tmp_path)) == []
    busy.kill()
    idle.kill()
    assert list(handling.left_by_the_dead(tmp_path)) == [("busy", "CP-ü"), ("idle", "")]
    assert list(handling.left_by_the_dead(tmp_path)) == []
    assert os.listdir(tmp_path / handling.FOLDER) == ["living"]
    living.kill()
    assert list(handling.left_by_the_dead(tmp_path)) == [("living", "CP-1")]


def test_what_was_not_kept_is_found_again(tmp_path):
    busy = Handler(tmp_path, "busy", "CP-1")
    busy.kill()
    found = handling.left_by_the_dead(tmp_path)
    assert next(found) == ("busy", "CP-1")
    found.close()  # the store went away
    assert list(handling.left_by_the_dead(tmp_path)) == [("busy", "CP-1")]


async def test_a_step_is_in_the_slot_while_it_is_carried_out_and_no_longer(station, sink):
    consumer, seen = station.consumer, []
    slot = consumer.host.slot
    core = type(consumer.station)
    whole = {name: getattr(core, name) for name in ("received", "wake", "command", "snapshot")}

    def watch(name):
        def watched(*arguments):
            seen.append((name, bytes(slot).partition(b"\0")[0]))
            return whole[name](*arguments)

        return watched

    with pytest.MonkeyPatch.context() as patch:
        for name in whole:
            patch.setattr(core, name, watch(name))
        station.connect()
        connection = await booted(sink)
        await until(lambda: consumer.station.registration == "Accepted")
        connection.send('[2,"x","ClearCache",{}]')
        await until(lambda: [3, "x"] in [message[:2] for message in connection.received])
        consumer.command("plug", {"connector": 1})
        consumer.due(time.time() + 10_000)
        consumer.packed_state()
    assert {name for name, _ in seen} == set(whole)
    assert {identity for _, identity in seen} == {b"CP-1"}
    assert slot[0] == 0


def test_a_fault_leaves_nobody_in_the_slot(tmp_path):
    from stations.worker.consumers import Host

    host = Host(None, None, None, None)
    with pytest.raises(ValueError, match="fault"), host.handling("CP-1"):
        raise ValueError("fault")
    assert host.slot[0] == 0


def test_two_deaths_within_an_hour_hold_a_station_back():
    Station.objects.create(identity="CP-1", csms_url="ws://127.0.0.1:9")
    now = time.time()
    assert holding.accuse("CP-1", "a", now - 4000) == ""
    assert holding.accuse("CP-1", "b", now) == ""  # the other is too long ago
    assert holding.accuse("CP-1", "b", now + 1) == ""  # the same death, told twice
    why = holding.accuse("CP-1", "c", now + 2)
    assert why.startswith("2 workers ended")
    assert Station.objects.get().held_back == why
    station = Station.objects.get()
    station.name = "saved by somebody who knows nothing of it"
    station.save()
    assert Station.objects.get().held_back == why
    assert changes.release(["CP-1", "CP-2"]) == 1
    assert Station.objects.get().held_back == ""
    assert holding.accuse("CP-1", "d", now + 3) == ""  # it begins anew
    changes.delete(["CP-1"])
    assert holding.suspects().count_documents({}) == 0


async def test_a_worker_tells_who_has_died_and_whose_stations_it_runs(worker, sink):
    vitals = worker.worker.vitals
    await until(lambda: len(vitals.measure(time.time())["serves"]) == settings.CHARGE_POINT_SHARDS)
    shards = worker.worker.fleet.epochs
    shards[0] += 1  # lost and taken again
    assert 0 not in vitals.measure(time.time())["serves"]
    worker.worker._reconcile_soon()
    await until(lambda: 0 in vitals.measure(time.time())["serves"])
    Handler(Path(settings.JOURNAL_DIR), "idle", "").kill()
    worker.worker._reconcile_soon()
    await until(lambda: vitals.measure(time.time())["dead"] == ["idle"])
    worker.worker.reconciler.dead["idle"] -= DEAD_TOLD
    assert vitals.measure(time.time())["dead"] == []


async def test_a_station_that_is_held_back_stops_and_is_started_by_its_release(worker, sink):
    await configure(sink, "CP-1", "CP-2")
    await notify_changed(["CP-1", "CP-2"])
    await until(lambda: len(sink.live()) == 2)
    for name in ("one", "two"):
        Handler(Path(settings.JOURNAL_DIR), name, "CP-1").kill()
    worker.worker._reconcile_soon()
    await until(lambda: worker.running("CP-1") is None)
    await until(lambda: len(sink.live()) == 1)
    why = (await Station.objects.aget(identity="CP-1")).held_back
    assert worker.worker.vitals.measure(time.time())["held_back"] == {"CP-1": why}
    frames = worker.kept.frames
    await until(lambda: any(frame.kind == "Note" for _, _, frame in frames))
    notes = [(name, frame.mark) for name, _, frame in frames if frame.kind == "Note"]
    assert notes == [("CP-1", f"held back: {why}")]
    await in_database(changes.set_running)(["CP-1"], True)
    await notify_changed(["CP-1", "CP-2"])
    await in_database(changes.release)(["CP-1"])
    await until(lambda: len(sink.live()) == 2)
    assert worker.worker.reconciler.held == {}
