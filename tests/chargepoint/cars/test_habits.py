"""What a car by a profile does: at an outlet, and as 1.6 and 2.0.1 tell it."""

import pytest

from chargepoint.cars.reading import read, told
from chargepoint.cars.shipped import shipped
from chargepoint.config import ConnectorConfig
from chargepoint.core.commands import CommandRejected
from chargepoint.hardware.connector import Event, State
from chargepoint.hardware.errors import Error
from tests.chargepoint.peer import Peer
from tests.chargepoint.v201.csms import booted

from .lives import outlet_for, plugged


def kind(**changes):
    """A plain car of 11 kW with those habits."""
    side = {
        "max_power_kw": 11.0, "phases": 3, "min_current_a": 6.0, "efficiency": 0.9,
        "curve": [[0, 11.0], [100, 11.0]],
    }  # fmt: skip
    return read({
        "name": "plain", "title": "Plain", "battery_kwh": 60.0, "arrival_soc": [20, 20],
        "ac": side, **changes,
    })  # fmt: skip


def test_it_wakes_up_before_power_flows_and_says_so():
    connector = plugged(kind(wake_up_s=30.0))
    assert connector.state is State.SUSPENDED_EV
    assert connector.next_change(0.0) == 30.0
    connector.advance(29.9)
    assert (connector.state, connector.meter_wh) == (State.SUSPENDED_EV, 0.0)
    connector.advance(30.0)
    assert connector.state is State.CHARGING
    connector.advance(30.0 + 3600.0)
    assert connector.meter_wh == pytest.approx(11_000.0)


def test_it_ramps_up_from_nothing_and_again_after_a_higher_offer():
    connector = plugged(kind(ramp_up_s=11.0))
    assert connector.power_w == 0.0
    connector.advance(5.0)
    assert connector.power_w == pytest.approx(5_000.0)
    connector.advance(11.0)
    assert connector.meter_wh == pytest.approx(11_000.0 * 11.0 / 2 / 3600)
    connector.limit(5_000.0, 20.0)
    assert connector.power_w == pytest.approx(5_000.0)  # downwards at once
    connector.limit(None, 30.0)
    connector.advance(33.0)
    assert connector.power_w == pytest.approx(8_000.0)


def test_below_its_least_current_it_pauses_for_as_long_as_its_profile_says():
    connector = plugged(kind(pause_s=300.0))
    connector.limit(4_000.0, 10.0)  # 6 A on three phases are 4,099 W by the meter
    assert connector.state is State.SUSPENDED_EV
    connector.limit(8_000.0, 20.0)  # the station would; the car does not yet
    assert connector.state is State.SUSPENDED_EV
    connector.advance(309.9)
    assert connector.power_w == 0.0
    assert connector.next_change(309.9) == pytest.approx(310.0)
    connector.advance(310.0)
    assert connector.state is State.CHARGING
    assert connector.power_w == pytest.approx(8_000.0)


@pytest.mark.parametrize("wakes_by", ["pilot", "plug"])
def test_it_falls_asleep_and_only_its_way_wakes_it(wakes_by):
    connector = plugged(kind(sleeps_after_s=600.0, wakes_by=wakes_by))
    connector.apply(Event.EVSE_SUSPENDED, 100.0)
    connector.apply(Event.ENERGY_OFFERED, 690.0)
    assert connector.state is State.CHARGING  # it was awake still
    connector.apply(Event.EVSE_SUSPENDED, 700.0)
    connector.apply(Event.ENERGY_OFFERED, 1_400.0)
    assert connector.state is State.SUSPENDED_EV
    assert connector.next_change(1_400.0) is None
    connector.toggle(1_500.0)
    woken = State.CHARGING if wakes_by == "pilot" else State.SUSPENDED_EV
    assert connector.state is woken
    if wakes_by == "plug":
        car = connector.ev
        connector.unplug(1_600.0)
        connector.apply(Event.EV_PLUGGED_IN, 1_610.0)
        assert connector.ev is None and car.phase == "asleep"  # who plugs in is a car of its own


def test_a_fault_interrupts_the_control_pilot():
    connector = plugged(kind(sleeps_after_s=60.0))
    connector.apply(Event.EVSE_SUSPENDED, 10.0)
    connector.advance(100.0)
    connector.fault(110.0, Error("GroundFailure"))
    connector.apply(Event.FAULT_CLEARED, 120.0)
    connector.apply(Event.ENERGY_OFFERED, 121.0)
    assert connector.state is State.CHARGING


def test_it_rests_at_its_breaks_and_a_cold_battery_takes_less():
    profile = kind(
        breaks=[{"soc": 21.0, "seconds": 100.0}], conditioning={"seconds": 60.0, "power_kw": 3.0}
    )
    connector = plugged(profile)
    assert connector.power_w == pytest.approx(3_000.0)
    connector.advance(60.0)
    assert connector.power_w == pytest.approx(11_000.0)
    begins = connector.next_change(60.0)
    connector.advance(begins)
    assert connector.state is State.SUSPENDED_EV
    assert connector.ev.soc == pytest.approx(21.0)
    assert connector.next_change(begins) == pytest.approx(begins + 100.0)
    connector.advance(begins + 100.0)
    assert connector.power_w == pytest.approx(11_000.0)


def test_it_does_not_fit_where_it_has_no_inlet():
    with pytest.raises(ValueError, match="plug-in-hybrid has no DC inlet"):
        plugged("plug-in-hybrid", dc=True)
    peer = Peer(connectors=(ConnectorConfig(1, 1, "cCCS2", 0, 50_000),)).connect()
    with pytest.raises(CommandRejected, match="no DC inlet"):
        peer.do("plug", ev={"profile": "plug-in-hybrid"})
    with pytest.raises(CommandRejected, match="compact"):
        peer.do("plug", ev={"profile": "no-such"})
    with pytest.raises(CommandRejected, match="battery_kwh"):
        peer.do("plug", ev={"profile": {"name": "x", "title": "X", "battery_kwh": 0}})


@pytest.mark.parametrize("name", sorted(shipped()))
def test_a_shipped_profile_is_what_its_file_says(name):
    assert read(told(shipped()[name])) == shipped()[name]
    car = plugged(name, soc=35).ev
    assert (car.soc, car.battery_kwh) == (35.0, shipped()[name].battery_kwh)


def test_what_the_command_says_counts_more_than_the_profile():
    car = plugged("compact", battery_kwh=40, max_power_kw=7.4, target_soc=80).ev
    assert (car.battery_kwh, car.max_power_kw, car.target_soc) == (40.0, 7.4, 80.0)
    assert car.soc == 36.0  # the middle of arrival_soc


# --- told by a station -----------------------------------------------------------------------


def test_1_6_tells_a_pause_and_its_end():
    peer = Peer().connect()
    profile = told(kind(wake_up_s=20.0, breaks=[{"soc": 20.5, "seconds": 90.0}]))
    peer.do("plug", ev={"profile": profile})
    peer.do("authorize", id_tag="TAG1", connector=1)
    assert peer.statuses()[-1] == "SuspendedEV"
    peer.pass_time(21)
    assert peer.statuses()[-1] == "Charging"
    peer.pass_time(60)  # 0.5 % of 60 kWh, at 9.9 kW stored: 109 s
    peer.restart()
    peer.connect()
    peer.pass_time(60)
    assert peer.statuses()[-1] == "SuspendedEV"
    peer = peer.crash().connect()
    peer.pass_time(90)
    assert peer.statuses()[-1] == "Charging"


def test_2_0_1_tells_a_pause_and_its_end():
    csms = booted()
    csms.command("plug", ev={"profile": told(kind(wake_up_s=20.0, pause_s=60.0))})
    csms.command("authorize", id_tag="04A1B2C3", connector=1)
    assert csms.story()[-1][2] == "SuspendedEV"
    csms.pass_time(21)
    assert csms.story()[-1] == ("Updated", "ChargingStateChanged", "Charging")
    csms.command("charging-limit", limit=4_120.0)  # enough for the station's 6 A
    said = len(csms.events)
    csms.pass_time(10)
    assert len(csms.events) == said
    csms.command("unplug")


def test_2_0_1_tells_that_too_little_is_on_offer_for_the_car():
    csms = booted()
    side = told(kind())["ac"] | {"min_current_a": 10.0}
    csms.command("plug", ev={"profile": told(kind(ac=side, pause_s=50.0))})
    csms.command("authorize", id_tag="04A1B2C3", connector=1)
    assert csms.story()[-1][2] == "Charging"
    csms.command("charging-limit", limit=5_000.0)
    assert csms.story()[-1] == ("Updated", "ChargingStateChanged", "SuspendedEV")
    csms.command("charging-limit")
    csms.pass_time(61)
    changes = [entry for entry in csms.story() if entry[1] == "ChargingStateChanged"]
    assert changes[-1] == ("Updated", "ChargingStateChanged", "Charging")


def test_a_restart_of_the_station_wakes_a_sleeping_car():
    peer = Peer().connect()
    peer.do("plug", ev={"profile": told(kind(sleeps_after_s=600.0))})
    peer.pass_time(900)
    peer.do("authorize", id_tag="TAG1", connector=1)
    assert peer.statuses()[-1] == "SuspendedEV"
    assert peer.station.connectors[1].ev.phase == "asleep"
    peer.do("power-cut", seconds=30)
    assert peer.station.connectors[1].ev.phase != "asleep"


# --- a mix -----------------------------------------------------------------------------------

MIX = tuple((profile, profile.weight) for profile in shipped().values())


def cars_of(seed: int, n: int = 40) -> list[tuple[str, float]]:
    peer = Peer(cars=MIX)
    peer.station.rng.seed(seed)
    peer.connect()
    found = []
    for _ in range(n):
        peer.do("plug")
        car = peer.station.connectors[1].ev
        found.append((car.profile.name, car.soc))
        peer.do("unplug")
    return found


def test_the_same_seed_draws_the_same_cars():
    first = cars_of(3)
    assert first == cars_of(3) != cars_of(4)
    assert len({name for name, _ in first}) > 3
    for name, soc in first:
        low, high = shipped()[name].arrival_soc
        assert low <= soc <= high


def test_cars_come_by_their_weights_and_only_those_that_fit():
    few = tuple((shipped()[name], weight) for name, weight in (("compact", 9.0), ("van", 1.0)))
    peer = Peer(cars=few).connect()
    names = []
    for _ in range(300):
        peer.do("plug")
        names.append(peer.station.connectors[1].ev.profile.name)
        peer.do("unplug")
    assert 240 < names.count("compact") < 297
    dc = Peer(cars=MIX, connectors=(ConnectorConfig(1, 1, "cCCS2", 0, 50_000),)).connect()
    for _ in range(60):
        dc.do("plug")
        assert dc.station.connectors[1].ev.profile.dc is not None
        dc.do("unplug")


def test_a_mix_of_which_none_fits_is_a_usual_car():
    only = ((shipped()["plug-in-hybrid"], 1.0),)
    dc = Peer(cars=only, connectors=(ConnectorConfig(1, 1, "cCCS2", 0, 50_000),)).connect()
    dc.do("plug")
    assert not dc.station.connectors[1].ev.LIVES


def test_a_profile_that_is_gone_leaves_its_numbers():
    connector = plugged("compact", soc=44)
    saved = connector.to_saved()
    assert saved["ev"]["profile"] == "compact"  # small: shipped ones by their name
    saved["ev"]["profile"] = "removed-since"
    again = type(connector).from_saved(outlet_for(False).config, saved)
    assert (again.ev.soc, again.ev.LIVES) == (44.0, False)
