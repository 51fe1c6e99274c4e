"""JSON schemas of what each type of step takes: for the published schema and the editor's forms.

The rules in step_rules.py have the last word; a test holds the two together. A schema here is of
plain values; `opened` lets a variable or a drawn value stand in the place of any.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from scenarios.rules.patterns import KINDS
from scenarios.rules.station_steps import COMMANDS, PREDECESSOR
from scenarios.rules.step_rules import (
    CONDITIONS,
    LINK_ENDS,
    LINK_TEXTS,
    MOST_BRANCHES,
    MOST_ROUNDS,
    OPERATORS,
    RULES,
    STATION_STATES,
)
from scenarios.rules.vocabulary import CONNECTOR_STATES
from scenarios.rules.words import VERSIONS, every_action
from scenarios.web import METHODS

_LIST_OF_STEPS = {"type": "array", "items": {"$ref": "#/$defs/step"}}
STEPS = _LIST_OF_STEPS | {"description": "Steps, in order"}
# {operation: (meaning, example)}
OPERATED = {
    "@random": ("A random number of this range; whole if both ends are", [1, 5]),
    "@choice": ("A random element of this list", ["TAG-1", "TAG-2"]),
    "@add": ("The sum of these values", ["$n", 1]),
    "@multiply": ("The product of these values", ["$n", 2]),
    "@now": ("The time now and so many seconds, as OCPP writes it", 60),
}
# "open" of the published schema, in the place of any value (values.py): a variable, or what is
# worked out when the step runs.
OPEN = {
    "anyOf": [
        {"type": "string", "pattern": r"\$"},
        {
            "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": False,
            "properties": {
                name: {"description": words, "examples": [example]}
                for name, (words, example) in OPERATED.items()
            },
        },
    ]
}  # fmt: skip
DURATION = {
    "description": 'Milliseconds, {"min", "max"}, {"mean"} or {"per_hour"}',
    "anyOf": [{"type": "number", "minimum": 0}, {"type": "object"}],
}
MATCHER = {
    "description": 'At least these fields; or rules such as {"@gt": 0}',
    "examples": [{"idTagInfo": {"status": "Accepted"}}],
}
CAPTURE = {
    "type": "object", "additionalProperties": {"type": "string"},
    "description": "{variable: path} from the payload or the result",
    "examples": [{"transaction": "transactionId"}],
}  # fmt: skip
_JSON = {"description": "Any JSON"}


def _text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": words, **more}


def _number(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "number", "description": words, **more}


def _whole(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "integer", "description": words, **more}


def _flag(words: str) -> dict[str, Any]:
    return {"type": "boolean", "description": words}


def _one_of(choices: Any, words: str = "") -> dict[str, Any]:
    return {"enum": list(choices), "description": words}


def _object(*required: str, **properties: Any) -> dict[str, Any]:
    made = {"type": "object", "additionalProperties": False, "properties": properties}
    return made | ({"required": list(required)} if required else {})


def _conditions(words: str) -> dict[str, Any]:
    item = _object(
        "value", "is", value=_JSON | {"description": "What is looked at, such as $x"},
        **{"is": MATCHER, "message": _text("Said where it does not hold")},
    )  # fmt: skip
    return {"type": "array", "minItems": 1, "items": item, "description": words}


_ACTION = _text("Of OCPP; several by comma")
_BOTH_WAYS = _one_of(("sent", "received", "both"), "By the station; left out: either")
# What the three kinds of waiting for a message share.
MESSAGE = _object(
    direction=_BOTH_WAYS,
    action=_ACTION,
    kind=_one_of(KINDS, "Left out: a Call or a CallResult"),
    payload=MATCHER,
    validate={"description": "The same as payload"},
    capture=CAPTURE,
    mark=_text('Of the log, such as "delayed"'),
    since=_one_of(("last_match", "start"), "Left out: from what matched or was done last"),
    answers=_flag("The answer to the Call that matched last"),
    next=_flag("No other frame of the direction and kind comes first"),
    order={"const": "any", "description": "Whatever has matched since the last command"},
    count=_whole("How many", minimum=1, maximum=1000),
    within_ms=_number("From the Call that matched last", exclusiveMinimum=0),
)
_HTTP_STATUS = {
    "anyOf": [
        {"type": "integer", "minimum": 100, "maximum": 599},
        {"type": "array", "items": {"type": "integer"}, "minItems": 1},
    ],
    "description": "Expected; left out: 2xx",
}
_LINK_WORDS = {
    "url": "ws:// or wss:// URL without the identity",
    "username": "For basic authentication; null: the identity",
    "password": "For basic authentication; null: none",
    "ca": "PEM of the authorities that the station trusts; null: those of the system",
    "certificate": "PEM of the client certificate (security profile 3); null: none",
    "key": "PEM of its key; null: none",
    "tls_min_version": "1.0 to 1.3; null: 1.2",
    "tls_max_version": "1.0 to 1.3; null: the newest",
    "tls_ciphers": "OpenSSL's names of cipher suites up to TLS 1.2; null: the default",
}
_LINK_FIELDS = {
    name: {"type": ["string", "null"], "description": _LINK_WORDS[name]} for name in LINK_TEXTS
}

OWN: dict[str, dict[str, Any]] = {
    "api_call": {
        "type": "object", "required": ["action"],
        "properties": {
            "action": _one_of((*PREDECESSOR, *COMMANDS), "The predecessor's, or any command"),
            "connectorId": _whole("Of start_charging and stop_charging"),
            "idTag": _text("Of start_charging"),
            "reason": _text("Of stop_charging"),
        },
    },
    "wait_condition": _object(
        "condition", condition=_one_of(CONDITIONS, "What the station waits for")
    ),
    "wait_for_message": MESSAGE | {"required": ["action"]},
    "wait_for_state": _object(
        target=_one_of(("connector", "station"), "Left out: connector"),
        state=_one_of((*STATION_STATES, *CONNECTOR_STATES), "Of the station, or a connector's"),
        connectorId=_whole("Left out: 1"),
        connector=_whole("The same as connectorId"),
        field=_text("Of a connector, in place of its state: status, power_w, energy_wh, soc, ..."),
        op=_one_of(OPERATORS, "Between field and value"),
        value=_JSON | {"description": "That the field is compared with"},
    ),
    "csms": _object(
        "call",
        call=_text("An action of OCPP that the CSMS is to send, or a word of the driver's"),
        payload={"type": "object", "description": "Of the action"},
        answer={"description": "A rule for what the driver's request is answered"},
        capture=CAPTURE,
    ),
    "delay": _object("duration", duration=DURATION),
    "http": _object(
        "url",
        method=_one_of(METHODS, "Left out: GET"),
        url=_text("To a host that is allowed"),
        headers={"type": "object", "additionalProperties": {"type": "string"},
                 "description": "Tokens as ${env:DRIVER_...}"},
        body=_JSON,
        status=_HTTP_STATUS,
        answer={"description": "A rule for the body of the answer"},
        capture=CAPTURE,
    ),
    "link": _object(
        **_LINK_FIELDS,
        verify=_flag("Check the CSMS's certificate"),
        subprotocols={"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 10,
                      "description": "Offered in this order, unknown ones too",
                      "examples": [["ocpp1.6"]]},
        expect=_one_of(LINK_ENDS, "Left out: open"),
        capture=CAPTURE,
    ),
    "prompt": _object("text", text=_text("What a person is asked to do")),
    "expect": MESSAGE,
    "expect_none": MESSAGE,
    "set_configuration": _object(
        "configuration",
        configuration={"type": "object", "minProperties": 1,
                       "additionalProperties": {"type": ["string", "null"]},
                       "description": "Overrides as in the station's form; null takes one away"},
    ),
    "read_state": _object(
        "capture", connector=_whole("Left out: of the station itself"), capture=CAPTURE
    ),
    "wait_for_held": _object(
        action=_ACTION, direction=_BOTH_WAYS, capture=CAPTURE
    ),
    "set": _object(
        "variables",
        variables={"type": "object", "minProperties": 1, "description": "{name: value}"},
    ),
    "assert": _object("conditions", conditions=_conditions("All of them hold")),
    "if": _object(
        "conditions", conditions=_conditions("Then steps, otherwise else"), steps=STEPS,
        **{"else": STEPS},
    ),
    "repeat": _object(
        "steps",
        steps=STEPS,
        count=_number("Rounds", exclusiveMinimum=0, maximum=MOST_ROUNDS),
        seconds=_number("How long", exclusiveMinimum=0, maximum=MOST_ROUNDS),
        until=_conditions("It ends when these hold"),
        forever=_flag("Until the run is cancelled"),
        every=DURATION | {"description": "Between the beginnings of rounds, as a duration"},
    ),
    "parallel": _object(
        branches={"type": "array", "minItems": 1, "maxItems": MOST_BRANCHES, "items": STEPS,
                  "description": "Lists of steps that run at the same time"},
        for_each={"description": "A list or a variable: a branch for each value"},
        steps=STEPS,
        **{"as": _text("The variable of each branch")},
    ),
    "choose": _object(
        "branches",
        branches={"type": "array", "minItems": 1, "maxItems": MOST_BRANCHES, "items": _object(
            weight=_number("How often, relative to the others", minimum=0), steps=STEPS),
            "description": "One of them is chosen at random"},
    ),
    "start": _object(),
    "stop": _object(),
}  # fmt: skip
# What a step has beside its type and params.
ABOUT = {
    "description": _text("Shown while the step runs"),
    "timeout": _number("Milliseconds; 30000 for waits, 10000 for commands", exclusiveMinimum=0,
                       examples=[60000]),
    "optional": _flag("If it fails, the next step follows"),
    "versions": {
        "type": "array", "minItems": 1, "items": {"enum": list(VERSIONS)},
        "description": "Only on stations of these OCPP versions", "examples": [["1.6"]],
    },
    "capture": CAPTURE,
    "refused": {
        "anyOf": [{"type": "boolean"}, {"type": "string"}],
        "description": "The station must refuse the command: true, or the code of the refusal",
        "examples": [True, "not_possible_now"],
    },
    "obligation": _text("A sentence: what this step shows of the CSMS", minLength=1),
}  # fmt: skip


@cache
def _of_command(kind: str) -> dict[str, Any]:
    return _untitled(COMMANDS[kind].model_json_schema())


def params_schema(kind: str) -> dict[str, Any]:
    """Of plain values; KeyError for what is no type of step."""
    return deepcopy(OWN[kind] if kind in RULES else _of_command(kind))


def _untitled(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_untitled(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    made = {}
    for name, part in schema.items():
        if name == "properties":
            made[name] = {field: _untitled(inner) for field, inner in part.items()}
        elif name != "title":
            made[name] = _untitled(part)
    return made


def flat(schema: dict[str, Any]) -> dict[str, Any]:
    """Without references of its own: a schema that can stand within another."""
    own = schema.pop("$defs", {})

    def put(part: Any) -> Any:
        if isinstance(part, list):
            return [put(each) for each in part]
        if not isinstance(part, Mapping):
            return part
        name = str(part.get("$ref", "")).removeprefix("#/$defs/")
        if name in own:
            return put({**own[name], **{k: v for k, v in part.items() if k != "$ref"}})
        return {key: put(value) for key, value in part.items()}

    return put(schema)


def opened(schema: Mapping[str, Any]) -> dict[str, Any]:
    """With a variable or a drawn value in the place of each property's, at any depth."""
    made = dict(schema)
    if "properties" in made:
        made["properties"] = {name: _either(part) for name, part in made["properties"].items()}
    return made


def _either(part: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: part[name] for name in ("description", "default", "examples") if name in part}
    plain = {name: value for name, value in part.items() if name not in told}
    if not plain or plain == _LIST_OF_STEPS:
        return dict(part)
    if plain.get("type") == "array" and "properties" in plain.get("items", {}):
        plain["items"] = opened(plain["items"])
    ways = [opened(way) for way in plain.get("anyOf", [plain])]
    return {**told, "anyOf": [*ways, {"$ref": "#/$defs/open"}]}


def published(kind: str) -> dict[str, Any]:
    """Of a type's params, for editors of files."""
    return opened(flat(params_schema(kind)))


def actions_pattern() -> str:
    """Of a text that names actions, or has a variable."""
    action = "|".join(sorted(every_action()))
    return rf"\$|^\s*({action})(\s*,\s*({action}))*\s*$"
