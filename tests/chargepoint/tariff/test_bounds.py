"""A tariff at its edges: the very moment, the very watt, the very cent; changes and restarts."""

import json

import pytest

from chargepoint.tariff.bill import MAXIMUM, NORMAL, Bill, Flow
from tests.chargepoint.tariff.test_bill import AC, at, charged, energy, minutes, tariff

FEE = {"prices": [{"priceFixed": 5.0}]}


def net(bill):
    return bill.totals().total.net


# --- the least and the most ----------------------------------------------------------------------


def test_after_a_change_of_tariff_what_the_old_one_capped_is_charged_again():
    bill = Bill(tariff(energy=energy((1.0, None)), maxCost={"exclTax": 2.0}), 1e9, AC)
    charged(bill, 3600, 10_000)
    bill.change(tariff(energy=energy((0.5, None))), bill.at)
    charged(bill, 3600, 10_000)
    assert net(bill) == pytest.approx(2.0 + 10 * 0.5)


def test_a_cost_of_just_the_least_is_a_normal_one():
    made = tariff(energy=energy((0.25, None)), minCost={"exclTax": 2.5})
    found = charged(Bill(made, 1e9, AC), 3600, 10_000).totals()
    assert (found.kind, found.total.net, set(found.parts)) == (NORMAL, 2.5, {"energy"})


@pytest.mark.parametrize("cents", range(1, 40))
def test_a_cost_that_was_cut_off_is_told_as_that_whatever_the_rounding(cents):
    bound, vat = cents / 100, [{"type": "vat", "tax": 19}]
    made = tariff(
        energy=energy((0.07, None), taxes=vat), chargingTime=minutes((0.001, None), taxes=vat),
        maxCost={"inclTax": bound},
    )  # fmt: skip
    bill = Bill(made, 1e9, AC)
    for _ in range(50):
        charged(bill, 200, 10_000)
    assert bill.totals().kind == MAXIMUM
    assert bill.totals().total.gross == pytest.approx(bound)


def test_fees_alone_are_never_more_than_the_most():
    found = Bill(tariff(fixedFee=FEE, maxCost={"exclTax": 3.0}), 1e9, AC).totals()
    assert (found.kind, found.total.net) == (MAXIMUM, pytest.approx(3.0))


def test_the_stretch_in_which_the_most_is_reached_is_charged_up_to_it():
    made = tariff(energy=energy((1.0, None)), maxCost={"exclTax": 2.0})
    bill = charged(Bill(made, 1e9, AC), 3600, 10_000)
    assert bill.totals().parts["energy"].net == pytest.approx(2.0)


# --- the very moment, the very watt --------------------------------------------------------------


@pytest.mark.parametrize(
    ("conditions", "start"),
    [
        ({"startTimeOfDay": "08:00", "endTimeOfDay": "18:00"}, "2023-04-05T08:00"),
        ({"startTimeOfDay": "22:00", "endTimeOfDay": "06:00"}, "2023-04-05T22:00"),
        ({"validFromDate": "2023-04-05"}, "2023-04-05T00:00"),
        ({"minPower": 10_000}, "2023-04-05T12:00"),
        ({"minEnergy": 0}, "2023-04-05T12:00"),
        ({"minTime": 0}, "2023-04-05T12:00"),
    ],
)
def test_a_price_counts_from_its_bound_on(conditions, start):
    bill = Bill(tariff(energy=energy((1.0, conditions), (9.0, None))), at(start), AC)
    assert net(charged(bill, 360, 10_000)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("conditions", "start"),
    [
        ({"startTimeOfDay": "08:00", "endTimeOfDay": "18:00"}, "2023-04-05T18:00"),
        ({"startTimeOfDay": "22:00", "endTimeOfDay": "06:00"}, "2023-04-05T06:00"),
        ({"validToDate": "2023-04-05"}, "2023-04-05T00:00"),
        ({"maxPower": 10_000}, "2023-04-05T12:00"),
        ({"maxTime": 0}, "2023-04-05T12:00"),
    ],
)
def test_a_price_does_not_count_at_its_upper_bound(conditions, start):
    bill = Bill(tariff(energy=energy((9.0, conditions), (1.0, None))), at(start), AC)
    assert net(charged(bill, 360, 10_000)) == pytest.approx(1.0)


def test_the_first_of_the_prices_that_hold_counts():
    made = tariff(energy=energy((1.0, {"minPower": 5}), (2.0, {"minPower": 1}), (3.0, None)))
    assert net(charged(Bill(made, 1e9, AC), 360, 10_000)) == pytest.approx(1.0)


def test_energy_that_flows_back_has_the_price_it_was_drawn_at():
    made = tariff(energy=energy((0.1, {"minEnergy": 5000}), (0.5, None)))
    bill = charged(Bill(made, 1e9, AC), 3600, 8000)
    bill.advance(bill.at + 3600, -8000, Flow(True, -8000, -8000 / 230))
    assert net(bill) == pytest.approx(0.0, abs=1e-9)


# --- periods, reservations, restarts -------------------------------------------------------------


def test_there_is_no_period_in_which_nothing_was():
    one, two, three = (tariff(energy=energy((1.0, None))) | {"tariffId": n} for n in "123")
    bill = Bill(one, 1e9, AC)
    bill.change(two, 1e9)
    charged(bill, 60, 7000)
    bill.change(one, bill.at)
    bill.change(three, bill.at)
    charged(bill, 60, 7000)
    assert [period.tariff for period in bill.periods] == ["2", "3"]
    assert all(period.wh for period in bill.periods)


def test_a_reservation_costs_its_fee_and_its_time():
    made = tariff(reservationFixed=FEE, reservationTime=minutes((0.1, None)))
    bill = Bill(made, 1e9, AC)
    bill.reserved(1e9 - 600)
    parts = bill.totals().parts
    assert parts["reservationFixed"].net == 5.0
    assert parts["reservationTime"].net == pytest.approx(1.0)


@pytest.mark.parametrize("moment", range(0, 1500, 300))
def test_a_restart_changes_nothing_of_what_it_costs(moment):
    made = tariff(
        fixedFee=FEE,
        idleTime=minutes((0.6, {"minIdleTime": 600}), (0.0, None)),
        chargingTime=minutes((0.3, {"minChargingTime": 500}), (0.0, None)),
        energy=energy((0.5, {"minEnergy": 2000}), (0.1, None)),
        maxCost={"exclTax": 14.0},
    )
    whole, restarted = Bill(made, 1e9, AC), Bill(made, 1e9, AC)
    for second in range(0, 3000, 100):
        if second in (moment, moment + 1500):
            restarted = Bill.from_saved(json.loads(json.dumps(restarted.to_saved())))
        for bill in (whole, restarted):
            charged(bill, 100, 11_000 if second < 1500 else 0)
    assert restarted.totals() == whole.totals()
    assert restarted.to_saved() == whole.to_saved()
