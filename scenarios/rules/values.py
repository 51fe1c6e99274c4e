"""Values in steps: variables, random draws, sums and durations.

"$name" alone is the variable's value, "${name}" within a text its text, "$$name" the text "$name".
An object of one key that begins with "@" is worked out: {"@random": [1, 5]}, {"@choice": [...]},
{"@add": [...]}, {"@multiply": [...]}, {"@now": seconds from now} (a time as OCPP writes it).
"""

from __future__ import annotations

import math
import operator
import random
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,49}\Z")
WHOLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]{0,49})\Z")
INSIDE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]{0,49})\}")
OPERATIONS = ("@random", "@choice", "@add", "@multiply", "@now")
# What every run has of itself.
OWN_NAMES = frozenset({"station", "version", "connectors", "csms", "index", "nth"})
LONGEST_TEXT = 100_000  # characters of what is put together
LARGEST = 2**63  # of numbers
LONGEST_MS = 7 * 86_400_000


class Unresolved(ValueError):
    """A variable without a value, or an operation on what it cannot be done to."""


def used_names(value: Any) -> set[str]:
    """The variables that a value speaks of, at any depth."""
    match value:
        case str():
            whole = WHOLE.match(value)
            return {whole[1]} if whole else set(INSIDE.findall(value))
        case Mapping():
            return set().union(*map(used_names, value.values()))
        case list():
            return set().union(*map(used_names, value))
    return set()


def is_open(value: Any) -> bool:
    """Whether a value is known only when the step runs."""
    match value:
        case str():
            return bool(used_names(value))
        case Mapping():
            return _operation(value) is not None or any(map(is_open, value.values()))
        case list():
            return any(map(is_open, value))
    return False


def _operation(value: Mapping) -> str | None:
    name = next(iter(value)) if len(value) == 1 else None
    return name if name in OPERATIONS else None


def resolve(value: Any, variables: Mapping[str, Any], rng: random.Random) -> Any:
    """The value with its variables and operations worked out. Raises Unresolved."""
    match value:
        case str():
            return _text(value, variables)
        case Mapping() if name := _operation(value):
            return _work_out(name, resolve(value[name], variables, rng), rng)
        case Mapping():
            return {key: resolve(part, variables, rng) for key, part in value.items()}
        case list():
            return [resolve(part, variables, rng) for part in value]
    return value


def _text(text: str, variables: Mapping[str, Any]) -> Any:
    if text.startswith("$$"):
        return text[1:]
    if whole := WHOLE.match(text):
        return _variable(whole[1], variables)
    return _put_together(text, variables)


def _put_together(text: str, variables: Mapping[str, Any]) -> str:
    parts, end, length = [], 0, 0
    for found in INSIDE.finditer(text):
        parts += text[end : found.start()], _worded(_variable(found[1], variables))
        length += len(parts[-1]) + len(parts[-2])
        if length > LONGEST_TEXT:  # a loop that doubles a text
            raise Unresolved(f"A text of more than {LONGEST_TEXT} characters would come of it.")
        end = found.end()
    return "".join(parts) + text[end:]


def _worded(value: Any) -> str:
    if too_large(value):
        raise Unresolved("The variable is too large to be put into a text.")
    return str(value)


def too_large(value: Any) -> bool:
    """Whether a value has more than LONGEST_TEXT parts and characters: steps may put variables
    into variables, which doubles them each time."""
    left, waiting = LONGEST_TEXT, [value]
    while waiting and left >= 0:
        part = waiting.pop()
        left -= 1
        match part:
            case str():
                left -= len(part)
            case int():
                left -= part.bit_length() // 64
            case Mapping():
                left -= sum(len(str(name)) for name in part)
                waiting += part.values()
            case list():
                waiting += part
    return left < 0


def _variable(name: str, variables: Mapping[str, Any]) -> Any:
    if name not in variables:
        raise Unresolved(f"The variable ${name} has no value yet: capture or set it in a step.")
    return variables[name]


def _work_out(name: str, value: Any, rng: random.Random) -> Any:
    if name == "@now":
        if not is_number(value):
            raise Unresolved("@now takes a number of seconds from now, e.g. 0.")
        try:
            moment = datetime.now(UTC) + timedelta(seconds=value)
        except OverflowError:
            raise Unresolved("@now leads out of the years 1 to 9999.") from None
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    if not isinstance(value, list) or not value:
        raise Unresolved(f"{name} takes a list with something in it.")
    if name == "@choice":
        return rng.choice(value)
    if not all(map(is_number, value)):
        raise Unresolved(f"{name} takes numbers, not {str(value)[:100]}.")
    if name in ("@add", "@multiply"):
        return _folded(operator.add if name == "@add" else operator.mul, value)
    if len(value) != 2 or value[0] > value[1]:
        raise Unresolved("@random takes the least and the most, e.g. [1, 5].")
    low, high = value
    if isinstance(low, int) and isinstance(high, int):
        return rng.randint(low, high)
    return rng.uniform(low, high)


def _folded(operation: Callable[[Any, Any], Any], numbers: list) -> float:
    """Raises Unresolved for more than LARGEST: a loop that multiplies must not grow for ever."""
    total = numbers[0]
    for number in numbers[1:]:
        total = operation(total, number)
        if not is_number(total):
            raise Unresolved(f"The numbers go beyond {LARGEST}.")
    return total


def is_number(value: Any) -> bool:
    """A finite number of JSON, and not beyond LARGEST where it is whole."""
    if isinstance(value, int) and not isinstance(value, bool):
        return -LARGEST <= value <= LARGEST
    return isinstance(value, float) and math.isfinite(value)


# --- durations ---------------------------------------------------------------------------------

DURATION = (
    'milliseconds, {"min": ms, "max": ms}, {"mean": ms} (exponential) or {"per_hour": a rate}'
)


def check_duration(value: Any) -> str | None:
    """The sentence that says what to do, or None. Open values are looked at when they are known."""
    if isinstance(value, str) and is_open(value):
        return None
    if is_number(value):
        return None if 0 <= value <= LONGEST_MS else f"Use 0 to {LONGEST_MS} milliseconds."
    if not isinstance(value, Mapping):
        return f"Give {DURATION}."
    if _operation(value):
        return None
    if set(value) not in ({"min", "max"}, {"mean"}, {"per_hour"}):
        return f"Give {DURATION}."
    parts = [part for part in value.values() if not is_open(part)]
    if not all(is_number(part) and 0 <= part <= LONGEST_MS for part in parts):
        return f"Use numbers from 0 to {LONGEST_MS}."
    if set(value) == {"min", "max"} and len(parts) == 2 and value["min"] > value["max"]:
        return "Let min be at most max."
    return None


def duration_ms(value: Any, rng: random.Random) -> float | None:
    """A resolved duration in ms; None: never (a rate of 0). Raises Unresolved."""
    problem = check_duration(value)
    if problem:
        raise Unresolved(f"The duration {value!r} is none. {problem}")
    if is_number(value):
        return float(value)
    if "min" in value:
        return rng.uniform(value["min"], value["max"])
    if "mean" in value:
        return rng.expovariate(1 / value["mean"]) if value["mean"] else 0.0
    return rng.expovariate(value["per_hour"] / 3_600_000) if value["per_hour"] else None
