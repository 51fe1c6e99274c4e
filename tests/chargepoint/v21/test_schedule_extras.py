"""K01 and Q10: what schedules of 2.1 have beyond those of 2.0.1, and its effect.

Read in the schemas of 2.1, in the list of standardized variables and in the errata of 2025-09
(K01.FR.97, K01.FR.126); numbers of requirements stand beside what obeys them.
"""

from datetime import UTC, datetime

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from chargepoint.charging.delaying import delayed, places
from chargepoint.charging.profile import Period, Profile
from chargepoint.timing.local_time import offset_changes, offset_ms
from chargepoint.timing.times import iso
from tests.chargepoint.cars.test_habits import kind
from tests.chargepoint.v21.controls import CAR, charge, given, period, station
from tests.chargepoint.v21.test_v2x_modes import refusal, supports
from tests.chargepoint.v201.csms import Csms, config_of
from tests.chargepoint.v201.profiles import set_profile

BERLIN = {"ClockCtrlr.TimeZone": "Europe/Berlin"}


@pytest.fixture
def csms():
    made = station()
    charge(made)
    return made


def scheduled(*periods, begin=None, identity=1, profile=(), **schedule):
    """A TxDefaultProfile of (start, W) that begins with the charging, or at a written time."""
    made = period("ChargingOnly", identity)
    first = made["chargingSchedule"][0]
    first["chargingSchedulePeriod"] = [
        {"startPeriod": start, "limit": watts} for start, watts in periods
    ]
    first.pop("startSchedule", None)
    made["chargingProfileKind"] = "Relative" if begin is None else "Absolute"
    first |= schedule if begin is None else {"startSchedule": begin, **schedule}
    made |= dict(profile)
    return made


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


# --- limitAtSoC ------------------------------------------------------------------------------


@pytest.mark.proves("SmartChargingCtrlr.SupportsLimitAtSoC")
def test_beyond_a_state_of_charge_the_limit_is_another(csms):
    """The cap comes at the second, not at the next look."""
    assert supports(csms, "LimitAtSoC") == "true"
    cap = {"soc": 65, "limit": 4200}
    assert set_profile(csms, 1, scheduled((0, 9000), limitAtSoC=cap)) == "Accepted"
    assert given(csms) == -9000
    seconds = 5.0 * 100 * 36_000 / 0.9 / 9000  # 5 % of 100 kWh
    csms.pass_time(seconds - 1)
    assert given(csms) == -9000
    csms.pass_time(2)
    assert given(csms) == -4200
    assert csms.events[-1]["triggerReason"] == "ChargingRateChanged"
    composite = csms.call("GetCompositeSchedule", {"evseId": 1, "duration": 600})["schedule"]
    assert composite["chargingSchedulePeriod"][0]["limit"] == 4200


def test_a_cap_holds_a_setpoint_too_and_over_a_restart(csms):
    made = period(setpoint=8000)
    made["chargingSchedule"][0]["limitAtSoC"] = {"soc": 30, "limit": 5000}
    assert set_profile(csms, 1, made) == "Accepted"
    assert given(csms) == -5000
    csms.restart().connect()
    assert given(csms) == -5000


def test_a_cap_is_waited_for_over_a_restart(csms):
    set_profile(csms, 1, scheduled((0, 9000), limitAtSoC={"soc": 61, "limit": 4200}))
    csms.pass_time(300)
    csms.restart().connect()
    csms.pass_time(200)  # 1 % takes 444 s
    assert given(csms) == -4200


def test_a_cap_of_the_whole_station_is_refused(csms):
    made = scheduled((0, 9000), limitAtSoC={"soc": 50, "limit": 5000}, begin=iso(csms.now))
    made["chargingProfilePurpose"] = "ChargingStationMaxProfile"
    assert refusal(csms, made, 0) == ("Rejected", "InvalidSchedule")
    below = scheduled((0, 9000), limitAtSoC={"soc": 50, "limit": -1})
    assert refusal(csms, below) == ("Rejected", "InvalidSchedule")


# --- randomizedDelay -------------------------------------------------------------------------


@pytest.mark.proves("SmartChargingCtrlr.SupportsRandomizedDelay")
def test_each_period_but_the_first_begins_later_by_chance():
    """Errata 2025-09 on K01: every startPeriod except the first is increased."""
    seen = set()
    for number in range(6):
        csms = station()
        csms.station.rng.seed(number)
        assert supports(csms, "RandomizedDelay") == "true"
        made = scheduled((0, 5000), (1000, 8000), (2000, 6000), randomizedDelay=600)
        assert set_profile(csms, 1, made) == "Accepted"
        charge(csms)
        assert given(csms) == -5000
        csms.pass_time(999)
        assert given(csms) == -5000
        late = 0
        while given(csms) == -5000:
            csms.pass_time(1)
            late += 1
        assert 1 <= late <= 602
        seen.add(late)
        csms.restart().connect()  # drawn once for the transaction
        assert given(csms) == -8000
        csms.pass_time(1700)
        assert given(csms) == -6000
    assert len(seen) > 3


PROFILE = Profile(
    1, 1, "TxProfile", 0, "Relative", "W",
    tuple(Period(start * 1000, start) for start in (0, 300, 600, 900)),
)  # fmt: skip


@drawn(st.integers(1, 3000), st.text(min_size=1), st.none() | st.integers(901, 4000))
def test_a_period_that_would_begin_after_the_next_is_skipped(most, key, duration):
    """K01.FR.97."""
    profile = PROFILE._replace(duration=None if duration is None else duration * 1000)
    found = places(profile, most, key)
    assert found[0] == (0, 0)
    starts = [start for _, start in found]
    assert starts == sorted(set(starts))
    for number, start in found[1:]:
        assert 0 <= start - profile.periods[number].start <= most * 1000
        assert duration is None or start < duration * 1000
    assert [p.limit for p in delayed(profile, most, key).periods] == [
        profile.periods[number].limit for number, _ in found
    ]
    assert places(profile, most, key) == found
    if most < 300:
        assert len(found) == len(profile.periods) or duration is not None


def test_a_delay_is_for_transactions_alone(csms):
    made = scheduled((0, 9000), randomizedDelay=60, begin=iso(csms.now))
    made["chargingProfilePurpose"] = "ChargingStationMaxProfile"
    assert refusal(csms, made, 0) == ("Rejected", "InvalidSchedule")


def test_a_composite_schedule_has_the_delays(csms):
    made = scheduled((0, 5000), (1000, 8000), randomizedDelay=600)
    set_profile(csms, 1, made)
    composite = csms.call("GetCompositeSchedule", {"evseId": 1, "duration": 3600})["schedule"]
    first, second = composite["chargingSchedulePeriod"]
    csms.pass_time(second["startPeriod"] - 1)
    assert given(csms) == -5000
    csms.pass_time(2)
    assert given(csms) == -8000


# --- useLocalTime ----------------------------------------------------------------------------


def local_station(begin, **configuration):
    csms = Csms(config_of("2.1", configuration={
        "SampledDataCtrlr.TxUpdatedInterval": "0", "HeartbeatInterval": "0", **configuration,
    }), now=begin).connect()  # fmt: skip
    csms.answers["NotifyEVChargingNeeds"] = {"status": "NoChargingProfile"}
    csms.command("plug", connector=1, ev=CAR | {"soc": 1, "battery_kwh": 5000})
    csms.command("start-transaction", connector=1)
    return csms


@pytest.mark.proves("SmartChargingCtrlr.SupportsUseLocalTime")
def test_a_written_time_is_local_whatever_its_offset():
    csms = local_station(at("2026-07-01T20:30:00"), **BERLIN)
    assert supports(csms, "UseLocalTime") == "true"
    made = scheduled((0, 4000), begin="2026-07-01T23:00:00-07:00", useLocalTime=True)
    assert set_profile(csms, 1, made) == "Accepted"
    assert given(csms) == -10_000
    csms.pass_time(29 * 60)  # to 22:59 by the clocks in Berlin
    assert given(csms) == -10_000
    csms.pass_time(2 * 60)
    assert given(csms) == -4000


def test_a_daily_schedule_keeps_to_the_clocks_when_they_change():
    """Berlin, in the night to 25 October 2026: from UTC+2 to UTC+1."""
    csms = local_station(at("2026-10-24T19:00:00"), **BERLIN)
    made = scheduled(
        (0, 10_000), (22 * 3600, 4000), begin="2026-10-01T00:00:00Z", useLocalTime=True,
        profile={"chargingProfileKind": "Recurring", "recurrencyKind": "Daily"},
    )  # fmt: skip
    assert set_profile(csms, 1, made) == "Accepted"
    told = []
    for _ in range(30 * 6):
        watts = given(csms)
        if not told or told[-1][1] != watts:
            told.append((iso(csms.now)[:16], watts))
        csms.pass_time(600)
    assert told == [
        ("2026-10-24T19:00", -10_000), ("2026-10-24T20:00", -4000), ("2026-10-24T22:00", -10_000),
        ("2026-10-25T21:00", -4000), ("2026-10-25T23:00", -10_000),
    ]  # fmt: skip


def test_another_time_zone_counts_at_once():
    csms = local_station(at("2026-07-01T20:30:00"), **BERLIN)
    made = scheduled((0, 4000), begin="2026-07-01T23:00:00Z", useLocalTime=True)
    set_profile(csms, 1, made)
    assert given(csms) == -10_000
    assert csms.set("ClockCtrlr.TimeZone", "Europe/Helsinki") == "Accepted"
    assert given(csms) == -4000
    csms.restart().connect()
    assert given(csms) == -4000


@drawn(
    st.sampled_from(["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "+05:30"]),
    st.integers(1_700_000_000_000, 1_900_000_000_000), st.integers(0, 200 * 86_400_000),
)  # fmt: skip
def test_the_moment_at_which_clocks_change_is_found(zone, time, span):
    changes = offset_changes(zone, time, time + span)
    if changes is None:
        assert offset_ms(zone, time) == offset_ms(zone, time + span)
    else:
        assert time < changes
        assert offset_ms(zone, changes - 1) != offset_ms(zone, changes)


@drawn(
    st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe"]),
    st.integers(1_790_000_000, 1_830_000_000), st.sampled_from([86_400, 7 * 86_400]),
    st.integers(0, 86_399), st.integers(1, 86_399),
)  # fmt: skip
def test_no_change_of_a_local_schedule_is_missed(zone, time, cycle, first, second):
    """next_change against a look at every quarter of an hour, for two days."""
    starts = sorted({0, first // 900 * 900, second // 900 * 900})
    profile = Profile(
        1, 1, "TxProfile", 0, "Recurring", "W",
        tuple(Period(start * 1000, float(start)) for start in starts),
        begin=1_700_000_100_000 // 900_000 * 900_000, cycle=cycle * 1000, zone=zone,
    )  # fmt: skip
    now = time // 900 * 900_000
    end = now + 2 * 86_400_000
    due = profile.next_change(now, None)
    for moment in range(now, end, 900_000):
        if due is not None and moment >= due:
            due = profile.next_change(moment, None)
        following = moment + 900_000
        if profile.period_at(moment, None) != profile.period_at(following, None):
            assert due == following
        assert due is None or due > moment


# --- evseSleep, preconditioningRequest (Q10) -------------------------------------------------


@pytest.mark.proves("SmartChargingCtrlr.SupportsEvseSleep")
def test_an_evse_sleeps_while_it_idles(csms):
    assert supports(csms, "EvseSleep") == "true"
    assert set_profile(csms, 1, period("Idle", evseSleep=True)) == "Accepted"
    assert given(csms) == 0
    last = csms.events[-1]
    assert (last["transactionInfo"]["chargingState"], last["evseSleep"]) == ("SuspendedEVSE", True)
    csms.restart().connect()
    set_profile(csms, 1, period("ChargingOnly", limit=9000))
    assert given(csms) == -9000
    last = csms.events[-1]
    assert last["transactionInfo"]["chargingState"] == "Charging"
    assert "evseSleep" not in last


def test_an_evse_sleeps_in_idle_alone(csms):
    """K01.FR.126, by the errata of 2025-09."""
    assert refusal(csms, period(evseSleep=True)) == ("Rejected", "InvalidSchedule")


def test_an_evse_that_wakes_up_wakes_a_car_that_fell_asleep():
    csms = station()
    profile = kind(sleeps_after_s=600.0, iso15118=[])
    csms.command("plug", ev={"profile": _told(profile)})
    csms.command("start-transaction", connector=1)
    set_profile(csms, 1, period("Idle", evseSleep=True))
    csms.pass_time(900)
    set_profile(csms, 1, period("ChargingOnly", limit=9000))
    csms.pass_time(1)
    assert given(csms) == -9000
    set_profile(csms, 1, period("Idle"))  # awake, the EVSE leaves the car asleep
    csms.pass_time(900)
    set_profile(csms, 1, period("ChargingOnly", limit=9000))
    csms.pass_time(1)
    assert given(csms) == 0


def _told(profile):
    from chargepoint.cars.reading import told

    return told(profile)


COLD = {"conditioning": {"seconds": 300.0, "power_kw": 2.0}, "iso15118": ["20"]}


def test_a_battery_is_made_ready_beforehand():
    """Q10: preconditioningRequest, told by preconditioningStatus."""
    csms = station()
    csms.command("plug", ev={"profile": _told(kind(**COLD))})
    csms.command("start-transaction", connector=1)
    set_profile(csms, 1, period("Idle", preconditioningRequest=True))
    assert csms.events[-1]["preconditioningStatus"] == "Preconditioning"
    csms.pass_time(200)
    csms.restart().connect()
    csms.pass_time(301)
    made = period("ChargingOnly", limit=9000, preconditioningRequest=True)
    set_profile(csms, 1, made)
    assert csms.events[-1]["preconditioningStatus"] == "Ready"
    assert given(csms) == -9000  # and not the 2 kW of a cold one


def test_a_cold_battery_takes_little_without_it():
    csms = station()
    csms.command("plug", ev={"profile": _told(kind(**COLD))})
    csms.command("start-transaction", connector=1)
    assert given(csms) == -2000
    csms.pass_time(301)
    assert given(csms) == -11_000


def test_a_car_that_does_not_speak_iso_15118_20_says_nothing_of_its_battery(csms):
    set_profile(csms, 1, period("Idle", preconditioningRequest=True))
    assert csms.events[-1]["preconditioningStatus"] == "Unknown"


# --- where it is not supported ---------------------------------------------------------------


@pytest.mark.parametrize(("name", "value"), [
    ("limitAtSoC", {"soc": 80, "limit": 1000}), ("randomizedDelay", 60), ("useLocalTime", True),
])  # fmt: skip
def test_what_a_variable_says_is_not_supported_is_refused(name, value):
    """K01.FR.123 to K01.FR.125."""
    what = name[0].upper() + name[1:]
    csms = station(**{f"SmartChargingCtrlr.Supports{what}": "false"})
    charge(csms)
    assert supports(csms, what) == "false"
    made = period("ChargingOnly")
    made["chargingSchedule"][0][name] = value
    assert refusal(csms, made) == ("Rejected", "InvalidSchedule")


def test_sleep_that_is_not_supported_is_left_aside():
    """Q10: the EVSE idles all the same, and does not tell that it sleeps."""
    csms = station(**{"SmartChargingCtrlr.SupportsEvseSleep": "false"})
    charge(csms)
    assert set_profile(csms, 1, period("Idle", evseSleep=True)) == "Accepted"
    assert given(csms) == 0
    assert "evseSleep" not in csms.events[-1]
