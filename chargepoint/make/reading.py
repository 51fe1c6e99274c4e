"""A make read from a document: what is wrong is told by field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from chargepoint.make.fields import FIELDS
from chargepoint.make.kinds import (
    ALL,
    Anything,
    Field,
    Flag,
    Many,
    Named,
    Number,
    Parts,
    Span,
    Text,
)
from chargepoint.make.make import Make
from chargepoint.make.meaning import faults_of_meaning, faults_of_values
from chargepoint.make.versions import missing_in


class Fault(NamedTuple):
    """path: of the field, as "meter.values.Voltage.fixed" or "outlets[2].id"; "" the whole."""

    path: str
    sentence: str


class MakeError(ValueError):
    """A document is no make. faults: all that is wrong, in the order of the document."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{path}: {said}" if path else said for path, said in faults))


def read_make(document: Mapping[str, Any]) -> Make:
    """The make that a document (plain values, as from JSON) describes.

    Raises MakeError with a sentence for each field that is wrong: of another kind, out of its
    bounds, unknown, or without an effect in the versions that the make speaks.
    """
    if not isinstance(document, Mapping):
        raise MakeError([Fault("", "Write a make as an object.")])
    reading = _Reading(document.get("versions"))
    reading.parts(document, FIELDS, "")
    if not reading.faults:
        reading.faults = [Fault(*found) for found in faults_of_meaning(document)]
    if reading.faults:
        raise MakeError(reading.faults)
    make = msgspec.convert(document, Make)
    if faults := [Fault(*found) for found in dict(faults_of_values(make)).items()]:
        raise MakeError(faults)
    return make


def written(make: Make) -> dict[str, Any]:
    """The document of a make: `read_make` makes the same of it. Defaults are left out."""
    return msgspec.json.decode(msgspec.json.encode(make))


class _Reading:
    """One document: what is wrong with it, and the versions that it names."""

    def __init__(self, versions: Any) -> None:
        self.faults: list[Fault] = []
        named = versions if isinstance(versions, list | tuple) else ()
        self.versions = tuple(v for v in named if isinstance(v, str) and v in ALL)

    def wrong(self, path: str, sentence: str) -> None:
        self.faults.append(Fault(path, sentence))

    def parts(self, value: Any, fields: Mapping[str, Field], path: str) -> None:
        """An object of known fields."""
        if not isinstance(value, Mapping):
            self.wrong(path, "Write it as an object.")
            return
        for name, given in value.items():
            here = f"{path}.{name}" if path else str(name)
            if name not in fields:
                self.wrong(here, f"Take it out: known here are {', '.join(fields)}.")
                continue
            field = fields[name]
            if gone := missing_in(field.versions, self.versions):
                self.wrong(here, f"Take it out: it has no effect in OCPP {gone}.")
            else:
                self.field(given, field, here)
        for name, field in fields.items():
            if field.required and name not in value:
                self.wrong(f"{path}.{name}" if path else name, "It is missing.")

    def field(self, value: Any, field: Field, path: str) -> None:
        match field:
            case Text():
                self._text(value, field, path)
            case Number():
                self._number(value, field, path)
            case Flag():
                if type(value) is not bool:
                    self.wrong(path, "Write true or false.")
            case Span():
                self._span(value, field, path)
            case Many():
                self._many(value, field, path)
            case Named():
                self._named(value, field, path)
            case Parts():
                self.parts(value, field.fields, path)
            case Anything():
                if not isinstance(value, Mapping):
                    self.wrong(path, "Write it as an object.")

    def _text(self, value: Any, field: Text, path: str) -> None:
        if not isinstance(value, str):
            self.wrong(path, "Write it as a text.")
        elif field.choices and value not in field.choices:
            self.wrong(path, f"Choose one of: {', '.join(field.choices)}.")
        elif not field.shortest <= len(value) <= field.longest:
            self.wrong(path, f"Write {field.shortest} to {field.longest} characters.")
        elif field.pattern and not re.fullmatch(field.pattern, value):
            self.wrong(path, f"Write it as {field.example or field.pattern}.")

    def _number(self, value: Any, field: Number, path: str) -> None:
        whole = field.whole and type(value) is not int
        if type(value) not in (int, float) or whole:
            self.wrong(path, f"Write a {'whole ' if field.whole else ''}number.")
        elif not field.low <= value <= field.high:
            self.wrong(path, f"Write a number from {field.low:.12g} to {field.high:.12g}.")

    def _span(self, value: Any, field: Span, path: str) -> None:
        two = isinstance(value, list | tuple) and len(value) == 2
        if not two or any(type(one) not in (int, float) for one in value):
            self.wrong(path, "Write two numbers of seconds: [least, most].")
        elif not 0 <= value[0] <= value[1] <= field.high:
            self.wrong(path, f"Write seconds from 0 to {field.high:g}, the lesser first.")

    def _many(self, value: Any, field: Many, path: str) -> None:
        if not isinstance(value, list | tuple):
            self.wrong(path, "Write it as a list.")
            return
        if not field.least <= len(value) <= field.most:
            self.wrong(path, f"Write {field.least} to {field.most} of them.")
        for number, one in enumerate(value[: field.most], 1):
            self.field(one, field.of, f"{path}[{number}]")

    def _named(self, value: Any, field: Named, path: str) -> None:
        if not isinstance(value, Mapping):
            self.wrong(path, "Write it as an object.")
            return
        if len(value) > field.most:
            self.wrong(path, f"Write at most {field.most} of them.")
        for name, one in value.items():
            here = f"{path}.{name}"
            if field.names and name not in field.names:
                self.wrong(here, f"Take it out: known here are {', '.join(field.names)}.")
            elif field.pattern and not re.fullmatch(field.pattern, name):
                self.wrong(here, f"Name it by the pattern {field.pattern}.")
            else:
                self.field(one, field.of, here)
