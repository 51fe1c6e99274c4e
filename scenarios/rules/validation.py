"""The rules for a scenario, the same for the form, the API and an import.

`check_scenario` returns {field: [sentences]}; none means that it is good.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from scenarios.rules import placing
from scenarios.rules.station_steps import COMMANDS, check_params
from scenarios.rules.step_rules import CONTAINERS, RULES, check_actions, check_capture, inner_lists
from scenarios.rules.values import LONGEST_MS, NAME, OWN_NAMES, is_number, is_open, used_names
from scenarios.watch.rules import check_watch
from stations.configuration.validation import OCPP_VERSIONS, check_tags

SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}\Z")
# These are endpoints below /api/scenarios/.
RESERVED = frozenset({"import", "export"})
STEP_KEYS = (
    "type", "description", "timeout", "params", "validate", "versions", "optional", "capture",
    "refused", "obligation",
)  # fmt: skip
CAPTURING = ("wait_for_message", "expect", "csms", "http", "link")  # beside the commands
MOST_STEPS = 500
DEEPEST = 8
DEEPEST_VALUE = 100  # levels of a JSON value; a step in a step counts for three
NEST_LESS = f"Nest lists and objects at most {DEEPEST_VALUE} deep."
MOST_BYTES = 1_000_000


def type_of(step: Mapping[str, Any]) -> str:
    """A step's type by its one name: `power_cut` is `power-cut`."""
    kind = str(step.get("type", ""))
    if kind in RULES:
        return kind
    dashed = kind.replace("_", "-")
    return dashed if dashed in COMMANDS else kind


def check_scenario(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """`values`: slug, name, tags, steps, cleanup, variables, watch."""
    found: dict[str, list[str]] = {}
    for problem in placed_problems(values):
        found.setdefault(problem["field"], []).append(problem["sentence"])
    return found


def placed_problems(values: Mapping[str, Any]) -> list[dict[str, str]]:
    """[{"field", "pointer": within the field's value, "sentence"}]; of `values` as above."""
    plain = {
        "slug": check_slug(values.get("slug")),
        "name": [] if str(values.get("name") or "").strip() else ["Give the scenario a name."],
        "tags": check_tags(values.get("tags")),
        "variables": check_variables(values.get("variables")),
        "watch": check_watch(values.get("watch")),
    }
    found = [each for name, told in plain.items() for each in placing.told(name, _whole(told))]
    found += placing.told("steps", placed_steps(values.get("steps"), needed=True))
    found += placing.told("cleanup", placed_steps(values.get("cleanup"), needed=False))
    return found or check_names(values)


def _whole(sentences: list[str]) -> list[tuple[str, str]]:
    return [("", sentence) for sentence in sentences]


def check_slug(slug: Any) -> list[str]:
    """What is wrong with a scenario's id: sentences, none where it can be used."""
    if not isinstance(slug, str) or not SLUG.match(slug):
        return ["Use 1 to 80 of the letters A-Z a-z, the digits and - . _ for the id."]
    if slug in RESERVED:
        return [f'"{slug}" is a word of the API: choose another id.']
    return []


def check_variables(variables: Any) -> list[str]:
    """What is wrong with a scenario's variables {name: value}: sentences, none where they can be
    used."""
    if not isinstance(variables, Mapping):
        return ['Give an object of variables and their values, e.g. {"energy_kwh": 20}.']
    if too_deep(variables):
        return [NEST_LESS]
    errors = []
    for name in variables:
        if not NAME.match(str(name)):
            errors.append(f'Name the variable "{name}" with letters, digits and _.')
        elif name in OWN_NAMES:
            errors.append(f"${name} is set by the run itself: choose another name.")
    if used_names(dict(variables)):
        errors.append("Let the values of variables be plain, without other variables.")
    return errors


def too_deep(value: Any) -> bool:
    """Whether a JSON value is nested deeper than what walks it can follow."""
    level = [value]
    for _ in range(DEEPEST_VALUE):
        level = [
            part
            for whole in level
            if isinstance(whole, Mapping | list)
            for part in (whole.values() if isinstance(whole, Mapping) else whole)
        ]
        if not level:
            return False
    return True


def check_steps(steps: Any, needed: bool) -> list[str]:
    """Sentences, each with the step's place: "Step 3 (repeat), step 1 (delay): ..."."""
    return [sentence for _, sentence in placed_steps(steps, needed)]


def placed_steps(steps: Any, needed: bool) -> list[tuple[str, str]]:
    """(pointer within the steps, sentence as check_steps has it)."""
    if not isinstance(steps, list):
        return _whole(["Give the steps as a list of objects."])
    if needed and not steps:
        return _whole(["Give at least one step."])
    if too_deep(steps):
        return _whole([NEST_LESS])
    try:
        if len(json.dumps(steps)) > MOST_BYTES:
            return _whole(["Shorten the steps to a million characters."])
    except (TypeError, ValueError, RecursionError):
        return _whole(["Give the steps as plain JSON."])
    found = list(_list_problems(steps, "", "", 1))
    if not found and (count := sum(1 for _ in each_step(steps))) > MOST_STEPS:
        return _whole([f"Use at most {MOST_STEPS} steps, not {count}: repeat does many in one."])
    return found[:20]


def _list_problems(
    steps: Any, pointer: str, before: str, depth: int
) -> Iterator[tuple[str, str]]:
    if not isinstance(steps, list):
        yield pointer, f"{before or 'Here'}: give a list of steps."
        return
    if depth > DEEPEST:
        yield pointer, f"{before}: nest steps at most {DEEPEST} deep."
        return
    for number, step in enumerate(steps, start=1):
        kind = type_of(step) if isinstance(step, Mapping) else ""
        place = f"{before}step {number}" + (f" ({kind})" if kind else "")
        place = place if before else place.capitalize().replace(kind.capitalize(), kind)
        here = f"{pointer}/{number - 1}"
        for sentence in _step_problems(step, kind):
            yield here + placing.narrowed(step, sentence), f"{place}: {sentence}"
        if kind in CONTAINERS and isinstance(step.get("params"), Mapping):
            for name, inner in inner_lists(kind, step["params"]):
                where = "" if name == "steps" else f"{name}, "
                there = here + placing.pointer_of(kind, name)
                yield from _list_problems(inner, there, f"{place}, {where}", depth + 1)


def _step_problems(step: Any, kind: str) -> Iterator[str]:
    if not isinstance(step, Mapping):
        yield "write it as an object with a type."
        return
    params = step.get("params", {})
    if not isinstance(params, Mapping):
        yield 'give "params" as an object.'
        return
    for name in step:
        if name not in STEP_KEYS:
            yield f'There is no "{name}" in a step: take it out, or put it in "params".'
    yield from _common_problems(step, kind)
    if kind in RULES:
        if kind in ("wait_for_message", "expect", "expect_none") and "validate" in step:
            params = {**params, "validate": step["validate"]}
        yield from RULES[kind](params)
        if kind in ("wait_for_message", "expect", "expect_none"):
            versions = step.get("versions")
            named = tuple(map(str, versions)) if isinstance(versions, list) else ()
            yield from check_actions(params, named, kind == "wait_for_message")
    elif kind in COMMANDS:
        yield from check_params(kind, params)
    else:
        known = ", ".join((*RULES, *COMMANDS))
        yield f'There is no type "{kind}": use one of {known}.'


def _common_problems(step: Mapping[str, Any], kind: str) -> Iterator[str]:
    timeout = step.get("timeout")
    in_range = is_number(timeout) and 0 < timeout <= LONGEST_MS
    if timeout is not None and not is_open(timeout) and not in_range:
        yield f'Give "timeout" in milliseconds, above 0 and at most {LONGEST_MS}.'
    versions = step.get("versions")
    if versions is not None and (
        not isinstance(versions, list) or not versions or set(map(str, versions)) - {*OCPP_VERSIONS}
    ):
        yield f'Give "versions" as a list of {", ".join(OCPP_VERSIONS)}.'
    if not isinstance(step.get("optional", False), bool):
        yield 'Let "optional" be true or false.'
    if not isinstance(step.get("description", ""), str):
        yield 'Give "description" as a text.'
    if "obligation" in step and not (isinstance(step["obligation"], str) and step["obligation"]):
        yield 'Give "obligation" as a text: what of the CSMS this step shows.'
    if "validate" in step and kind not in ("wait_for_message", "expect", "expect_none"):
        yield '"validate" is for steps that wait for a message: take it out.'
    if "capture" in step:
        yield from check_capture(step["capture"])
        if kind not in COMMANDS and kind not in CAPTURING:
            yield '"capture" is for commands and for steps that wait for a message.'
    if "refused" in step and (kind not in COMMANDS or not isinstance(step["refused"], bool | str)):
        yield 'Let "refused" be true or the code of the refusal, on a command only.'


# --- variables -----------------------------------------------------------------------------------


def each_step(steps: list) -> Iterator[Mapping[str, Any]]:
    """Every step at every depth."""
    for step in steps:
        yield step
        for _, inner in inner_lists(type_of(step), step.get("params") or {}):
            yield from each_step(inner)


def check_names(values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Every variable that is spoken of is given, set or captured somewhere; as placed_problems."""
    every = [*each_step(values["steps"]), *each_step(values["cleanup"])]
    known = set(OWN_NAMES) | set(values["variables"])
    for step in every:
        params = step.get("params") or {}
        for source in (step.get("capture"), params.get("capture"), params.get("variables")):
            known |= set(source or ())
        if isinstance(params.get("as"), str):
            known.add(params["as"])
    unknown = set().union(*(used_names(dict(step)) for step in every)) - known
    found = []
    for name in sorted(unknown):
        pointer = placing.user_of(values["steps"], "", name, type_of)
        found.append({
            "field": "steps", "pointer": pointer or "",
            "sentence": f'No step gives ${name} a value: capture or set it, or add it to '
            '"variables".',
        })  # fmt: skip
    return found
