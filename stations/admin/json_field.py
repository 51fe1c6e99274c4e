"""A form field for JSON that people write."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextareaWidget

# Django's own field takes these for "nothing was given", which for us they are not.
_EMPTY = (None, "")
_WIDTH = 100


def text_of(value: Any, margin: str = "") -> str:
    """JSON as a person would write it: objects over several lines, a list of numbers or words on
    one where it fits, so that a curve is not a column of numbers."""
    match value:
        case dict() if value:
            opening, closing = "{}"
            inner = margin + "  "
            parts = [f"{_plain(name)}: {text_of(part, inner)}" for name, part in value.items()]
        case list() if value:
            line = _plain(value)
            if len(margin) + len(line) <= _WIDTH and not any(map(_has_object, value)):
                return line
            opening, closing = "[]"
            parts = [text_of(item, margin + "  ") for item in value]
        case _:
            return _plain(value)
    lines = ",\n".join(f"{margin}  {part}" for part in parts)
    return f"{opening}\n{lines}\n{margin}{closing}"


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _has_object(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_object, value))
    return isinstance(value, dict)


class PlainJSONField(forms.JSONField):
    """JSON in a text area, written over several lines; a mistake is told with its line."""

    empty_values = list(_EMPTY)

    def __init__(self, rows: int = 8, **options: Any) -> None:
        attributes = {"rows": rows, "class": "sc-json", "spellcheck": "false"}
        super().__init__(widget=UnfoldAdminTextareaWidget(attrs=attributes), **options)

    def prepare_value(self, value: Any) -> Any:
        """JSON as text in the form; what was entered stays as it is."""
        if value is None or isinstance(value, str):
            return value or ""  # nothing yet, or as it was entered
        return text_of(value)

    def to_python(self, value: Any) -> Any:
        """The value of the JSON that was entered.

        Raises ValidationError with its line and column.
        """
        if value in _EMPTY or not isinstance(value, str):
            return value or None
        try:
            return json.loads(value)
        except RecursionError:
            raise ValidationError("Nest this less deep.") from None
        except ValueError as error:
            place = f"line {error.lineno}, column {error.colno}"
            raise ValidationError(f"This is no JSON ({place}): {error.msg}.") from None

    def bound_data(self, data: Any, initial: Any) -> Any:
        return data

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return (initial or None) != (self.to_python(data) or None)
        except ValidationError:
            return True


class RulesField(PlainJSONField):
    """A list; nothing entered is an empty one."""

    def to_python(self, value: Any) -> Any:
        """As above, [] for nothing. Raises ValidationError with the line and column."""
        return super().to_python(value) or []
