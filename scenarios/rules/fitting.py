"""For which OCPP versions a scenario is: what is left out there, and what cannot but fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scenarios.rules.palette import versions_of_command
from scenarios.rules.placing import pointer_of
from scenarios.rules.station_steps import COMMANDS
from scenarios.rules.step_rules import inner_lists
from scenarios.rules.validation import type_of
from scenarios.rules.vocabulary import ACTIONS_2
from scenarios.rules.words import VERSIONS, actions_of, foreign

MOST_TOLD = 10
_MESSAGES = ("expect", "wait_for_message", "expect_none")


def fits(content: Mapping[str, Any], version: str) -> dict[str, Any]:
    """{"version", "steps": how many are carried out, "left_out", "foreign": [{"pointer",
    "sentence"}]}. `content`: valid steps and cleanup. An optional step that fails is none."""
    told: dict[str, Any] = {"version": version, "steps": 0, "left_out": 0, "foreign": []}
    for name in ("steps", "cleanup"):
        _walk(content.get(name) or [], f"/{name}", name == "cleanup", version, told)
    told["foreign"] = told["foreign"][:MOST_TOLD]
    return told


def fits_all(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [fits(content, version) for version in VERSIONS]


def _walk(
    steps: list, pointer: str, cleanup: bool, version: str, told: dict[str, Any], place: str = ""
) -> None:
    for number, step in enumerate(steps, start=1):
        versions = step.get("versions")
        if versions and version not in map(str, versions):
            told["left_out"] += 1
            continue
        kind, params = type_of(step), step.get("params") or {}
        told["steps"] += 1
        here, named = f"{pointer}/{number - 1}", f"{place}{number}"
        for sentence in () if step.get("optional") else _foreign(kind, params, version):
            words = f"{'cleanup ' if cleanup else ''}step {named}: {sentence}"
            told["foreign"].append({"pointer": here, "sentence": words[0].upper() + words[1:]})
        for where, inner in inner_lists(kind, params):
            within = here + pointer_of(kind, where)
            _walk(inner, within, cleanup, version, told, f"{named}.")


def _foreign(kind: str, params: Mapping[str, Any], version: str) -> Iterator[str]:
    if kind in COMMANDS and version not in (known := versions_of_command(kind)):
        words = " and ".join(known) or "no version"
        yield f"{kind} is OCPP {words}; this station speaks {version}."
    if kind not in _MESSAGES:
        return
    names = actions_of(params)
    translated = kind == "wait_for_message" and version != "1.6"
    meant = [name for name in names if not (translated and name in ACTIONS_2)]
    whys = [why for name in meant if (why := foreign(name, version))]
    if names and len(whys) == len(names):
        yield f"{whys[0].rstrip('.')}."
