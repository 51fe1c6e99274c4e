"""Files of suites as plain values; what is wrong with them as terminal.rows.Unusable."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from accounts.error_handlers import model_fields
from scenarios.documents import fill
from scenarios.models import Scenario
from terminal.rows import VERSIONS, Unusable

MOST_BYTES = 20 << 20


def json_of(path: Path) -> Any:
    """What a JSON file holds.

    Raises Unusable where it cannot be read, is over MOST_BYTES or is no JSON.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > MOST_BYTES:
        raise Unusable(f"{path} is larger than {MOST_BYTES >> 20} MiB.")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Unusable(f"{path} is no JSON: {error}") from error


def scenario_of(where: str, document: Any) -> Scenario:
    """Checked by the rules of the form and the API; not stored.

    Raises Unusable with {field: sentence} in lines; `where` begins the first.
    """
    if not isinstance(document, Mapping):
        raise Unusable(f"{where}: give the scenario as an object, or as the name of a file.")
    try:
        made = fill(Scenario(), document)
        made.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        lines = [f"  {name}: {text}" for name, text in model_fields(error).items()]
        raise Unusable("\n".join([f"{where} cannot be run:", *lines])) from error
    return made


def check_names(where: str, document: Mapping, names: set[str]) -> None:
    if strange := sorted(set(map(str, document)) - names):
        raise Unusable(f"{where} has {', '.join(strange)}; known are {', '.join(sorted(names))}.")


def object_at(where: str, document: Mapping, name: str) -> Mapping[str, Any]:
    """The object `name` of a document, {} where it is left out.

    Raises Unusable where it is none.
    """
    value = document.get(name) or {}
    if not isinstance(value, Mapping):
        raise Unusable(f"{where}: give {name} as an object.")
    return value


def list_at(where: str, document: Mapping, name: str) -> list[Any]:
    """The list `name` of a document, [] where it is left out. Raises Unusable where it is none."""
    value = document.get(name) or []
    if not isinstance(value, list):
        raise Unusable(f"{where}: give {name} as a list.")
    return value


def versions_at(where: str, document: Mapping) -> list[str]:
    """The OCPP versions that a document names, [] for none.

    Raises Unusable for one unknown here.
    """
    found = [str(each) for each in list_at(where, document, "versions")]
    if strange := [each for each in found if each not in VERSIONS]:
        raise Unusable(f"{where}: there is no OCPP {', '.join(strange)} here.")
    return found
