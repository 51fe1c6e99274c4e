"""The JSON schemas of each OCPP version, compiled once a process when first needed.

They are read as data from the PyPI package `ocpp`; its code is not imported.
"""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs

_FOLDER = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}
# 1.6's request schemas carry the bare action's name.
_REQUEST = {"1.6": "", "2.0.1": "Request", "2.1": "Request"}

INTEGER_LIMIT = 2**31
LONG_LIMIT = 2**63  # what a document of MongoDB can hold
MISSING, EXTRA, TYPE, OCCURRENCE, PROPERTY = "missing", "extra", "type", "occurrence", "property"
_FAULT = {
    "Required": MISSING,
    "AdditionalProperties": EXTRA,
    "FalseSchema": EXTRA,  # where an object has no fields at all
    "Type": TYPE,
    "MinItems": OCCURRENCE,
    "MaxItems": OCCURRENCE,
}


class SchemaFault(NamedTuple):
    """kind: one of MISSING, EXTRA, TYPE, OCCURRENCE, PROPERTY; message for people.

    place: the field that has it, without places in lists; "" for the payload itself.
    """

    kind: str
    message: str
    place: str = ""


def _folder(version: str) -> Path:
    return Path(find_spec("ocpp").submodule_search_locations[0]) / _FOLDER[version] / "schemas"


@cache
def actions(version: str) -> frozenset[str]:
    """Every action of the version, whoever sends it."""
    names = {path.stem for path in _folder(version).glob("*.json")}
    return frozenset(name.removesuffix("Response").removesuffix("Request") for name in names)


@cache
def unanswered(version: str) -> frozenset[str]:
    """The actions without a response: what 2.1 sends by SEND."""
    folder = _folder(version)
    return frozenset(a for a in actions(version) if not (folder / f"{a}Response.json").exists())


def schema_of(version: str, action: str, response: bool) -> dict[str, Any]:
    """The schema as it is checked; the action must be one of `actions(version)`."""
    # A schema of what nobody answers carries the bare action's name in every version.
    suffix = "" if action in unanswered(version) else _REQUEST[version]
    name = f"{action}{'Response' if response else suffix}.json"
    text = (_folder(version) / name).read_text("utf-8-sig")
    return json.loads(text, object_hook=_bounded)


@cache
def validator(version: str, action: str, response: bool) -> Any:
    """The compiled schema (jsonschema_rs); the action must be one of `actions(version)`."""
    return jsonschema_rs.validator_for(schema_of(version, action, response))


@cache
def _shapes(version: str, action: str, response: bool) -> Any:
    """As `validator`, without a look at formats."""
    return jsonschema_rs.validator_for(
        schema_of(version, action, response), validate_formats=False
    )


def _bounded(schema: dict[str, Any]) -> dict[str, Any]:
    """2.0.1 part 2, 2.1.3 "integer": 32 bits with the sign; 1.6's are xs:int in OCPP-S."""
    if schema.get("type") == "integer":
        schema["minimum"] = max(-INTEGER_LIMIT, schema.get("minimum", -INTEGER_LIMIT))
        schema["maximum"] = min(INTEGER_LIMIT - 1, schema.get("maximum", INTEGER_LIMIT))
    number = schema.get("transactionId")
    if isinstance(number, dict) and number.get("type") == "integer":
        # CSMSs of 1.6 that number transactions by milliseconds are common.
        number |= {"minimum": -LONG_LIMIT, "maximum": LONG_LIMIT - 1}
    return schema


def check(version: str, action: str, payload: Any, response: bool) -> SchemaFault | None:
    """The first fault of a payload, or None. The action must be one of `actions(version)`."""
    return _fault(validator(version, action, response), payload)


def check_shapes(version: str, action: str, payload: Any, response: bool) -> SchemaFault | None:
    """As `check`, without a look at formats: for who writes times that are none on purpose."""
    return _fault(_shapes(version, action, response), payload)


def _fault(schema: Any, payload: Any) -> SchemaFault | None:
    try:
        if schema.is_valid(payload):
            return None
        error = first_error(schema, payload)
    except ValueError as problem:
        # Nested deeper than the validator goes: no action has such a structure.
        return SchemaFault(EXTRA, str(problem)[:255])
    if error is None:
        return None
    where = "/".join(map(str, error.instance_path))
    message = f"{where}: {error.message}" if where else error.message
    place = "/".join(part for part in error.instance_path if type(part) is str)
    return SchemaFault(_FAULT.get(type(error.kind).__name__, PROPERTY), message[:255], place)


def first_error(schema: Any, payload: Any) -> jsonschema_rs.ValidationError | None:
    """The first that is wrong, or None; the search ends there, however much more is wrong.

    Raises ValueError for what is nested deeper than the validator goes.
    """
    if schema.is_valid(payload):
        return None
    try:
        schema.validate(payload)
    except jsonschema_rs.ValidationError as error:
        return error
    return None
