"""The cost of a transaction: worked examples, and everything against a plain evaluator."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chargepoint.tariff.bill import MAXIMUM, MINIMUM, NORMAL, Bill, Flow
from chargepoint.tariff.conditions import Place
from tests.chargepoint.tariff.slow import DAYS, evaluate

AC = Place("AC")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def tariff(**elements):
    return {"tariffId": "T", "currency": "EUR", **elements}


def energy(*prices, taxes=None):
    made = [{"priceKwh": p, "conditions": c} if c else {"priceKwh": p} for p, c in prices]
    return {"prices": made, **({"taxRates": taxes} if taxes else {})}


def minutes(*prices, taxes=None):
    made = [{"priceMinute": p, "conditions": c} if c else {"priceMinute": p} for p, c in prices]
    return {"prices": made, **({"taxRates": taxes} if taxes else {})}


def charged(bill, seconds, watts):
    bill.advance(bill.at + seconds, watts * seconds / 3600, Flow(watts != 0, watts, watts / 230))
    return bill


# --- examples ------------------------------------------------------------------------------------


def test_a_price_per_kwh_with_stacked_taxes():
    taxes = [{"type": "energy", "tax": 10}, {"type": "city", "tax": 5},
             {"type": "vat", "tax": 20, "stack": 1}]  # fmt: skip
    bill = charged(Bill(tariff(energy=energy((0.25, None), taxes=taxes)), 1e9, AC), 3600, 10_000)
    found = bill.totals()
    assert found.kind == NORMAL
    assert found.parts["energy"].net == pytest.approx(2.5)
    assert found.parts["energy"].gross == pytest.approx(2.5 * 1.15 * 1.2)
    assert found.parts["energy"].rates == taxes
    assert found.total[:2] == pytest.approx((2.5, 3.45))


def test_a_stretch_is_cut_at_the_hour_where_the_price_changes():
    day = {"startTimeOfDay": "08:00", "endTimeOfDay": "18:00"}
    bill = Bill(tariff(energy=energy((0.40, day), (0.25, None))), at("2023-04-05T17:30"), AC)
    charged(bill, 3000, 12_000)
    assert bill.totals().total.net == pytest.approx(6 * 0.40 + 4 * 0.25)
    assert [(p.start, p.wh) for p in bill.periods] == [
        (at("2023-04-05T17:30"), pytest.approx(6000)),
        (at("2023-04-05T18:00"), pytest.approx(4000)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "start", "net"),
    [
        ("", "2023-04-05T05:00", 1.0),
        ("+02:00", "2023-04-05T05:00", 1.5),
        ("-03:30", "2023-04-05T10:30", 1.5),
        ("Europe/Berlin", "2023-04-05T05:00", 1.5),  # summer time, +2
        ("Europe/Berlin", "2023-01-05T06:00", 1.5),  # winter time, +1
        ("Europe/Berlin", "2023-03-26T00:00", 1.0),  # 1 h at 01:00, then the clock goes to 03:00
    ],
)
def test_hours_are_local(zone, start, net):
    """10 kW for an hour at 0.10, and at 0.20 from 07:30 (of the 26th: from 02:00) on."""
    late = {"startTimeOfDay": "02:00" if "26T" in start else "07:30", "endTimeOfDay": "12:00"}
    made = tariff(energy=energy((0.20, late), (0.10, None)))
    assert charged(Bill(made, at(start), AC, zone), 3600, 10_000).totals().total.net == (
        pytest.approx(net)
    )


def test_a_clock_change_within_a_stretch_counts():
    late = {"startTimeOfDay": "02:30", "endTimeOfDay": "12:00"}
    made = tariff(energy=energy((0.20, late), (0.10, None)))
    bill = Bill(made, at("2023-03-26T00:30"), AC, "Europe/Berlin")  # 01:30 there
    charged(bill, 3600, 10_000)  # from 01:00 UTC on it is 03:00
    assert bill.totals().total.net == pytest.approx(5 * 0.1 + 5 * 0.2)


def test_a_night_wraps_around_midnight_and_a_day_ends_there():
    night = {"startTimeOfDay": "22:00", "endTimeOfDay": "06:00"}
    saturday = {"dayOfWeek": ["Saturday"]}
    made = tariff(energy=energy((0.1, night | saturday), (0.5, None)))
    bill = Bill(made, at("2023-04-08T21:00"), AC)  # a Saturday
    charged(bill, 6 * 3600, 1000)
    assert bill.totals().total.net == pytest.approx(1 * 0.5 + 2 * 0.1 + 3 * 0.5)


def test_energy_steps_are_cut_exactly():
    made = tariff(energy=energy((0.1, {"maxEnergy": 5000}), (0.5, {"minEnergy": 5000})))
    assert charged(Bill(made, 1e9, AC), 3600, 10_000).totals().total.net == pytest.approx(3.0)


def test_idle_minutes_cost_after_a_grace():
    made = tariff(
        chargingTime=minutes((0.02, None)),
        idleTime=minutes((0.30, {"minIdleTime": 600}), (0.0, None)),
    )
    bill = charged(charged(Bill(made, 1e9, AC), 1800, 7000), 1500, 0)
    parts = bill.totals().parts
    assert parts["chargingTime"].net == pytest.approx(0.6)
    assert parts["idleTime"].net == pytest.approx(15 * 0.3)
    assert (bill.charging_s, bill.idle_s) == pytest.approx((1800, 1500))


def test_power_that_flows_back_has_bounds_below_zero():
    back = {"minPower": -1, "maxPower": -8000}
    made = tariff(energy=energy((0.6, back), (0.3, {"minPower": 1}), (9.0, None)))
    bill = charged(Bill(made, 1e9, AC), 3600, 10_000)
    charged(bill, 3600, -5000)
    assert bill.totals().total.net == pytest.approx(10 * 0.3 - 5 * 0.6)
    charged(bill, 3600, -10_000)  # beyond the bound that is farther from zero
    assert bill.totals().total.net == pytest.approx(10 * 0.3 - 5 * 0.6 - 10 * 9.0)


@pytest.mark.parametrize(("place", "fee"), [
    (Place("AC", "Visa", "CC"), 1.5), (Place("AC", "Other"), 1.0), (Place("DC"), 2.0),
])  # fmt: skip
def test_the_fixed_fee_is_that_of_the_start(place, fee):
    prices = [
        {"priceFixed": 2.0, "conditions": {"evseKind": "DC"}},
        {"priceFixed": 1.5, "conditions": {"paymentBrand": "Visa", "paymentRecognition": "CC"}},
        {"priceFixed": 1.0},
    ]
    bill = charged(Bill(tariff(fixedFee={"prices": prices}), 1e9, place), 60, 1000)
    assert bill.totals().parts["fixed"].net == fee
    assert "fixed" not in Bill(tariff(fixedFee={"prices": prices}), 1e9, place, fees=False).sums


def test_the_cost_stops_at_its_maximum():
    most = {"inclTax": 6.0}
    taxes = [{"type": "vat", "tax": 20}]
    made = tariff(energy=energy((0.5, None), taxes=taxes), maxCost=most)
    bill = charged(Bill(made, 1e9, AC), 3600, 9000)
    assert (bill.totals().kind, bill.totals().total.gross) == (NORMAL, pytest.approx(5.4))
    charged(bill, 3600, 9000)
    found = bill.totals()
    assert found.kind == MAXIMUM
    assert found.total[:2] == pytest.approx((5.0, 6.0))
    assert found.parts["energy"][:2] == pytest.approx((5.0, 6.0))
    assert bill.energy_wh == 18_000  # what was used is told all the same


def test_fees_above_the_maximum_are_not_asked_for():
    made = tariff(fixedFee={"prices": [{"priceFixed": 8.0}]}, maxCost={"exclTax": 5.0})
    found = charged(Bill(made, 1e9, AC), 60, 1000).totals()
    assert (found.kind, found.total.net, found.total.gross) == (MAXIMUM, 5.0, 5.0)


def test_a_minimum_replaces_the_parts():
    least = {"exclTax": 2.0, "taxRates": [{"type": "vat", "tax": 10}]}
    bill = charged(Bill(tariff(energy=energy((0.5, None)), minCost=least), 1e9, AC), 3600, 1000)
    found = bill.totals()
    assert (found.kind, list(found.parts)) == (MINIMUM, ["fixed"])
    assert found.total[:2] == pytest.approx((2.0, 2.2))
    charged(bill, 3600 * 4, 1000)
    assert bill.totals().kind == NORMAL


def test_a_reservation_is_charged_by_the_hours_it_lasted():
    made = tariff(
        reservationTime=minutes((0.2, {"endTimeOfDay": "08:00"}), (0.1, None)),
        reservationFixed={"prices": [{"priceFixed": 1.0}]},
    )
    bill = Bill(made, at("2023-04-05T08:30"), AC)
    bill.reserved(at("2023-04-05T07:40"))
    parts = bill.totals().parts
    assert parts["reservationTime"].net == pytest.approx(20 * 0.2 + 30 * 0.1)
    assert parts["reservationFixed"].net == 1.0
    assert bill.reserved_s == 3000


def test_another_tariff_counts_from_then_on_only():
    bill = charged(Bill(tariff(energy=energy((1.0, None), taxes=[{"type": "a", "tax": 10}])),
                        1e9, AC), 3600, 1000)  # fmt: skip
    bill.change({**tariff(energy=energy((2.0, None))), "tariffId": "U"}, bill.at)
    charged(bill, 3600, 1000)
    assert bill.totals().total[:2] == pytest.approx((3.0, 3.1))
    assert [(p.tariff, p.wh) for p in bill.periods] == [("T", 1000), ("U", 1000)]
    assert bill.totals().parts["energy"].rates == []


def test_what_a_second_costs():
    made = tariff(energy=energy((0.5, None), taxes=[{"type": "v", "tax": 20}]),
                  chargingTime=minutes((0.6, None)))  # fmt: skip
    bill = Bill(made, 1e9, AC)
    flow = Flow(True, 7200, 30)
    assert bill.per_second(flow) == pytest.approx(0.001 * 1.2 + 0.01)
    before = bill.totals().total.gross
    bill.advance(1e9 + 60, 120, flow)
    assert bill.totals().total.gross - before == pytest.approx(60 * 0.0112)


# --- against the plain evaluator -----------------------------------------------------------------

START = at("2023-04-05T00:00")  # a Wednesday
hours = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from([0, 1, 30, 59]))
rates = st.sampled_from([-6, -1, 0, 1, 2, 3, 5, 6, 10])


def _maybe(**fields):
    return st.fixed_dictionaries({}, optional=fields)


clock = {
    "startTimeOfDay": hours, "endTimeOfDay": hours,
    "dayOfWeek": st.lists(st.sampled_from(DAYS), min_size=1, max_size=3, unique=True),
    "validFromDate": st.sampled_from(["2023-04-05", "2023-04-06"]),
    "validToDate": st.sampled_from(["2023-04-06", "2023-04-07"]),
    "evseKind": st.sampled_from(["AC", "DC"]), "paymentBrand": st.sampled_from(["Visa", "Amex"]),
}  # fmt: skip
wh = st.integers(-20, 200).map(lambda n: n * 60)
seconds = st.integers(0, 90).map(lambda n: n * 60)
watts = st.sampled_from([-21_600, -3600, 1, 3600, 10_000, 21_600, 36_000])
amps = st.sampled_from([-40, 1, 10, 47, 90])
conditions = _maybe(
    **clock, minEnergy=wh, maxEnergy=wh, minTime=seconds, maxTime=seconds, minIdleTime=seconds,
    maxIdleTime=seconds, minChargingTime=seconds, maxChargingTime=seconds, minPower=watts,
    maxPower=watts, minCurrent=amps, maxCurrent=amps,
)  # fmt: skip
prices = st.integers(0, 100).map(lambda n: n / 100)
taxes = st.lists(
    st.fixed_dictionaries({"type": st.just("t"), "tax": st.integers(0, 30)},
                          optional={"stack": st.integers(0, 2)}),
    min_size=1, max_size=3,
)  # fmt: skip


def elements(price, inner):
    entry = st.fixed_dictionaries({price: prices}, optional={"conditions": inner})
    return st.fixed_dictionaries(
        {"prices": st.lists(entry, min_size=1, max_size=4)}, optional={"taxRates": taxes}
    )


tariffs = st.fixed_dictionaries(
    {"tariffId": st.just("T"), "currency": st.just("EUR")},
    optional={
        "energy": elements("priceKwh", conditions),
        "chargingTime": elements("priceMinute", conditions),
        "idleTime": elements("priceMinute", conditions),
        "fixedFee": elements("priceFixed", _maybe(**clock)),
    },
)
stretches = st.lists(
    st.tuples(st.integers(1, 40).map(lambda n: n * 60), rates), min_size=1, max_size=5
).map(lambda made: [(length, rate, rate != 0) for length, rate in made])


def run(made, start, offset, walked, cut=1, save=False):
    zone = f"{'-' if offset < 0 else '+'}{abs(offset):02d}:00"
    bill = Bill(made, start, Place("AC", "Visa"), zone)
    for length, rate, charging in walked:
        flow = Flow(charging, rate * 3600.0, rate * 3600 / 230)
        for _ in range(cut):
            bill.advance(bill.at + length / cut, rate * length / cut, flow)
            if save:
                bill = Bill.from_saved(json.loads(json.dumps(bill.to_saved())))
    return bill


@settings(max_examples=100, deadline=None)
@given(tariffs, st.integers(0, 1439), st.integers(-11, 11), stretches)
@example(
    {"tariffId": "T", "currency": "EUR",
     "energy": {"prices": [{"priceKwh": 0.01, "conditions": {"minEnergy": 0}}]}},
    0, 0, [(60, -6, True)],
)
def test_it_costs_what_second_by_second_it_would(made, minute, offset, walked):
    start = START + minute * 60
    bill = run(made, start, offset, walked)
    expected, periods = evaluate(made, start, offset * 3600, walked, "Visa")
    found = bill.totals()
    assert found.kind == NORMAL
    for part in expected.keys() | found.parts.keys():
        have = found.parts[part][:2] if part in found.parts else (0, 0)
        assert have == pytest.approx(expected.get(part, (0, 0)), abs=1e-5), part
    assert [
        (p.start - start, p.wh, p.charging_s, p.idle_s) for p in bill.periods
    ] == [pytest.approx(tuple(period), abs=1e-2) for period in periods]


@settings(max_examples=40, deadline=None)
@given(tariffs, st.integers(0, 1439), stretches, st.sampled_from([2, 3, 7]))
def test_it_does_not_matter_how_often_one_looks_or_saves(made, minute, walked, cut):
    start = START + minute * 60
    once, often = run(made, start, 0, walked), run(made, start, 0, walked, cut, save=True)
    assert often.totals().total[:2] == pytest.approx(once.totals().total[:2], abs=1e-5)
    assert len(often.periods) == len(once.periods)


@settings(max_examples=40, deadline=None)
@given(tariffs, stretches, st.integers(0, 300).map(lambda n: n / 100))
def test_a_maximum_is_never_passed_and_only_ever_lowers(made, walked, most):
    walked = [(length, abs(rate), charging) for length, rate, charging in walked]
    free = run(made, START, 0, walked).totals().total.gross
    capped = run(made | {"maxCost": {"inclTax": most}}, START, 0, walked).totals()
    assert capped.total.gross == pytest.approx(min(free, most), abs=1e-5)
    assert (capped.kind == MAXIMUM) == (free >= most - 1e-9) or abs(free - most) < 1e-5
