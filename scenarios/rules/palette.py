"""What an editor offers: each type of step with its words, its fields and an example.

Names and help of commands are those of the station's page (stations/api/seats.py).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from chargepoint.versions import station_class
from scenarios.rules.station_steps import CALLED, COMMANDS
from scenarios.rules.step_rules import CONTAINERS, RULES
from scenarios.rules.step_schemas import ABOUT, flat, params_schema
from scenarios.rules.words import VERSIONS
from stations.life.page import TABLE

# Of a command's operation in the API, where it is not the command's own name.
_OPERATIONS = {
    "message": "messages", "add-fault": "faults", "add-breakpoint": "breakpoints",
    "change-setting": "settings",
}  # fmt: skip
_OF_THE_LINK = ("connect", "disconnect")
ACT, WAIT, FLOW, FAULTS, BEYOND = GROUPS = (
    "The station acts", "Wait and expect", "Flow", "Faults and interception",
    "The CSMS and beyond",
)  # fmt: skip
_CHAOS = (
    "add-fault", "clear-fault", "faults", "respond", "clock", "half-open", "heal", "power-cut",
    "power-on", "interception", "add-breakpoint", "clear-breakpoint", "release", "drop", "answer",
)  # fmt: skip
_DELAY = {"type": "delay", "params": {"duration": 1000}}
_CONDITION = {"value": "$x", "is": {"@any": True}}

# type: (group, label, help, example of its params)
_OWN: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "start": (ACT, "Power on", "Switch the station on, as its button does.", {}),
    "stop": (ACT, "Power off", "Switch the station off, as its button does.", {}),
    "set_configuration": (ACT, "Set configuration overrides",
                          "They stay: set them back in the cleanup.",
                          {"configuration": {"HeartbeatInterval": "60"}}),
    "api_call": (ACT, "Call of the predecessor", "As its scenario files write it.",
                 {"action": "start_charging", "connectorId": 1, "idTag": "TAG-1"}),
    "expect": (WAIT, "Expect a message", "Fails where it does not come in time, or is wrong.",
               {"direction": "sent", "action": "StatusNotification", "kind": "Call"}),
    "expect_none": (WAIT, "Expect no message", "Passes where none comes within the timeout.",
                    {"direction": "received", "kind": "Call"}),
    "wait_for_state": (WAIT, "Wait for a state", "Of the station or a connector.",
                       {"target": "station", "state": "accepted"}),
    "wait_condition": (WAIT, "Wait for the link", "As the predecessor writes it.",
                       {"condition": "station_accepted"}),
    "wait_for_message": (WAIT, "Wait for a message", "As the predecessor writes it.",
                         {"direction": "sent", "action": "BootNotification"}),
    "wait_for_held": (WAIT, "Wait for a held frame", "Until a breakpoint holds one.",
                      {"capture": {"held": "id"}}),
    "assert": (WAIT, "Assert", "Conditions on variables.", {"conditions": [_CONDITION]}),
    "delay": (FLOW, "Delay", "Nothing happens for a while.", {"duration": 1000}),
    "repeat": (FLOW, "Repeat", "Steps, several times or until something holds.",
               {"count": 3, "steps": [_DELAY]}),
    "if": (FLOW, "If", "Steps where conditions hold, others where not.",
           {"conditions": [_CONDITION], "steps": [_DELAY]}),
    "parallel": (FLOW, "In parallel", "Branches at the same time.",
                 {"branches": [[_DELAY], [_DELAY]]}),
    "choose": (FLOW, "Choose one", "One of several branches is drawn.",
               {"branches": [{"weight": 1, "steps": [_DELAY]}]}),
    "set": (FLOW, "Set variables", "Values for later steps.", {"variables": {"x": 1}}),
    "read_state": (FLOW, "Read the state", "Variables from the station's state.",
                   {"capture": {"connected": "connected"}}),
    "csms": (BEYOND, "Have the CSMS act", "Needs a driver.",
             {"call": "RemoteStartTransaction",
              "payload": {"connectorId": 1, "idTag": "TAG-1"}}),
    "http": (BEYOND, "Ask by HTTP", "A host that the administrator has allowed.",
             {"method": "GET", "url": "https://csms.example/health", "status": 200}),
    "prompt": (BEYOND, "Ask a person", "At a terminal only.", {"text": "Unplug the cable."}),
    "link": (BEYOND, "Change the link", "With runscenario and runsuite only.",
             {"subprotocols": ["ocpp1.6"]}),
}  # fmt: skip
# Commands that no operation of the page tells of.
_WORDS = {
    "look": ("Look", "The station as it is now: connectors, power, limits."),
    "schedule": ("Composite schedule", "What the profiles of a connector come to."),
    "settings": ("Settings", "Configuration keys or variables with their values."),
    "faults": ("Faults there are", "The list of those under way."),
    "clear-fault": ("End a fault", "One by its id, or all."),
    "interception": ("Breakpoints and held frames", "The list of them."),
    "clear-breakpoint": ("Remove a breakpoint", "One by its id, or all."),
    "release": ("Release a held frame", "As it is, or with another text."),
    "drop": ("Drop a held frame", "It is never sent on."),
    "answer": ("Answer a held frame", "In the place of who would have."),
    "change-setting": ("Change a setting", "As somebody at the station would."),
    "add-breakpoint": ("Hold frames", "A breakpoint, until it is cleared."),
}
_EXAMPLES: dict[str, dict[str, Any]] = {
    "authorize": {"connector": 1, "id_tag": "TAG-1"},
    "start-transaction": {"connector": 1, "id_tag": "TAG-1"},
    "message": {"action": "Heartbeat", "payload": {}},
    "availability": {"connector": 1, "operative": False},
    "vat-number": {"connector": 1, "vat_number": "DE123456789"},
    "der-alarm": {"kind": "FreqDroop"},
    "data-transfer": {"vendor_id": "Acme", "data": "hello"},
    "change-setting": {"key": "HeartbeatInterval", "value": "60"},
    "add-fault": {"fault": "drop", "direction": "sent", "action": "Heartbeat", "count": 1},
    "add-breakpoint": {"action": "StartTransaction", "count": 1},
    "respond": {"action": "Reset", "payload": {"status": "Rejected"}, "count": 1},
    "drop": {"id": "$held"},
    "answer": {"id": "$held", "payload": {"status": "Rejected"}},
    "release": {"id": "$held"},
    "power-cut": {"seconds": 30},
    "half-open": {"seconds": 30},
    "clock": {"offset_seconds": -3600},
}
_CONNECTORS = ("plug", "unplug", "stop-transaction", "fault", "wake", "bay", "refuse-tariff",
               "priority-charging", "pay-terminal", "payment-url")  # fmt: skip


def versions_of_command(kind: str) -> list[str]:
    """The OCPP versions whose stations know a command."""
    name = CALLED.get(kind, kind)
    if name in _OF_THE_LINK:
        return list(VERSIONS)
    return [version for version in VERSIONS if name in station_class(version).COMMANDS]


def _words_of(kind: str) -> tuple[str, str, str, dict[str, Any]]:
    if kind in _OWN:
        return _OWN[kind]
    operation = _OPERATIONS.get(kind, kind)
    told = next((each for each in TABLE if each.name == operation), None)
    label, words = _WORDS.get(kind) or ((told.label, told.help) if told else (kind, ""))
    example = _EXAMPLES.get(kind) or ({"connector": 1} if kind in _CONNECTORS else {})
    return (FAULTS if kind in _CHAOS else ACT), label, words.replace("`", ""), example


def _entry(kind: str) -> dict[str, Any]:
    group, label, words, example = _words_of(kind)
    schema = flat(params_schema(kind))
    inner = [name for name in ("steps", "else", "branches") if kind in CONTAINERS
             and name in schema["properties"]]  # fmt: skip
    for name in inner:
        del schema["properties"][name]
    if "required" in schema:
        schema["required"] = [name for name in schema["required"] if name not in inner]
    versions = versions_of_command(kind) if kind in COMMANDS else list(VERSIONS)
    step = {"type": kind} | ({"params": example} if example else {})
    return {
        "type": kind, "group": group, "label": label, "help": words, "params": schema,
        "inner": inner, "versions": versions, "example": step,
    }  # fmt: skip


@cache
def palette() -> dict[str, Any]:
    """{"groups", "types": [{"type", "group", "label", "help", "params", "inner", "versions",
    "example"}], "about": schema of what every step may have beside them}."""
    kinds = [*_OWN, *(kind for kind in COMMANDS)]
    assert set(kinds) == {*RULES, *COMMANDS}
    entries = [_entry(kind) for kind in kinds]
    return {
        "groups": list(GROUPS),
        "types": sorted(entries, key=lambda each: GROUPS.index(each["group"])),
        "about": {"type": "object", "properties": ABOUT},
    }
