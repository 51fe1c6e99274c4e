"""docs/reference/commands.md: what a station can be told to do, from the API's own table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stations.api.seats import Command

VERSIONS = ("1.6", "2.0.1", "2.1")
HEAD = """# Commands

What a station can be told to do, by who does it in the field. The same commands are operations of
the API (`POST /api/stations/{identity}/NAME`), lines of `manage.py station` (`NAME FIELD=VALUE`),
steps of scenarios (`{"type": "NAME", "params": {...}}`) and forms on the page of a station. What a
station refuses, and why, is answered as an error whose sentence is the protocol's or the state's.

Made from the operations themselves by `python -m documentation write`.
"""


def page(
    commands: Iterable[Command], seats: Mapping[str, tuple[str, str]], examples: Mapping[str, Any]
) -> str:
    """seats: {seat: (title, who that is)}; examples: {"POST /stations/{identity}/NAME": body}."""
    commands = list(commands)
    parts = [HEAD]
    for seat, (title, words) in seats.items():
        parts.append(f"## {title}\n\n{words}\n")
        parts += [_one(each, examples) for each in commands if each.seat == seat]
    return "\n".join(parts)


def _one(command: Command, examples: Mapping[str, Any]) -> str:
    spoken = [version for version in VERSIONS if command.spoken_in(version)]
    where = "all versions" if len(spoken) == len(VERSIONS) else "OCPP " + " and ".join(spoken)
    lines = [f"### {command.name}", "", f"{command.label} ({where}). {_first(command.help)}", ""]
    body = examples.get(f"POST /stations/{{identity}}/{command.name}")
    if body is not None:
        told = json.dumps(body, ensure_ascii=False)
        lines += ["```json", told, "```", ""]
    rows = list(_fields(command.schema or {}))
    if rows:
        lines += ["| field | type | meaning |", "| --- | --- | --- |", *rows, ""]
    return "\n".join(lines)


def _first(text: str) -> str:
    return " ".join(text.split("\n\n")[0].split())


def _fields(schema: dict[str, Any]) -> Iterable[str]:
    required = set(schema.get("required", ()))
    for name, field in schema.get("properties", {}).items():
        shape = _inner(field, schema)
        kind = " ".join(f"`{w}`" for w in shape["enum"]) if "enum" in shape else _name(shape)
        facts = [kind, *(["required"] if name in required else [])]
        if field.get("default") not in (None, "", {}, []):
            facts.append(f"default `{json.dumps(field['default'])}`")
        words = (field.get("description") or "").replace("\n", " ").replace("|", "\\|")
        yield f"| `{name}` | {', '.join(facts)} | {words} |"


def _inner(field: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    kinds = [each for each in field.get("anyOf", ()) if each.get("type") != "null"]
    if len(kinds) == 1:
        field = kinds[0]
    if "$ref" in field:
        field = schema["$defs"][field["$ref"].rpartition("/")[2]]
    return field


def _name(shape: dict[str, Any]) -> str:
    if "anyOf" in shape:
        return " or ".join(each.get("type", "any") for each in shape["anyOf"])
    if "const" in shape:
        return f"`{shape['const']}`"
    return shape.get("type", "any")
