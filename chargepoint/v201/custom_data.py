"""Part 2, 2.1.5: a station ignores customData of vendors that it does not know, and it knows none.

Its size has no bound in the schema, so that what is kept of a message is kept without it.
"""

from typing import Any


def plain(value: Any) -> Any:
    """The value without the customData of it and of its parts."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items() if name != "customData"}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value
