"""Cells of a CSV file that a spreadsheet program takes for what they are."""

from __future__ import annotations

# A cell that begins so is a formula to spreadsheet programs (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(value: object) -> object:
    """A CSV cell that no spreadsheet program takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(FORMULA):
        return "'" + value
    return value
