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

MISSING, EXTRA, TYPE, OCCURRENCE, PROPERTY = "missing", "extra", "type", "occurrence", "property"
_FAULT = {
    "Required": MISSING,
    "AdditionalProperties": EXTRA,
    "Type": TYPE,
    "MinItems": OCCURRENCE,
    "MaxItems": OCCURRENCE,
}


class SchemaFault(NamedTuple):
    """kind: one of MISSING, EXTRA, TYPE, OCCURRENCE, PROPERTY; message for people."""

    kind: str
    message: str


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


@cache
def _validator(version: str, action: str, response: bool):
    # A schema of what nobody answers carries the bare action's name in every version.
    suffix = "" if action in unanswered(version) else _REQUEST[version]
    name = f"{action}{'Response' if response else suffix}.json"
    text = (_folder(version) / name).read_text("utf-8-sig")
    return jsonschema_rs.validator_for(json.loads(text))


def check(version: str, action: str, payload: Any, response: bool) -> SchemaFault | None:
    """The first fault of a payload, or None. The action must be one of `actions(version)`."""
    validator = _validator(version, action, response)
    try:
        if validator.is_valid(payload):
            return None
        error = next(iter(validator.iter_errors(payload)))
    except ValueError as problem:
        # Nested deeper than the validator goes: no action has such a structure.
        return SchemaFault(EXTRA, str(problem)[:255])
    where = "/".join(map(str, error.instance_path))
    message = f"{where}: {error.message}" if where else error.message
    return SchemaFault(_FAULT.get(type(error.kind).__name__, PROPERTY), message[:255])
