"""2.x: profiles of several EVSEs and drivers at once: each limits whom it was meant for (K, F)."""

import pytest

from chargepoint.timing.times import iso
from chargepoint.v201.variables.table import PROFILES_AT_MOST

from .profiles import DEFAULT, TX, profile, set_profile
from .test_smart_charging import CAR, charge, made_csms, power

TOKEN = {"idToken": "R", "type": "KeyCode"}


def remote_start(csms, evse, made):
    payload = {"remoteStartId": evse, "evseId": evse, "idToken": TOKEN, "chargingProfile": made}
    return csms.call("RequestStartTransaction", payload)["status"]


def plug(csms, number):
    csms.command("plug", connector=number, ev=CAR | {"max_power_kw": 150})


def test_a_remote_start_that_times_out_takes_its_own_profile_alone():
    csms = made_csms(TxCtrlr__EVConnectionTimeOut="60")
    assert remote_start(csms, 1, profile(8000, 1, TX)) == "Accepted"
    csms.pass_time(30)
    assert remote_start(csms, 2, profile(9000, 2, TX)) == "Accepted"
    csms.pass_time(31)
    plug(csms, 2)
    assert power(csms, 2) == 9000
    charge(csms, 1)
    assert power(csms, 1) == 22_000


def test_a_transaction_takes_the_profile_of_its_own_evse_alone():
    csms = made_csms()
    remote_start(csms, 1, profile(8000, 1, TX))
    remote_start(csms, 2, profile(5000, 2, TX, stack=4))
    plug(csms, 1)
    assert power(csms, 1) == 8000
    plug(csms, 2)
    assert power(csms, 2) == 5000


def test_the_limit_of_a_transaction_is_not_for_the_next():
    csms = made_csms()
    transaction = charge(csms)
    set_profile(csms, 1, profile(7000, 1, TX, transactionId=transaction))
    assert power(csms) == 7000
    csms.command("stop-transaction", connector=1)
    csms.command("start-transaction", connector=1)
    assert power(csms) == 22_000


def test_a_profile_for_a_transaction_of_another_evse_is_refused():
    csms = made_csms()
    transaction = charge(csms, 1)
    charge(csms, 2)
    assert set_profile(csms, 2, profile(7000, 1, TX, transactionId=transaction)) == "Rejected"


def test_the_highest_stack_level_is_taken_and_the_next_is_not():
    csms = made_csms()
    highest = csms.station.model.integer("SmartChargingCtrlr.ProfileStackLevel")
    assert set_profile(csms, 0, profile(7000, 1, stack=highest)) == "Accepted"
    assert set_profile(csms, 0, profile(7000, 2, stack=highest + 1)) == "Rejected"


def test_as_many_profiles_as_told_and_no_more():
    csms = made_csms()

    def put(identity, moment):
        span = {"validFrom": 1e9 + moment * 100, "validTo": 1e9 + moment * 100 + 100}
        return set_profile(csms, 0, profile(7000, identity, **span))

    for number in range(PROFILES_AT_MOST):  # maxLimit of SmartChargingCtrlr.Entries
        assert put(number, number) == "Accepted"
    assert put(PROFILES_AT_MOST, PROFILES_AT_MOST) == "Rejected"
    assert put(0, PROFILES_AT_MOST) == "Accepted"  # the same id replaces


@pytest.mark.parametrize(("begins", "status"), [(100, "Accepted"), (99, "Rejected")])
def test_a_profile_may_begin_when_another_of_its_level_ends(begins, status):
    csms = made_csms()
    set_profile(csms, 0, profile(7000, 1, DEFAULT, validTo=1e9 + 100))
    assert set_profile(csms, 0, profile(6000, 2, DEFAULT, validFrom=1e9 + begins)) == status


def test_a_change_of_just_what_matters_is_told():
    csms = made_csms(SmartChargingCtrlr__LimitChangeSignificance="20")
    charge(csms)
    set_profile(csms, 1, profile([(0, 10_000), (60, 8000), (120, 6500)]))
    before = len(csms.events)
    csms.pass_time(61)
    assert [e["triggerReason"] for e in csms.events[before:]] == ["ChargingRateChanged"]
    csms.pass_time(60)  # by 18.75 %
    assert len(csms.events) == before + 1


def test_an_external_limit_is_not_the_csmss_to_clear():
    csms = made_csms()
    charge(csms)
    csms.command("charging-limit", limit=5000)
    assert power(csms) == 5000
    for criteria in ({"chargingProfilePurpose": "ChargingStationExternalConstraints"}, {}):
        wanted = {"chargingProfileCriteria": {"stackLevel": 0, **criteria}}
        csms.call("ClearChargingProfile", wanted)
    assert power(csms) == 5000


def test_of_two_limits_of_the_station_the_tighter_one_counts():
    csms = made_csms()
    made = profile(9000, 1, "ChargingStationMaxProfile", kind="Absolute", startSchedule=1e9)
    set_profile(csms, 0, made)
    charge(csms)
    csms.command("charging-limit", limit=5000)
    assert power(csms) == 5000
    csms.command("charging-limit", limit=15_000)
    assert power(csms) == 9000


def test_a_refusal_does_not_add_to_a_limit_of_energy():
    csms = made_csms(
        "2.1", TxCtrlr__TxStartPoint="EVConnected", TxCtrlr__StopTxOnInvalidId="false",
        TxCtrlr__MaxEnergyOnInvalidId="500",
    )  # fmt: skip

    def answer(event):
        if event["eventType"] == "Started":
            return {"transactionLimit": {"maxEnergy": 300}}
        return {"idTokenInfo": {"status": "Invalid"}} if "idToken" in event else {}

    csms.answers["TransactionEvent"] = answer
    charge(csms)
    csms.pass_time(3600)
    assert csms.station.connectors[1].meter_wh == pytest.approx(300, abs=1)


def test_a_limit_of_energy_counts_from_the_transaction():
    csms = made_csms("2.1")
    charge(csms)
    csms.pass_time(3600)
    csms.command("stop-transaction", connector=1)
    csms.answers["TransactionEvent"] = lambda event: (
        {"transactionLimit": {"maxEnergy": 2000}} if event["eventType"] == "Started" else {}
    )
    csms.command("start-transaction", connector=1)
    begun = csms.station.connectors[1].meter_wh
    csms.pass_time(3600)
    assert csms.station.connectors[1].meter_wh - begun == pytest.approx(2000, abs=1)


def test_a_limit_of_time_counts_from_the_transaction_and_may_be_raised():
    csms = made_csms("2.1", TxCtrlr__TxStartPoint="EVConnected")
    limit = {}
    csms.answers["TransactionEvent"] = lambda _: dict(limit)
    charge(csms)
    csms.pass_time(300)
    limit["transactionLimit"] = {"maxTime": 600}
    csms.call("TriggerMessage", {"requestedMessage": "TransactionEvent"})
    csms.pass_time(299)
    csms.restart().connect()
    assert power(csms) == 22_000
    csms.pass_time(2)
    assert power(csms) == 0
    limit["transactionLimit"] = {"maxTime": 1200}
    csms.call("TriggerMessage", {"requestedMessage": "TransactionEvent"})
    assert power(csms) == 22_000
    assert csms.events[0]["timestamp"] == iso(1e9)


@pytest.mark.parametrize(("of_the_csms", "from_outside"), [(20_000, 12_000), (12_000, 20_000)])
def test_two_cars_share_the_tighter_of_two_limits_of_the_station(of_the_csms, from_outside):
    csms = made_csms()
    made = profile(of_the_csms, 1, "ChargingStationMaxProfile", kind="Absolute", startSchedule=1e9)
    set_profile(csms, 0, made)
    csms.command("charging-limit", limit=from_outside)
    for number in (1, 2):
        plug(csms, number)
        csms.command("start-transaction", connector=number)
    assert power(csms, 1) + power(csms, 2) == pytest.approx(12_000)
