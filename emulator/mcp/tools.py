"""The API's operations as tools of the Model Context Protocol, made from its OpenAPI document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from accounts.rights import ANYONE

JSON = "application/json"
# A model is given a token: it is not to make, see or lose others.
LEFT_OUT = ("/auth/", "/metrics")
BODY = "body"
REF = "#/components/schemas/"
_PARAMETER = re.compile(r"\{(\w+)\}")


class BadArguments(ValueError):
    """The text says which, and what is right."""


@dataclass(frozen=True)
class Tool:
    """operation: as the table of rights has it. where: {argument: "path" or "query"}."""

    name: str
    title: str
    description: str
    operation: str
    schema: Mapping[str, Any]
    where: Mapping[str, str]
    takes_body: bool

    @property
    def method(self) -> str:
        return self.operation.partition(" ")[0]

    def request(self, arguments: Mapping[str, Any]) -> tuple[str, str, bytes]:
        """(path with its identities encoded, query, body). Raises BadArguments."""
        known = {*self.where, *([BODY] if self.takes_body else [])}
        if strange := sorted(set(arguments) - known):
            raise BadArguments(f"There is no argument {', '.join(strange)[:200]}.")
        missing = [name for name in self.schema["required"] if arguments.get(name) in (None, "")]
        if missing:
            raise BadArguments(f"Give {', '.join(missing)}.")
        path = self.operation.partition(" ")[2]
        path = _PARAMETER.sub(lambda name: quote(_text(arguments[name[1]]), safe=""), path)
        asked = [
            (name, _text(each))
            for name, where in self.where.items()
            if where == "query" and arguments.get(name) is not None
            for each in _each(arguments[name])
        ]
        body = json.dumps(arguments[BODY]).encode() if BODY in arguments else b""
        return f"/api{path}", urlencode(asked), body


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise BadArguments("What stands in an address is a text, a number or a boolean.")


def tools_of(schema: Mapping[str, Any]) -> dict[str, Tool]:
    """{name: tool} of an OpenAPI document whose paths begin with /api."""
    made = [
        _tool(method.upper(), path.removeprefix("/api"), told, schema)
        for path, methods in schema["paths"].items()
        for method, told in methods.items()
    ]
    return {tool.name: tool for tool in made if _is_offered(tool)}


def _is_offered(tool: Tool) -> bool:
    path = tool.operation.partition(" ")[2]
    # Two names of one operation stand beside each other for users of old; one is enough.
    former = tool.method == "PATCH" and path.endswith(("/start", "/stop"))
    return not path.startswith(LEFT_OUT) and not former


def _tool(method: str, path: str, told: Mapping[str, Any], schema: Mapping[str, Any]) -> Tool:
    properties, required, where = {}, [], {}
    for parameter in told.get("parameters", ()):
        name = parameter["name"]
        where[name] = parameter["in"]
        shape = {k: v for k, v in parameter["schema"].items() if k != "title"}
        if "description" in parameter:
            shape["description"] = parameter["description"]
        properties[name] = shape
        if parameter.get("required"):
            required.append(name)
    content = told.get("requestBody", {}).get("content", {}).get(JSON)
    if content is not None:
        properties[BODY] = content["schema"]
        if "example" in content:
            properties[BODY] = {**content["schema"], "examples": [content["example"]]}
        if told["requestBody"].get("required"):
            required.append(BODY)
    arguments = {
        "type": "object", "properties": properties, "required": required,
        "additionalProperties": False,
    }  # fmt: skip
    title = told.get("summary", "")
    return Tool(
        name=_name(method, path),
        title=title,
        description=f"{method} {path}: {told.get('description') or title}",
        operation=f"{method} {path}",
        schema=_with_definitions(arguments, schema.get("components", {}).get("schemas", {})),
        where=where,
        takes_body=content is not None,
    )


def _name(method: str, path: str) -> str:
    """`POST /stations/{identity}/start-transaction` is `post_station_start_transaction`: an
    identity stands for one of what comes before it."""
    parts: list[str] = []
    for part in path.strip("/").split("/"):
        if not part.startswith("{"):
            parts.append(part)
        elif parts and parts[-1].endswith("s"):
            parts[-1] = parts[-1][:-1]
        else:
            parts.append(part.strip("{}"))
    return re.sub(r"\W", "_", "_".join([method.lower(), *parts]))


def _with_definitions(arguments: dict[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with all that it refers to in itself, as a tool's must stand alone."""
    found: dict[str, Any] = {}
    waiting = list(_named(arguments))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = known[name]
            waiting += _named(known[name])
    whole = {**arguments, **({"$defs": found} if found else {})}
    return json.loads(json.dumps(whole).replace(REF, "#/$defs/"))


def _named(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].removeprefix(REF)
        for value in schema.values():
            yield from _named(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _named(value)


@lru_cache(maxsize=1)
def tools() -> dict[str, Tool]:
    """The API's."""
    from emulator.api import api

    return tools_of(api.get_openapi_schema())


def offered(table: Any, request: Any) -> dict[str, Tool]:
    """Those that this caller may use; the API looks again when one is called."""
    return {
        name: tool
        for name, tool in tools().items()
        if (right := table.operations.get(tool.operation)) is not None
        and (right == ANYONE or table.may(request, right))
    }
