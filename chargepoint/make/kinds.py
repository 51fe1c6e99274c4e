"""Kinds of fields of a make, as the table in fields.py has them."""

from collections.abc import Mapping
from typing import Any

import msgspec

ALL = ("1.6", "2.0.1", "2.1")
ONLY_16, ONLY_2 = ("1.6",), ("2.0.1", "2.1")


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """said      what it means, for people
    versions  in which it has an effect
    example   of a value
    """

    said: str
    versions: tuple[str, ...] = ALL
    required: bool = False
    example: Any = None


class Text(Field, frozen=True, kw_only=True):
    """choices: all that it may be, () for anything that fits the pattern."""

    longest: int = 100
    shortest: int = 0
    choices: tuple[str, ...] = ()
    pattern: str = ""


class Number(Field, frozen=True, kw_only=True):
    low: float
    high: float
    whole: bool = False


class Flag(Field, frozen=True, kw_only=True):
    """True or false."""


class Span(Field, frozen=True, kw_only=True):
    """[least, most] in seconds."""

    high: float


class Anything(Field, frozen=True, kw_only=True):
    """An object that others look into."""


class Many(Field, frozen=True, kw_only=True):
    of: Field
    most: int
    least: int = 0


class Named(Field, frozen=True, kw_only=True):
    """An object of any names. names: those that there are, () for any that fits the pattern."""

    of: Field
    most: int
    names: tuple[str, ...] = ()
    pattern: str = ""


class Parts(Field, frozen=True, kw_only=True):
    """An object of these fields."""

    fields: Mapping[str, Field]
