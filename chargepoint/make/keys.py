"""The configuration keys of 1.6 as a make has them."""

from __future__ import annotations

from collections.abc import Iterator

from chargepoint.make.make import Key as KeyHabit
from chargepoint.make.make import Make
from chargepoint.v16.keys import BOOL, INT, KEYS, LIST, TEXT, Key, KeyTable, table_of
from chargepoint.v16.measurands import MEASURANDS, split

_KINDS = {"boolean": BOOL, "integer": INT, "list": LIST, "text": TEXT}
_MOST = 2**31 - 1
_PROFILES = "SupportedFeatureProfiles"


def keys_of(make: Make) -> KeyTable:
    """The standard keys with what the make has otherwise, and then its own."""
    keys = dict(KEYS)
    if make.meter.measurands is not None:
        offered = frozenset(make.meter.measurands)
        keys |= {name: _measured(key, offered) for name, key in KEYS.items() if key.members}
    if make.features.profiles is not None:
        told = ",".join(("Core", *make.features.profiles))
        keys[_PROFILES] = keys[_PROFILES]._replace(default=told)
    for name, habit in make.keys.items():
        if habit.absent:
            keys[name] = keys[name]._replace(absent=True)
        elif name in keys:
            keys[name] = _changed(keys[name], habit)
    for name, habit in make.keys.items():
        if name not in KEYS:
            keys[name] = _own(keys, habit)
    has = {habit.effect or name for name, habit in make.keys.items() if not habit.absent}
    return table_of({
        name: key._replace(needs="") if key.needs in has else key for name, key in keys.items()
    })  # fmt: skip


def values_that_do_not_fit(make: Make) -> Iterator[tuple[str, str]]:
    """(name, sentence) of each key whose value it could not be set to."""
    table = keys_of(make)
    for name, habit in make.keys.items():
        if habit.value is not None and not table.fits(name, habit.value):
            yield f"{name}.value", f"{habit.value!r} is no value of that key."


def _measured(key: Key, offered: frozenset[str]) -> Key:
    """A key whose members are measurands: those that the make's meter has."""
    default = ",".join(part for part in key.default.split(",") if split(part)[0] in offered)
    return key._replace(members=key.members & offered, default=default)


def _changed(key: Key, habit: KeyHabit) -> Key:
    if habit.value is not None:
        key = key._replace(default=habit.value, computed=None)
    return _bounded(key, habit)._replace(
        readonly=key.readonly or habit.read_only, hidden=habit.hidden, reboot=habit.reboot
    )


def _own(keys: dict[str, Key], habit: KeyHabit) -> Key:
    """One that the standard does not have; of another's name it has the kind of that."""
    if habit.effect in keys:
        key = keys[habit.effect]._replace(computed=None)
    else:
        kind = _KINDS[habit.type]
        usual = {BOOL: "false", INT: "0"}.get(kind, "")
        key = Key(kind, usual if habit.value is None else habit.value)
    return _bounded(key, habit)._replace(
        readonly=habit.read_only, hidden=habit.hidden, reboot=habit.reboot, effect=habit.effect
    )


def _bounded(key: Key, habit: KeyHabit) -> Key:
    if habit.low is not None:
        key = key._replace(least=int(habit.low))
    if habit.high is not None:
        key = key._replace(most=min(_MOST, int(habit.high)))
    if not habit.values:
        return key
    if key.members is not None:
        return key._replace(members=frozenset(habit.values) & MEASURANDS)
    return key._replace(texts=frozenset(habit.values))
