"""What a Heartbeat and a reading execute, counted and not timed; see benchmarks/core."""

import sys

import pytest

from benchmarks.core.__main__ import PAIRS, side_of
from benchmarks.processes import ROOT
from chargepoint.core import topics
from chargepoint.versions import station_class
from tests.chargepoint.test_weight import booted

VERSIONS = ("1.6", "2.0.1", "2.1")
# Bytecodes of Python 3.11, a twentieth above what they are: what comes to them is to be a choice.
MOST = {
    ("1.6", "Heartbeat"): 1026, ("1.6", "reading"): 3147, ("2.0.1", "Heartbeat"): 1196,
    ("2.0.1", "reading"): 3328, ("2.1", "Heartbeat"): 1196, ("2.1", "reading"): 3612,
}  # fmt: skip
OF_A_LATER_READING = 1.25  # of 1.6's


@pytest.fixture(scope="module")
def counted():
    side = side_of(ROOT)
    try:
        return {
            (version, what): side.ask("count", version=version, what=what, pairs=20)
            for version in VERSIONS
            for what in PAIRS
        }
    finally:
        side.close()


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="another Python has other bytecodes")
@pytest.mark.parametrize("place", MOST)
def test_a_pair_executes_no_more_than_it_did(counted, place):
    assert counted[place]["calls"] > 10
    assert counted[place]["steps"] <= MOST[place]


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_a_reading_of_a_later_version_costs_little_more_than_one_of_the_first(counted, version):
    ratio = counted[version, "reading"]["steps"] / counted["1.6", "reading"]["steps"]
    assert ratio <= OF_A_LATER_READING


def test_stations_with_the_same_guests_have_one_table_of_who_hears():
    first, second = booted("2.1", 1), booted("2.1", 2)
    assert first.heard is second.heard
    second.block("reservation")
    assert first.heard is not second.heard
    first.block("reservation")
    assert first.heard is second.heard


def test_who_is_not_there_is_found_out_once_and_who_comes_is_heard():
    station, hearers = booted("2.1", 1), station_class("2.1").TABLES.topics
    topic = next(
        topic
        for topic, there in hearers.items()
        if there and not any(wakes or row < station.TABLES.residents for row, _, wakes in there)
    )
    assert station.heard[topic] == ()
    station.at(hearers[topic][0][0])
    assert station.heard[topic] == hearers[topic]


def test_a_topic_that_nobody_hears_has_nobody():
    assert booted("1.6", 1).heard[topics.REPORTED] == ()
