"""The actions of OCPP's versions as words: is it one, of which version, and which was meant."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from chargepoint.wire import schemas
from scenarios.rules.values import is_open

VERSIONS = ("1.6", "2.0.1", "2.1")
LONGEST_SHOWN = 60


@cache
def every_action() -> frozenset[str]:
    return frozenset().union(*map(schemas.actions, VERSIONS))


@cache
def versions_of(action: str) -> tuple[str, ...]:
    """The versions that have the action, the oldest first."""
    return tuple(version for version in VERSIONS if action in schemas.actions(version))


def actions_of(params: Mapping[str, Any]) -> list[str]:
    """The actions that a step names, parted by commas; none where they are known only when it
    runs."""
    given = params.get("action")
    if not isinstance(given, str) or is_open(given):
        return []
    return [name.strip() for name in given.split(",") if name.strip()]


def check_action(action: Any, versions: Collection[str] = ()) -> str | None:
    """The sentence that says what to do about the name of an action, or None.

    versions: where the step is for some only, one of them must have it.
    """
    if not isinstance(action, str) or action not in every_action():
        sentence = f"There is no action {_quoted(action)} in OCPP{meant(action)}"
        return sentence if sentence.endswith("?") else f"{sentence}."
    wanted = [version for version in VERSIONS if version in versions]
    if wanted and not set(versions_of(action)) & set(wanted):
        return f"{belongs(action)}; this step is for {' and '.join(wanted)}."
    return None


def meant(action: Any) -> str:
    """The end of a sentence: which name is nearest; "" where none is near."""
    if not isinstance(action, str):
        return ": give its name"
    by_folded = {name.casefold(): name for name in every_action()}
    near = difflib.get_close_matches(action[:LONGEST_SHOWN].casefold(), by_folded, 1, 0.6)
    return f": did you mean {by_folded[near[0]]}?" if near else ""


def belongs(action: str) -> str:
    """ "StartTransaction is OCPP 1.6"."""
    return f"{action} is OCPP {' and '.join(versions_of(action))}"


def foreign(action: str, version: str) -> str | None:
    """Why a station of this version neither sends nor gets the action; None if it may."""
    if action in schemas.actions(version):
        return None
    if versions_of(action):
        return f"{belongs(action)}; this station speaks {version}"
    return f"There is no action {_quoted(action)} in OCPP{meant(action)}"


def _quoted(action: Any) -> str:
    return f'"{str(action)[:LONGEST_SHOWN]}"'
