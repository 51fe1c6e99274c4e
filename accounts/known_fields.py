"""Which fields there are, where a body has one that is unknown."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel

TAKE_IT_OUT = "There is no such field: take it out."


def unknown_field(known: Iterable[str]) -> str:
    """The sentence for a field that is not among `known`."""
    there = ", ".join(known)
    return f"{TAKE_IT_OUT} There are: {there}." if there else TAKE_IT_OUT


def fields_at(model: type[BaseModel], path: Iterable[str | int]) -> list[str]:
    """The fields of the object at `path` in the model's input, as a caller writes them.

    path: the places that pydantic's `loc` names, without the field. Where it leads to one of
    several models, those of all of them.
    """
    at = [model]
    for part in path:
        inner = [
            found for each in at for name, field in each.model_fields.items()
            if part in (name, field.alias) for found in _models(field.annotation)
        ]  # fmt: skip
        # What names no field is a place in a list, or the one of several models that was tried.
        at = inner or [each for each in at if each.__name__ == part] or at
    names = (field.alias or name for each in at for name, field in each.model_fields.items())
    return list(dict.fromkeys(names))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from _models(inner)
