"""The rules for a behaviour, and for the variables that a run is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scenarios.rules.validation import check_variables
from stations.configuration.validation import check_identity


def check_given(variables: Any, known: set[str] | None) -> list[str]:
    """Values for a scenario's variables; `known`: the ones it has."""
    if problems := check_variables(variables):
        return problems
    unknown = sorted(set(variables) - known) if known is not None else []
    if unknown:
        have = ", ".join(f"${name}" for name in sorted(known)) or "none"
        return [f"The scenario has no variable ${unknown[0]}: take it out (it has {have})."]
    return []


def check_behaviour(
    stations: Any, tag: str, variables: Mapping[str, Any], known: set[str] | None
) -> dict[str, list[str]]:
    """What is wrong with a behaviour's fields: {field: [sentence]}, empty where it can run.

    `known` are the variables that its scenario reads; None where it is not known.
    """
    errors: dict[str, list[str]] = {}
    if not stations and not tag:
        errors["stations"] = ["Name stations or a tag."]
    elif any(check_identity(identity) for identity in stations):
        errors["stations"] = ["Name stations by their identities."]
    if problems := check_given(variables, known):
        errors["variables"] = problems
    return errors
