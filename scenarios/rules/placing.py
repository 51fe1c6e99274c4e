"""Where in a document a step stands, as a JSON pointer (RFC 6901), and what of it is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from scenarios.rules.step_rules import inner_lists
from scenarios.rules.values import used_names

_QUOTED = re.compile(r'"([^"]{1,100})"')


def part(name: object) -> str:
    """One part of a pointer."""
    return "/" + str(name).replace("~", "~0").replace("/", "~1")


def pointer_of(kind: str, name: str) -> str:
    """Of a list that `inner_lists` gives, below its step."""
    if not name.startswith("branch "):
        return f"/params/{name}"
    place = int(name.removeprefix("branch ")) - 1
    return f"/params/branches/{place}" + ("/steps" if kind == "choose" else "")


def narrowed(step: Any, sentence: str) -> str:
    """The part of a step that a sentence about it names, as a pointer below it; "": all of it."""
    if not isinstance(step, Mapping):
        return ""
    params = step.get("params")
    params = params if isinstance(params, Mapping) else {}
    if sentence.startswith("There is no type"):
        return "/type" if "type" in step else ""
    for named in _QUOTED.findall(sentence):
        for holder, before in ((params, "/params"), (step, "")):
            if found := _within(holder, named):
                return before + found
    return "/params/action" if "action" in sentence and "action" in params else ""


def _within(holder: Mapping[str, Any], named: str) -> str:
    """ "ev.soc" as a pointer, as far as the value has it."""
    if named in holder:
        return part(named)
    found, value = "", holder
    for name in named.split("."):
        if not isinstance(value, Mapping) or name not in value:
            break
        found, value = found + part(name), value[name]
    return found


def user_of(steps: list, pointer: str, variable: str, kind_of: Any) -> str | None:
    """The innermost step that speaks of a variable, the first of them; None where none does."""
    for place, step in enumerate(steps):
        if variable not in used_names(dict(step)):
            continue
        here, kind = f"{pointer}/{place}", kind_of(step)
        for name, inner in inner_lists(kind, step.get("params") or {}):
            found = user_of(inner, here + pointer_of(kind, name), variable, kind_of)
            if found is not None:
                return found
        return here
    return None


def told(field: str, sentences: Iterator[tuple[str, str]] | list) -> list[dict[str, str]]:
    """[{"field", "pointer", "sentence"}] of (pointer, sentence)s."""
    return [{"field": field, "pointer": p, "sentence": sentence} for p, sentence in sentences]
