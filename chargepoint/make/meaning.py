"""What no single field shows: names that the versions of a make do not have, and contradictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from chargepoint.make.fields import FREE_CHARGING, FREE_CHARGING_TAG, MAX_CURRENT
from chargepoint.make.make import Make
from chargepoint.tap.standing import rule_of
from chargepoint.wire import schemas

Found = tuple[str, str]
# Their answers are heard, and nobody waits for them.
NEWS = frozenset({"Heartbeat", "NotifyEvent"})
_STATIONS = {
    "1.6": ("chargepoint.v16.station", "Station16"),
    "2.0.1": ("chargepoint.v201.station", "Station201"),
    "2.1": ("chargepoint.v21.station", "Station21"),
}
# Components that stand at an EVSE or a connector: their variables are the hardware's.
_PLACED = frozenset({"evse", "connector", "display", "batterycartridge"})
_QUIRKS = {"1.6": (FREE_CHARGING, FREE_CHARGING_TAG, MAX_CURRENT), "2.x": (MAX_CURRENT,)}
_TYPE_OF = {FREE_CHARGING: ("boolean",), FREE_CHARGING_TAG: ("text",), MAX_CURRENT:
            ("integer", "decimal")}  # fmt: skip


def faults_of_meaning(document: Mapping[str, Any]) -> list[Found]:
    """(path, sentence) of all that is wrong in a document whose fields are right one by one."""
    return [
        *_of_outlets(document.get("outlets", ())),
        *_of_keys("keys", document.get("keys", {}), _standard_keys(document), _QUIRKS["1.6"]),
        *_of_keys("variables", document.get("variables", {}), _standard_variables(document),
                  _QUIRKS["2.x"]),
        *_of_features(document),
        *_of_measurands(document),
        *_of_rules(document),
    ]  # fmt: skip


def _of_outlets(outlets: Any) -> Iterator[Found]:
    seen: set[int] = set()
    for number, outlet in enumerate(outlets, 1):
        if outlet["id"] in seen:
            yield f"outlets[{number}].id", "Give each outlet a number of its own."
        seen.add(outlet["id"])
        if outlet.get("phases", 3) == 2:
            yield f"outlets[{number}].phases", "Write 1 or 3, or 0 for DC."


def _standard_keys(document: Mapping[str, Any]) -> frozenset[str]:
    if not document.get("keys"):
        return frozenset()
    return frozenset(import_module("chargepoint.v16.keys").KEYS)


def _standard_variables(document: Mapping[str, Any]) -> frozenset[str]:
    """Of the versions that the make speaks: what only one of them has counts too."""
    if not document.get("variables"):
        return frozenset()
    spoken = [v for v in document["versions"] if v != "1.6"]
    models = [getattr(import_module(_STATIONS[v][0]), _STATIONS[v][1]).MODEL for v in spoken]
    return frozenset().union(*(model.CATALOGUE.defaults for model in models))


def _of_keys(
    path: str, keys: Mapping[str, Any], standard: frozenset[str], quirks: tuple[str, ...]
) -> Iterator[Found]:
    folded = {name.casefold(): name for name in standard}
    effects = {key.get("effect") for key in keys.values()}
    for name, key in keys.items():
        here = f"{path}.{name}"
        known = name in standard
        if not known and name.casefold() in folded:
            yield here, f"Write it as {folded[name.casefold()]}."
        elif known:
            for field in ("type", "effect"):
                if field in key:
                    yield f"{here}.{field}", "Take it out: a standard one has its own."
            if key.get("absent") and len(key) > 1:
                yield here, "Leave the rest out where it is absent."
        elif name.partition(".")[0].casefold() in _PLACED and path == "variables":
            yield here, "Take it out: it is of the hardware of an EVSE."
        else:
            yield from _of_own(here, key, standard, quirks)
        if key.get("read_only") and (key.get("hidden") or key.get("reboot")):
            yield here, "It cannot be set: leave hidden and reboot out."
        low, high = key.get("low"), key.get("high")
        if low is not None and high is not None and low > high:
            yield f"{here}.low", "Write at most the value of high."
    if FREE_CHARGING in effects and FREE_CHARGING_TAG not in effects:
        yield path, f"A key with the effect {FREE_CHARGING} needs one with {FREE_CHARGING_TAG}."


def _of_own(
    here: str, key: Mapping[str, Any], standard: frozenset[str], quirks: tuple[str, ...]
) -> Iterator[Found]:
    """One that the versions do not have."""
    effect = key.get("effect")
    if key.get("absent"):
        yield f"{here}.absent", "There is no such standard one."
    if effect and effect not in standard and effect not in quirks:
        yield f"{here}.effect", f"Name a standard one, or {', '.join(quirks)}."
    elif effect in standard:
        for field in ("type", "value", "low", "high", "values"):
            if field in key:
                yield f"{here}.{field}", f"Take it out: it is that of {effect}."
    elif "type" not in key:
        yield f"{here}.type", "It is missing: one of the make's own needs it."
    elif effect and key["type"] not in _TYPE_OF[effect]:
        yield f"{here}.type", f"Write {_TYPE_OF[effect][0]}: {effect} is that."


def _of_features(document: Mapping[str, Any]) -> Iterator[Found]:
    known = frozenset().union(*(schemas.actions(v) for v in document["versions"]))
    for number, action in enumerate(document.get("features", {}).get("off", ()), 1):
        here = f"features.off[{number}]"
        if action not in known:
            yield here, f"OCPP {' and '.join(document['versions'])} has no action {action}."
        elif any(_waits(v, action) for v in document["versions"]):
            yield here, f"A charging station needs the answer to {action}."


def _waits(version: str, action: str) -> bool:
    """Whether the station sends it, and waits for what comes of it."""
    module, name = _STATIONS[version]
    tables = getattr(import_module(module), name).TABLES
    if action in tables.actions or action in NEWS or action not in schemas.actions(version):
        return False
    heard = {sent for sent, _ in (*tables.got, *tables.failed)}
    return action in heard


def _of_measurands(document: Mapping[str, Any]) -> Iterator[Found]:
    meter = document.get("meter", {})
    if not (meter.get("measurands") or meter.get("values")):
        return
    known: frozenset[str] = frozenset()
    if "1.6" in document["versions"]:
        known |= import_module("chargepoint.v16.measurands").MEASURANDS
    if {"2.0.1", "2.1"} & set(document["versions"]):
        known |= set(import_module("chargepoint.v201.variables.table").MEASURANDS)
    words = f"it has no effect in OCPP {' and '.join(document['versions'])}."
    for number, name in enumerate(meter.get("measurands", ()), 1):
        if name not in known:
            yield f"meter.measurands[{number}]", f"Take {name} out: {words}"
    for name, value in meter.get("values", {}).items():
        offered = meter.get("measurands")
        if name not in known or (offered and name not in offered):
            yield f"meter.values.{name}", f"Take it out: {words}"
        register = "Register" in name or "Interval" in name
        for field in ("fixed", "noise_pct", "minimum"):
            if register and field in value:
                yield f"meter.values.{name}.{field}", "Take it out: a register counts."


def _of_rules(document: Mapping[str, Any]) -> Iterator[Found]:
    known = frozenset().union(*(schemas.actions(v) for v in document["versions"]))
    for number, row in enumerate(document.get("rules", ()), 1):
        try:
            rule_of(row, number)
        except ValueError as error:
            yield f"rules[{number}]", str(error)
            continue
        if row["action"] not in known:
            words = " and ".join(document["versions"])
            yield f"rules[{number}].action", f"OCPP {words} has no action {row['action']}."


def faults_of_values(make: Make) -> Iterator[Found]:
    """Of keys and variables whose value they could not be set to."""
    if make.keys:
        module = import_module("chargepoint.make.keys")
        for name, why in module.values_that_do_not_fit(make):
            yield f"keys.{name}", why
    for version in (v for v in make.versions if make.variables and v != "1.6"):
        module, name = _STATIONS[version]
        plain = getattr(import_module(module), name).MODEL
        found = import_module("chargepoint.make.variables").values_that_do_not_fit(make, plain)
        yield from ((f"variables.{name}", why) for name, why in found)
