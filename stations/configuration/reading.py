"""Files of stations as texts: JSON or CSV, each station with the line where it begins."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass, field
from typing import Any

from stations.configuration import cells

MOST_COLUMNS = 100
LARGEST_CELL = 2**20
_SPACE = re.compile(r"[ \t\n\r]*")
_decoder = json.JSONDecoder()


class Unreadable(Exception):
    """The sentence says where, and what is wrong."""


@dataclass(slots=True)
class Read:
    """document: as the import takes it. lines: where the stations begin, in their order; fewer
    where that is not known. errors: {(number of the station, field): sentence} of cells."""

    document: Any
    lines: list[int] = field(default_factory=list)
    errors: dict[tuple[int, str], str] = field(default_factory=dict)


def read(data: bytes, is_csv: bool) -> Read:
    """Raises Unreadable."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = data[: error.start].count(b"\n") + 1
        raise Unreadable(f"Line {at}: save the file as UTF-8.") from None
    return _read_csv(text) if is_csv else _read_json(text)


# --- CSV ---------------------------------------------------------------------------------------


def _read_csv(text: str) -> Read:
    csv.field_size_limit(LARGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    made = Read([])
    try:
        head = [name.strip() for name in next(reader, [])]
        _check_head(head)
        begins = reader.line_num + 1
        for row in reader:
            line, begins = begins, reader.line_num + 1
            if any(text.strip() for text in row) and not row[0].startswith("# "):
                _take(made, head, row, line)
    except csv.Error as error:
        raise Unreadable(f"Line {reader.line_num}: this is no CSV: {error}.") from None
    return made


def _delimiter(text: str) -> str:
    """Spreadsheet programs of half the world write ";"."""
    head = text.split("\n", 1)[0]
    return ";" if head.count(";") > head.count(",") else ","


def _check_head(head: list[str]) -> None:
    if "identity" not in head:
        known = ", ".join(cells.COLUMNS)
        raise Unreadable(f"Line 1: name the columns, identity among them: {known}.")
    if unknown := [name for name in head if name not in cells.WITH_SECRETS][:5]:
        raise Unreadable(f"Line 1: there is no column {', '.join(unknown)}: take it out.")
    if len(set(head)) != len(head):
        raise Unreadable("Line 1: name each column once.")


def _take(made: Read, head: list[str], row: list[str], line: int) -> None:
    number, entry = len(made.document), {}
    if len(row) > len(head):
        sentence = f"It has {len(row)} cells, and there are {len(head)} columns."
        made.errors[number, "station"] = sentence
    for name, text in zip(head, row, strict=False):
        try:
            value = cells.read(name, text)
        except cells.BadCell as error:
            made.errors[number, name] = str(error)
            continue
        if not cells.left_out(value):
            entry[name] = value
    made.document.append(entry)
    made.lines.append(line)


# --- JSON --------------------------------------------------------------------------------------


def _read_json(text: str) -> Read:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        sentence = f"Line {error.lineno}, column {error.colno}: this is no JSON: {error.msg}."
        raise Unreadable(sentence) from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"Send the stations as one JSON document: {error}.") from None
    places = _places(text, document)
    lines, at, passed = [], 1, 0
    for place in places:
        at, passed = at + text.count("\n", passed, place), place
        lines.append(at)
    return Read(document, lines)


def _places(text: str, document: Any) -> list[int]:
    """Where the elements of the list of stations begin, in a text that is known to be JSON."""
    start = _skip(text, 0)
    if isinstance(document, list):
        return _elements(text, start)
    if not isinstance(document, dict):
        return []
    if not isinstance(document.get("stations"), list):
        return [start]
    found: list[int] = []
    at = _skip(text, start + 1)
    while text[at] != "}":
        name, at = _decoder.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)  # over the colon
        if name == "stations" and text[at] == "[":
            found = _elements(text, at)  # of a name that comes twice the last counts
        _, at = _decoder.raw_decode(text, at)
        at = _next(text, at)
    return found


def _elements(text: str, at: int) -> list[int]:
    found, at = [], _skip(text, at + 1)
    while text[at] != "]":
        found.append(at)
        _, at = _decoder.raw_decode(text, at)
        at = _next(text, at)
    return found


def _next(text: str, at: int) -> int:
    at = _skip(text, at)
    return _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()
