"""A station that goes from worker to worker while its CSMS cannot be reached loses no message."""

import pytest

from stations.models import Station
from stations.worker import fleet
from tests.stations.fleet.crash_world import CAR, IDENTITY, Wire, World

pytestmark = pytest.mark.django_db(transaction=True)
BEGUN = {"1.6": "StartTransaction", "2.0.1": "TransactionEvent", "2.1": "TransactionEvent"}
VERSIONS = sorted(BEGUN)


@pytest.fixture
def world(request, tmp_path, transactional_db, store, monkeypatch):
    monkeypatch.setattr(fleet, "Dialer", Wire)
    Station.objects.create(identity=IDENTITY, csms_url="ws://nowhere", serial="S-1")
    world = Wire.world = World(tmp_path, request.param)
    world.connect()
    world.answer()
    return world


def charge(world, connector):
    world.command("plug", connector=connector, ev=CAR)
    world.command("start-transaction", connector=connector, id_tag="TAG1")
    world.pass_time(25)


def begun(world):
    """(place, seqNo) of each message of a transaction; 1.6 has no seqNo."""
    return [
        (payload.get("connectorId") or payload["evse"]["id"], payload.get("seqNo"))
        for action, payload in world.csms.calls
        if action == BEGUN[world.version]
    ]


@pytest.mark.parametrize("world", VERSIONS, indirect=True)
@pytest.mark.parametrize("written", [False, True], ids=["by the journal", "by Redis"])
@pytest.mark.parametrize("same", [False, True], ids=["another", "the same"])
def test_what_waits_for_the_csms_is_sent_after_the_second_takeover(world, written, same):
    charge(world, 1)
    world.answer()  # the last message that left is dealt with
    known = begun(world)
    world.die()
    world.take_over()
    charge(world, 2)  # offline: nothing of this worker is on record yet
    if written:
        world.write_snapshot()
    if same:
        world.drop()
    else:
        world.die()
        world.take_over()
    world.connect()
    world.answer()
    told = [seq for place, seq in begun(world)[len(known) :] if place == 2]
    assert told and told == ([None] if world.version == "1.6" else list(range(len(told))))
