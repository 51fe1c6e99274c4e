"""Energy that ends before the transaction: an invalid token's, and 2.1's limits."""

import pytest

from .csms import Csms, config_of

QUIET = {
    "SampledDataCtrlr.TxUpdatedInterval": "0", "EmulatorCtrlr.AutoPlug": "false",
    "TxCtrlr.StopTxOnInvalidId": "false", "TxCtrlr.MaxEnergyOnInvalidId": "500",
}  # fmt: skip


def charging(version="2.0.1", **answer):
    csms = Csms(config_of(version, configuration=QUIET)).connect()
    csms.answers["TransactionEvent"] = lambda p: answer if p["seqNo"] == 0 else {}
    csms.command("plug", connector=1, ev={"soc": 10, "battery_kwh": 100})
    csms.command("start-transaction", connector=1)
    return csms


def drawn(csms):
    csms.pass_time(1)
    return csms.station.connectors[1].sample(csms.now).energy_wh


@pytest.mark.proves("TxCtrlr.MaxEnergyOnInvalidId")
@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_an_invalid_token_gets_its_little_energy_over_a_crash(version):
    csms = charging(version, idTokenInfo={"status": "Invalid"})
    assert "Deauthorized" in [e["triggerReason"] for e in csms.events]
    csms.pass_time(60)
    csms.restart().connect()
    csms.pass_time(3600)
    assert drawn(csms) == pytest.approx(500, abs=1)
    assert csms.story()[-1] == ("Updated", "EnergyLimitReached", "SuspendedEVSE")
    csms.command("stop-transaction", connector=1)
    assert csms.events[-1]["eventType"] == "Ended"


def test_the_phases_and_the_cable_are_told():
    csms = charging()
    assert csms.events[-1]["numberOfPhasesUsed"] == 3
    csms.set("TxCtrlr.TxStartPoint", "EVConnected")
    csms.command("plug", connector=2)
    assert csms.events[-1]["cableMaxCurrent"] == 375


@pytest.mark.proves("TxCtrlr.SupportedLimits", versions=("2.1",))
@pytest.mark.parametrize(
    ("limit", "trigger", "seconds", "wh"),
    [
        ({"maxEnergy": 2000}, "EnergyLimitReached", 2000 / 11_000 * 3600, 2000),
        ({"maxTime": 600}, "TimeLimitReached", 600, 11_000 / 6),
        ({"maxSoC": 12}, "SoCLimitReached", None, 2000 / 0.9),
    ],
)
def test_a_limit_of_the_csms_ends_the_energy(limit, trigger, seconds, wh):
    csms = charging("2.1", transactionLimit=limit)
    told = next(e for e in csms.events if e["triggerReason"] == "LimitSet")
    assert told["transactionInfo"]["transactionLimit"] == limit
    [name] = limit
    assert name[0].upper() + name[1:] in csms.station.model.members("TxCtrlr.SupportedLimits")
    csms.restart().connect()
    csms.pass_time(5000)
    assert csms.story()[-1] == ("Updated", trigger, "SuspendedEVSE")
    assert drawn(csms) == pytest.approx(wh, abs=40)


def test_a_limit_that_is_told_late_is_none_of_the_next_driver():
    keys = {**QUIET, "AuthCtrlr.OfflineTxForUnknownIdEnabled": "true"}
    csms = Csms(config_of("2.1", configuration=keys)).connect()
    csms.disconnect()
    started = []
    for _ in range(2):
        if started:
            csms.command("stop-transaction", connector=1)
            csms.command("unplug", connector=1)
        csms.command("plug", connector=1, ev={"soc": 10, "battery_kwh": 100})
        csms.command("start-transaction", connector=1)
        started.append(csms.station.outlets[1].transaction.id)
        csms.pass_time(60)
    csms.answers["TransactionEvent"] = lambda event: (
        {"transactionLimit": {"maxTime": 90}}
        if event["transactionInfo"]["transactionId"] == started[0] else {}
    )  # fmt: skip
    csms.connect()
    csms.pass_time(600)
    assert "TimeLimitReached" not in [e["triggerReason"] for e in csms.events]
    assert csms.events[-1]["transactionInfo"]["chargingState"] == "Charging"


def test_the_cost_that_the_csms_tells_ends_the_energy_and_a_raised_limit_resumes_it():
    csms = charging("2.1", transactionLimit={"maxCost": 5.0})
    assert "MaxCost" in csms.station.model.members("TxCtrlr.SupportedLimits")
    csms.answers["TransactionEvent"] = {"totalCost": 5.1}
    csms.call("TriggerMessage", {"requestedMessage": "TransactionEvent"})
    assert csms.story()[-1] == ("Updated", "CostLimitReached", "SuspendedEVSE")
    csms.answers["TransactionEvent"] = {"transactionLimit": {"maxCost": 9.0}}
    csms.call("TriggerMessage", {"requestedMessage": "TransactionEvent"})
    assert csms.story()[-1] == ("Updated", "ChargingStateChanged", "Charging")
