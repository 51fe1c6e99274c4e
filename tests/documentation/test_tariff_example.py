"""The worked example of docs/reference/tariffs.md, computed by the evaluator."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from chargepoint.tariff.bill import Bill, Flow
from chargepoint.tariff.conditions import Place
from documentation.project import ROOT

PAGE = (ROOT / "docs" / "reference" / "tariffs.md").read_text()
TARIFF = json.loads(re.search(r"```json\n(.+?)```", PAGE, re.DOTALL)[1])
ROWS = re.findall(r"^\| (\w+) \| [^|]*\| ([\d.]+) \| ([\d.]+) \|$", PAGE, re.MULTILINE)
START = datetime(2026, 3, 2, 17, 30, tzinfo=UTC).timestamp()


def bill_of(tariff: dict) -> Bill:
    bill = Bill(tariff, START, Place("AC"))
    bill.advance(START + 50 * 60, 10_000, Flow(True, 12_000, 52.2))
    bill.advance(START + 80 * 60, 0, Flow(False, 0, 0))
    return bill


def test_the_figures_are_those_of_the_page():
    bill = bill_of(TARIFF)
    found = bill.totals()
    costs = {**found.parts, "total": found.total}
    assert {name for name, _, _ in ROWS} == set(costs)
    for name, net, gross in ROWS:
        assert costs[name][:2] == pytest.approx((float(net), float(gross)))
    starts = [(period.start - START, round(period.wh)) for period in bill.periods]
    assert starts == [(0, 6000), (30 * 60, 4000)]


@pytest.mark.parametrize("bound", ["minCost", "maxCost"])
def test_bounds_are_those_of_the_page(bound):
    amount, total = re.search(
        rf'"{bound}": {{"exclTax": (\d+)}}.+?([\d.]+\d)', PAGE, re.DOTALL
    ).groups()
    found = bill_of({**TARIFF, bound: {"exclTax": float(amount)}}).totals()
    assert found.total.net == pytest.approx(float(total))
