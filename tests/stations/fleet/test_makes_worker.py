"""A make that changes reaches the stations of it that run: a live worker, real sockets."""

import json

import pytest

from stations.makes import changes, files
from stations.makes.tables import Make
from stations.models import Station
from stations.orders.commands import notify_changed
from tests.stations.fleet.conftest import until
from tests.stations.fleet.running import in_database

pytestmark = pytest.mark.django_db(transaction=True)
WALL = {
    "name": "wall-11", "vendor": "Volt & Co", "model": "Wall 11", "versions": ["1.6"],
    "firmware": "1.0", "features": {"off": ["ClearCache"]},
}  # fmt: skip


@in_database
def of_make(sink, *identities: str, make: str = "wall-11") -> None:
    for identity in identities:
        station = Station(identity=identity, csms_url=sink.url, running=True, make=make)
        station.full_clean()
        station.save(force_insert=True)


async def answered(sink, identity: str, action: str) -> list:
    """The station's answer to a Call of this action."""
    link = next(each for each in sink.connections if each.identity == identity)
    uid = f"{action}-{len(link.received)}"
    await until(lambda: "StatusNotification" in link.actions())
    link.send(json.dumps([2, uid, action, {}]))
    found: list[list] = []

    def came() -> bool:
        found[:] = [each for each in link.received if each[0] in (3, 4) and each[1] == uid]
        return bool(found)

    await until(came)
    return found[0]


async def test_a_make_that_is_imported_reaches_the_stations_that_run(worker, sink):
    await in_database(changes.create)(WALL)
    await of_make(sink, "CP-1", "CP-2")
    await notify_changed(["CP-1", "CP-2"])
    await until(lambda: len(sink.connections) == 2)
    first = worker.running("CP-1").config.make
    assert (first.name, first.features.off) == ("wall-11", ("ClearCache",))
    assert worker.running("CP-2").config.make is first, "one object for all stations of a make"

    assert (await answered(sink, "CP-1", "ClearCache"))[0] == 4

    exported = await in_database(lambda: files.export_document(Make.objects.all()))()
    exported["makes"][0] |= {"features": {"off": ["GetDiagnostics"]}, "firmware": "2.0"}
    await in_database(files.import_document)(exported, "update")

    def taken(identity: str) -> bool:
        station = worker.running(identity)
        return station is not None and station.config.make.features.off == ("GetDiagnostics",)

    await until(lambda: taken("CP-1") and taken("CP-2"))
    assert worker.running("CP-1").config.firmware == "2.0"
    assert len(sink.connections) == 2, "the link stays"
    assert (await answered(sink, "CP-1", "ClearCache"))[0] == 3
    assert (await answered(sink, "CP-1", "GetDiagnostics"))[0] == 4
    assert worker.running("CP-2").config.make is worker.running("CP-1").config.make


async def test_a_station_of_no_known_make_does_not_run_and_the_others_do(worker, sink, caplog):
    await in_database(changes.create)(WALL)
    await of_make(sink, "CP-1", "CP-2")
    await in_database(lambda: Station.objects.filter(identity="CP-2").update(make="gone"))()
    await notify_changed(["CP-1", "CP-2"])
    await until(lambda: worker.running("CP-1"))
    await until(lambda: "There is no make" in caplog.text)
    assert worker.running("CP-2") is None
