"""docs/reference/scenario-format.md and suite-format.md: every field, from the JSON schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

ACTIONS = 20  # an enum or pattern of more words than this is told as what they are
LONG = 90  # signs of a pattern that is shown


def page(title: str, words: str, schema: dict[str, Any], parts: dict[str, str]) -> str:
    """parts: {name of a $def: its heading}, in the order of the page."""
    lines = [f"# {title}", "", words, ""]
    lines += ["| field | type | meaning |", "| --- | --- | --- |", *_rows(schema), ""]
    for name, heading in parts.items():
        shape = schema["$defs"][name]
        lines += [f"## {heading}", ""]
        if described := shape.get("description"):
            lines += [described, ""]
        rows = list(_rows(shape))
        if rows:
            lines += ["| field | type | meaning |", "| --- | --- | --- |", *rows, ""]
    return "\n".join(lines)


def step_types(schema: dict[str, Any], commands: frozenset[str]) -> str:
    """The types of a step, without the second spelling of commands."""
    names = schema["$defs"]["step"]["properties"]["type"]["enum"]
    known = {*commands, *(name.replace("-", "_") for name in commands)}
    own = [name for name in names if name not in known]
    told = [name for name in names if name in commands]
    return (f"\n## Types of a step\n\nWhat each takes: [scenarios](scenarios.md#types).\n\n"
            f"{', '.join(f'`{name}`' for name in own)}\n\nand the [commands](commands.md): "
            f"{', '.join(f'`{name}`' for name in told)}\n")  # fmt: skip


def _rows(shape: dict[str, Any]) -> Iterator[str]:
    required = set(shape.get("required", ()))
    for name, field in shape.get("properties", {}).items():
        facts = _type(field) + (", required" if name in required else "")
        words = field.get("description", "").replace("|", "\\|")
        yield f"| `{name}` | {facts} | {words} |"


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return "a variable" if name == "open" else name
    if "enum" in field:
        words = field["enum"]
        return f"one of {len(words)}" if len(words) > ACTIONS else " ".join(f"`{w}`" for w in words)
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_type(each) for each in field["anyOf"]))
    if field.get("type") == "array":
        most = f" of at most {field['maxItems']:,}" if "maxItems" in field else ""
        return f"list{most}: {_type(field.get('items', {}))}"
    if field.get("pattern") == r"\$":
        return "a variable"
    return _plain(field)


def _plain(field: dict[str, Any]) -> str:
    kind = field.get("type", "any")
    words = " or ".join(kind) if isinstance(kind, list) else kind
    for name, told in (("minimum", "from"), ("exclusiveMinimum", "above"), ("maximum", "up to"),
                       ("maxLength", "of at most")):  # fmt: skip
        if name in field:
            words += f" {told} {field[name]:g}"
    pattern = field.get("pattern", "")
    if pattern and len(pattern) <= LONG:
        words += f" `{pattern}`".replace("|", "\\|")
    elif pattern:
        words = "an action of OCPP, several by comma, or a variable"
    return words
