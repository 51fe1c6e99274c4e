"""What is typed: a line becomes a command with its arguments, or something to wait for.

start 1 TAG-7            short names take their arguments in order
plug 1 soc=20            and any argument by its name; a car's have no prefix
fault 2 error_code=GroundFailure info="wet feet"
raw [2,"1","Heartbeat",{}]
call Heartbeat {}
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

import orjson

from chargepoint.hardware.ev import EV
from chargepoint.versions import station_class

MOST = 1 << 20  # characters of a line
CAR = frozenset(signature(EV).parameters) | {"profile"}


class Unclear(Exception):
    """A line that is no command: a sentence for people."""


@dataclass(frozen=True)
class Order:
    """For the station; `name` as in docs/reference/api.md."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Ask:
    """For whoever runs the station: show, wait, help, quit."""

    name: str
    words: list[str]


@dataclass(frozen=True)
class Short:
    """A short name: the command that it is, what may follow it in order, and what goes without."""

    command: str
    places: tuple[str, ...]
    meaning: str
    fixed: tuple[tuple[str, Any], ...] = ()


SHORT = {
    "plug": Short("plug", ("connector",), "plug a car in; profile=, soc=, ... describe it"),
    "unplug": Short("unplug", ("connector",), "pull the plug"),
    "authorize": Short("authorize", ("id_tag", "connector"), "present an RFID tag"),
    "start": Short("start-transaction", ("connector", "id_tag"), "plug in if need be, and charge"),
    "stop": Short("stop-transaction", ("connector", "reason"), "end the transaction"),
    "fault": Short("fault", ("connector", "error_code", "info"), "break a connector"),
    "clear": Short("fault", ("connector",), "heal a connector", (("error_code", "NoError"),)),
    "reset": Short("reset", ("kind",), "Soft or Hard, as a technician does it"),
    "connect": Short("connect", (), "connect to the CSMS and stay connected"),
    "disconnect": Short("disconnect", (), "end the connection and stay away"),
}
ASKS = {
    "show": "show [state|frames [N]]: the station and its connectors; its whole state; the last N"
    " frames (10)",
    "wait": "wait SECONDS | wait ready|open|off [SECONDS] | wait frame ACTION [SECONDS] |"
    " wait answer ACTION [SECONDS] | wait status STATUS [CONNECTOR] [SECONDS]",
    "help": "help [COMMAND]: what can be typed",
    "quit": "quit: stop the station in order and end",
}
OTHERS = {
    "raw": "raw TEXT: send TEXT as it is, valid or not",
    "call": "call ACTION [PAYLOAD]: send a Call with this JSON",
}


def commands_of(version: str) -> list[str]:
    """Every name that may begin a line for a station of this version."""
    return sorted({*SHORT, *ASKS, *OTHERS, *_without_short(version)})


def _without_short(version: str) -> set[str]:
    return _full_names(version) - {short.command for short in SHORT.values()}


def _full_names(version: str) -> set[str]:
    return {*station_class(version).COMMANDS, "connect", "disconnect"}


def read(line: str) -> Order | Ask | None:
    """None for an empty line or a comment. Raises Unclear."""
    line = line.strip()
    if not line or line.startswith("#"):
        return None
    if len(line) > MOST:
        raise Unclear("The line is too long.")
    name, _, rest = line.partition(" ")
    if name == "raw":
        return Order("message", {"text": rest.strip()})
    if name == "call":
        return _call(rest.strip())
    try:
        words = shlex.split(rest)
    except ValueError as error:
        raise Unclear(f"The line cannot be read: {error}.") from error
    if name in ASKS:
        return Ask(name, words)
    short = SHORT.get(name) or Short(name, (), "")
    return Order(short.command, {**_arguments(name, short, words), **dict(short.fixed)})


def _call(rest: str) -> Order:
    action, _, payload = rest.partition(" ")
    if not action:
        raise Unclear("Name the action: call Heartbeat {}")
    try:
        value = orjson.loads(payload) if payload.strip() else {}
    except orjson.JSONDecodeError as error:
        raise Unclear(f"The payload is no JSON: {error}.") from error
    return Order("message", {"action": action, "payload": value})


def _arguments(name: str, short: Short, words: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    places = list(short.places)
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            if not places:
                raise Unclear(f"{name} does not take {word!r} here; see help {name}.")
            key, value = places.pop(0), word
        elif key in places:
            places.remove(key)
        if key in CAR and short.command in ("plug", "start-transaction"):
            found.setdefault("ev", {})[key] = _profile(value) if key == "profile" else _value(value)
        else:
            found[key] = value if key in _TEXTS else _value(value)
    return found


# Of digits as well, and yet no numbers.
_TEXTS = frozenset({
    "error_code", "id_tag", "info", "kind", "reason", "text", "vendor_error_code", "vendor_id",
})  # fmt: skip


def _profile(text: str) -> Any:
    """The name of an EV profile, or the JSON of a file that is named. Raises Unclear."""
    if not text.endswith(".json"):
        return text
    try:
        return orjson.loads(Path(text).read_bytes())
    except OSError as error:
        raise Unclear(f"{text} cannot be read: {error.strerror}.") from error
    except orjson.JSONDecodeError as error:
        raise Unclear(f"{text} is no JSON: {error}.") from error


def _value(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def explain(version: str, name: str = "") -> str:
    """What `help` says."""
    if name in ASKS or name in OTHERS:
        return ASKS.get(name) or OTHERS[name]
    if name in SHORT:
        short = SHORT[name]
        places = " ".join(f"[{place.upper()}]" for place in short.places)
        return f"{name} {places}".rstrip() + f": {short.meaning}"
    if name:
        known = name in _full_names(version)
        return f"{name} NAME=VALUE ...: see the API" if known else f"There is no {name!r}."
    lines = [explain(version, each) for each in (*SHORT, *OTHERS, *ASKS)]
    rest = ", ".join(sorted(_without_short(version)))
    lines.append(f"Also, with NAME=VALUE ... as in docs/reference/api.md: {rest}")
    return "\n".join(lines)
