"""What may wait is due at the same moments for all stations; nothing else waits for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargepoint.timing.ticks import near_tick, on_tick
from chargepoint.timing.times import iso, seconds_of
from tests.chargepoint.peer import START, Peer
from tests.chargepoint.v201.csms import Csms, config_of

TICKS = 10
LATE = 0.02  # seconds by which a busy worker wakes its stations late
VERSIONS = ("1.6", "2.0.1", "2.1")


def made(version: str, begin: float, **more):
    """A booted station of the version, and when its Calls of an action were sent."""
    if version == "1.6":
        return Peer(version, begin=begin, ticks=TICKS, **more).connect()
    return Csms(config_of(version, ticks=TICKS, **more), now=begin).connect()


def moments(side, action: str, seconds: float, late: float = 0.0) -> list[float]:
    """When Calls of the action leave, for so long."""
    end, found = side.now + seconds, []
    take = side.take if isinstance(side, Peer) else side.perform
    while (due := side.station.deadline) is not None and due + late <= end:
        side.now = max(side.now, due + late)
        effects = side.station.wake(side.now)
        sent = [effect.frame for effect in effects if hasattr(effect, "frame")]
        found += [frame.time for frame in sent if frame.action == action]
        take(effects)
    side.now = end
    return found


@given(st.floats(1e9, 4e9))
def test_a_tick_is_never_early_and_at_most_a_tick_late(at):
    tick = on_tick(at, TICKS)
    assert at <= tick < at + 1 / TICKS + 1e-6
    assert on_tick(tick, TICKS) == tick == near_tick(tick, TICKS)
    assert near_tick(tick + LATE, TICKS) == tick
    assert on_tick(at, 0) == near_tick(at, 0) == at


@pytest.mark.parametrize("version", VERSIONS)
def test_stations_that_booted_at_any_moment_beat_together(version):
    sides = [made(version, START + 0.035 + part / 140) for part in range(9)]  # within a tick
    first, *others = (
        [round(at - LATE, 6) for at in moments(side, "Heartbeat", 3500, LATE)] for side in sides
    )
    assert all(other == first for other in others)
    assert len(first) == 11
    # However late a worker wakes it: an interval is neither lost nor grows.
    assert {round(after - before, 6) for before, after in zip(first, first[1:], strict=False)} == {
        300.0
    }
    assert START + 300 - 0.03 <= first[0] <= START + 300 + 2 / TICKS


def charging(version: str, begin: float):
    if version == "1.6":
        side = made(version, begin, configuration={"MeterValueSampleInterval": "5"})
        side.do("start-transaction", connector=1, id_tag="TAG1")
    else:
        keys = {
            "SampledDataCtrlr.TxUpdatedInterval": "5",
            "SampledDataCtrlr.TxUpdatedMeasurands": "Energy.Active.Import.Register",
        }
        side = made(version, begin, configuration=keys)
        side.command("start-transaction", connector=1)
        moments(side, "", 7)  # the driver plugs in
    return side


@pytest.mark.parametrize("version", VERSIONS)
def test_sampled_values_come_at_the_ticks_and_at_their_interval(version):
    side = charging(version, START + 0.037)
    action = "MeterValues" if version == "1.6" else "TransactionEvent"
    moments(side, action, 20, LATE)
    found = [round(at - LATE, 6) for at in moments(side, action, 60, LATE)]
    assert len(found) == 12
    assert all(at == on_tick(at, TICKS) for at in found)
    gaps = {round(after - before, 6) for before, after in zip(found, found[1:], strict=False)}
    assert gaps == {5.0}


@pytest.mark.parametrize("version", VERSIONS)
def test_an_aligned_value_bears_the_time_of_its_mark_though_it_waits_for_the_tick(version):
    key = "ClockAlignedDataInterval" if version == "1.6" else "AlignedDataCtrlr.Interval"
    more = {} if version == "1.6" else {"AlignedDataCtrlr.Enabled": "true"}
    side = made(version, START, configuration={key: "900", **more})
    ahead = 5.13  # of the CSMS's clock, which the station follows
    side.answers["Heartbeat"] = lambda _: {"currentTime": iso(side.now + ahead)}
    moments(side, "Heartbeat", 500)
    mark = START // 900 * 900 + 1800
    side.calls.clear() if version != "1.6" else side.sent.clear()
    found = moments(side, "MeterValues", 600)
    assert found and all(at == on_tick(mark - ahead, TICKS) > mark - ahead for at in found)
    payloads = side.calls("MeterValues") if version == "1.6" else side.sent("MeterValues")
    assert {seconds_of(p["meterValue"][0]["timestamp"]) for p in payloads} == {mark}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_transaction_and_a_command_wait_for_no_tick(version):
    begin = START + 0.0441
    side = made(version, begin)
    effects = side.station.command("plug", {"connector": 1}, begin)[1]
    times = [effect.frame.time for effect in effects if hasattr(effect, "frame")]
    assert times and set(times) == {begin}
    wake = begin + 3.0123
    effects = side.station.command("authorize", {"connector": 1, "id_tag": "TAG1"}, wake)[1]
    times = [effect.frame.time for effect in effects if hasattr(effect, "frame")]
    assert set(times) <= {wake}
