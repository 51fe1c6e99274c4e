"""The rules for the outlets of a station."""

from __future__ import annotations

# kind -> (phase counts that exist, most W that the standard or the largest product allows).
# 0 phases is DC. IEC 62196-2 type 2: 63 A; type 1: SAE J1772 80 A; GB/T 20234.2: 63 A.
KINDS: dict[str, dict[int, int]] = {
    "Type1": {1: 19_200},
    "Type2": {1: 14_700, 3: 44_000},
    "Schuko": {1: 3_700},
    "GBT_AC": {1: 14_700, 3: 44_000},
    "CCS1": {0: 500_000},
    "CCS2": {0: 500_000},
    "CHAdeMO": {0: 400_000},
    "GBT_DC": {0: 600_000},
    "NACS": {0: 600_000, 1: 22_200},
}
MAX_CONNECTORS = 32
FIELDS = ("id", "evse", "kind", "phases", "max_power_w")


def usual_phases(kind: str, max_power_w: int) -> int:
    """The phases a connector of this kind and power most likely has."""
    choices = KINDS.get(kind, {})
    if 3 in choices and max_power_w > 7_400:
        return 3
    if 0 in choices:
        return 0
    return 1


def check_connectors(version: str, connectors: object) -> list[str]:
    """A list of {id, evse, kind, phases, max_power_w}; ids are 1..n, EVSEs 1..m in order."""
    if not isinstance(connectors, list) or not all(isinstance(c, dict) for c in connectors):
        return ["Give a list of connectors, each with " + ", ".join(FIELDS) + "."]
    if not 1 <= len(connectors) <= MAX_CONNECTORS:
        return [f"Give the station 1 to {MAX_CONNECTORS} connectors."]
    errors: list[str] = []
    for number, connector in enumerate(connectors, start=1):
        errors += [f"Connector {number}: {text}" for text in check_connector(connector)]
    return errors or _check_numbers(version, connectors)


def check_connector(connector: dict) -> list[str]:
    """What is wrong with a connector {id, evse, kind, phases, max_power_w (W)}: sentences."""
    unknown = sorted(set(connector) - set(FIELDS))
    if unknown:
        return [f"take out {', '.join(unknown)}; a connector has {', '.join(FIELDS)}."]
    for name in ("id", "evse", "phases", "max_power_w"):
        value = connector.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            return [f"give {name} as a whole number."]
    return check_outlet(connector.get("kind"), connector["phases"], connector["max_power_w"])


def check_outlet(kind: object, phases: int, max_power_w: int) -> list[str]:
    """What is wrong with a kind of outlet at this number of phases (0: DC) and power in W:
    sentences."""
    limits = KINDS.get(kind) if isinstance(kind, str) else None
    if limits is None:
        return [f"choose a kind of {', '.join(KINDS)}."]
    if phases not in limits:
        wanted = " or ".join("0 (DC)" if p == 0 else str(p) for p in sorted(limits))
        return [f"set phases to {wanted} for {kind}."]
    if max_power_w <= 0:
        return ["set max_power_w above 0."]
    if max_power_w > limits[phases]:
        how = "DC" if phases == 0 else f"{phases}-phase"
        return [f"set max_power_w to at most {limits[phases]} for {how} {kind}."]
    return []


def _check_numbers(version: str, connectors: list[dict]) -> list[str]:
    ids = [c["id"] for c in connectors]
    evses = [c["evse"] for c in connectors]
    errors = []
    if ids != list(range(1, len(ids) + 1)):
        errors.append(f"Number the connectors 1 to {len(ids)} in order, with no gap.")
    # OCPP 2.x numbers EVSEs from 1 with no gap (2.0.1 part 1, 7); connectors of one stand together.
    distinct = sorted(set(evses))
    ordered = sorted(evses) == evses and distinct == list(range(1, len(distinct) + 1))
    if not ordered:
        errors.append("Number the EVSEs from 1 in the order of the connectors, with no gap.")
    if version == "1.6" and len(set(evses)) != len(evses):
        errors.append("Give every connector its own EVSE: OCPP 1.6 knows no shared ones.")
    return errors
