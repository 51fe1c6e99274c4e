"""Kind reading: what chargers in the field take of a payload that its schema refuses.

Taken, in Calls and answers alike: a field that nobody knows, null (and [] or "" where they may not
stand) for a field that may be left out, a time without a zone or in another form of ISO 8601, a
number or a truth value written as text and the other way round, a name of a list in other case,
[] for an empty object. Of an answer also the rest, where an optional field cannot be read: nobody
could be told so. What cannot be read stays refused, and a text or a number beyond its bounds is no
other: it would stand in our own messages. See docs/decisions/0020.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from chargepoint.timing.times import iso
from chargepoint.wire import schemas

_ROUNDS = 100  # kinds of faults of one payload, each mended wherever it is in a list
_LONGEST_NUMBER = 20  # characters
_LONGEST_TIME = 64
_LONGEST_NAME = 100  # of a list of names
_ABSENT: tuple[Any, ...] = (None, "", [])  # written by what has no way to leave a field out


class Reading(NamedTuple):
    """payload: valid by the schema. notes: what was wrong with it and how it was read, for people.

    A note names no place in a list and no value, so that those that are alike can be counted.
    """

    payload: dict[str, Any]
    notes: tuple[str, ...]


READ = "read kindly: "  # what the mark of a frame begins with that was read so


def read_kindly(
    version: str, action: str, payload: dict[str, Any], response: bool
) -> Reading | None:
    """What can be read of a payload that the schema refuses; None if it stays refused.

    The payload is changed in place, whatever comes of it.
    """
    schema = schemas.validator(version, action, response)
    notes: dict[str, None] = {}
    for _ in range(_ROUNDS):
        try:
            fault = schemas.first_error(schema, payload)
        except ValueError:  # nested deeper than the validator goes
            return None
        if fault is None:
            return Reading(payload, tuple(notes))
        note = _mended(payload, fault.instance_path, fault.kind, response)
        if not note:
            return None
        notes[note] = None
    return None


def _mended(payload: dict, path: list, kind: Any, response: bool) -> str:
    """Mend a fault, and its like in the same list: what was done in words, "" if it cannot be."""
    where = "/".join(part for part in path if type(part) is str)
    match type(kind).__name__:
        case "AdditionalProperties":
            return _without(payload, path, kind.unexpected, where)
        case "FalseSchema":  # it has no field at all
            [value] = _values(payload, path)
            return _without(payload, path, list(value), where) if type(value) is dict else ""
    if not path:
        return ""
    [(holder, key)] = _places(payload, path)
    value = holder[key]
    if type(holder) is dict and value in _ABSENT and not (value == [] and _is_object(kind)):
        _drop_alike(payload, path, value)
        return f"{where}: {orjson.dumps(value).decode()}, left out"
    meant, words = _read(value, kind)
    if words:
        holder[key] = meant
        for other, place in _places(payload, _anywhere(path)):
            found, same = _read(other[place], kind)
            if same == words:
                other[place] = found
        return f"{where}: {words}"
    return _left_out(payload, path, where) if response else ""


# --- where it is -------------------------------------------------------------------------------


def _anywhere(path: list) -> list:
    """The same place in each element of the lists that it is in."""
    return [None if type(part) is int else part for part in path]


def _places(payload: Any, path: list) -> Iterator[tuple[Any, Any]]:
    """(what holds it, its key) of all that the path leads to; None in it is each of a list."""
    for holder in _values(payload, path[:-1]):
        last = path[-1]
        if last is None:
            yield from ((holder, number) for number in range(len(holder)))
        elif type(holder) is list or (type(holder) is dict and last in holder):
            yield holder, last


def _values(value: Any, path: list) -> Iterator[Any]:
    if not path:
        yield value
        return
    first, *rest = path
    if first is None:
        for part in value if type(value) is list else ():
            yield from _values(part, rest)
    elif type(first) is int or (type(value) is dict and first in value):
        yield from _values(value[first], rest)


# --- what goes ---------------------------------------------------------------------------------


def _without(payload: dict, path: list, names: list[str], where: str) -> str:
    for holder in _values(payload, _anywhere(path)):
        if type(holder) is dict:
            for name in names:
                holder.pop(name, None)
    told = ", ".join(ascii(name[:50]) for name in names[:3])
    return f"{where + ': ' if where else ''}unknown field {told}, left out"


def _drop_alike(payload: dict, path: list, value: Any) -> None:
    for holder, key in list(_places(payload, _anywhere(path))):
        if holder[key] == value:
            del holder[key]


def _left_out(payload: dict, path: list, where: str) -> str:
    """Leave out the field that has the fault somewhere within; whether it may go is seen next."""
    last = max((place for place, part in enumerate(path) if type(part) is str), default=None)
    if last is None:
        return ""
    [(holder, key)] = _places(payload, path[: last + 1])
    del holder[key]
    return f"{where}: not readable, left out"


# --- what is meant -----------------------------------------------------------------------------


def _is_object(kind: Any) -> bool:
    return getattr(kind, "types", None) == ["object"]


def _read(value: Any, kind: Any) -> tuple[Any, str]:
    """(the value that is meant, in words why); (None, "") if that is not known."""
    match type(kind).__name__:
        case "Type":
            return _of_type(value, kind.types)
        case "Enum" if type(value) is str and len(value) <= _LONGEST_NAME:
            spelled = value.lower()
            meant = [o for o in kind.options if type(o) is str and o.lower() == spelled]
            if len(meant) == 1 and meant[0] != value:
                return meant[0], "a name in other case"
        case "Format" if type(value) is str and kind.format == "date-time":
            return _time(value)
    return None, ""


def _of_type(value: Any, types: list[str]) -> tuple[Any, str]:
    given = type(value)
    for wanted in types:
        if wanted in ("integer", "number") and given is str:
            number = _number(value, wanted)
            if number is not None:
                return number, "a number as text"
        elif wanted == "boolean" and (given is int or given is str):
            truth = {"true": True, "false": False, "1": True, "0": False}.get(str(value).lower())
            if truth is not None:
                return truth, "a truth value as " + ("text" if given is str else "a number")
        elif wanted == "string" and given in (int, float, bool):
            words = "a truth value" if given is bool else "a number"
            return orjson.dumps(value).decode(), f"{words} for a text"
        elif wanted == "object" and value == []:
            return {}, "[] for an empty object"
    return None, ""


def _number(text: str, wanted: str) -> int | float | None:
    """JSON's own numbers, and whole ones where those are wanted."""
    text = text.strip()
    if not text.isascii() or len(text) > _LONGEST_NUMBER:
        return None
    try:
        number = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if type(number) is float and wanted == "integer":
        return int(number) if number.is_integer() else None
    return number if type(number) in (int, float) else None


def _time(text: str) -> tuple[Any, str]:
    if len(text) > _LONGEST_TIME:
        return None, ""
    try:
        moment = datetime.fromisoformat(text.strip())
        zoned = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        told = iso(zoned.timestamp())
    except (OverflowError, ValueError):
        return None, ""
    return told, "a time not as RFC 3339" if zoned is moment else "a time without a zone, as UTC"
