"""Whether a station's `rules` can be kept: what each says, held against its OCPP versions.

A rule is an object as docs/reference/rules.md has it; chargepoint/tap/standing.py reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chargepoint.tap.filling import has_place
from chargepoint.tap.scripts import ERROR_CODES, Script
from chargepoint.tap.standing import RULES_AT_MOST, digest, rule_of
from chargepoint.versions import station_class
from chargepoint.wire import schemas

MOST_SENTENCES = 10


def check_rules(versions: Sequence[str], rules: object) -> list[str]:
    """Sentences that say which rule is wrong, where, and what to do; none if all is well."""
    if rules is None:
        return []
    if not isinstance(rules, list):
        return ['Give a list of rules, e.g. [{"action": "Reset", "status": "Rejected"}].']
    if len(rules) > RULES_AT_MOST:
        return [f"Give at most {RULES_AT_MOST} rules; there are {len(rules)}."]
    errors, seen = [], {}
    for number, row in enumerate(rules, 1):
        try:
            rule = rule_of(row, number)
            same = digest(row)
        except (ValueError, TypeError) as error:  # TypeError: what is no JSON
            errors.append(f"Rule {number}: {error}")
            continue
        where = f"Rule {number}" if rule.name == str(number) else f"Rule {number} ({rule.name})"
        if same in seen:
            errors.append(f"{where}: Take it out: it says the same as rule {seen[same]}.")
        elif rule.name in seen.values():
            errors.append(f"{where}: Give it a name of its own.")
        else:
            errors += [f"{where}: {why}" for why in _misfits(versions, row, rule)]
        seen[same] = rule.name
    return errors[:MOST_SENTENCES]


def _misfits(versions: Sequence[str], row: Mapping[str, Any], rule: Script) -> list[str]:
    found = []
    for action in rule.actions:
        calls = [version for version in versions if action in station_class(version).HANDLERS]
        if not calls:
            found.append(f"Name another action: {_whose(action, versions)}.")
        elif not row.get("wrong"):
            found += [why for version in calls if (why := _broken(version, action, rule))]
    return list(dict.fromkeys(found))


def _whose(action: str, versions: Sequence[str]) -> str:
    named = ", ".join(versions)
    if any(action in schemas.actions(version) for version in versions):
        return f"in OCPP {named} no CSMS calls {action}"
    return f"OCPP {named} has no {action!r}"


def _broken(version: str, action: str, rule: Script) -> str:
    """Why the answer is none of this version; "" if it is one, or may become one when filled in."""
    on_purpose = 'or say that it is so on purpose, by "wrong": true'
    if rule.silent:
        return ""
    if rule.code:
        if rule.code in ERROR_CODES[version]:
            return ""
        known = ", ".join(sorted(ERROR_CODES[version]))
        return f"code: OCPP {version} has {known}; choose one, {on_purpose}."
    for error in schemas.validator(version, action, True).iter_errors(rule.payload):
        path = list(error.instance_path)
        if not has_place(_value_at(rule.payload, path)):
            place = "/".join(["payload", *map(str, path)])
            why = f"{place} breaks the schema of OCPP {version}: {error.message}"[:300]
            return f"{why}. Correct it, {on_purpose}."
    return ""


def _value_at(value: Any, path: list[str | int]) -> Any:
    for part in path:
        value = value[part]
    return value
