"""Old and new values as the trail keeps them: short, plain, and without secrets.

What stands for a secret in OCPP is known to messaging, which stands above: it hands its mask down
with `mask_with`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import re2

from runtime.words import counted

MOST_CHARACTERS = 1000  # of a value as JSON
MOST_OF_ALL = 16_000  # of an entry's values
OFTEN = 100  # characters of what is worth remembering
CHANGED = "changed"
# Columns that are a secret, or made of one. `<name>_encrypted` is told as <name>.
SECRET_COLUMNS = frozenset({"password", "proxy_password", "tls_client_key", "digest"})
ENCRYPTED = "_encrypted"
HIDDEN = "***"
# Within JSON: an address with a query. What stands behind its names may be a token.
_QUERY = re2.compile(r'(://[^"\\\s?]*\?)([^"\\\s]*)')
_VALUE = re2.compile(r"=[^&#]*")

_masks: list[Callable[[Any], Any]] = []


def mask_with(mask: Callable[[Any], Any]) -> None:
    """`mask(value)`: the same plain data with what is a secret hidden."""
    if mask not in _masks:
        _masks.append(mask)
        _shown_often.cache_clear()


def masked(value: Any) -> Any:
    """A value as the trail may keep it: without passwords, tokens and keys."""
    for mask in _masks:
        value = mask(value)
    return value


def shown(name: str, value: Any) -> Any:
    """A field's value: masked, as JSON has it, and no longer than MOST_CHARACTERS."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    return _shown(name, text) if len(text) > OFTEN else _shown_often(name, text)


def _shown(name: str, text: str) -> Any:
    text = json.dumps(masked({name: json.loads(text)})[name], ensure_ascii=False)
    text = _QUERY.sub(_without_values, text)
    if len(text) <= MOST_CHARACTERS:
        return json.loads(text)
    return f"{text[:MOST_CHARACTERS]}… ({len(text)} characters)"


def _without_values(found: Any) -> str:
    return found[1] + _VALUE.sub(f"={HIDDEN}", found[2])


_shown_often = lru_cache(maxsize=1024)(_shown)  # the rows of a fleet have much in common


def difference(
    before: Mapping[str, Any], after: Mapping[str, Any], names: Iterable[str]
) -> list[dict[str, Any]]:
    """[{"field", "old"?, "new"?}] of the fields that differ. Of a secret "changed", and no more.

    A field that one side lacks has no `old`, or no `new`.
    """
    found = []
    for name in names:
        old, new = before.get(name), after.get(name)
        if _stored(old) == _stored(new) or (name not in before and name not in after):
            continue
        title = name.removesuffix(ENCRYPTED)
        if title in SECRET_COLUMNS or name != title:
            found.append({"field": title, "new": CHANGED})
            continue
        change = {"field": title}
        if name in before:
            change["old"] = shown(title, old)
        if name in after:
            change["new"] = shown(title, new)
        found.append(change)
    return bounded(found)


def _stored(value: Any) -> Any:
    """MongoDB keeps times to the millisecond, by UTC."""
    if not isinstance(value, datetime):
        return value
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return aware.replace(microsecond=aware.microsecond // 1000 * 1000)


def bounded(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As many of the changes as fit in an entry; the last says how many are left out."""
    room, kept = MOST_OF_ALL, []
    for number, change in enumerate(changes):
        room -= len(json.dumps(change, default=str))
        if room < 0:
            return [*kept, {"field": "…", "new": counted(len(changes) - number, "more field")}]
        kept.append(change)
    return kept


def details(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is told beside the fields, by the same rules."""
    made: dict[str, Any] = {}
    room = MOST_OF_ALL
    for name, value in given.items():
        made[name] = shown(name, value)
        room -= len(json.dumps(made[name], default=str))
        if room < 0:
            made[name] = "…"
    return made
