"""Numbers in sentences."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """ "1 station", "20 stations": a noun that takes an s."""
    return f"{number} {noun}" + ("" if number == 1 else "s")
