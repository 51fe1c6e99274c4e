"""Spoiling the text of a frame. Pure: text in, text out."""

from collections.abc import Callable
from typing import Any

import orjson

from chargepoint.wire.rpc import LONGEST_ID


def _cut_off(text: str) -> str:
    """No proper beginning of a JSON array is JSON."""
    return text[: len(text) * 2 // 3]


def _not_json(text: str) -> str:
    """Quoted the way that a careless program prints a list."""
    return text.replace('"', "'") if '"' in text else f"'{text}'"


def _not_an_array(text: str) -> str:
    return f'{{"message":{text}}}'


def _wrong_type_id(frame: list) -> list:
    return [9, *frame[1:]]


def _extra_element(frame: list) -> list:
    return [*frame, {"extra": True}]


def _wrong_types(frame: list) -> list:
    """Each value of the payload as another type; a payload without any is itself of a wrong one."""
    place = next((n for n in range(len(frame) - 1, 0, -1) if isinstance(frame[n], dict)), None)
    if place is None:
        return [*frame, []]
    payload = frame[place]
    wrong: Any = {name: _other_type(value) for name, value in payload.items()} if payload else []
    return [*frame[:place], wrong, *frame[place + 1 :]]


def _other_type(value: Any) -> Any:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict | list):
        return "not what the schema says"
    return str(value)


def _rebuilt(change: Callable[[list], list]) -> Callable[[str], str]:
    def spoil(text: str) -> str:
        frame = _list_of(text)
        return _cut_off(text) if frame is None else orjson.dumps(change(frame)).decode()

    return spoil


def _list_of(text: str) -> list | None:
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return frame if type(frame) is list and frame else None


FORMS: dict[str, Callable[[str], str]] = {
    "cut-off": _cut_off,
    "not-json": _not_json,
    "not-an-array": _not_an_array,
    "wrong-type-id": _rebuilt(_wrong_type_id),
    "extra-element": _rebuilt(_extra_element),
    "wrong-types": _rebuilt(_wrong_types),
}


def malformed(text: str, form: str) -> str:
    """The frame spoilt in this way; what is no frame to begin with is cut off."""
    return FORMS[form](text)


def under_another_id(text: str) -> str | None:
    """The frame with another unique id of a legal length; None where it has none."""
    frame = _list_of(text)
    if frame is None or len(frame) < 2 or type(frame[1]) is not str:
        return None
    known = frame[1]
    wrong = f"x{known}"[:LONGEST_ID]
    frame[1] = wrong if wrong != known else f"y{known}"[:LONGEST_ID]
    return orjson.dumps(frame).decode()
