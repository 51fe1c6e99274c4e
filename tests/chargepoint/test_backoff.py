"""How long a station waits before it dials again, by version and by its variables."""

import pytest

from chargepoint.config import StationConfig
from chargepoint.timing.backoff import LONGEST, Backoff
from chargepoint.versions import make_station
from tests.chargepoint.peer import START

VARIABLES = {
    "OCPPCommCtrlr.RetryBackOffWaitMinimum": "10",
    "OCPPCommCtrlr.RetryBackOffRepeatTimes": "2",
    "OCPPCommCtrlr.RetryBackOffRandomRange": "0",
}


def delays(version, count=5, seed=1, **configuration):
    config = StationConfig("CP1", version, configuration=configuration)
    backoff = Backoff(make_station(config, None, START, rng_seed=seed).reconnect_delay)
    return [backoff.next_delay() for _ in range(count)]


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
@pytest.mark.proves(
    "OCPPCommCtrlr.RetryBackOffRepeatTimes", "OCPPCommCtrlr.RetryBackOffWaitMinimum",
    versions=("2.0.1", "2.1"),
)  # fmt: skip
def test_the_wait_is_doubled_so_often_and_then_stays(version):
    assert delays(version, **VARIABLES) == [10, 20, 40, 40, 40]


@pytest.mark.proves("OCPPCommCtrlr.RetryBackOffRandomRange", versions=("2.0.1", "2.1"))
def test_each_wait_has_a_random_part_of_its_own_within_the_range():
    key = "OCPPCommCtrlr.RetryBackOffRandomRange"
    more = [d - 40 for d in delays("2.0.1", 30, **{**VARIABLES, key: "8"})[2:]]
    assert all(0 <= part < 8 for part in more)
    assert len(set(more)) == len(more) and max(more) - min(more) > 4


def test_the_random_part_is_the_stations_own():
    key = "OCPPCommCtrlr.RetryBackOffRandomRange"
    given = {**VARIABLES, key: "8"}
    assert delays("2.1", seed=3, **given) == delays("2.1", seed=3, **given)
    assert delays("2.1", seed=3, **given) != delays("2.1", seed=4, **given)


def test_1_6_doubles_to_two_minutes_half_of_it_random():
    found = delays("1.6", 12)
    assert 0.5 <= found[0] < 1 and all(LONGEST / 2 <= d <= LONGEST for d in found[8:])


def test_a_series_begins_anew_after_a_reset():
    station = make_station(StationConfig("A", "2.0.1", configuration=VARIABLES), None, START)
    backoff = Backoff(station.reconnect_delay)
    assert [backoff.next_delay() for _ in range(2)] == [10, 20] and backoff.attempt == 2
    backoff.reset()
    assert backoff.next_delay() == 10
