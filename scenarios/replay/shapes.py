"""What of a CSMS's words is expected again: matchers made from a recorded payload by its schema.

A word of a closed list (Accepted) and a switch are expected as they were, places and names of keys
too. Of all else, which is the CSMS's to choose, only the kind is: a number, a text, a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from chargepoint.wire import schemas
from scenarios.replay.names import TAGS, TRANSACTIONS, Names
from scenarios.rules.measures import time_of

MOST_ELEMENTS = 20  # of a list that are expected
# Texts and numbers that say which thing is meant: what a CSMS asks for, and where.
MEANT = frozenset({"key", "vendorId", "messageId", "connectorId", "evseId", "name", "instance"})


@cache
def _schema(version: str, action: str, response: bool) -> Mapping[str, Any]:
    if action not in schemas.actions(version):
        return {}
    if response and action in schemas.unanswered(version):
        return {}
    return schemas.schema_of(version, action, response)


def expected(version: str, action: str, payload: Any, names: Names, response: bool) -> Any:
    """A matcher for a payload like this one; {} where anything of the schema would do."""
    root = _schema(version, action, response)
    return _Shape(root, names, response).of(root, payload, "") or {}


def is_telling(matcher: Any) -> bool:
    """Whether it asks for more than kinds, which the wire watch looks at anyhow."""
    match matcher:
        case dict() if len(matcher) == 1 and next(iter(matcher)) in ("@type", "@time"):
            return False
        case dict():
            return any(map(is_telling, matcher.values()))
        case list():
            return any(map(is_telling, matcher))
    return True


class _Shape:
    def __init__(self, root: Mapping[str, Any], names: Names, response: bool) -> None:
        self._root, self._names, self._response = root, names, response

    def of(self, schema: Mapping[str, Any], value: Any, name: str) -> Any:
        schema = self._followed(schema)
        match value:
            case dict():
                return self._object(schema, value, name)
            case list():
                inner = schema.get("items")
                inner = inner if isinstance(inner, Mapping) else {}
                return [self.of(inner, part, name) for part in value[:MOST_ELEMENTS]]
            case bool():
                return value
            case None:
                return {"@any": True}
        if "enum" in schema or name in MEANT:
            return value
        if not self._response and name in TAGS and value:
            return self._names.tag(value)
        if not self._response and name in TRANSACTIONS:
            return self._names.transaction(value)
        if time_of(value) is not None:
            return {"@time": True}
        kinds = {str: "string", int: "integer"}
        return {"@type": kinds.get(type(value), "number")}

    def _object(self, schema: Mapping[str, Any], value: dict[str, Any], name: str) -> Any:
        known = schema.get("properties") or {}
        made = {
            key: self.of(known.get(key) or {}, part, key)
            for key, part in value.items() if not key.startswith("@")
        }  # fmt: skip
        if name == "evse" and "id" in value:
            made["id"] = value["id"]
        token = value.get("idToken")
        if not self._response and "type" in value and isinstance(token, str) and token:
            made["idToken"] = self._names.tag(token)
        return made

    def _followed(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a "#/definitions/X" leads to."""
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return schema
        found: Any = self._root
        for part in reference[2:].split("/"):
            found = found.get(part, {}) if isinstance(found, Mapping) else {}
        return found
