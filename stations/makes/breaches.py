"""Where a make breaks the specification on purpose, as chargers in the field do."""

from __future__ import annotations

from chargepoint.make.make import Make


def breaches(make: Make) -> dict[str, str]:
    """{path of the field: what it breaks}; none of a make whose messages are all as they should
    be."""
    found = {}
    if not make.time.zone:
        # 1.6, 3.13, and 2.x part 2, 2.1.4: dateTime is as in RFC 3339, 5.6, with an offset.
        found["time.zone"] = "Timestamps have no zone, against RFC 3339, 5.6."
    for number, rule in enumerate(make.rules, 1):
        if rule.get("wrong"):
            found[f"rules[{number}]"] = "Its answer breaks the schema."
    return found
