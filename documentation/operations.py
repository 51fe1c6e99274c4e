"""docs/reference/operations/: a page for each group of the API's operations, from OpenAPI."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

# {tag: (title, what its operations are about)}
TAGS = {
    "auth": ("Log-in and tokens", "Tokens, scopes, and who one is."),
    "stations": ("Stations", "Configuration, power, state, settings, import and export."),
    "commands": ("Commands", "What a driver, a technician or a tester does to a running station."),
    "faults": ("Faults on demand", "Frames, clock, link and power that fail on purpose."),
    "interception": ("Interception", "Breakpoints, and frames that they hold."),
    "templates": ("Templates", "What stations are made from."),
    "makes": ("Makes", "What stations of one model do; files in and out."),
    "ev-profiles": ("EV profiles", "Kinds of cars, as documents."),
    "fleet": ("Fleet", "Links of all stations; the sync of their states."),
    "jobs": ("Jobs", "Work on many stations in the background: made, commanded, changed."),
    "messages": ("Messages", "The message log: read, search, export, delete."),
    "transactions": ("Transactions", "Charging sessions with their meter values."),
    "analytics": ("Analytics", "Counts and series over messages and sessions."),
    "crafter": ("Message crafter", "Frames of one's own, sent to many; requests that are kept."),
    "schemas": ("Schemas", "The JSON schemas of OCPP's requests."),
    "scenarios": ("Scenarios", "Scenarios, executions, behaviours, recordings."),
    "suites": ("Suites", "Suites, their runs, reports and comparisons."),
    "trail": ("Trail", "Who did what."),
    "operation": ("Health and metrics", "How the platform is."),
}
METHODS = ("get", "post", "put", "patch", "delete")
# Answers that every operation may give: the page of the API tells what they mean.
COMMON = {"401", "403", "413", "422", "500", "503"}
DEPTH = 3  # of fields within fields

Operation = tuple[str, str, dict[str, Any]]


def pages(schema: dict[str, Any], rights: dict[str, str]) -> dict[str, str]:
    """{file name: text}. schema: OpenAPI; rights: {"GET /stations": "stations.view_station"}."""
    by_tag: dict[str, list[Operation]] = defaultdict(list)
    for path, methods in schema["paths"].items():
        for method in METHODS:
            if method in methods:
                by_tag[methods[method]["tags"][0]].append((method, path, methods[method]))
    missing = set(by_tag) - set(TAGS)
    if missing:
        raise ValueError(f"documentation.operations.TAGS lacks {sorted(missing)}")
    order = [tag for tag in TAGS if tag in by_tag]
    made = {f"{tag}.md": _page(tag, by_tag[tag], schema, rights) for tag in order}
    return {"index.md": _index(order, by_tag), **made}


def _index(order: list[str], by_tag: dict[str, list[Operation]]) -> str:
    rows = "\n".join(
        f"| [{TAGS[tag][0]}]({tag}.md) | {TAGS[tag][1]} | {len(by_tag[tag])} |" for tag in order
    )
    total = sum(map(len, by_tag.values()))
    listed = "\n".join(order)
    return f"""# Operations of the API

{total} operations, made from the OpenAPI document at `/api/openapi.json`, which `/api/docs` shows
too, with a form to try each. What holds for all of them (log-in, errors, pages, limits) and a call
for each task: [the API by example](../api.md).

| | | operations |
| --- | --- | ---: |
{rows}

```{{toctree}}
:hidden:

{listed}
```
"""


def _page(tag: str, operations: list[Operation], schema: dict, rights: dict[str, str]) -> str:
    title, words = TAGS[tag]
    parts = [f"# {title}\n\n{words} Paths begin with the platform's address; see "
             "[the API by example](../api.md) for log-in, errors and pages.\n"]  # fmt: skip
    parts += [_operation(*each, schema, rights) for each in operations]
    return "\n".join(parts)


def _operation(method: str, path: str, found: dict, schema: dict, rights: dict[str, str]) -> str:
    row = f"{method.upper()} {path.removeprefix('/api')}"
    lines = [f"## {method.upper()} {path}", "", _plain(found["description"]), ""]
    lines += [f"Right: {_right(rights.get(row, ''))}.", ""]
    if found.get("parameters"):
        lines += ["| parameter | in | type | meaning |", "| --- | --- | --- | --- |"]
        for each in found["parameters"]:
            kind = _type(each["schema"], schema) + (", required" if each.get("required") else "")
            words = each.get("description") or each["schema"].get("description") or ""
            lines.append(f"| `{each['name']}` | {each['in']} | {kind} | {_cell(words)} |")
        lines.append("")
    if body := found.get("requestBody"):
        lines += list(_body(body, schema))
    lines += list(_answers(found["responses"], schema))
    return "\n".join(lines)


def _right(name: str) -> str:
    words = {"anyone": "none, anyone may ask", "": "see the table of rights"}
    return words.get(name, f"`{name}`" if "." in name else name.replace("_", " "))


def _body(body: dict, schema: dict) -> Iterator[str]:
    for kind, content in body["content"].items():
        told = content.get("example")
        if told is not None:
            yield "Body, for example:"
            yield ""
            yield "```json"
            yield json.dumps(told, indent=1, ensure_ascii=False)
            yield "```"
            yield ""
        rows = list(_fields(content["schema"], schema))
        if rows:
            yield from ("| field | type | meaning |", "| --- | --- | --- |")
            yield from rows
            yield ""
        elif told is None:
            yield f"Body: `{kind}`."
            yield ""


def _answers(answers: dict, schema: dict) -> Iterator[str]:
    for status, answer in answers.items():
        if status >= "300":
            continue
        shapes = [content["schema"] for content in answer.get("content", {}).values()]
        rows = [row for shape in shapes for row in _fields(shape, schema)]
        yield f"Answer {status}" + (":" if rows else ".")
        yield ""
        if rows:
            yield from ("| field | type | meaning |", "| --- | --- | --- |")
            yield from rows
            yield ""
    others = [s for s in answers if s >= "300" and s not in COMMON]
    if others:
        yield f"Also: {', '.join(others)}."
        yield ""


def resolved(shape: dict, schema: dict) -> dict:
    """Without $ref, and of "this or null" this."""
    while True:
        if "$ref" in shape:
            shape = schema["components"]["schemas"][shape["$ref"].rpartition("/")[2]]
        elif parts := [resolved(each, schema) for each in shape.get("allOf", ())]:
            fields = {k: v for each in parts for k, v in each.get("properties", {}).items()}
            shape = {**parts[0], **({"properties": fields} if fields else {})}
        elif kinds := [each for each in shape.get("anyOf", ()) if each.get("type") != "null"]:
            if len(kinds) != 1:
                return shape
            shape = kinds[0]
        else:
            return shape


def _fields(shape: dict, schema: dict, before: str = "", depth: int = DEPTH) -> Iterator[str]:
    shape = resolved(shape, schema)
    if shape.get("type") == "array":
        yield from _fields(shape["items"], schema, f"{before}[].".replace("..", "."), depth)
        return
    required = set(shape.get("required", ()))
    for name, field in shape.get("properties", {}).items():
        place = f"{before}{name}"
        kind = _type(field, schema)
        facts = [kind, *(["required"] if name in required and not before else []), *_default(field)]
        words = field.get("description") or resolved(field, schema).get("description") or ""
        yield f"| `{place}` | {', '.join(facts)} | {_cell(words)} |"
        if depth > 1:
            inner = resolved(field, schema)
            mark = "[]." if inner.get("type") == "array" else "."
            inner = resolved(inner.get("items", {}), schema) if mark == "[]." else inner
            yield from _fields(inner, schema, f"{place}{mark}", depth - 1)


def _default(field: dict) -> list[str]:
    told = field.get("default")
    return [f"default `{json.dumps(told)}`"] if told not in (None, "", [], {}) else []


def _type(field: dict, schema: dict) -> str:
    nullable = any(each.get("type") == "null" for each in field.get("anyOf", ()))
    shape = resolved(field, schema)
    if "enum" in shape:
        words = " ".join(f"`{json.dumps(each)}`" for each in shape["enum"])
    elif "const" in shape:
        words = f"`{json.dumps(shape['const'])}`"
    elif "anyOf" in shape:
        kinds = [each for each in shape["anyOf"] if each.get("type") != "null"]
        words = " or ".join(_type(each, schema) for each in kinds)
    elif shape.get("type") == "array":
        words = f"list of {_type(shape.get('items', {}), schema)}"
    else:
        words = shape.get("format") or shape.get("type") or "any"
        words += _bounds(shape)
    return f"{words} or null" if nullable else words


def _bounds(shape: dict) -> str:
    low = shape.get("minimum", shape.get("exclusiveMinimum"))
    high = shape.get("maximum", shape.get("exclusiveMaximum"))
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    if low is not None:
        return f" {'above' if 'exclusiveMinimum' in shape else 'from'} {low:g}"
    if high is not None:
        return f" up to {high:g}"
    if "maxLength" in shape:
        return f" of at most {shape['maxLength']}"
    return ""


def _plain(text: str) -> str:
    """Markdown of an operation's own words: docs/ paths become links between pages."""
    return re.sub(r"(?:;? see |\bSee )?docs/[\w/.-]+\.md\b\.?", "", text).strip()


def _cell(text: str) -> str:
    return _plain(text).replace("\n", " ").replace("|", "\\|")
