"""Thousands of stations share a process: what one idle station weighs, and how it stays so."""

import gc
import tracemalloc

import pytest

from chargepoint.config import ConnectorConfig, StationConfig
from chargepoint.effects import Send
from chargepoint.timing.times import iso
from chargepoint.versions import make_station
from tests.chargepoint.peer import START

STATIONS = 200
OUTLETS = (ConnectorConfig(1, 1), ConnectorConfig(2, 2))
SETTINGS = {
    "MeterValueSampleInterval": "30",
    "SampledDataCtrlr.TxUpdatedInterval": "30",
    "SampledDataCtrlr.TxUpdatedMeasurands": "Power.Active.Import",
}
# Bytes an idle station, a tenth above what it is: what comes to it is to be a choice.
LIMITS = {"1.6": 3300, "2.0.1": 3950, "2.1": 4230}


def booted(version: str, number: int):
    # As the worker has them: what is equal is one object.
    config = StationConfig(f"CP{number}", version, connectors=OUTLETS, configuration=SETTINGS)
    station = make_station(config, None, START)
    waiting = station.connected_to(START)
    while calls := [e.frame for e in waiting if type(e) is Send and e.frame.kind == "Call"]:
        waiting = []
        for call in calls:
            body = "{}"
            if call.action == "BootNotification":
                body = f'{{"status":"Accepted","currentTime":"{iso(START)}","interval":300}}'
            waiting += station.received(f'[3,"{call.unique_id}",{body}]', START)
    assert station.registration == "Accepted"
    return station


@pytest.mark.parametrize("version", LIMITS)
def test_an_idle_station_weighs_little(version):
    booted(version, 0)  # schemas and tables are compiled once a process
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        fleet = [booted(version, number) for number in range(STATIONS)]
        gc.collect()
        weight = (tracemalloc.get_traced_memory()[0] - before) / STATIONS
    finally:
        tracemalloc.stop()
    assert len(fleet) == STATIONS
    assert weight < LIMITS[version]


def test_a_version_that_is_not_emulated_is_refused_in_words():
    with pytest.raises(ValueError, match="not emulated"):
        make_station(StationConfig("A", "1.5"), None, START)


@pytest.mark.parametrize("version", LIMITS)
def test_an_idle_station_has_only_its_residents(version):
    station = booted(version, 1)
    guests = {station.TABLES.names[row] for row in station.guests}
    assert guests <= {"kinds"}  # it remembers the answers that were given
