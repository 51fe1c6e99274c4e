"""A look for each field of a make that has an effect on the wire: what is seen of it in the frames.

A look gets the version and what makes lives of it, and fails where the effect is not to be seen.
It stands in one of the files looks_of_*.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.chargepoint.make.life import Life

MakeLife = Callable[..., Life]
LOOKS: dict[str, Callable[[str, MakeLife], None]] = {}
REGISTER, POWER = "Energy.Active.Import.Register", "Power.Active.Import"
AMPS, VOLTS = "Current.Import", "Voltage"


def look(*paths: str) -> Callable[[Any], Any]:
    """It is the look of these fields."""

    def keep(function: Any) -> Any:
        LOOKS.update(dict.fromkeys(paths, function))
        return function

    return keep
