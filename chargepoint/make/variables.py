"""The device model of 2.x as a make has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from chargepoint.make.make import Key, Make
from chargepoint.v201.variables.device_model import Catalogue, DeviceModel
from chargepoint.v201.variables.table import (
    MEASURANDS,
    READ_ONLY,
    READ_WRITE,
    WRITE_ONLY,
    Variable,
    variable,
)

_USUAL = {"boolean": "false", "integer": "0", "decimal": "0"}


class MadeModel:
    """For a DeviceModel: variables that are other names of others.

    ALIASES  key -> key of the variable that has the value
    """

    __slots__ = ()

    ALIASES: ClassVar[dict[str, str]] = {}

    def value(self, key: str) -> str:
        return super().value(self.ALIASES.get(key, key))

    def waiting(self, key: str) -> str | None:
        return super().waiting(self.ALIASES.get(key, key))

    def set(self, variable: Variable, text: str) -> bool:
        """As DeviceModel has it; an alias sets what it stands for."""
        meant = self.ALIASES.get(variable.key)
        if meant is not None:
            variable = self.CATALOGUE.by_name[meant.lower()]._replace(reboot=variable.reboot)
        return super().set(variable, text)


def model_of(make: Make, plain: type[DeviceModel]) -> type[DeviceModel]:
    """The model's class for stations of that make; `plain` itself where nothing differs."""
    if not make.variables and make.meter.measurands is None:
        return plain
    catalogue = _catalogue(make, plain.CATALOGUE)
    known = plain.CATALOGUE.defaults
    aliases = {name: key.effect for name, key in make.variables.items() if key.effect in known}
    inner = {"__slots__": (), "CATALOGUE": catalogue, "ALIASES": aliases}
    return type(f"{plain.__name__}Made", (MadeModel, plain), inner)


def values_that_do_not_fit(make: Make, plain: type[DeviceModel]) -> Iterator[tuple[str, str]]:
    """(path, sentence) of each variable whose value or effect cannot be."""
    by_name = model_of(make, plain).CATALOGUE.by_name
    for name, habit in make.variables.items():
        meant = plain.CATALOGUE.by_name.get(habit.effect.lower())
        if meant is not None and meant.live:
            yield f"{name}.effect", f"The station itself works {habit.effect} out."
    for name, habit in make.variables.items():
        found = by_name.get(name.lower())
        if found is None or habit.value is None:
            continue
        if found.live:
            yield f"{name}.value", "The station itself works it out: leave the value out."
        elif why := DeviceModel.refusal(found, habit.value):
            yield f"{name}.value", f"{habit.value!r} is no value of that variable: {why}."


def _catalogue(make: Make, plain: Catalogue) -> Catalogue:
    offered = make.meter.measurands
    table = {v.key: v if offered is None else _measured(v, offered) for v in plain.variables}
    kept = dict(table)
    for name, habit in make.variables.items():
        if habit.absent:
            kept.pop(name, None)  # of another version of the make perhaps
        elif name in table:
            kept[name] = _changed(table[name], habit)
        elif habit.type:
            kept[name] = _own(name, habit)
        elif habit.effect in table:
            meant = table[habit.effect]
            new = variable(name, meant.kind, meant.default)
            kept[name] = meant._replace(
                component=new.component, name=new.name, instance=new.instance,
                mutability=_mutability(habit, meant.mutability), reboot=habit.reboot,
            )  # fmt: skip
    made = Catalogue(tuple(kept.values()), plain.at_evses, plain.at_connectors)
    # What is absent for the CSMS is as usual for the station.
    made.defaults = {key: v.default for key, v in table.items()} | made.defaults
    return made


def _measured(variable: Variable, offered: tuple[str, ...]) -> Variable:
    """One whose members are measurands: those that the make's meter has."""
    if variable.values != MEASURANDS:
        return variable
    values = tuple(name for name in MEASURANDS if name in offered)
    default = ",".join(name for name in variable.default.split(",") if name in offered)
    return variable._replace(values=values, default=default)


def _mutability(habit: Key, before: str) -> str:
    if habit.hidden:
        return WRITE_ONLY
    return READ_ONLY if habit.read_only else before


def _changed(variable: Variable, habit: Key) -> Variable:
    return _bounded(variable, habit)._replace(
        default=variable.default if habit.value is None else habit.value,
        mutability=_mutability(habit, variable.mutability),
        reboot=variable.reboot or habit.reboot,
    )


def _own(name: str, habit: Key) -> Variable:
    value = _USUAL.get(habit.type, "") if habit.value is None else habit.value
    made = variable(name, habit.type, value, _mutability(habit, READ_WRITE), reboot=habit.reboot)
    return _bounded(made, habit)


def _bounded(variable: Variable, habit: Key) -> Variable:
    return variable._replace(
        low=variable.low if habit.low is None else habit.low,
        high=variable.high if habit.high is None else habit.high,
        values=habit.values or variable.values,
    )
