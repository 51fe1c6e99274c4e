"""A driver's file: a table from what the CSMS is to do to the HTTP request that makes it do so.

{"driver": "Our CSMS", "variables": {"base": "http://127.0.0.1:9221"},
 "headers": {"Authorization": "Bearer ${env:TOKEN}"},
 "actions": {"[A-Z]*": {"url": "${base}/api/${version}/${station}/${action}", "body": "$payload"}}}

A key of `actions` is an action of OCPP, a name of the driver's own in lower case, or a pattern
(fnmatch) of such; a key without pattern comes first, then the patterns in their order.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from scenarios.rules.matching import MISSING, check_matcher, look_up
from scenarios.rules.values import NAME, is_number
from scenarios.web import METHODS, Request

ENVIRONMENT = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]{0,99})\}")
_INSIDE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_.]{0,99})\}")
_WHOLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_.]{0,99})\Z")
_TOP = {"driver", "description", "variables", "headers", "actions"}
_ENTRY = {
    "method", "url", "headers", "body", "status", "answer", "retries", "timeout", "capture",
    "description",
}  # fmt: skip
MOST_ACTIONS = 500
LONGEST_NAME = 100  # of an action, and of a pattern of such
MOST_RETRIES = 10
LONGEST_MS = 600_000
USUAL_MS = 40_000  # longer than a CSMS waits for the station's answer
OWN = ("station", "version", "action", "payload")  # what each request has of itself

Lookup = Callable[[str], str | None]  # of environment variables


class BadDriver(ValueError):
    """A driver's document cannot be used: a sentence for people."""


@dataclass(frozen=True)
class Entry:
    """One row of the table. status: those that are well; None: any of 2xx. answer: a rule for what
    is answered; what does not match it has not been done."""

    url: str = field(repr=False)  # these may have secrets of the environment
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Any = field(default=None, repr=False)
    status: tuple[int, ...] | None = None
    retries: int = 0
    timeout: float = USUAL_MS / 1000
    capture: Mapping[str, str] = field(default_factory=dict)
    answer: Any = None


@dataclass(frozen=True)
class Driver:
    """`entry` of an action, then `request` for it."""

    name: str
    entries: Mapping[str, Entry]
    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def entry(self, action: str) -> Entry | None:
        """How the driver has the CSMS do an action: by its name, else the first pattern that
        fits; or None."""
        if (found := self.entries.get(action)) is not None:
            return found
        if len(action) > LONGEST_NAME:
            return None
        patterns = (key for key in self.entries if fnmatch.fnmatchcase(action, key))
        return next((self.entries[key] for key in patterns), None)

    def lacks(self, actions: list[str]) -> list[str]:
        """Those of the actions that it cannot have the CSMS do."""
        return [action for action in actions if self.entry(action) is None]

    def request(self, entry: Entry, known: Mapping[str, Any]) -> Request:
        """`known`: OWN, and the run's variables. Raises BadDriver where one has no value."""
        values = {**known, **self.variables, **{name: known[name] for name in OWN}}
        headers = {name: str(_filled(text, values)) for name, text in entry.headers.items()}
        return Request(
            entry.method, _address(entry.url, values), headers, _filled(entry.body, values),
            entry.timeout, entry.retries,
        )  # fmt: skip


def read_driver(
    document: Any, environment: Lookup, given: Mapping[str, Any] | None = None
) -> Driver:
    """`given`: other values for its variables. Raises BadDriver."""
    if not isinstance(document, Mapping):
        raise BadDriver("Give the driver as an object.")
    if problems := list(check_driver(document)):
        raise BadDriver(" ".join(problems[:5]))
    document = _with_environment(document, environment)
    variables = dict(document.get("variables") or {})
    variables |= {name: value for name, value in (given or {}).items() if name in variables}
    common = document.get("headers") or {}
    entries = {key: _entry(each, common) for key, each in document["actions"].items()}
    return Driver(str(document.get("driver") or "driver"), entries, variables)


def _entry(each: Mapping[str, Any], common: Mapping[str, str]) -> Entry:
    status = each.get("status")
    return Entry(
        each["url"], each.get("method", "POST"), {**common, **(each.get("headers") or {})},
        each.get("body"), None if status is None else tuple(status), each.get("retries", 0),
        each.get("timeout", USUAL_MS) / 1000, each.get("capture") or {},
        each.get("answer"),
    )  # fmt: skip


# --- rules ---------------------------------------------------------------------------------------


def check_driver(document: Mapping[str, Any]) -> Iterator[str]:
    """Sentences that say what to mend."""
    if strange := sorted(set(map(str, document)) - _TOP):
        yield f"A driver has no {', '.join(strange)}: it has {', '.join(sorted(_TOP))}."
    variables = document.get("variables", {})
    if not isinstance(variables, Mapping) or not all(NAME.match(str(name)) for name in variables):
        yield 'Give "variables" as {name: value}, the names in letters, digits and _.'
    elif taken := sorted(set(variables) & set(OWN)):
        yield f"{', '.join(taken)}: each request has that of itself, choose another name."
    yield from _check_headers(document.get("headers", {}), "headers")
    actions = document.get("actions")
    if not isinstance(actions, Mapping) or not 1 <= len(actions) <= MOST_ACTIONS:
        yield f'Give "actions" as an object of 1 to {MOST_ACTIONS} entries.'
        return
    for name, each in actions.items():
        if len(str(name)) > LONGEST_NAME:
            yield f"Name actions in at most {LONGEST_NAME} characters."
        yield from (f"{name}: {sentence}" for sentence in _check_entry(each))


def _check_entry(each: Any) -> Iterator[str]:
    if not isinstance(each, Mapping):
        yield 'write it as an object with a "url".'
        return
    if strange := sorted(set(map(str, each)) - _ENTRY):
        yield f"there is no {', '.join(strange)}: known are {', '.join(sorted(_ENTRY))}."
    if not isinstance(each.get("url"), str) or not each["url"]:
        yield 'give "url" as a text.'
    if each.get("method", "POST") not in METHODS:
        yield f'let "method" be one of {", ".join(METHODS)}.'
    yield from _check_headers(each.get("headers", {}), "headers")
    status = each.get("status", [200])
    if not isinstance(status, list) or not status or not all(map(_is_status, status)):
        yield 'give "status" as a list of numbers from 100 to 599.'
    if "answer" in each and (why := check_matcher(each["answer"])):
        yield why
    retries = each.get("retries", 0)
    if type(retries) is not int or not 0 <= retries <= MOST_RETRIES:
        yield f'give "retries" as a whole number from 0 to {MOST_RETRIES}.'
    timeout = each.get("timeout", USUAL_MS)
    if not is_number(timeout) or not 0 < timeout <= LONGEST_MS:
        yield f'give "timeout" in milliseconds, at most {LONGEST_MS}.'
    capture = each.get("capture", {})
    if not isinstance(capture, Mapping) or not all(
        NAME.match(str(name)) and isinstance(path, str) for name, path in capture.items()
    ):
        yield 'give "capture" as {variable: path in the answer}.'


def _check_headers(headers: Any, name: str) -> Iterator[str]:
    if not isinstance(headers, Mapping) or not all(isinstance(v, str) for v in headers.values()):
        yield f'give "{name}" as an object of texts.'


def _is_status(value: Any) -> bool:
    return type(value) is int and 100 <= value <= 599


# --- values --------------------------------------------------------------------------------------


def _with_environment(value: Any, environment: Lookup) -> Any:
    match value:
        case str():
            return ENVIRONMENT.sub(lambda found: _of_environment(found[1], environment), value)
        case Mapping():
            return {name: _with_environment(part, environment) for name, part in value.items()}
        case list():
            return [_with_environment(part, environment) for part in value]
    return value


def _of_environment(name: str, environment: Lookup) -> str:
    value = environment(name)
    if value is None:
        raise BadDriver(f"The driver needs the environment variable {name}, and it is not set.")
    return value


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    """With its variables: "$payload" whole, "$payload.idTag" a part of it (null where there is
    none), "${name}" within a text."""
    match value:
        case str():
            if whole := _WHOLE.match(value):
                found = _part(whole[1], values)
                return None if found is MISSING else found
            return _INSIDE.sub(lambda found: _worded(found[1], values), value)
        case Mapping():
            return {name: _filled(part, values) for name, part in value.items()}
        case list():
            return [_filled(part, values) for part in value]
    return value


def _address(url: str, values: Mapping[str, Any]) -> str:
    """What begins the address is taken as it is; what stands within is percent-encoded."""

    def put(found: re.Match) -> str:
        text = _worded(found[1], values)
        if text in (".", ".."):  # as a segment it would lead to another path
            raise BadDriver(f"${found[1]} is {text!r}, which is no part of an address.")
        return text if found.start() == 0 else quote(text, safe="")

    return _INSIDE.sub(put, url)


def _worded(path: str, values: Mapping[str, Any]) -> str:
    found = _part(path, values)
    return "" if found is MISSING or found is None else str(found)


def _part(path: str, values: Mapping[str, Any]) -> Any:
    name, _, rest = path.partition(".")
    if name not in values:
        raise BadDriver(f"The driver's ${name} has no value: give it one in its variables.")
    return look_up(values[name], rest)
