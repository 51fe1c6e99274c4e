"""The rules for each type of step: pure functions from params to sentences that say what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from scenarios.rules.matching import check_matcher
from scenarios.rules.patterns import KINDS
from scenarios.rules.station_steps import COMMANDS, PREDECESSOR, check_params
from scenarios.rules.values import NAME, check_duration, is_number, is_open
from scenarios.rules.vocabulary import ACTIONS_2, CONNECTOR_STATES
from scenarios.rules.words import actions_of, check_action
from scenarios.web import METHODS
from stations.configuration.validation import check_configuration

CONDITIONS = ("station_connected", "station_disconnected", "station_accepted")
STATION_STATES = ("connected", "disconnected", "accepted")
OPERATORS = ("==", "!=", ">", ">=", "<", "<=")
SUBPROTOCOL = re.compile(r"[A-Za-z0-9._-]{1,40}\Z")
MOST_ROUNDS = 1_000_000
MOST_BRANCHES = 50

Params = Mapping[str, Any]


def _unknown(params: Params, *known: str) -> Iterator[str]:
    for name in params:
        if name not in known:
            listed = ", ".join(known) if known else "none"
            yield f'There is no param "{name}" here: take it out (known: {listed}).'


def _one_of(params: Params, name: str, choices: tuple[str, ...], needed: bool) -> Iterator[str]:
    value = params.get(name)
    if value is None:
        if needed:
            yield f'Give the param "{name}": {", ".join(choices)}.'
    elif not is_open(value) and value not in choices:
        yield f'Let "{name}" be one of {", ".join(choices)}.'


def _text(params: Params, name: str, needed: bool = False) -> Iterator[str]:
    value = params.get(name)
    if value is None and not needed:
        return
    if not isinstance(value, str) or not value:
        yield f'Give the param "{name}" as a text.'


def check_capture(capture: Any) -> Iterator[str]:
    """{variable: path in the payload}."""
    if not isinstance(capture, Mapping):
        yield 'Give "capture" as {variable: path}, e.g. {"transactionId": "transactionId"}.'
        return
    for name, path in capture.items():
        if not NAME.match(str(name)):
            yield f'Name the variable "{name}" with letters, digits and _.'
        if not isinstance(path, str):
            yield f'Give the path of "{name}" as a text, e.g. "idTagInfo.status".'


# --- the predecessor's, and what is like them ----------------------------------------------------


def api_call(params: Params) -> Iterator[str]:
    """Sentences on what is wrong with the params of `api_call`, a command by its predecessor's
    name too."""
    action = str(params.get("action", "")).replace("-", "_")
    if action in PREDECESSOR:
        kinds = PREDECESSOR[action]
        yield from _unknown(params, "action", *kinds)
        for name, kind in kinds.items():
            value = params.get(name)
            if value is not None and not is_open(value) and type(value) is not kind:
                yield f'Give "{name}" as {"a number" if kind is int else "a text"}.'
        return
    command = action.replace("_", "-")
    if command not in COMMANDS:
        known = ", ".join((*PREDECESSOR, *COMMANDS))
        yield f'Let "action" be one of {known}.'
        return
    yield from check_params(command, {k: v for k, v in params.items() if k != "action"})


def wait_condition(params: Params) -> Iterator[str]:
    """Sentences on what is wrong with the params of `wait_condition`."""
    yield from _unknown(params, "condition")
    yield from _one_of(params, "condition", CONDITIONS, needed=True)


def wait_for_state(params: Params) -> Iterator[str]:
    """Sentences on what is wrong with the params of `wait_for_state`."""
    known = ("target", "connectorId", "connector", "state", "field", "op", "value")
    yield from _unknown(params, *known)
    yield from _one_of(params, "target", ("connector", "station"), needed=False)
    if params.get("target") == "station":
        yield from _one_of(params, "state", STATION_STATES, needed=True)
        return
    number = params.get("connectorId", params.get("connector", 1))
    if not is_open(number) and type(number) is not int:
        yield 'Give "connectorId" as a number.'
    if "field" in params:
        yield from _text(params, "field", needed=True)
        yield from _one_of(params, "op", OPERATORS, needed=True)
        if "value" not in params:
            yield 'Give the "value" that the field is compared with.'
    else:
        yield from _one_of(params, "state", CONNECTOR_STATES, needed=True)


def wait_for_message(params: Params) -> Iterator[str]:
    """Sentences on what is wrong with the params of `wait_for_message`."""
    yield from frame_params(params)
    yield from _text(params, "action", needed=True)


def check_actions(params: Params, versions: tuple[str, ...], translated: bool) -> Iterator[str]:
    """versions: those that the step is for; () for all. translated: 1.6's words hold in 2.x."""
    names = actions_of(params)
    whys = [check_action(name) for name in names]
    yield from (why for why in whys if why)
    if names and versions and not any(whys):
        meant = {
            name: versions if translated and name in ACTIONS_2 else () for name in names
        }  # fmt: skip
        foreign = [check_action(name, versions) for name in names if not meant[name]]
        if len(foreign) == len(names) and all(foreign):
            yield from foreign[:1]


def frame_params(params: Params) -> Iterator[str]:
    """What expect, expect_none and wait_for_message share."""
    known = (
        "direction", "action", "kind", "payload", "validate", "capture", "mark", "since", "answers",
        "next", "order", "count", "within_ms",
    )  # fmt: skip
    yield from _unknown(params, *known)
    if not isinstance(params.get("answers", False), bool):
        yield 'Let "answers" be true: the answer to the Call that matched last.'
    yield from _one_of(params, "direction", ("sent", "received", "both"), needed=False)
    yield from _one_of(params, "kind", KINDS, needed=False)
    yield from _one_of(params, "since", ("last_match", "start"), needed=False)
    yield from _one_of(params, "order", ("any",), needed=False)
    if not isinstance(params.get("next", False), bool):
        yield 'Let "next" be true: no other frame of the direction and the kind may come first.'
    if params.get("next") and params.get("order"):
        yield 'Take out "next" or "order": they contradict each other.'
    count, within = params.get("count"), params.get("within_ms")
    if count is not None and not is_open(count) and not (type(count) is int and 1 <= count <= 1000):
        yield 'Give "count" as a whole number from 1 to 1000.'
    if within is not None and not is_open(within) and not (is_number(within) and within > 0):
        yield 'Give "within_ms" as a number above 0: from the Call that matched last.'
    yield from _text(params, "mark")
    for name in ("payload", "validate"):
        if name in params and (why := check_matcher(params[name])):
            yield why
    if "capture" in params:
        yield from check_capture(params["capture"])


def expect(params: Params) -> Iterator[str]:
    """Sentences on what is wrong with the params of `expect`: some part of a frame must be
    named."""
    yield from frame_params(params)
    telling = ("action", "payload", "validate", "kind", "mark", "answers")
    if not any(params.get(name) for name in telling):
        yield "Say what is expected: an action, kind, payload, mark or answers."


def delay(params: Params) -> Iterator[str]:
    """Sentences on what is wrong with the params of `delay`; the duration is in milliseconds."""
    yield from _unknown(params, "duration")
    if why := check_duration(params.get("duration")):
        yield f'Correct the param "duration": {why}'


# --- the CSMS acts -------------------------------------------------------------------------------


def csms(params: Params) -> Iterator[str]:
    """`call`: an action of OCPP, or a name of the driver's own, in lower case."""
    yield from _unknown(params, "call", "payload", "capture", "answer")
    yield from _text(params, "call", needed=True)
    call = params.get("call")
    if isinstance(call, str) and call[:1].isupper() and (why := check_action(call)):
        yield why
    payload = params.get("payload", {})
    if not isinstance(payload, Mapping) and not is_open(payload):
        yield 'Give "payload" as an object.'
    if "answer" in params and (why := check_matcher(params["answer"])):
        yield why
    if "capture" in params:
        yield from check_capture(params["capture"])


def http(params: Params) -> Iterator[str]:
    """Sentences on what is wrong with the params of `http`.

    Whether the host is allowed is asked when it runs.
    """
    yield from _unknown(params, "method", "url", "headers", "body", "status", "answer", "capture")
    yield from _text(params, "url", needed=True)
    yield from _one_of(params, "method", METHODS, needed=False)
    headers = params.get("headers", {})
    if not isinstance(headers, Mapping) or not all(isinstance(v, str) for v in headers.values()):
        yield 'Give "headers" as an object of texts.'
    status = params.get("status")
    listed = status if isinstance(status, list) else [status]
    if (
        status is not None
        and not is_open(status)
        and not (listed and all(type(each) is int and 100 <= each <= 599 for each in listed))
    ):
        yield 'Give "status" as a number from 100 to 599, or a list of such.'
    if "answer" in params and (why := check_matcher(params["answer"])):
        yield why
    if "capture" in params:
        yield from check_capture(params["capture"])


def prompt(params: Params) -> Iterator[str]:
    """Sentences on what is wrong with the params of `prompt`."""
    yield from _unknown(params, "text")
    yield from _text(params, "text", needed=True)


LINK_TEXTS = (
    "url", "username", "password", "ca", "certificate", "key", "tls_min_version",
    "tls_max_version", "tls_ciphers",
)  # fmt: skip
LINK_ENDS = ("open", "refused", "any")


def link(params: Params) -> Iterator[str]:
    """null takes a value away."""
    yield from _unknown(params, *LINK_TEXTS, "verify", "subprotocols", "expect", "capture")
    for name in LINK_TEXTS:
        if not isinstance(params.get(name), str | None):
            yield f'Give "{name}" as a text, or null for none.'
    if not isinstance(params.get("verify", True), bool):
        yield 'Let "verify" be true or false.'
    names = params.get("subprotocols", ["ocpp1.6"])
    if not is_open(names) and not (
        isinstance(names, list) and 1 <= len(names) <= 10
        and all(isinstance(each, str) and SUBPROTOCOL.match(each) for each in names)
    ):  # fmt: skip
        yield 'Give "subprotocols" as a list of names such as ocpp1.6.'
    yield from _one_of(params, "expect", LINK_ENDS, needed=False)
    if "capture" in params:
        yield from check_capture(params["capture"])


# --- ours ----------------------------------------------------------------------------------------


def set_configuration(params: Params) -> Iterator[str]:
    """Sentences on what is wrong with the params of `set_configuration`; null takes an override
    away."""
    yield from _unknown(params, "configuration")
    configuration = params.get("configuration")
    if not isinstance(configuration, Mapping) or not configuration:
        yield 'Give "configuration" as an object of texts, e.g. {"HeartbeatInterval": "60"}.'
        return
    closed = {key: value for key, value in configuration.items() if value is not None}
    yield from check_configuration("1.6", closed)


def read_state(params: Params) -> Iterator[str]:
    """Sentences on what is wrong with the params of `read_state`."""
    yield from _unknown(params, "connector", "capture")
    number = params.get("connector")
    if number is not None and not is_open(number) and type(number) is not int:
        yield 'Give "connector" as a number.'
    yield from check_capture(params.get("capture"))


def wait_for_held(params: Params) -> Iterator[str]:
    """Sentences on what is wrong with the params of `wait_for_held`."""
    yield from _unknown(params, "action", "direction", "capture")
    yield from _text(params, "action")
    yield from (why for name in actions_of(params) if (why := check_action(name)))
    yield from _one_of(params, "direction", ("sent", "received", "both"), needed=False)
    if "capture" in params:
        yield from check_capture(params["capture"])


def set_variables(params: Params) -> Iterator[str]:
    """Sentences on what is wrong with the params of `set_variables`."""
    yield from _unknown(params, "variables")
    variables = params.get("variables")
    if not isinstance(variables, Mapping) or not variables:
        yield 'Give "variables" as {name: value}.'
        return
    for name in variables:
        if not NAME.match(str(name)):
            yield f'Name the variable "{name}" with letters, digits and _.'


def conditions(given: Any, name: str = "conditions") -> Iterator[str]:
    """[{"value": "$x", "is": matcher}, ...]."""
    if not isinstance(given, list) or not given:
        yield f'Give "{name}" as a list of {{"value": ..., "is": ...}}.'
        return
    for each in given:
        if not isinstance(each, Mapping) or set(each) - {"value", "is", "message"}:
            yield f'Write each of "{name}" as {{"value": ..., "is": ..., "message"?: ...}}.'
        elif "value" not in each or "is" not in each:
            yield f'Give each of "{name}" a "value" and what it "is".'
        elif why := check_matcher(each["is"]):
            yield why


def assert_(params: Params) -> Iterator[str]:
    """Sentences on what is wrong with the params of `assert`."""
    yield from _unknown(params, "conditions")
    yield from conditions(params.get("conditions"))


def if_(params: Params) -> Iterator[str]:
    """Sentences on what is wrong with the params of `if`; its lists of steps are checked by the
    caller."""
    yield from _unknown(params, "conditions", "steps", "else")
    yield from conditions(params.get("conditions"))
    if not params.get("steps") and not params.get("else"):
        yield 'Give "steps", "else" or both.'


def repeat(params: Params) -> Iterator[str]:
    """Sentences on what is wrong with the params of `repeat`; `seconds` are the scenario's."""
    yield from _unknown(params, "count", "seconds", "until", "forever", "every", "steps")
    ends = [name for name in ("count", "seconds", "until", "forever") if params.get(name)]
    if not ends:
        yield 'Say how long: "count", "seconds", "until", or "forever": true.'
    for name in ("count", "seconds"):
        value = params.get(name)
        fine = is_number(value) and 0 < value <= MOST_ROUNDS
        if value is not None and not is_open(value) and not fine:
            yield f'Give "{name}" as a number from 1 to {MOST_ROUNDS}.'
    if "until" in params:
        yield from conditions(params["until"], "until")
    if "every" in params and (why := check_duration(params["every"])):
        yield f'Correct the param "every": {why}'
    if not params.get("steps"):
        yield 'Give the "steps" that are repeated.'


def parallel(params: Params) -> Iterator[str]:
    """Sentences on what is wrong with the params of `parallel`: a list of branches, or
    `for_each`."""
    yield from _unknown(params, "branches", "for_each", "as", "steps")
    if "for_each" in params:
        values = params["for_each"]
        if not is_open(values) and not isinstance(values, list):
            yield 'Give "for_each" as a list or a variable.'
        if not NAME.match(str(params.get("as", ""))):
            yield 'Name the variable of each branch in "as".'
        if not params.get("steps"):
            yield 'Give the "steps" of each branch.'
        return
    branches = params.get("branches")
    if not isinstance(branches, list) or not 1 <= len(branches) <= MOST_BRANCHES:
        yield f'Give "branches" as a list of 1 to {MOST_BRANCHES} lists of steps.'


def choose(params: Params) -> Iterator[str]:
    """Sentences on what is wrong with the params of `choose`; a weight of 0 is never drawn."""
    yield from _unknown(params, "branches")
    branches = params.get("branches")
    if not isinstance(branches, list) or not 1 <= len(branches) <= MOST_BRANCHES:
        yield f'Give "branches" as a list of 1 to {MOST_BRANCHES} {{"weight": n, "steps": [...]}}.'
        return
    for branch in branches:
        if not isinstance(branch, Mapping) or set(branch) - {"weight", "steps"}:
            yield 'Write each branch as {"weight": n, "steps": [...]}.'
            continue
        weight = branch.get("weight", 1)
        if not is_open(weight) and not (is_number(weight) and weight >= 0):
            yield "Give each weight as a number of 0 or more."


RULES: dict[str, Callable[[Params], Iterator[str]]] = {
    "api_call": api_call,
    "wait_condition": wait_condition,
    "wait_for_message": wait_for_message,
    "wait_for_state": wait_for_state,
    "csms": csms,
    "delay": delay,
    "http": http,
    "link": link,
    "prompt": prompt,
    "expect": expect,
    "expect_none": expect,
    "set_configuration": set_configuration,
    "read_state": read_state,
    "wait_for_held": wait_for_held,
    "set": set_variables,
    "assert": assert_,
    "if": if_,
    "repeat": repeat,
    "parallel": parallel,
    "choose": choose,
    "start": lambda params: _unknown(params),
    "stop": lambda params: _unknown(params),
}
CONTAINERS = ("if", "repeat", "parallel", "choose")
# Those that can tell a CSMS that behaves from one that does not.
JUDGES = frozenset({
    "assert", "expect", "expect_none", "http", "link", "prompt", "wait_for_message",
})  # fmt: skip


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def inner_lists(kind: str, params: Params) -> Iterator[tuple[str, Any]]:
    """(what to call it in a sentence and in the path, list of steps) within a container."""
    match kind:
        case "if":
            yield from ((name, params[name]) for name in ("steps", "else") if params.get(name))
        case "repeat":
            yield "steps", params.get("steps") or []
        case "parallel" if "for_each" in params:
            yield "steps", params.get("steps") or []
        case "parallel":
            for number, steps in enumerate(_listed(params.get("branches")), start=1):
                yield f"branch {number}", steps
        case "choose":
            for number, branch in enumerate(_listed(params.get("branches")), start=1):
                if isinstance(branch, Mapping):
                    yield f"branch {number}", branch.get("steps") or []
