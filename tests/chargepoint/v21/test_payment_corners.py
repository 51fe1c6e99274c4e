"""2.1, block C: holds and settlements where links break, costs jump and drivers follow drivers."""

import pytest

from tests.chargepoint.inside import block
from tests.chargepoint.v21.test_payments import CAR, made, pay, remote, stop, web

__all__ = ["web"]  # a fixture


def without_tariff(cost, **variables):
    """A station whose CSMS tells the cost of a session with its end, and nothing before it."""
    csms = made(**variables)
    csms.call("ClearTariffs", {})
    csms.answers["TransactionEvent"] = lambda e: (
        {"totalCost": cost} if e["eventType"] == "Ended" else {}
    )
    return csms


def refs_and_amounts(csms):
    return [(told["pspRef"], told["settlementAmount"]) for told in csms.sent("NotifySettlement")]


# --- what is settled -----------------------------------------------------------------------------


def test_no_more_is_taken_than_was_held_and_nothing_is_left_of_it():
    csms = without_tariff(80.0, PaymentCtrlr_AuthorizationAmount="3.3")
    pay(csms)
    (told,) = stop(csms)
    assert (told["status"], told["settlementAmount"]) == ("Settled", 3.3)
    assert "settling" not in csms.saved()


def test_a_session_of_an_outage_is_settled_by_the_answer_to_its_end():
    csms = without_tariff(4.2)
    csms.disconnect()
    ref = pay(csms)
    assert stop(csms) == []
    csms.connect()
    assert [e["eventType"] for e in csms.events][0] == "Started"
    assert refs_and_amounts(csms) == [(ref, 4.2)]


def test_an_end_that_the_csms_does_not_take_is_settled_as_failed():
    csms = without_tariff(4.2)
    csms.answers["TransactionEvent"] = lambda e: (
        "InternalError" if e["eventType"] == "Ended" else {}
    )
    pay(csms)
    stop(csms)
    csms.pass_time(3600)
    (told,) = csms.sent("NotifySettlement")
    assert (told["status"], told["settlementAmount"]) == ("Failed", 0)


def test_a_receipt_of_the_csms_stands_where_its_driver_paid():
    csms = made(PaymentCtrlr_ReceiptByCSMS="true")
    csms.answers["NotifySettlement"] = lambda told: {"receiptId": told["pspRef"][-20:]}
    for number in (1, 2):
        csms.command("pay-terminal", connector=number)
        csms.command("plug", connector=number, ev=CAR)
        csms.pass_time(600)
        csms.command("stop-transaction", connector=number)
    shown = [each["settlement"] for each in csms.station.snapshot()["connectors"]]
    assert [each["receiptId"] for each in shown] == [each["pspRef"][-20:] for each in shown]
    assert shown[0]["pspRef"] != shown[1]["pspRef"]


# --- what is told --------------------------------------------------------------------------------


def test_a_settlement_that_was_not_answered_in_time_is_told_again():
    csms = made()
    pay(csms)
    csms.answers["NotifySettlement"] = None
    stop(csms)
    csms.pass_time(120)
    csms.answers["NotifySettlement"] = {}
    csms.disconnect()
    csms.connect()
    first, second = csms.sent("NotifySettlement")
    assert first == second
    csms.disconnect()
    csms.connect()
    assert len(csms.sent("NotifySettlement")) == 2


def test_after_a_long_outage_the_newest_hundred_are_told_each_of_them():
    csms = made()
    csms.disconnect()
    refs = []
    for _ in range(103):
        refs.append(pay(csms, seconds=60))
        stop(csms)
        csms.command("unplug", connector=1)
    csms.connect()
    assert [told["pspRef"] for told in csms.sent("NotifySettlement")] == refs[3:]


# --- what is held --------------------------------------------------------------------------------


HOLDS = {
    "PaymentCtrlr_AuthorizationAmount": "3.3",
    "PaymentCtrlr_IncrementalAuthorizationAmount": "4",
    "PaymentCtrlr_IncrementalAuthorizationThreshold": "1",
}


def test_a_cost_that_jumps_raises_the_hold_beyond_it():
    csms = without_tariff(20.0, **HOLDS)
    pay(csms, 60)
    running = csms.events[-1]["transactionInfo"]["transactionId"]
    csms.call("CostUpdated", {"totalCost": 20, "transactionId": running})
    told = csms.events[-1]
    assert told["triggerReason"] == "LimitSet"
    assert told["transactionInfo"]["transactionLimit"]["maxCost"] == pytest.approx(23.3)
    assert told["transactionInfo"]["chargingState"] == "Charging"


def test_a_limit_that_the_csms_has_set_is_not_raised():
    csms = made(**HOLDS)
    csms.answers["TransactionEvent"] = lambda e: (
        {"transactionLimit": {"maxCost": 3.0}} if e["eventType"] == "Started" else {}
    )
    pay(csms, 7200)
    assert "CostLimitReached" in [e["triggerReason"] for e in csms.events]
    (told,) = stop(csms)
    assert told["settlementAmount"] == pytest.approx(3.0, abs=0.01)


def test_a_refused_card_ends_no_other_hold():
    csms = made(PaymentCtrlr_AuthorizeDirectPayment="true")
    csms.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted"}}
    ref = csms.command("pay-terminal", connector=1)["psp_ref"]
    csms.answers["Authorize"] = {"idTokenInfo": {"status": "Blocked"}}
    csms.command("pay-terminal", connector=2)
    csms.pass_time(200)  # EVConnectionTimeOut
    assert refs_and_amounts(csms) == [(ref, 0)]


def test_a_payment_that_the_csms_is_asked_about_is_no_unused_one():
    csms = made(PaymentCtrlr_AuthorizeDirectPayment="true")
    csms.answers["Authorize"] = None
    ref = csms.command("pay-terminal", connector=1)["psp_ref"]
    csms.command("plug", connector=2, ev=CAR)
    csms.pass_time(1)
    csms.command("unplug", connector=2)
    assert refs_and_amounts(csms) == []
    assert block(csms.station, "terminal").payments[1]["ref"] == ref


# --- by the code ---------------------------------------------------------------------------------


def test_an_evse_that_somebody_pays_for_is_free_after_the_time_over_a_restart_too(web):
    web.call("NotifyWebPaymentStarted", {"evseId": 1, "timeout": 60})
    web.restart().connect()
    web.pass_time(61)
    web.command("authorize", connector=1, id_tag="04A1B2C3")
    web.command("plug", connector=1, ev=CAR)
    assert web.events[0]["idToken"]["idToken"] == "04A1B2C3"


def test_the_next_driver_enters_limits_of_his_own(web):
    url = web.command("payment-url", connector=1, max_cost=12.5)["url"]
    assert web.station.snapshot()["connectors"][0]["payment_url"] == url
    assert remote(web) == "Accepted"
    web.command("plug", connector=1, ev=CAR)
    web.command("unplug", connector=1)
    web.pass_time(31)
    assert "maxcost" not in web.station.snapshot()["connectors"][0]["payment_url"]
