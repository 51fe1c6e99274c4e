"""Whatever a CSMS may legally send costs a bounded number of steps, and nothing raises."""

import json

import pytest

from chargepoint.versions import station_class
from chargepoint.wire import schemas
from tests.chargepoint.bounds.inputs import ROOM, largest
from tests.chargepoint.bounds.stations import Counted, hints, loaded_2, loaded_16
from tests.chargepoint.peer import Peer
from tests.chargepoint.v201.csms import Csms

VERSIONS = ("1.6", "2.0.1", "2.1")
LINES_AT_MOST = 400_000  # of one event, some 50 ms: the longest that the loop stands still
_SMALLER = 40_000  # characters, for the kinds that show no more when they are larger
_KINDS = 4


def bench_of(version: str) -> Peer | Csms:
    bench = loaded_16() if version == "1.6" else loaded_2(version)
    for action in schemas.actions(version):
        bench.answers.setdefault(action, {})  # mere news
    bench.station = Counted(bench.station, LINES_AT_MOST)
    return bench


def feed(bench: Peer | Csms, text: str) -> None:
    perform = bench.take if isinstance(bench, Peer) else bench.perform
    perform(bench.station.received(text, bench.now))
    if not bench.station.connected:
        bench.connect()


@pytest.mark.slow
@pytest.mark.parametrize("telling", [False, True], ids=["extremes", "telling"])
@pytest.mark.parametrize("version", VERSIONS)
def test_every_call_of_a_csms_is_bounded(version, telling):
    """telling: fields that name things name those that are there."""
    bench = bench_of(version)
    for number in range(_KINDS):
        for action in sorted(station_class(version).HANDLERS):
            room = ROOM if number == 0 else _SMALLER
            payload = largest(version, action, False, number, hints(bench) if telling else {}, room)
            assert schemas.check(version, action, payload, False) is None
            feed(bench, json.dumps([2, f"u{number}", action, payload]))
            bench.pass_time(0)  # what is due at once
        bench.pass_time(2)
    bench.station.snapshot()
