"""Looks at the keys and variables of a make."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chargepoint.make.life import measuring
from tests.chargepoint.make.looks import POWER, MakeLife, look

BEAT = {"1.6": "HeartbeatInterval", "2": "OCPPCommCtrlr.HeartbeatInterval"}


class Keys:
    """A station's keys or variables, whichever its version has."""

    def __init__(self, version: str, make: MakeLife, rows: dict[str, dict], **config: Any) -> None:
        self.version = version
        name = "keys" if version == "1.6" else "variables"
        self.life = make(config, **{name: rows})

    def set(self, name: str, value: str) -> str:
        if self.version == "1.6":
            asked = {"key": name, "value": value}
            return self.life.ask("ChangeConfiguration", asked)["status"]
        return self.life.csms.set(name, value)

    def get(self, name: str) -> str | None:
        """None: it is not told."""
        if self.version == "1.6":
            told = self.life.ask("GetConfiguration", {"key": [name]})["configurationKey"]
            return told[0].get("value") if told else None
        component, _, variable = name.partition(".")
        asked = {"component": {"name": component}, "variable": {"name": variable}}
        told = self.life.ask("GetVariables", {"getVariableData": [asked]})
        return told["getVariableResult"][0].get("attributeValue")


def named(version: str) -> str:
    """The heartbeat's interval."""
    return BEAT["1.6" if version == "1.6" else "2"]


@look("keys.type", "variables.type")
def kinds_of_keys(version: str, make: MakeLife) -> None:
    keys = Keys(version, make, {"Acme.One": {"type": "boolean", "value": "true"}})
    assert keys.get("Acme.One") == "true"
    assert keys.set("Acme.One", "perhaps") == "Rejected"
    assert keys.set("Acme.One", "false") == "Accepted"


@look("keys.value", "variables.value")
def shipped_values(version: str, make: MakeLife) -> None:
    name = "ResetRetries" if version == "1.6" else "OCPPCommCtrlr.WebSocketPingInterval"
    assert Keys(version, make, {name: {"value": "77"}}).get(name) == "77"


@look("keys.low", "variables.low")
def least_values(version: str, make: MakeLife) -> None:
    keys = Keys(version, make, {named(version): {"low": 60}})
    assert [keys.set(named(version), each) for each in ("59", "60")] == ["Rejected", "Accepted"]


@look("keys.high", "variables.high")
def greatest_values(version: str, make: MakeLife) -> None:
    keys = Keys(version, make, {named(version): {"high": 600}})
    assert [keys.set(named(version), each) for each in ("601", "600")] == ["Rejected", "Accepted"]


@look("keys.values", "variables.values")
def the_only_texts(version: str, make: MakeLife) -> None:
    kind = "text" if version == "1.6" else "OptionList"
    keys = Keys(version, make, {"Acme.One": {"type": kind, "values": ["a", "b"]}})
    assert [keys.set("Acme.One", each) for each in ("c", "b")] == ["Rejected", "Accepted"]


@look("keys.read_only", "variables.read_only")
def what_is_read_only(version: str, make: MakeLife) -> None:
    keys = Keys(version, make, {named(version): {"read_only": True}})
    assert keys.set(named(version), "600") == "Rejected"


@look("keys.hidden", "variables.hidden")
def what_is_hidden(version: str, make: MakeLife) -> None:
    kind = "text" if version == "1.6" else "string"
    keys = Keys(version, make, {"Acme.Pin": {"type": kind, "value": "0000", "hidden": True}})
    assert keys.set("Acme.Pin", "1234") == "Accepted"
    assert keys.get("Acme.Pin") is None


@look("keys.reboot", "variables.reboot")
def what_waits_for_a_boot(version: str, make: MakeLife) -> None:
    kind = "text" if version == "1.6" else "string"
    row = {"type": kind, "value": "old", "reboot": True}
    keys = Keys(version, make, {"Acme.One": row})
    assert keys.set("Acme.One", "new") == "RebootRequired"
    assert keys.get("Acme.One") == "old"


@look("keys.effect", "variables.effect")
def other_names(version: str, make: MakeLife) -> None:
    row = {"type": "integer", "value": "10", "effect": "max_current"}
    keys = Keys(version, make, {"Acme.Amps": row}, **measuring(POWER))
    keys.life.charge(25)
    assert keys.life.entries(POWER)[-1]["value"] == pytest.approx(6900, rel=0.01)


@look("keys.absent", "variables.absent")
def what_it_lacks(version: str, make: MakeLife) -> None:
    name = "LightIntensity" if version == "1.6" else "AuthCacheCtrlr.LifeTime"
    keys = Keys(version, make, {name: {"absent": True}})
    assert keys.get(name) is None
    assert keys.set(name, "5") in ("NotSupported", "UnknownVariable")
