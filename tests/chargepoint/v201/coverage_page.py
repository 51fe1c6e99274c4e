"""Writes docs/reference/ocpp-2.md: actions and variables of OCPP 2.0.1 and 2.1, and their proofs.

`python -m tests.chargepoint.v201.coverage_page > docs/reference/ocpp-2.md`; a test holds the two
in step.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from chargepoint.v21.power.evse_controllers import VARIABLES as OF_CONTROLLERS
from chargepoint.v201.transactions.fiscal import VARIABLES as OF_METERS
from chargepoint.versions import station_class
from tests.chargepoint.coverage import (
    ROOT,
    action_table,
    acts,
    looked_up,
    proof,
    row,
    shown,
    table,
)
from tests.chargepoint.readings import readings
from tests.chargepoint.v201.csms import booted
from tests.chargepoint.v201.required import always, with_block

VERSIONS = ("2.0.1", "2.1")
READINGS = {
    **readings(ROOT / "tests/chargepoint/v201/readings.txt"),
    **readings(ROOT / "tests/chargepoint/v21/readings.txt"),
}
_LIVE = {
    variable.key
    for known in (station_class(version).MODEL.CATALOGUE for version in VERSIONS)
    for variable in (*known.variables, *known.at_evses, *known.at_connectors, *OF_CONTROLLERS,
                     *OF_METERS)
    if variable.live
}
_HEAD = """\
# OCPP 2.0.1 and 2.1: what is emulated

Made from the code's own tables, from what a station reports of itself and from the tests' `proves`
marks by `python -m tests.chargepoint.v201.coverage_page > docs/reference/ocpp-2.md`. Do not edit
by hand.
A Call of the CSMS that is not here as *served* is answered with NotSupported.
"""
_VARIABLES = """\
## Variables

What a GetBaseReport tells, and what the standard requires beside. Required: *yes*; *block*, where
the component's functional block is supported; *ours*, of the emulator itself. The default of a
live variable is what the station does at the time.

What a variable means was read in the source beside its test: the lists of components and variables
in the appendices of 2.0.1 and 2.1 (*generic*: a variable that any component may have) with the
texts of part 2, "Controller components", the errata of 2.1, and the requirements that are named.
The words are ours (`tests/chargepoint/v201/readings.txt` and `v21/readings.txt`).
"""


@cache
def inventory(version: str) -> dict[str, dict[str, Any]]:
    """"Component.Variable[Instance]" -> its reportData."""
    csms = booted(version=version)
    csms.call("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    # FiscalMetering is there while the station signs.
    csms.set("SampledDataCtrlr.SignReadings", "true")
    csms.call("GetBaseReport", {"requestId": 2, "reportBase": "FullInventory"})
    found: dict[str, dict[str, Any]] = {}
    for line in (line for part in csms.sent("NotifyReport") for line in part["reportData"]):
        variable = line["variable"]
        instance = f"[{variable['instance']}]" if "instance" in variable else ""
        found.setdefault(f"{line['component']['name']}.{variable['name']}{instance}", line)
    return found


def _required(key: str, version: str) -> str:
    if key.startswith("Emulator"):
        return "ours"
    return "yes" if key in always() else "block" if key in with_block(version) else ""


def _effect(key: str, mutability: str) -> str:
    if key in _LIVE:
        return "live"
    if any(acts(version, key) for version in VERSIONS):
        return "acts"
    component, _, name = key.partition(".")
    if component == "NetworkConfiguration" and name in looked_up("2.1"):
        return "acts"  # a profile in use is asked by the variable's name alone
    return "told" if mutability == "ReadOnly" else "kept and told"


def missing(version: str) -> set[str]:
    """What the standard requires, and the station does not have."""
    return (always() | with_block(version)) - set(inventory(version))


def _row(key: str) -> str:
    component, _, name = key.partition(".")
    name, _, instance = name.rstrip("]").partition("[")
    having = [version for version in VERSIONS if key in inventory(version)]
    cells = [component, name, instance, _required(key, "2.1")]
    source, says = READINGS.get(key, ("", ""))
    if not having:
        return row(*cells, "not yet", "", "", "", says, source, "")
    attribute = inventory(having[-1])[key]["variableAttribute"][0]
    default = "" if key in _LIVE else attribute.get("value", "")
    if inventory(having[-1])[key]["variableCharacteristics"]["dataType"].endswith("List"):
        default = default.replace(",", ", ")
    kind = attribute["mutability"]
    tested = next((t for v in having if (t := proof(v, key))), "")
    effect = _effect(key, kind)
    return row(*cells, ", ".join(having), kind, default, effect, says, source, shown(tested))


def page() -> str:
    """The whole of docs/reference/ocpp-2.md."""
    parts = [_HEAD]
    for version in VERSIONS:
        parts += [f"## OCPP {version}\n", *action_table(version), ""]
    keys = {key for v in VERSIONS for key in (*inventory(v), *missing(v))}
    columns = ("component", "variable", "instance", "required", "in", "mutability", "default",
               "effect", "what it says", "source", "proof")  # fmt: skip
    parts += [_VARIABLES, *table(*columns), *map(_row, sorted(keys)), ""]
    return "\n".join(parts)


if __name__ == "__main__":
    print(page(), end="")
