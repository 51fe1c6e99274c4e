"""Smart charging: what is taken, what the composite schedule says, what power flows (1.6 3.13)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chargepoint.inside import block
from tests.chargepoint.peer import START, Peer
from tests.chargepoint.v16.charging import (
    alike,
    by_second,
    composite,
    expected,
    profile,
    set_profile,
)

MAX, DEFAULT, TX = "ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"
CAR = {"soc": 5, "battery_kwh": 1000, "max_power_kw": 22}
DAY = 86_400


@pytest.fixture
def peer():
    return Peer(configuration={"EmulatorAutoPlug": "false"}).connect()


def charge(peer, number=1, **car):
    peer.do("plug", connector=number, ev=CAR | car)
    peer.do("start-transaction", connector=number)


def sample(peer, number=1):
    return peer.station.connectors[number].sample(peer.now)


def power(peer, number=1):
    return sample(peer, number).power_w


def status(peer, number=1):
    return peer.station.snapshot()["connectors"][number - 1]["status"]


# --- power ---------------------------------------------------------------------------------------


def test_a_default_profile_limits_power_from_the_first_moment(peer):
    assert set_profile(peer, 0, profile(9000)) == "Accepted"
    charge(peer)
    assert power(peer) == 9000
    peer.call("ClearChargingProfile", {})
    assert power(peer) == 22_000


def test_amperes_are_never_more_than_allowed(peer):
    set_profile(peer, 1, profile(16, unit="A"))
    charge(peer)
    assert max(sample(peer).currents_a) == pytest.approx(16)
    assert power(peer) == pytest.approx(16 * 230 * 3 * 0.99)


@pytest.mark.proves("SetChargingProfile")
def test_the_limit_follows_the_periods_and_the_meter_the_limit(peer):
    charge(peer)
    periods = [(0, 6000), (600, 12_000), (1200, 5000)]
    set_profile(peer, 1, profile(periods, purpose=TX, duration=1800))
    before = peer.station.connectors[1].meter_wh
    seen = []
    for _ in range(4):
        peer.pass_time(300)
        seen.append(power(peer))
        peer.pass_time(300)
    assert seen == [6000, 12_000, 5000, 22_000]
    drawn = peer.station.connectors[1].meter_wh - before
    assert drawn == pytest.approx((6000 + 12_000 + 5000 + 22_000) / 6)


def test_one_phase_is_one_phase(peer):
    set_profile(peer, 1, profile([(0, 20, 1)], unit="A"))
    charge(peer)
    assert sample(peer).currents_a == pytest.approx((20, 0, 0))
    peer.call("ClearChargingProfile", {})
    assert min(sample(peer).currents_a) > 20


def test_too_little_to_charge_with_pauses_and_enough_resumes(peer):
    charge(peer)
    set_profile(peer, 1, profile(0, purpose=TX))
    assert (status(peer), power(peer)) == ("SuspendedEVSE", 0)
    set_profile(peer, 1, profile(5.9, purpose=TX, unit="A"))
    assert status(peer) == "SuspendedEVSE"
    set_profile(peer, 1, profile(6, purpose=TX, unit="A"))
    assert status(peer) == "Charging"
    assert max(sample(peer).currents_a) == pytest.approx(6)
    assert peer.statuses()[-3:] == ["Charging", "SuspendedEVSE", "Charging"]


def test_a_transaction_that_begins_without_power_is_suspended_until_there_is_some(peer):
    periods = [(0, 0), (100, 11_000)]
    set_profile(peer, 0, profile(periods))
    charge(peer)
    assert status(peer) == "SuspendedEVSE"
    peer.pass_time(100)
    assert (status(peer), power(peer)) == ("Charging", 11_000)


def test_the_stations_limit_is_shared(peer):
    set_profile(peer, 0, profile(20_000, purpose=MAX, kind="Absolute", startSchedule=START))
    charge(peer, 1)
    assert power(peer, 1) == 20_000
    charge(peer, 2)
    assert (power(peer, 1), power(peer, 2)) == (10_000, 10_000)
    set_profile(peer, 2, profile(6000, purpose=TX, identity=2))
    assert (power(peer, 1), power(peer, 2)) == (14_000, 6000)
    peer.do("stop-transaction", connector=1)
    peer.call("ClearChargingProfile", {"id": 2})
    assert power(peer, 2) == 20_000


def test_where_the_share_would_be_too_little_the_first_goes_on(peer):
    made = profile(10, purpose=MAX, kind="Absolute", unit="A", startSchedule=START)
    set_profile(peer, 0, made)
    charge(peer, 1)
    peer.pass_time(10)
    charge(peer, 2)
    assert (status(peer, 1), status(peer, 2)) == ("Charging", "SuspendedEVSE")
    peer.do("unplug", connector=1)
    assert (status(peer, 1), status(peer, 2)) == ("Available", "Charging")


def test_what_a_full_car_leaves_is_for_the_other(peer):
    set_profile(peer, 0, profile(12_000, purpose=MAX, kind="Absolute", startSchedule=START))
    charge(peer, 1, soc=99.9, battery_kwh=10)
    charge(peer, 2)
    peer.pass_time(600)
    assert (status(peer, 1), power(peer, 2)) == ("SuspendedEV", 12_000)


def test_a_profile_of_a_transaction_ends_with_it(peer):
    charge(peer)
    set_profile(peer, 1, profile(7000, purpose=TX))
    peer.do("stop-transaction", connector=1)
    peer.do("start-transaction", connector=1)
    assert power(peer) == 22_000
    assert peer.call("ClearChargingProfile", {})[2]["status"] == "Unknown"


def test_a_remote_start_brings_its_profile(peer):
    peer.do("plug", connector=1, ev=CAR)
    payload = {"idTag": "ANNA", "connectorId": 1, "chargingProfile": profile(8000, purpose=TX)}
    assert peer.call("RemoteStartTransaction", payload)[2]["status"] == "Accepted"
    assert power(peer) == 8000


def test_a_remote_start_with_a_default_profile_is_refused(peer):
    payload = {"idTag": "ANNA", "connectorId": 1, "chargingProfile": profile(8000)}
    assert peer.call("RemoteStartTransaction", payload)[2]["status"] == "Rejected"


def test_the_profile_of_a_remote_start_that_nobody_followed_is_forgotten(peer):
    payload = {"idTag": "ANNA", "connectorId": 1, "chargingProfile": profile(8000, purpose=TX)}
    peer.call("RemoteStartTransaction", payload)
    peer.pass_time(61)
    charge(peer)
    assert power(peer) == 22_000


def test_limits_survive_a_crash_and_a_reset(peer):
    set_profile(peer, 0, profile([(0, 9000), (600, 7000)]))
    charge(peer)
    again = peer.crash()
    again.connect()
    assert power(again) == 9000
    again.pass_time(600)
    assert power(again) == 7000
    again.call("Reset", {"type": "Hard"})
    again.connect()
    again.do("start-transaction", connector=1)
    assert power(again) == 9000


def test_recurring_limits_come_again_each_day(peer):
    night = profile([(0, 7000), (3600, 11_000)], kind="Recurring", recurrencyKind="Daily",
                    startSchedule=START - 10 * DAY + 1800, duration=7200)  # fmt: skip
    set_profile(peer, 0, night)
    charge(peer, battery_kwh=5000)
    for _ in range(2):
        assert power(peer) == 22_000
        peer.pass_time(1800)
        assert power(peer) == 7000
        peer.pass_time(3600)
        assert power(peer) == 11_000
        peer.pass_time(3600)
        assert power(peer) == 22_000
        peer.pass_time(DAY - 9000)


# --- what is taken -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("connector", "made"),
    [
        (3, profile(1)),
        (-1, profile(1)),
        (1, profile(1, purpose=MAX, kind="Absolute", startSchedule=START)),
        (0, profile(1, purpose=MAX)),  # relative to what?
        (1, profile(1, purpose=TX)),  # no transaction runs
        (0, profile(1, purpose=TX)),
        (0, profile(1, stack=-1)),
        (0, profile(1, stack=21)),
        (0, profile([])),
        (0, profile([(5, 1)])),
        (0, profile([(0, 1), (20, 1), (10, 1)])),
        (0, profile([(0, 1), (0, 2)])),
        (0, profile(-1)),
        (0, profile([(0, 1, 4)])),
        (0, profile(1, duration=0)),
        (0, profile(1, kind="Recurring", startSchedule=START)),
        (0, profile(1, kind="Recurring", recurrencyKind="Daily")),
        (0, profile([(n, 1) for n in range(101)])),
    ],
)
def test_what_makes_no_sense_is_rejected(peer, connector, made):
    assert set_profile(peer, connector, made) == "Rejected"
    charge(peer)
    assert power(peer) == 22_000


def test_a_profile_for_another_transaction_is_rejected(peer):
    charge(peer)
    assert set_profile(peer, 1, profile(7000, purpose=TX, transactionId=1)) == "Rejected"
    assert set_profile(peer, 1, profile(7000, purpose=TX, transactionId=101)) == "Accepted"
    assert power(peer) == 7000


def test_the_same_id_or_the_same_place_replaces(peer):
    charge(peer)
    set_profile(peer, 1, profile(7000, identity=1, stack=1))
    set_profile(peer, 1, profile(8000, identity=2, stack=1))
    assert power(peer) == 8000
    set_profile(peer, 1, profile(9000, identity=2, stack=0))
    assert power(peer) == 9000
    assert peer.call("ClearChargingProfile", {"id": 1})[2]["status"] == "Unknown"


@pytest.mark.proves("ClearChargingProfile")
@pytest.mark.parametrize(
    ("request_", "left"),
    [
        ({"id": 1}, {2, 3}),
        ({"id": 9}, {1, 2, 3}),
        ({"connectorId": 0}, {2}),
        ({"chargingProfilePurpose": DEFAULT}, {3}),
        ({"stackLevel": 4}, {1, 3}),
        ({"connectorId": 1, "stackLevel": 0}, {1, 2, 3}),
        ({}, set()),
    ],
)
def test_clearing(peer, request_, left):
    set_profile(peer, 0, profile(7000, 1))
    set_profile(peer, 1, profile(7000, 2, stack=4))
    made = profile(7000, 3, purpose=MAX, kind="Absolute", startSchedule=START)
    set_profile(peer, 0, made)
    answer = peer.call("ClearChargingProfile", request_)[2]["status"]
    assert answer == ("Unknown" if len(left) == 3 else "Accepted")
    assert {p.id for p in block(peer.station, "charging").profiles or ()} == left


def test_only_so_many_are_kept(peer):
    for number in range(100):
        made = profile(7000, number, stack=number % 20)
        made["chargingProfilePurpose"] = DEFAULT
        set_profile(peer, number // 20 % 3, made)
    assert len(block(peer.station, "charging").profiles) == 60  # the same place is the same profile


# --- the composite schedule ----------------------------------------------------------------------


def test_without_profiles_the_schedule_is_the_outlets(peer):
    answer = composite(peer, 1, 600)
    assert answer["status"] == "Accepted"
    periods = answer["chargingSchedule"]["chargingSchedulePeriod"]
    assert periods == [{"startPeriod": 0, "limit": 22_000.0, "numberPhases": 3}]
    whole = composite(peer, 0, 600)["chargingSchedule"]["chargingSchedulePeriod"]
    assert whole[0]["limit"] == 44_000.0


@pytest.mark.parametrize(("connector", "duration"), [(3, 60), (1, 0), (1, -5)])
def test_a_schedule_that_cannot_be_made(peer, connector, duration):
    assert composite(peer, connector, duration) == {"status": "Rejected"}


def test_a_schedule_with_too_many_periods_is_shorter(peer):
    for number in range(3):
        periods = [(n * 2, 6000 + number * 1000 + n % 2) for n in range(100)]
        made = profile(periods, number, kind="Absolute", stack=number, duration=200,
                       startSchedule=START + number * 200)  # fmt: skip
        assert set_profile(peer, 1, made) == "Accepted"
    schedule = composite(peer, 1, 600)["chargingSchedule"]
    assert (schedule["duration"], len(schedule["chargingSchedulePeriod"])) == (200, 100)


def test_periods_that_are_told_alike_are_one_period(peer):
    """In amperes to a tenth 6000 W and 6001 W are the same, and as many as told are left."""
    watts = [6000.0, 6001.0] * 49 + [11_040.0, 6000.0]
    made = profile([(n * 2, w) for n, w in enumerate(watts)], kind="Absolute", startSchedule=START)
    assert set_profile(peer, 1, made) == "Accepted"
    most = profile(16.0, 2, MAX, unit="A", kind="Absolute", startSchedule=START + 197)
    assert set_profile(peer, 0, most) == "Accepted"
    schedule = composite(peer, 1, 300, chargingRateUnit="A")["chargingSchedule"]
    periods = [(p["startPeriod"], p["limit"]) for p in schedule["chargingSchedulePeriod"]]
    assert periods == [(0, 8.7), (196, 16.0), (198, 8.7)]
    assert schedule["duration"] == 300


_RATES = st.sampled_from([0.0, 6.0, 10.0, 16.0, 20.5, 32.0])
_PHASES = st.sampled_from([(), (), (1,), (2,), (3,)])
_OFFSETS = st.integers(-20, 120)


@st.composite
def _profiles(draw, identity):
    unit = draw(st.sampled_from(["A", "W"]))
    starts = sorted({0, *draw(st.lists(st.integers(1, 60), max_size=3))})
    factor = 690.0 if unit == "W" else 1.0
    periods = [(s, round(draw(_RATES) * factor, 1), *draw(_PHASES)) for s in starts]
    purpose = draw(st.sampled_from([MAX, DEFAULT, TX]))
    kinds = ["Absolute", "Recurring"] + ["Relative"] * (purpose != MAX)
    kind = draw(st.sampled_from(kinds))
    more = {}
    if kind == "Recurring":
        more["recurrencyKind"] = draw(st.sampled_from(["Daily", "Weekly"]))
        days = draw(st.sampled_from([0, 1, 7, 14]))
        more["startSchedule"] = START + draw(_OFFSETS) - days * DAY
    elif kind == "Absolute" and (purpose == MAX or draw(st.booleans())):
        more["startSchedule"] = START + draw(_OFFSETS)
    for name in ("validFrom", "validTo"):
        if draw(st.integers(0, 3)) == 0:
            more[name] = START + draw(_OFFSETS)
    if draw(st.booleans()):
        more["duration"] = draw(st.sampled_from([1, 10, 40, 90, DAY + 60]))
    stack = draw(st.integers(0, 3))
    connector = {MAX: 0, TX: 1}.get(purpose, draw(st.integers(0, 2)))
    made = profile(periods, identity, purpose, stack, kind, unit, **more)
    return connector, made


_SETS = st.integers(0, 6).flatmap(lambda n: st.tuples(*(_profiles(i) for i in range(n))))


def _replaces(new, old):
    place = [(c, m["chargingProfilePurpose"], m["stackLevel"]) for c, m in (new, old)]
    return place[0] == place[1]


@pytest.mark.proves("GetCompositeSchedule")
@settings(max_examples=300, deadline=None)
@given(_SETS, st.sampled_from(["A", "W"]), st.integers(0, 30))
def test_the_schedule_is_what_a_slow_evaluator_says_and_so_is_the_power(wanted, unit, waited):
    peer = Peer(configuration={"EmulatorAutoPlug": "false"}).connect()
    charge(peer)
    peer.pass_time(waited)
    installed = []
    for pair in wanted:
        assert set_profile(peer, *pair) == "Accepted"
        installed = [old for old in installed if not _replaces(pair, old)] + [pair]
    begin = int(peer.now)
    schedule = composite(peer, 1, 120, chargingRateUnit=unit)["chargingSchedule"]
    assert not alike(schedule["chargingSchedulePeriod"])
    for second, limit in enumerate(by_second(schedule)):
        watts, phases = expected(installed, 1, begin + second, START)
        wanted_limit = watts if unit == "W" else watts / 230 / phases
        assert limit == pytest.approx(wanted_limit, abs=0.051)
    for _ in range(40):
        peer.pass_time(3)
        watts, phases = expected(installed, 1, peer.now, START)
        flowing = sample(peer)
        assert flowing.power_w <= watts + 1e-6
        # 0.99: by an ampere limit the car's power factor is lost.
        if watts >= 6 * 230 * phases:
            assert flowing.power_w >= watts * 0.99 - 1e-6
            assert max(flowing.currents_a) <= watts / (230 * phases * 0.99) + 1e-6
