"""Smart charging in 2.x: what is taken, what the composite schedule says, what power flows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargepoint.core.commands import CommandRejected
from tests.chargepoint.inside import block
from tests.chargepoint.v16.charging import alike, by_second

from .csms import Csms, config_of
from .profiles import DEFAULT, MAX, TX, composite, expected, profile, set_profile

QUIET = {"SampledDataCtrlr.TxUpdatedInterval": "0", "EmulatorCtrlr.AutoPlug": "false"}
CAR = {"soc": 5, "battery_kwh": 1000, "max_power_kw": 22}
START = 1e9
VERSIONS = pytest.mark.parametrize("csms", ["2.0.1", "2.1"], indirect=True)


def made_csms(version="2.0.1", **configuration):
    names = {key.replace("__", "."): value for key, value in configuration.items()}
    return Csms(config_of(version, configuration={**QUIET, **names})).connect()


@pytest.fixture
def csms(request):
    return made_csms(getattr(request, "param", "2.0.1"))


def charge(csms, number=1, **car):
    csms.command("plug", connector=number, ev=CAR | car)
    csms.command("start-transaction", connector=number)
    return csms.station.outlets[number].transaction.id


def sample(csms, number=1):
    return csms.station.connectors[number].sample(csms.now)


def power(csms, number=1):
    return sample(csms, number).power_w


def state(csms, number=1):
    return csms.station.connectors[number].charging_state_201


# --- power ---------------------------------------------------------------------------------------


@pytest.mark.proves("SetChargingProfile")
@VERSIONS
def test_the_limit_follows_the_periods_and_the_csms_is_told(csms):
    tx = charge(csms)
    made = profile([(0, 6000), (600, 12_000)], purpose=TX, duration=1200, transactionId=tx)
    assert set_profile(csms, 1, made) == "Accepted"
    assert power(csms) == 6000
    assert csms.story()[-1] == ("Updated", "ChargingRateChanged", "Charging")
    csms.pass_time(600)
    assert power(csms) == 12_000
    csms.pass_time(600)
    assert power(csms) == 22_000
    rates = [e for e in csms.events if e["triggerReason"] == "ChargingRateChanged"]
    assert len(rates) == 3


@pytest.mark.proves("SmartChargingCtrlr.LimitChangeSignificance")
def test_a_change_that_does_not_matter_is_not_told():
    csms = made_csms(SmartChargingCtrlr__LimitChangeSignificance="20.5")
    charge(csms)
    set_profile(csms, 1, profile([(0, 10_000), (60, 9000), (120, 5000)]))
    before = len(csms.events)
    csms.pass_time(61)
    assert power(csms) == 9000
    assert len(csms.events) == before
    csms.pass_time(60)
    assert len(csms.events) == before + 1


def test_too_little_to_charge_with_pauses_and_enough_resumes(csms):
    charge(csms)
    set_profile(csms, 1, profile(5.9, unit="A"))
    assert (state(csms), power(csms)) == ("SuspendedEVSE", 0)
    assert csms.story()[-1] == ("Updated", "ChargingStateChanged", "SuspendedEVSE")
    set_profile(csms, 1, profile(6, unit="A"))
    assert max(sample(csms).currents_a) == pytest.approx(6)
    assert csms.story()[-1] == ("Updated", "ChargingStateChanged", "Charging")


def test_a_transaction_that_begins_without_power_waits_for_some(csms):
    set_profile(csms, 0, profile([(0, 0), (100, 11_000)]))
    charge(csms)
    assert state(csms) == "SuspendedEVSE"
    csms.pass_time(100)
    assert (state(csms), power(csms)) == ("Charging", 11_000)


def test_the_stations_limit_is_shared_and_freed(csms):
    made = profile(20_000, purpose=MAX, kind="Absolute", startSchedule=START)
    assert set_profile(csms, 0, made) == "Accepted"
    charge(csms, 1)
    assert power(csms, 1) == 20_000
    charge(csms, 2, max_power_kw=100)
    assert (power(csms, 1), power(csms, 2)) == (10_000, 10_000)
    csms.command("stop-transaction", connector=1)
    assert power(csms, 2) == 20_000
    csms.call("ClearChargingProfile", {"chargingProfileId": 1})
    assert power(csms, 2) == 100_000


def test_a_txprofile_ends_with_its_transaction_and_survives_a_crash(csms):
    tx = charge(csms)
    set_profile(csms, 1, profile(7000, purpose=TX, transactionId=tx))
    csms.restart().connect()
    assert power(csms) == 7000
    csms.command("stop-transaction", connector=1)
    csms.command("start-transaction", connector=1)
    assert power(csms) == 22_000


def test_a_remote_start_brings_its_profile(csms):
    csms.command("plug", connector=1, ev=CAR)
    remote = {"remoteStartId": 1, "evseId": 1, "idToken": {"idToken": "A", "type": "Central"}}
    bad = {**remote, "chargingProfile": profile(8000)}
    assert csms.call("RequestStartTransaction", bad)["status"] == "Rejected"
    good = {**remote, "chargingProfile": profile(8000, purpose=TX)}
    assert csms.call("RequestStartTransaction", good)["status"] == "Accepted"
    assert power(csms) == 8000


def test_the_profile_of_a_remote_start_that_nobody_followed_is_forgotten(csms):
    remote = {"remoteStartId": 1, "evseId": 1, "idToken": {"idToken": "A", "type": "Central"}}
    csms.call("RequestStartTransaction", {**remote, "chargingProfile": profile(80, purpose=TX)})
    csms.pass_time(121)
    assert block(csms.station, "charging").profiles is None
    charge(csms)
    assert power(csms) == 22_000


# --- what is taken -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("evse", "made"),
    [
        (3, profile(1)),
        (1, profile(1, purpose=MAX, kind="Absolute", startSchedule=START)),
        (0, profile(1, purpose=MAX)),
        (1, profile(1, purpose=TX)),
        (1, profile(1, purpose=TX, transactionId="none")),
        (0, profile(1, purpose="ChargingStationExternalConstraints", kind="Absolute",
                    startSchedule=START)),
        (0, profile(1, stack=21)),
        (0, profile(1, stack=-1)),
        (0, profile([(5, 1)])),
        (0, profile([(0, 1), (20, 1), (10, 1)])),
        (0, profile(-1)),
        (0, profile([(0, 1, 4)])),
        (0, profile(1, duration=0)),
        (0, profile(1, kind="Absolute")),
        (0, profile(1, startSchedule=START)),
        (0, profile(1, kind="Recurring", startSchedule=START)),
        (0, profile([(n, 1) for n in range(101)])),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_rejected(csms, evse, made):
    assert set_profile(csms, evse, made) == "Rejected"
    assert block(csms.station, "charging").profiles is None


@pytest.mark.proves("SmartChargingCtrlr.Enabled")
def test_switched_off_nothing_is_taken():
    csms = made_csms(SmartChargingCtrlr__Enabled="false")
    assert set_profile(csms, 0, profile(1)) == "Rejected"


def test_the_same_id_replaces_and_the_same_place_by_another_id_is_refused(csms):
    assert set_profile(csms, 1, profile(7000, 1)) == "Accepted"
    assert set_profile(csms, 1, profile(8000, 1)) == "Accepted"
    assert set_profile(csms, 1, profile(9000, 2)) == "Rejected"
    assert set_profile(csms, 0, profile(9000, 2)) == "Rejected"
    assert set_profile(csms, 2, profile(9000, 2)) == "Accepted"
    later = profile(9000, 3, validFrom=START + 1000)
    assert set_profile(csms, 1, {**profile(8000, 1), "validTo": later["validFrom"]}) == "Accepted"
    assert set_profile(csms, 1, later) == "Accepted"


@pytest.mark.proves("ClearChargingProfile")
@pytest.mark.parametrize(
    ("request_", "left"),
    [
        ({"chargingProfileId": 1}, {2, 3}),
        ({"chargingProfileId": 9}, {1, 2, 3}),
        ({"chargingProfileCriteria": {"evseId": 0}}, {2}),
        ({"chargingProfileCriteria": {"chargingProfilePurpose": DEFAULT}}, {3}),
        ({"chargingProfileCriteria": {"stackLevel": 4}}, {1, 3}),
        ({}, {1, 2, 3}),
    ],
)
def test_clearing(csms, request_, left):
    set_profile(csms, 0, profile(7000, 1))
    set_profile(csms, 1, profile(7000, 2, stack=4))
    set_profile(csms, 0, profile(7000, 3, MAX, kind="Absolute", startSchedule=START))
    answer = csms.call("ClearChargingProfile", request_)["status"]
    assert answer == ("Unknown" if len(left) == 3 else "Accepted")
    assert {i.profile.id for i in block(csms.station, "charging").profiles or ()} == left


@pytest.mark.proves("GetChargingProfiles", "ReportChargingProfiles")
@VERSIONS
def test_profiles_are_reported_in_parts(csms):
    set_profile(csms, 0, profile(7000, 1))
    set_profile(csms, 1, profile(7000, 2, stack=4))
    csms.command("charging-limit", limit=9000)
    ask = {"requestId": 5, "chargingProfile": {}}
    assert csms.call("GetChargingProfiles", ask)["status"] == "Accepted"
    reports = csms.sent("ReportChargingProfiles")
    assert [(r["chargingLimitSource"], r["evseId"], r["tbc"]) for r in reports] == [
        ("CSO", 0, True), ("CSO", 1, True), ("EMS", 0, False),
    ]  # fmt: skip
    assert {r["requestId"] for r in reports} == {5}
    assert reports[0]["chargingProfile"] == [profile(7000, 1)]
    for criterion, count in (
        ({"chargingProfileId": [2]}, 1), ({"chargingLimitSource": ["EMS"]}, 1),
        ({"stackLevel": 0}, 2), ({"chargingProfilePurpose": TX}, 0),
    ):  # fmt: skip
        before = len(csms.sent("ReportChargingProfiles"))
        ask = {"requestId": 6, "chargingProfile": criterion}
        answer = csms.call("GetChargingProfiles", ask)["status"]
        assert answer == ("Accepted" if count else "NoProfiles")
        assert len(csms.sent("ReportChargingProfiles")) - before == count


# --- limits from outside -------------------------------------------------------------------------


@pytest.mark.proves("ClearedChargingLimit", "NotifyChargingLimit")
@VERSIONS
def test_an_external_limit_acts_is_told_and_cleared(csms):
    charge(csms)
    csms.command("charging-limit", limit=8000, source="SO", critical=True)
    assert power(csms) == 8000
    told = csms.sent("NotifyChargingLimit")[-1]
    assert told["chargingLimit"] == {"chargingLimitSource": "SO", "isGridCritical": True}
    assert told["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"] == 8000
    limited = profile(9000, purpose=MAX, kind="Absolute", startSchedule=START)
    set_profile(csms, 0, limited)
    assert power(csms) == 8000
    external = {"chargingProfileCriteria": {
        "chargingProfilePurpose": "ChargingStationExternalConstraints"}}  # fmt: skip
    assert csms.call("ClearChargingProfile", external)["status"] == "Unknown"
    csms.restart().connect()
    assert power(csms) == 8000
    csms.command("charging-limit", source="SO")
    assert csms.sent("ClearedChargingLimit") == [{"chargingLimitSource": "SO"}]
    assert power(csms) == 9000


@pytest.mark.proves("SmartChargingCtrlr.NotifyChargingLimitWithSchedules")
def test_an_external_limit_of_one_evse_without_its_schedule():
    csms = made_csms(SmartChargingCtrlr__NotifyChargingLimitWithSchedules="false")
    charge(csms, 1)
    charge(csms, 2, max_power_kw=50)
    csms.command("charging-limit", evse=2, limit=20, unit="A")
    assert csms.sent("NotifyChargingLimit") == [
        {"evseId": 2, "chargingLimit": {"chargingLimitSource": "EMS", "isGridCritical": False}}
    ]
    assert (power(csms, 1), power(csms, 2)) == (22_000, 8000)
    csms.command("charging-limit", evse=2, limit=20.1, unit="A")
    assert len(csms.sent("NotifyChargingLimit")) == 1  # less than a percent


@pytest.mark.parametrize(
    "args", [{"limit": -1}, {"limit": "much"}, {"limit": 1, "unit": "V"}, {"limit": 1, "evse": 9},
             {"limit": 1, "source": "Me"}, {}],
)  # fmt: skip
def test_external_limits_that_cannot_be(csms, args):
    with pytest.raises(CommandRejected):
        csms.command("charging-limit", **args)
    assert block(csms.station, "charging").profiles is None


# --- ISO 15118 -----------------------------------------------------------------------------------


def three(tx):
    made = profile(4000, purpose=TX, transactionId=tx)
    for identity, limit in ((2, 9000), (3, 6000)):
        made["chargingSchedule"] += profile(limit, identity)["chargingSchedule"]
    return made


@pytest.mark.proves("NotifyEVChargingNeeds", "NotifyEVChargingSchedule")
@VERSIONS
def test_an_ev_tells_its_needs_waits_and_takes_the_best_schedule(csms):
    tx = charge(csms, iso15118=True, departure_s=7200)
    needs = csms.sent("NotifyEVChargingNeeds")[0]
    assert needs["maxScheduleTuples"] == 3
    assert needs["chargingNeeds"]["requestedEnergyTransfer"] == "AC_three_phase"
    assert needs["chargingNeeds"]["acChargingParameters"]["energyAmount"] == 950_000
    assert state(csms) == "SuspendedEVSE"
    csms.pass_time(20)
    assert power(csms) == 0
    assert set_profile(csms, 1, three(tx)) == "Accepted"
    assert (state(csms), power(csms)) == ("Charging", 9000)
    told = csms.sent("NotifyEVChargingSchedule")[0]
    assert told["chargingSchedule"]["id"] == 2
    assert told["chargingSchedule"]["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 9000}]
    csms.restart().connect()
    assert power(csms) == 9000


@VERSIONS
def test_of_what_the_ev_cannot_take_all_it_makes_one_period(csms):
    tx = charge(csms, iso15118=True, max_power_kw=7)
    made = profile([(0, 9000), (60, 8000), (120, 5000)], purpose=TX, transactionId=tx)
    assert set_profile(csms, 1, made) == "Accepted"
    told = csms.sent("NotifyEVChargingSchedule")[0]["chargingSchedule"]["chargingSchedulePeriod"]
    assert told == [{"startPeriod": 0, "limit": 7000}, {"startPeriod": 120, "limit": 5000}]


@pytest.mark.parametrize(
    "answer", [{"status": "Rejected"}, {"status": "Processing"}, "GenericError"]
)
def test_without_a_schedule_to_come_the_ev_charges_at_once(csms, answer):
    csms.answers["NotifyEVChargingNeeds"] = answer
    charge(csms, 2, iso15118=True)
    assert "dcChargingParameters" in csms.sent("NotifyEVChargingNeeds")[0]["chargingNeeds"]
    assert state(csms, 2) == "Charging"


def test_an_ev_does_not_wait_for_ever(csms):
    charge(csms, iso15118=True)
    csms.restart().connect()
    csms.pass_time(61)
    assert state(csms) == "Charging"


def test_offline_nobody_is_asked_for_a_schedule(csms):
    csms.set("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true")
    csms.disconnect()
    charge(csms, iso15118=True)
    assert state(csms) == "Charging"


# --- the composite schedule ----------------------------------------------------------------------


@VERSIONS
def test_without_profiles_the_schedule_is_the_outlets(csms):
    schedule = composite(csms, 1, 600)["schedule"]
    assert schedule["chargingSchedulePeriod"] == [
        {"startPeriod": 0, "limit": 22_000.0, "numberPhases": 3}
    ]
    assert composite(csms, 0, 600)["schedule"]["chargingSchedulePeriod"][0]["limit"] == 172_000.0
    assert composite(csms, 3, 600)["status"] == "Rejected"
    assert composite(csms, 1, 0)["status"] == "Rejected"


def test_the_schedule_of_the_station_keeps_external_limits(csms):
    csms.command("charging-limit", limit=30_000)
    assert composite(csms, 0, 60)["schedule"]["chargingSchedulePeriod"][0]["limit"] == 30_000.0


@VERSIONS
def test_periods_that_are_told_alike_are_one_period(csms):
    """A limit in watts and one in amperes may be the same; so may two that are rounded."""
    watts = [(0, 11_040.0), (60, 11_040.04), (120, 6000.0), (180, 6000.01), (240, 11_040.0)]
    made = profile(watts, 1, DEFAULT, kind="Absolute", startSchedule=START)
    assert set_profile(csms, 1, made) == "Accepted"
    station = profile(
        [(0, 32.0), (30, 16.0)], 2, MAX, kind="Absolute", unit="A", startSchedule=START
    )
    assert set_profile(csms, 0, station) == "Accepted"
    for unit, high, low in (("W", 11_040.0, 6000.0), ("A", 16.0, 8.7)):
        schedule = composite(csms, 1, 300, chargingRateUnit=unit)["schedule"]
        periods = [(p["startPeriod"], p["limit"]) for p in schedule["chargingSchedulePeriod"]]
        assert periods == [(0, high), (120, low), (240, high)]


_RATES = st.sampled_from([0.0, 6.0, 10.0, 16.0, 20.5, 32.0])
_PHASES = st.sampled_from([(), (), (1,), (2,), (3,)])
_OFFSETS = st.integers(-20, 120)
DAY = 86_400


@st.composite
def _profiles(draw, identity):
    unit = draw(st.sampled_from(["A", "W"]))
    starts = sorted({0, *draw(st.lists(st.integers(1, 60), max_size=3))})
    factor = 690.0 if unit == "W" else 1.0
    periods = [(s, round(draw(_RATES) * factor, 1), *draw(_PHASES)) for s in starts]
    purpose = draw(st.sampled_from([MAX, DEFAULT, TX]))
    kind = draw(st.sampled_from(["Absolute", "Recurring"] + ["Relative"] * (purpose != MAX)))
    more = {}
    if kind == "Recurring":
        more["recurrencyKind"] = draw(st.sampled_from(["Daily", "Weekly"]))
        days = draw(st.sampled_from([0, 1, 7, 14]))
        more["startSchedule"] = START + draw(_OFFSETS) - days * DAY
    elif kind == "Absolute":
        more["startSchedule"] = START + draw(_OFFSETS)
    for name in ("validFrom", "validTo"):
        if draw(st.integers(0, 3)) == 0:
            more[name] = START + draw(_OFFSETS)
    if draw(st.booleans()):
        more["duration"] = draw(st.sampled_from([1, 10, 40, 90, DAY + 60]))
    evse = {MAX: 0, TX: 1}.get(purpose, draw(st.integers(0, 1)))
    return evse, profile(periods, identity, purpose, draw(st.integers(0, 3)), kind, unit, **more)


_SETS = st.integers(0, 6).flatmap(lambda n: st.tuples(*(_profiles(i + 1) for i in range(n))))


@pytest.mark.proves("GetCompositeSchedule")
@settings(max_examples=200, deadline=None)
@given(_SETS, st.sampled_from(["A", "W"]), st.integers(0, 30), st.sampled_from(["2.0.1", "2.1"]))
def test_the_schedule_is_what_a_slow_evaluator_says_and_so_is_the_power(
    wanted, unit, waited, version
):
    csms = made_csms(version)
    tx = charge(csms)
    csms.pass_time(waited)
    installed = []
    for evse, made in wanted:
        if made["chargingProfilePurpose"] == TX:
            made = {**made, "transactionId": tx}
        if set_profile(csms, evse, made) == "Accepted":  # else it collides with another
            installed.append((evse, made))
    schedule = composite(csms, 1, 120, chargingRateUnit=unit)["schedule"]
    begin = int(csms.now)
    assert not alike(schedule["chargingSchedulePeriod"])
    for second, limit in enumerate(by_second(schedule)):
        watts, phases = expected(installed, begin + second, START)
        wanted_limit = watts if unit == "W" else watts / 230 / phases
        assert limit == pytest.approx(wanted_limit, abs=0.051)
    for _ in range(40):
        csms.pass_time(3)
        watts, phases = expected(installed, csms.now, START)
        flowing = sample(csms)
        assert flowing.power_w <= watts + 1e-6
        if watts >= 6 * 230 * phases:
            assert flowing.power_w >= watts * 0.99 - 1e-6
