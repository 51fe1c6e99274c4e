"""Rules of a configuration: answers that stand for as long as the station has them.

A rule is an object as docs/reference/rules.md has it. How often each has answered is kept by what
it says, so that it lasts through a restart, and begins anew when the rule is changed.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import orjson

from chargepoint.tap.scripts import LARGEST, Script, script_of

RULES_AT_MOST = 50
LONGEST_NAME = 60
FIELDS = {
    "name": str, "action": str, "match": dict, "status": str, "payload": dict, "code": str,
    "description": str, "details": dict, "nothing": bool, "count": int, "also": bool, "wrong": bool,
}  # fmt: skip
_TYPES = {str: "a text", dict: "an object", bool: "true or false", int: "a whole number"}
_NO_ANSWERS = ("name", "wrong")  # of the rule, and not of its answer


def rule_of(row: Mapping[str, Any], number: int) -> Script:
    """The answer of one rule, the `number`th from 1, which is its name where it has none.

    Raises ValueError with a sentence that says what is wrong.
    """
    if not isinstance(row, Mapping):
        raise ValueError("Write it as an object.")
    for name, value in row.items():
        kind = FIELDS.get(name)
        if kind is None:
            known = ", ".join(FIELDS)
            raise ValueError(f"Take {str(name)[:60]!r} out: a rule has {known}.")
        if value is not None and type(value) is not kind:
            raise ValueError(f"Write {name} as {_TYPES[kind]}.")
    if len(row.get("name") or "") > LONGEST_NAME:
        raise ValueError(f"Shorten the name to {LONGEST_NAME} characters.")
    if ";" in (name := row.get("name") or "") or not name.isprintable():
        raise ValueError('Take ";" and what cannot be printed out of the name.')
    given = {
        name: value for name, value in row.items() if value is not None and name not in _NO_ANSWERS
    }
    try:
        script = script_of(number, 0.0, **{"count": None, **given})
    except (TypeError, orjson.JSONEncodeError):
        raise ValueError(f"Write it as JSON of at most {LARGEST} bytes.") from None
    script.name = row.get("name") or str(number)
    return script


def rules_of(rows: Sequence[Mapping[str, Any]], given: Mapping[str, int]) -> dict[str, Script]:
    """The answers of all rules, which have been checked, by digest, in their order.

    `given`: digest -> how often it has answered so far.
    """
    numbered = ((digest(row), rule_of(row, number)) for number, row in enumerate(rows, 1))
    return {key: _counted(script, given.get(key, 0)) for key, script in numbered}


def _counted(script: Script, given: int) -> Script:
    script.given = given
    if script.count is not None:
        script.count = max(0, script.count - given)
    return script


def digest(row: Mapping[str, Any]) -> str:
    """The same for the same rule; empty fields are as those that are left out."""
    said = {name: value for name, value in row.items() if value not in (None, "", False)}
    return blake2b(orjson.dumps(said, option=orjson.OPT_SORT_KEYS), digest_size=9).hexdigest()
