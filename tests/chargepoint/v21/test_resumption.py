"""ImmediateAndResume, and transactions that go on after a power cut (2.1 B12, E17)."""

import pytest

from tests.chargepoint.v201.csms import booted

TIMEOUT, MAY_CHARGE = "TxCtrlr.ResumptionTimeout", "TxCtrlr.AllowEnergyTransferResumption"


def charging(timeout="60", **more):
    csms = booted(version="2.1", configuration={TIMEOUT: timeout, **more})
    csms.command("start-transaction", connector=1)
    csms.pass_time(10)
    return csms


def reset(csms, **more):
    return csms.call("Reset", {"type": "ImmediateAndResume", **more})


def news(csms, seen):
    return [
        (e["eventType"], e["triggerReason"], e["transactionInfo"]["chargingState"])
        for e in csms.events[seen:]
    ]


def test_without_a_timeout_there_is_no_resumption():
    csms = charging("0")
    answer = reset(csms)
    assert (answer["status"], answer["statusInfo"]["reasonCode"]) == ("Rejected", "NotEnabled")
    assert csms.station.connected and csms.station.outlets[1].transaction is not None
    assert reset(charging(), evseId=1)["status"] == "Rejected"


@pytest.mark.parametrize(("may", "state"), [("true", "Charging"), ("false", "SuspendedEVSE")])
@pytest.mark.proves("TxCtrlr.AllowEnergyTransferResumption")
def test_a_transaction_goes_on_after_the_reboot(may, state):
    csms = charging(**{MAY_CHARGE: may})
    seen, running = len(csms.events), csms.station.outlets[1].transaction.id
    assert reset(csms) == {"status": "Accepted"}
    assert len(csms.closes) == 1
    csms.pass_time(4)
    csms.connect()
    assert csms.sent("BootNotification")[-1]["reason"] == "RemoteReset"
    assert news(csms, seen) == [("Updated", "TxResumed", state)]
    assert csms.station.outlets[1].transaction.id == running
    assert [e["seqNo"] for e in csms.events] == list(range(len(csms.events)))
    csms.command("stop-transaction", connector=1)
    assert csms.events[-1]["eventType"] == "Ended"


@pytest.mark.parametrize(("away", "kept"), [(30, True), (90, False)])
@pytest.mark.proves("TxCtrlr.ResumptionTimeout")
def test_a_power_cut_within_the_timeout_is_survived(away, kept):
    csms = charging()
    seen = len(csms.events)
    csms.command("power-cut", seconds=away)
    csms.todo.clear()
    csms.pass_time(away + 1)
    csms.connect()
    if kept:
        assert news(csms, seen) == [("Updated", "TxResumed", "Charging")]
    else:
        last = csms.events[-1]
        assert (last["eventType"], last["triggerReason"]) == ("Ended", "AbnormalCondition")
        assert last["transactionInfo"]["stoppedReason"] == "PowerLoss"
    assert (csms.station.outlets[1].transaction is not None) is kept


def test_a_worker_that_dies_while_the_station_boots_resumes_all_the_same():
    csms = charging()
    seen = len(csms.events)
    reset(csms)
    csms.restart()
    csms.pass_time(4)
    csms.connect()
    assert news(csms, seen) == [("Updated", "TxResumed", "Charging")]


def test_without_a_transaction_it_is_a_reset():
    csms = booted(version="2.1", configuration={TIMEOUT: "60"})
    assert reset(csms) == {"status": "Accepted"}
    csms.pass_time(4)
    csms.connect()
    assert csms.sent("BootNotification")[-1]["reason"] == "RemoteReset"
    assert csms.events == [] and "resume_by" not in csms.saved()


def test_2_0_1_does_not_know_of_it():
    csms = booted()
    assert csms.set(TIMEOUT, "60") == "UnknownVariable"
    answer = csms.call("Reset", {"type": "ImmediateAndResume"})
    assert answer[0] in ("PropertyConstraintViolation", "FormatViolation")
