"""What no store can hold is refused where a body is read, by the place where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from accounts.errors import ApiError

CORRECT = "Correct the named fields and send the request again."
NAMED_AT_MOST = 20
_LONGEST = 100


class ProperUnicode(Parser):
    """A JSON text may escape half a character, "\\ud800". Neither UTF-8 nor a document has it."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Raises ApiError 422 with the fields; ValueError for what is no JSON."""
        data = super().parse_body(request)
        if b"\\u" in request.body or b"\xed" in request.body:  # its two ways in
            fields = {}
            for place in _improper(data, ()):
                fields[".".join(place)[:_LONGEST] or "body"] = "Give proper Unicode."
                if len(fields) == NAMED_AT_MOST:
                    break
            if fields:
                raise ApiError("invalid", CORRECT, 422, fields)
        return data


def _improper(value: Any, place: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    match value:
        case str():
            if not _is_proper(value):
                yield place
        case dict():
            for name, each in value.items():
                shown = name.encode(errors="backslashreplace").decode()
                if not _is_proper(name):
                    yield (*place, shown)
                yield from _improper(each, (*place, shown))
        case list():
            for number, each in enumerate(value):
                yield from _improper(each, (*place, str(number)))


def _is_proper(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text)
