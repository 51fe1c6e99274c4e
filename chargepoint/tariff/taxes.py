"""Tax on a price: rates that stack (2.1, TaxRateType)."""

from typing import Any

Rates = list[dict[str, Any]]


def taxed(net: float, rates: Rates) -> float:
    """`net` with its taxes. Rates of one stack level are added up, each level taxes the last."""
    gross = net
    for level in sorted({rate.get("stack", 0) for rate in rates}):
        percent = sum(rate["tax"] for rate in rates if rate.get("stack", 0) == level)
        gross += gross * percent / 100.0
    return gross


def both(price: dict[str, Any]) -> tuple[float | None, float | None]:
    """(without, with tax) of a PriceType, the missing one by its taxRates, if it has those."""
    net, gross = price.get("exclTax"), price.get("inclTax")
    if "taxRates" in price:
        factor = taxed(1.0, price["taxRates"])
        if gross is None and net is not None:
            gross = net * factor
        elif net is None and gross is not None and factor:
            net = gross / factor
    return net, gross
