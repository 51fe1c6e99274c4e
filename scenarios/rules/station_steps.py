"""Steps that are a command to the station: their names and what they take.

The same shapes as the API's, so a step is refused by the same sentences as a request would be.
Seconds where the command takes seconds; only steps of our own and the predecessor's count in ms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from accounts.known_fields import fields_at
from scenarios.rules.values import is_open
from scenarios.rules.words import actions_of, check_action
from stations.api import command_schemas as commands
from stations.api import fault_schemas as faults
from stations.api.interception import AnswerIn, BreakpointIn, ReleaseIn
from stations.api.schemas import StrictIn

TOKEN_TYPE = (
    "IdTokenEnumType of OCPP 2.x, such as ISO14443; left out: by the look of the token; "
    "in 1.6 eMAID, for Plug & Charge, or none"
)


class Nothing(StrictIn):
    pass


class NumberedIn(StrictIn):
    id: int = Field(description="Of the held frame, from the list or `wait_for_held`")


class ClearIn(StrictIn):
    id: int | None = Field(None, description="From the list; left out: all of them")


class ReleaseHeldIn(ReleaseIn, ClearIn):
    pass


class AnswerHeldIn(AnswerIn, NumberedIn):
    pass


class AuthorizeIn(commands.AuthorizeIn):
    token_type: str | None = Field(None, description=TOKEN_TYPE)


class StartTransactionIn(commands.StartTransactionIn):
    token_type: str | None = Field(None, description=TOKEN_TYPE)


class ScheduleIn(commands.ConnectorCommand):
    seconds: float = Field(86_400, description="How far ahead, at most a week")


# Steps whose command has another name: `set` is a step already.
CALLED = {"change-setting": "set"}
COMMANDS: dict[str, type[StrictIn]] = {
    "connect": Nothing,
    "disconnect": Nothing,
    "plug": commands.PlugIn,
    "unplug": commands.ConnectorCommand,
    "authorize": AuthorizeIn,
    "start-transaction": StartTransactionIn,
    "stop-transaction": commands.StopTransactionIn,
    "fault": commands.FaultIn,
    "wake": commands.WakeIn,
    "reset": commands.ResetIn,
    "availability": commands.AvailabilityIn,
    "firmware": commands.FirmwareIn,
    "charging-limit": commands.ChargingLimitIn,
    "message": commands.MessageIn,
    "data-transfer": commands.DataTransferIn,  # OCPP 1.6; on 2.x send a `message`
    "bay": commands.BayIn,  # OCPP 2.x
    "priority-charging": commands.PriorityIn,  # OCPP 2.1
    "der-alarm": commands.DerAlarmIn,  # OCPP 2.1
    "grid": commands.GridIn,
    "battery-swap": commands.BatterySwapIn,  # OCPP 2.1, as those below
    "terminal": commands.TerminalIn,
    "pay-terminal": commands.PayTerminalIn,
    "payment-url": commands.PaymentUrlIn,
    "refuse-tariff": commands.ConnectorCommand,
    "vat-number": commands.VatNumberIn,
    "look": Nothing,
    "schedule": ScheduleIn,
    "settings": Nothing,
    "change-setting": commands.SettingIn,
    # Faults on demand, see docs/reference/faults.md.
    "add-fault": faults.FrameFaultIn,
    "clear-fault": ClearIn,
    "faults": Nothing,
    "respond": faults.RespondIn,
    "clock": faults.ClockIn,
    "half-open": faults.WhileIn,
    "heal": Nothing,
    "power-cut": faults.WhileIn,
    "power-on": Nothing,
    # Interception.
    "interception": Nothing,
    "add-breakpoint": BreakpointIn,
    "clear-breakpoint": ClearIn,
    "release": ReleaseHeldIn,
    "drop": NumberedIn,
    "answer": AnswerHeldIn,
}
# The predecessor's names in `api_call`.
PREDECESSOR = {
    "start_station": {},
    "stop_station": {},
    "start_charging": {"connectorId": int, "idTag": str},
    "stop_charging": {"connectorId": int, "reason": str},
}


def check_params(command: str, params: Mapping[str, Any]) -> list[str]:
    """Sentences about a command's params; what is open is looked at when it is known."""
    try:
        COMMANDS[command].model_validate(dict(params))
    except ValidationError as error:
        return [
            _sentence(item, COMMANDS[command])
            for item in error.errors()
            if not (item["loc"] and is_open(params.get(item["loc"][0])))
        ]
    whys = [why for name in actions_of(params) if (why := check_action(name))]
    if whys and command in ("add-fault", "add-breakpoint", "respond"):
        return whys  # one that is misspelt would strike nothing, and nobody would see it
    if command == "message" and (params.get("text") is None) == (params.get("action") is None):
        return ["Give either `text`, or `action` with `payload`."]
    return []


def arguments(command: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The command's arguments, checked once more; raises ValueError with a sentence."""
    if problems := check_params(command, params):
        raise ValueError(" ".join(problems))
    made = COMMANDS[command].model_validate(dict(params)).model_dump(exclude_none=True)
    if command == "message" and "action" in made:
        made.setdefault("payload", {})
    if command in ("add-breakpoint", "add-fault"):
        made = {name: value for name, value in made.items() if value != ""}
    return made


def _sentence(item: Mapping[str, Any], model: type[BaseModel]) -> str:
    name = ".".join(str(part) for part in item["loc"])
    match item["type"]:
        case "extra_forbidden":
            known = ", ".join(fields_at(model, item["loc"][:-1])) or "none"
            return f'There is no param "{name}" here: take it out. There are: {known}.'
        case "missing":
            return f'Give the param "{name}".'
    return f'Correct the param "{name}": {item["msg"]}.'
