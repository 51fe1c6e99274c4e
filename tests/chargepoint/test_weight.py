"""Thousands of stations share a process: what one idle station weighs, and how it stays so."""

import gc
import tracemalloc

import pytest

from chargepoint.config import ConnectorConfig, StationConfig
from chargepoint.effects import Send
from chargepoint.station import make_station
from chargepoint.times import iso
from tests.chargepoint.peer import START

STATIONS = 200
LIMIT = 10 * 1024  # bytes an idle station


def booted(number: int):
    config = StationConfig(
        f"CP{number}", "1.6", connectors=(ConnectorConfig(1, 1), ConnectorConfig(2, 2))
    )
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


def test_an_idle_station_weighs_less_than_ten_kilobytes():
    booted(0)  # schemas and tables are compiled once a process
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        fleet = [booted(number) for number in range(STATIONS)]
        gc.collect()
        weight = (tracemalloc.get_traced_memory()[0] - before) / STATIONS
    finally:
        tracemalloc.stop()
    assert len(fleet) == STATIONS
    assert weight < LIMIT


def test_a_version_that_is_not_emulated_is_refused_in_words():
    with pytest.raises(ValueError, match="not emulated"):
        make_station(StationConfig("A", "1.5"), None, START)
