"""One command to many stations, a slice at a time, each as its operation of the API does it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from asgiref.sync import async_to_sync
from ninja.responses import Status
from pydantic import ValidationError as SchemaError

from accounts.errors import ApiError
from accounts.trail import values
from runtime.stores import STORE_ERRORS
from stations import rights
from stations.api.command_schemas import SettingIn
from stations.api.command_table import TABLE
from stations.api.commands import carry_out
from stations.api.seats import SEATS, Command
from stations.configuration import changes
from stations.many.jobs import Job, Result
from stations.orders import named

__all__ = ["SEATS", "TABLE", "Commanding", "SettingIn", "checked", "right_of"]

AT_ONCE = 20  # stations that are waited for at a time
SWITCHES = {
    "start": "Start station", "stop": "Stop station", "release": "Release those that are held back",
}  # fmt: skip
SETTING = "settings"
_OF_STATIONS: Mapping[str, Command] = {each.name: each for each in TABLE}
LABELS = {
    **SWITCHES, **{name: each.label for name, each in _OF_STATIONS.items()},
    SETTING: "Change a setting as the CSMS would",
}  # fmt: skip


def right_of(command: str) -> str:
    """The right that one who gives the command to one station needs."""
    return rights.right_of_button(command)


def checked(command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as they were given, once they fit. Raises ApiError."""
    if command not in LABELS:
        sentence = f"Choose a command of {', '.join(LABELS)}."
        raise ApiError("unknown_command", sentence, 422, {"command": sentence})
    model = _model(command)
    if model is None:
        if arguments:
            sentence = f"{command} takes no arguments: leave them out."
            raise ApiError("invalid", sentence, 422, {"arguments": sentence})
        return {}
    try:
        model(**arguments)
    except (SchemaError, TypeError) as error:
        raise ApiError(
            "invalid", "Correct the arguments of the command.", 422, _fields(error)
        ) from error
    return dict(arguments)


def _fields(error: Exception) -> dict[str, str]:
    if not isinstance(error, SchemaError):
        return {"arguments": str(error)[:300]}
    return {
        ".".join(["arguments", *map(str, each["loc"])]): each["msg"] for each in error.errors()[:20]
    }


def _model(command: str) -> Any:
    if command in SWITCHES:
        return None
    return SettingIn if command == SETTING else _OF_STATIONS[command].model


class Commanding:
    """arguments: {"command", "arguments", "trusted"}; trusted: he may see secrets."""

    repeats = False
    slice = 50

    def __init__(self, arguments: dict[str, Any]) -> None:
        self._command = arguments["command"]
        self._arguments = arguments["arguments"]
        self._trusted = arguments.get("trusted", False)

    def do(self, job: Job, stations: Sequence[str]) -> list[Result]:
        """Give the command to these stations: a result for each, in their order."""
        if self._command in SWITCHES:
            return _switched(self._command, stations)
        return async_to_sync(self._all)(stations)

    async def _all(self, stations: Sequence[str]) -> list[Result]:
        room = asyncio.Semaphore(AT_ONCE)

        async def one(identity: str) -> Result:
            async with room:
                return await _told(identity, self._one(identity))

        return list(await asyncio.gather(*(one(identity) for identity in stations)))

    def _one(self, identity: str) -> Awaitable[Any]:
        if self._command == SETTING:
            given = SettingIn(**self._arguments).dict(exclude_none=True)
            return carry_out(identity, "set", given | ({"leading": True} if self._trusted else {}))
        command = _OF_STATIONS[self._command]
        call: Callable[..., Awaitable[Any]] = command.view
        # Its request says who asks, and that was seen to when the job was made.
        if command.model is None:
            return call(None, identity)
        return call(None, identity, command.model(**self._arguments))


async def _told(identity: str, answer: Awaitable[Any]) -> Result:
    try:
        found = await answer
    except ApiError as error:
        unsure = error.status in (503, 504)
        result = "unknown" if unsure else "refused"
        return Result(identity, result, f"{error.code}: {error.message}")
    except STORE_ERRORS as error:
        return Result(identity, "unknown", f"A store is away: {error}"[:300])
    body = found.value if isinstance(found, Status) else found
    body = body.get("result", body) if isinstance(body, dict) else {}
    shown = values.details(body) if isinstance(body, dict) and body else {}
    return Result(identity, "done", "", json.dumps(shown, default=str) if shown else "")


def _switched(command: str, stations: Sequence[str]) -> list[Result]:
    rows = {row["identity"]: row for row in named.rows(stations, "enabled", "running", "held_back")}
    there = [name for name in stations if name in rows]
    if command == "release":
        changes.release([name for name in there if rows[name]["held_back"]])
    else:
        changes.set_running(there, command == "start")
    return [_of_switch(command, name, rows.get(name)) for name in stations]


def _of_switch(command: str, name: str, row: Mapping[str, Any] | None) -> Result:
    if row is None:
        return Result(name, "refused", "There is no such station any more.")
    if command == "release":
        return Result(name, "done", "" if row["held_back"] else "It was not held back.")
    if command == "start" and not row["enabled"]:
        return Result(name, "refused", "It is disabled: enable it first.")
    same = row["running"] == (command == "start")
    return Result(name, "done", "It was so already." if same else "")
