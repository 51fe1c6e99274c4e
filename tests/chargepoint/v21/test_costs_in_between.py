"""2.1: costs where something changes in the middle: tariffs, clocks, links, the way of energy."""

import pytest

from chargepoint.timing.times import iso

from .test_tariffs import CAR, authorize_with, charge, ids, made, set_default, stop, tariff

IDLE = {"prices": [{"priceMinute": 0.1}]}
CABLE = {"TxCtrlr_TxStartPoint": "EVConnected", "TxCtrlr_TxStopPoint": "EVConnected"}


def ended(csms):
    """The costs told when the car has gone."""
    csms.command("unplug", connector=1)
    return csms.events[-1]["costDetails"]


def test_a_default_tariff_that_came_later_is_not_for_before():
    csms = made(**CABLE)
    csms.command("plug", connector=1, ev=CAR)
    csms.pass_time(600)
    set_default(csms, tariff(idleTime=IDLE))
    csms.command("authorize", connector=1, id_tag="04A1B2C3")
    csms.pass_time(3600)
    cost = stop_and_leave(csms)
    assert cost["energy"]["exclTax"] == pytest.approx(3.3)
    assert cost.get("idleTime", {"exclTax": 0})["exclTax"] == pytest.approx(0.0)


def stop_and_leave(csms):
    csms.command("stop-transaction", connector=1)
    return ended(csms)["totalCost"]


def test_energy_that_was_charged_stays_charged_when_a_drivers_tariff_comes():
    csms = made(**CABLE)
    set_default(csms, tariff("D", 0.3))
    charge(csms)
    csms.command("authorize", connector=1, id_tag="04A1B2C3")  # stops; the cable is still there
    authorize_with(csms, tariff("mine", 0.1))
    csms.command("authorize", connector=1, id_tag="04A1B2C3")
    csms.pass_time(3600)
    assert stop_and_leave(csms)["energy"]["exclTax"] == pytest.approx(3.3 + 1.1)


def test_a_tariff_that_the_csms_changed_is_the_transactions_own():
    csms = made()
    set_default(csms, tariff("D", 0.3))
    transaction = charge(csms)
    ask = {"transactionId": transaction, "tariff": tariff("X", 0.5)}
    assert csms.call("ChangeTransactionTariff", ask)["status"] == "Accepted"
    assert ("X", "DriverTariff") in ids(csms)


def test_running_costs_are_not_queued_offline():
    csms = made(**{"TariffCostCtrlr_Enabled[RunningCost]": "true",
                   "TariffCostCtrlr_Interval[Cost]": "60"})  # fmt: skip
    set_default(csms, tariff())
    charge(csms, 100)
    csms.disconnect()
    csms.pass_time(3600)
    csms.connect()
    costs = [e for e in csms.events if e["triggerReason"] == "RunningCost"]
    assert len(costs) == 1


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_clock_that_is_set_moves_the_hours_of_the_tariff(jump):
    csms = made()
    hour = int(csms.station.clock.stamp(csms.now)[11:13])
    dear = {"startTimeOfDay": f"{(hour + round(jump / 3600)) % 24:02d}:00",
            "endTimeOfDay": f"{(hour + round(jump / 3600) + 1) % 24:02d}:00"}  # fmt: skip
    prices = [{"priceKwh": 1.0, "conditions": dear}, {"priceKwh": 0.1}]
    set_default(csms, tariff(energy={"prices": prices}))
    charge(csms, 1200)
    csms.answers["Heartbeat"] = lambda _: {"currentTime": iso(csms.now + jump)}
    csms.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    csms.pass_time(1200)
    energy = stop(csms)["totalCost"]["energy"]["exclTax"]
    assert energy == pytest.approx(11 / 3 * 0.1 + 11 / 3 * 1.0)
