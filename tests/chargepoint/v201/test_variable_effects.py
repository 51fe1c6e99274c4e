"""Variables of meter values, the cabinet and authorization, and what each of them changes."""

import pytest

from chargepoint.config import ConnectorConfig
from chargepoint.core.commands import CommandRejected
from chargepoint.timing.times import iso
from tests.chargepoint.inside import block
from tests.chargepoint.v201.asking import charge, made, told, traits


@pytest.fixture(params=["2.0.1", "2.1"])
def csms(request):
    return made(request.param)


# --- meter values --------------------------------------------------------------------------------


def names(meter):
    return {sampled["measurand"] for value in meter for sampled in value["sampledValue"]}


@pytest.mark.proves(
    "SampledDataCtrlr.TxStartedMeasurands", "SampledDataCtrlr.TxUpdatedMeasurands",
    "SampledDataCtrlr.TxEndedMeasurands",
)  # fmt: skip
def test_each_kind_of_event_has_its_measurands(csms):
    for kind, measurand in (("Started", "Voltage"), ("Updated", "SoC"), ("Ended", "Frequency")):
        assert csms.set(f"SampledDataCtrlr.Tx{kind}Measurands", measurand) == "Accepted"
    csms.set("SampledDataCtrlr.TxUpdatedInterval", "60")
    charge(csms)
    csms.pass_time(61)
    csms.command("stop-transaction", connector=1)
    found = {e["eventType"]: names(e["meterValue"]) for e in csms.events if "meterValue" in e}
    assert found == {"Started": {"Voltage"}, "Updated": {"SoC"}, "Ended": {"Frequency"}}


@pytest.mark.proves("AlignedDataCtrlr.Enabled", "AlignedDataCtrlr.Measurands")
def test_aligned_values_have_their_measurands_and_can_be_switched_off(csms):
    csms.set("AlignedDataCtrlr.Measurands", "Voltage")
    csms.set("AlignedDataCtrlr.Interval", "60")
    charge(csms)
    csms.pass_time(61)
    values = [e for e in csms.events if e["triggerReason"] == "MeterValueClock"]
    assert len(values) == 1 and names(values[0]["meterValue"]) == {"Voltage"}
    csms.set("AlignedDataCtrlr.Enabled", "false")
    csms.pass_time(600)
    assert [e for e in csms.events if e["triggerReason"] == "MeterValueClock"] == values


@pytest.mark.proves("AlignedDataCtrlr.TxEndedInterval", "AlignedDataCtrlr.TxEndedMeasurands")
def test_aligned_values_are_kept_for_the_end(csms):
    csms.set("AlignedDataCtrlr.TxEndedMeasurands", "SoC")
    csms.set("AlignedDataCtrlr.TxEndedInterval", "900")
    charge(csms)
    csms.pass_time(2700)
    assert all("meterValue" not in event for event in csms.events[1:])
    csms.command("stop-transaction", connector=1)
    kept = [v for v in csms.events[-1]["meterValue"] if names([v]) == {"SoC"}]
    assert len(kept) == 3
    assert {v["timestamp"][14:19] for v in kept} <= {"00:00", "15:00", "30:00", "45:00"}


# --- the cabinet ---------------------------------------------------------------------------------


def reset(csms):
    """The reboots that follow a Reset within two minutes."""
    before = len(csms.closes)
    assert csms.call("Reset", {"type": "Immediate"}) == {"status": "Accepted"}
    csms.pass_time(120)
    return len(csms.closes) - before


@pytest.mark.proves("OCPPCommCtrlr.ResetRetries")
def test_a_reset_that_fails_is_tried_again_so_often(csms):
    csms.set("OCPPCommCtrlr.ResetRetries", "2")
    csms.command("fault", connector=1, error_code="ResetFailure")
    assert reset(csms) == 0
    assert csms.station.connected
    csms.call("Reset", {"type": "Immediate"})
    csms.pass_time(6)
    csms.restart().connect()  # with one more try to make
    csms.command("fault", connector=1, error_code="NoError")
    csms.pass_time(6)
    assert len(csms.closes) == 1
    csms.connect()
    csms.set("OCPPCommCtrlr.ResetRetries", "0")
    csms.command("fault", connector=1, error_code="ResetFailure")
    csms.call("Reset", {"type": "Immediate"})
    csms.command("fault", connector=1, error_code="NoError")
    csms.pass_time(60)
    assert len(csms.closes) == 1


def left_behind(csms):
    """Somebody has pulled the cable at the car alone, and it is locked in the station."""
    assert csms.set("OCPPCommCtrlr.UnlockOnEVSideDisconnect", "false") == "Accepted"
    charge(csms)
    assert csms.command("unplug", connector=1)["locked"]
    assert csms.story()[-1][:2] == ("Ended", "EVCommunicationLost")
    assert csms.sent("StatusNotification")[-1]["connectorStatus"] == "Occupied"


@pytest.mark.proves("OCPPCommCtrlr.UnlockOnEVSideDisconnect")
def test_a_cable_that_is_pulled_at_the_car_alone_stays_locked(csms):
    charge(csms)
    csms.command("unplug", connector=1)
    assert csms.sent("StatusNotification")[-1]["connectorStatus"] == "Available"
    left_behind(csms)
    csms.restart().connect()
    with pytest.raises(CommandRejected, match="locked"):
        csms.command("unplug", connector=1)
    with pytest.raises(CommandRejected):
        csms.command("plug", connector=1)
    token = {"idToken": "OTHER", "type": "Central"}
    remote = {"remoteStartId": 1, "evseId": 1, "idToken": token}
    assert csms.call("RequestStartTransaction", remote)["status"] == "Rejected"
    assert csms.command("authorize", connector=1, id_tag="04a1b2c3")["released"]
    assert csms.sent("StatusNotification")[-1]["connectorStatus"] == "Available"
    charge(csms)


@pytest.mark.proves("UnlockConnector")
def test_the_csms_unlocks_a_cable_unless_the_lock_is_broken(csms):
    place = {"evseId": 1, "connectorId": 1}
    left_behind(csms)
    csms.command("fault", connector=1, error_code="ConnectorLockFailure")
    assert csms.call("UnlockConnector", place) == {"status": "UnlockFailed"}
    csms.command("fault", connector=1, error_code="NoError")
    assert block(csms.station, "cabinet").cable_held(1)
    assert csms.call("UnlockConnector", place) == {"status": "Unlocked"}
    assert csms.sent("StatusNotification")[-1]["connectorStatus"] == "Available"


def test_fixed_cables_have_nothing_to_unlock():
    csms = made(connectors=(ConnectorConfig(1, 1, "CCS2", 0, 50_000),))
    key = "OCPPCommCtrlr.UnlockOnEVSideDisconnect"
    assert (told(csms, key), traits(csms, key)[1]) == ("false", "ReadOnly")
    assert csms.set(key, "true") == "Rejected"
    charge(csms)
    assert "locked" not in csms.command("unplug", connector=1)


# --- authorization -------------------------------------------------------------------------------


@pytest.mark.proves("AuthCacheCtrlr.Policy")
def test_the_token_that_was_longest_not_seen_is_forgotten_first(csms):
    assert told(csms, "AuthCacheCtrlr.Policy") == "LRU"
    info = {"status": "Accepted"}
    for number in range(200):
        block(csms.station, "authorization").learn(
            {"idToken": f"T{number}", "type": "Central"}, info, csms.now
        )
    block(csms.station, "authorization").learn(
        {"idToken": "T0", "type": "Central"}, info, csms.now
    )  # seen again
    block(csms.station, "authorization").learn(
        {"idToken": "NEW", "type": "Central"}, info, csms.now
    )
    cache = block(csms.station, "authorization").cache
    known = [cache.status({"idToken": t, "type": "Central"}, csms.now) for t in ("T0", "T1", "NEW")]
    assert known == ["Accepted", None, "Accepted"]


@pytest.mark.proves("AuthCacheCtrlr.LifeTime")
@pytest.mark.parametrize(("until", "asked"), [(None, 1), (5400, 2)])
def test_a_token_expires_so_long_after_it_was_used_or_when_the_csms_says(csms, until, asked):
    """LifeTime: "until a token expires in the authorization cache since it is last used"."""
    csms.set("AuthCtrlr.LocalPreAuthorize", "true")
    csms.set("AuthCacheCtrlr.LifeTime", "3600")
    info = {"status": "Accepted"}
    if until is not None:
        info["cacheExpiryDateTime"] = iso(csms.now + until)
    csms.answers["Authorize"] = {"idTokenInfo": info}
    for _ in range(4):
        charge(csms)
        csms.command("stop-transaction", connector=1)
        csms.command("unplug", connector=1)
        csms.restart().connect()
        csms.pass_time(2000)
    assert len(csms.sent("Authorize")) == asked
    csms.pass_time(1601)
    charge(csms)
    assert len(csms.sent("Authorize")) == asked + 1


def test_a_cache_that_is_switched_off_knows_of_no_group(csms):
    group = {"groupIdToken": {"idToken": "FAMILY", "type": "Central"}}
    info = {"status": "Accepted", **group}
    csms.answers["Authorize"] = {"idTokenInfo": info}
    charge(csms)
    block(csms.station, "authorization").learn(
        {"idToken": "0A0B0C0D", "type": "ISO14443"}, info, csms.now
    )
    csms.set("AuthCacheCtrlr.Enabled", "false")
    csms.disconnect()
    with pytest.raises(CommandRejected):
        csms.command("authorize", connector=1, id_tag="0A0B0C0D")
    assert csms.station.outlets[1].transaction is not None


@pytest.mark.proves("AuthCacheCtrlr.DisablePostAuthorize")
def test_what_the_cache_forbids_is_asked_unless_that_is_switched_off(csms):
    block(csms.station, "authorization").learn(
        {"idToken": "04A1B2C3", "type": "ISO14443"}, {"status": "Blocked"}, csms.now
    )
    csms.set("AuthCacheCtrlr.DisablePostAuthorize", "true")
    with pytest.raises(CommandRejected):
        charge(csms)
    assert csms.sent("Authorize") == []
    csms.set("AuthCacheCtrlr.DisablePostAuthorize", "false")
    csms.command("start-transaction", connector=1)
    assert len(csms.sent("Authorize")) == 1
    assert csms.station.outlets[1].transaction is not None


@pytest.mark.proves("ReservationCtrlr.Enabled", "ReservationCtrlr.NonEvseSpecific")
def test_reservations_can_be_switched_off_and_be_of_an_evse_alone(csms):
    token = {"idToken": "A", "type": "Central"}
    wanted = {"id": 1, "expiryDateTime": iso(csms.now + 60), "idToken": token}
    csms.set("ReservationCtrlr.NonEvseSpecific", "false")
    assert csms.call("ReserveNow", wanted)["status"] == "Rejected"
    assert csms.call("ReserveNow", {**wanted, "evseId": 1})["status"] == "Accepted"
    csms.set("ReservationCtrlr.Enabled", "false")
    answer = csms.call("ReserveNow", {**wanted, "id": 2, "evseId": 2})
    assert answer["status"] == "Rejected"
    csms.set("ReservationCtrlr.Enabled", "true")
    csms.set("ReservationCtrlr.NonEvseSpecific", "true")
    assert csms.call("ReserveNow", {**wanted, "id": 2})["status"] == "Accepted"
