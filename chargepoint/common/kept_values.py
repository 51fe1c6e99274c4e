"""MeterValues that a transaction keeps for its last message (1.6 transactionData, 2.x Ended).

What a transaction of days with an interval of seconds keeps is bounded by the sampledValues in it,
so that the message fits into a frame of about 64 kB. Beyond that every second MeterValue of each
context goes, and from then on only every second one is to come: what stays is spread evenly over
the transaction. The value of the begin always stays (2.x J02.FR.14, 1.6 3.7).
"""

from typing import Any

BEGIN, END = "Transaction.Begin", "Transaction.End"
SAMPLED_VALUES_AT_MOST = 500
_SIGNED_IS = 10  # a signed value has the size of so many


def keep(kept: list[dict[str, Any]], value: dict[str, Any]) -> int:
    """Append a MeterValue; how often every second one had to go for it."""
    kept.append(value)
    times = 0
    while sum(map(_weight, kept)) > SAMPLED_VALUES_AT_MOST:
        kept[:] = _every_second(kept)
        times += 1
    return times


def _weight(kept: dict[str, Any]) -> int:
    values = kept["sampledValue"]
    signed = sum("signedMeterValue" in value or "format" in value for value in values)
    return len(values) + signed * (_SIGNED_IS - 1)


def _every_second(kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
    seen: dict[str, int] = {}
    stay = []
    for value in kept:
        context = value["sampledValue"][0]["context"]
        count = seen[context] = seen.get(context, 0) + 1
        if context == BEGIN or count % 2 == 0:
            stay.append(value)
    return stay
