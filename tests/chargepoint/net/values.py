"""Values of the core's public boundary as JSON, and digests of what a station does and is."""

import base64
import json
import re
from contextlib import suppress
from hashlib import blake2b
from typing import Any

import msgspec
import orjson

from chargepoint.config import StationConfig
from chargepoint.effects import Changed, Transferred, Upload
from chargepoint.wire.said import LastCall, Said

# Signed with a nonce that nobody can repeat: what is in them is compared as far as their length.
_SIGNED = re.compile(rb"-----BEGIN (CERTIFICATE(?: REQUEST)?)-----[^\"]*")
_SORTED = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
BYTES = 3  # of each digest
PLACES = 8  # characters of an event's two digests


class NotPlain(Exception):
    """A value that no recording can keep."""


def plain(value: Any) -> Any:
    """An argument of the boundary as JSON; NotPlain where it would not come back as it was."""
    if isinstance(value, StationConfig):
        return {"$config": msgspec.to_builtins(value)}
    if isinstance(value, Transferred):
        return {"$transferred": [plain(part) for part in value]}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, Said):
        last = value.last and list(value.last)
        registers = [[plain_place(place), wh] for place, wh in value.registers.items()]
        return {"$said": [value.number, value.next_seq, registers, value.event_id, last]}
    try:
        same = json.loads(json.dumps(value))
    except (TypeError, ValueError):
        raise NotPlain from None
    if repr(same) != repr(value):
        raise NotPlain
    return value


def plain_place(place: Any) -> Any:
    return list(place) if isinstance(place, tuple) else place


def made(value: Any) -> Any:
    """The argument that `plain` was given."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    [(kind, kept)] = value.items()
    match kind:
        case "$config":
            return msgspec.convert(kept, StationConfig)
        case "$transferred":
            return Transferred(*map(made, kept))
        case "$bytes":
            return base64.b64decode(kept)
        case "$said":
            said = Said()
            said.number, said.next_seq, registers, said.event_id, last = kept
            said.registers = {
                tuple(place) if isinstance(place, list) else place: wh for place, wh in registers
            }
            said.last = last and LastCall(*last)
            return said
    return value


# --- what is compared ------------------------------------------------------------------------


def shown(effect: Any) -> list[Any]:
    """An effect by its name; the text of a frame as the JSON value that it is."""
    parts = list(effect)
    for place, part in enumerate(parts):
        if type(part).__name__ == "Frame":
            frame = part._asdict()
            with suppress(ValueError, RecursionError):
                frame["text"] = json.loads(frame["text"])
            parts[place] = frame
        elif isinstance(part, bytes):
            parts[place] = part.hex()
        elif isinstance(effect, Upload) and isinstance(part, dict) and "state" in part:
            parts[place] = {**part, "state": without_version(part["state"])}
    return [type(effect).__name__, *parts]


def without_version(snapshot: dict[str, Any]) -> dict[str, Any]:
    """How often it was marked as changed is nobody's business."""
    return {name: value for name, value in snapshot.items() if name != "version"}


def all_shown(effects: list[Any]) -> list[Any]:
    """Of an event; each mark of a change once."""
    marked: set[str] = set()
    told = []
    for effect in effects:
        if isinstance(effect, Changed):
            if effect.urgency in marked:
                continue
            marked.add(effect.urgency)
        told.append(shown(effect))
    return told


def timers_of(station: Any) -> dict[str, float]:
    """By their names; what is waited for is not in the snapshot."""
    return {str(key): at for key, at in station.timers.times.items()}


def state_of(station: Any) -> dict[str, Any]:
    snapshot = without_version(station.snapshot())
    return {"snapshot": snapshot, "timers": timers_of(station), "deadline": station.deadline}


def canonical(value: Any) -> bytes:
    try:
        text = orjson.dumps(value, option=_SORTED)
    except TypeError:  # integers of more than 64 bits, lone surrogates
        text = json.dumps(value, sort_keys=True, default=repr).encode()
    if b"-----BEGIN" in text:
        text = _SIGNED.sub(lambda found: found[1], text)
    return text


def digest(value: Any) -> str:
    """Four characters."""
    return base64.b64encode(blake2b(canonical(value), digest_size=BYTES).digest()).decode()
