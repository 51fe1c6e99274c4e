"""An operator's commands: their names and arguments, and what is told where one cannot be."""

from inspect import signature
from typing import Any

import orjson

from chargepoint.core import topics
from chargepoint.core.block import Block
from chargepoint.core.commands import INJECTING, LOOKS, CommandRejected
from chargepoint.effects import SOON, Noted
from chargepoint.hardware.states import Event, IllegalTransition

_TEXT = (str, "text")
_NUMBER = ((int, float), "a number")
# What an argument must be, by its name; `payload` may be any JSON.
_ARGUMENTS: dict[str, tuple[type | tuple, str]] = {
    "action": _TEXT, "error_code": _TEXT, "id_tag": _TEXT, "info": _TEXT, "kind": _TEXT,
    "reason": _TEXT, "text": _TEXT, "vendor_error_code": _TEXT, "vendor_id": _TEXT,
    "message_id": _TEXT, "data": _TEXT, "download": _TEXT, "outcome": _TEXT, "token_type": _TEXT,
    "critical": (bool, "true or false"), "ended": (bool, "true or false"),
    "occupied": (bool, "true or false"),
    "evse": (int, "a number"), "source": _TEXT, "unit": _TEXT,
    "connector": (int, "a number"), "ev": (dict, "an object"),
    "operative": (bool, "true or false"), "transaction": ((str, int), "text or a number"),
    "count": (int, "a whole number"), "delay_ms": _NUMBER, "direction": _TEXT, "fault": _TEXT,
    "follow": (bool, "true or false"), "form": _TEXT, "id": (int, "a whole number"),
    "jitter_ms": _NUMBER, "offset_seconds": _NUMBER, "ppm": _NUMBER, "probability": _NUMBER,
    "seconds": _NUMBER, "seed": (int, "a whole number"), "code": _TEXT, "description": _TEXT,
    "hold_seconds": _NUMBER, "voltage_pct": _NUMBER, "voltage_v": _NUMBER,
    "frequency_hz": _NUMBER, "load_w": _NUMBER, "setpoint": _NUMBER,
    "amount": _NUMBER, "battery_kwh": _NUMBER, "brand": _TEXT, "card": _TEXT,
    "max_cost": _NUMBER, "max_energy": _NUMBER, "max_time": (int, "a whole number"),
    "recognition": _TEXT, "serial": _TEXT, "soc": _NUMBER, "soh": _NUMBER, "vat_number": _TEXT,
    "key": _TEXT, "value": _TEXT,
}  # fmt: skip


# What cannot be, for people; the others are no driver's doing.
_NOT_NOW = {
    Event.EV_PLUGGED_IN: "No car can be plugged in",
    Event.EV_UNPLUGGED: "There is no car to unplug",
    Event.AUTHORIZED: "Nobody can be authorized",
    Event.FAULT_OCCURRED: "It cannot become faulted",
    Event.FAULT_CLEARED: "There is no fault to clear",
    Event.MADE_INOPERATIVE: "It cannot be taken out of service",
    Event.MADE_OPERATIVE: "It cannot be put into service",
}
# What can be done to a station without power.
_POWERLESS = frozenset({
    "faults", "add-fault", "clear-fault", "clock", "power-on", "power-cut", "interception",
})  # fmt: skip


class Operator(Block):
    """It keeps nothing."""

    __slots__ = ()

    KEEPS = False

    def carry_out(self, name: str, args: dict, now: float, cause: str) -> dict[str, Any]:
        """See Station.command. Raises CommandRejected for an unknown command, arguments that it
        does not take, no power, or what is not possible now."""
        core = self.core
        if core.dark and name in core.COMMANDS and name not in _POWERLESS:
            raise CommandRejected("no_power", "The station has no power: restore it first.")
        entry = core.TABLES.commands.get(name)
        if entry is None:
            known = ", ".join(sorted(core.COMMANDS))
            raise CommandRejected("unknown_command", f"There is no {name!r}; known are: {known}.")
        arguments = _checked(args)
        if "cause" in args:
            raise CommandRejected("invalid_arguments", "Who gives a command is no argument.")
        if cause and name in INJECTING:
            arguments["cause"] = cause
        bound = entry[1].__get__(core.at(entry[0]))
        try:
            signature(bound).bind(now, **arguments)
        except TypeError as error:
            raise CommandRejected("invalid_arguments", f"{name}: {error}.") from None
        try:
            result = bound(now, **arguments)
        except IllegalTransition as error:
            raise self._not_now(error, arguments) from None
        if name not in LOOKS:
            core.changed(SOON)
        if cause:
            self._sign_notes(cause)
        return result or {}

    def _not_now(self, error: IllegalTransition, arguments: dict[str, Any]) -> CommandRejected:
        """In the words of who drives a station, not of the table of states."""
        words = _NOT_NOW.get(error.event, "That cannot be done")
        outlet = self.core.connectors.get(arguments.get("connector", 1))
        status = "" if outlet is None else f" while connector {outlet.id} is"
        shown = "" if outlet is None else f" {self.core.ask(topics.STATUS_OF, outlet)}"
        return CommandRejected("not_possible_now", f"{words}{status}{shown}.")

    def _sign_notes(self, cause: str) -> None:
        out = self.core.out
        for place, effect in enumerate(out):
            if type(effect) is Noted and not effect.frame.cause:
                out[place] = Noted(effect.frame._replace(cause=cause))



def _checked(args: dict[str, Any]) -> dict[str, Any]:
    """The arguments that were given, of the right kinds; null is as good as not given."""
    given = {name: value for name, value in args.items() if value is not None}
    try:
        orjson.dumps([[given]])  # what is no JSON could not be sent either: lone surrogates, depth
    except TypeError as error:
        raise CommandRejected("invalid_arguments", f"The arguments are no JSON: {error}.") from None
    for name, value in given.items():
        kind, words = _ARGUMENTS.get(name, (object, ""))
        if not isinstance(value, kind) or (isinstance(value, bool) and kind not in (bool, object)):
            raise CommandRejected("invalid_arguments", f"{name} must be {words}.")
    return given
