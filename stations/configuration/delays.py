"""How long a station takes for what it does, as an operator writes it: "5", or "3-8" to draw from.

Real stations need seconds to end a link and half a minute for firmware; those of a make differ,
and no two reboots are alike. Names that are not given have the usual ranges.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

# name -> (least, most) in seconds; what they are of: chargepoint/core/clock.py.
USUAL: dict[str, tuple[float, float]] = {
    "reset": (3, 7),
    "restart": (5, 15),
    "firmware": (20, 40),
    "relink": (1, 3),
    "reconnect": (1, 5),
}
LONGEST = 3600.0
_LONGEST_TEXT = 30
USUAL_IN_WORDS = (
    "As usual: "
    + ", ".join(f"{name} {low:g}-{high:g}" for name, (low, high) in USUAL.items())
    + ". A single number is no range."
)


def span(text: object) -> tuple[float, float] | None:
    """(least, most) of a text; None if it is no span of time."""
    if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
        return None
    low, dash, high = text.partition("-")
    try:
        found = float(low), float(high if dash else low)
    except ValueError:
        return None
    return found if 0 <= found[0] <= found[1] <= LONGEST else None


def check_delays(delays: object) -> list[str]:
    """Sentences that say what to do; none if all is well."""
    if delays is None:
        return []
    if not isinstance(delays, Mapping):
        return ['Give an object of texts, e.g. {"reset": "3-7"}.']
    errors = []
    for name, text in delays.items():
        if name not in USUAL:
            errors.append(f"Name one of {', '.join(USUAL)}: {str(name)[:50]!r} is none.")
        elif span(text) is None:
            errors.append(f"Write {name} as 5 or 3-8, in seconds from 0 to {LONGEST:g}.")
    return errors


def core_delays(
    delays: Mapping[str, str] | None, factor: float,
    of_make: Mapping[str, tuple[float, float]] | None = None,
) -> dict[str, tuple[float, float]]:  # fmt: skip
    """What the core is told: all of them times `factor`; with 0 none, and it takes no time.

    of_make: the make's own, which the station's own go before.
    """
    if factor <= 0:
        return {}
    theirs = tuple((name, tuple(span)) for name, span in (of_make or {}).items() if name in USUAL)
    return _core_delays(tuple((delays or {}).items()), factor, theirs)


@lru_cache(maxsize=256)
def _core_delays(
    delays: tuple[tuple[str, str], ...], factor: float,
    of_make: tuple[tuple[str, tuple[float, float]], ...],
) -> dict[str, tuple[float, float]]:  # fmt: skip
    # One for all stations that have the same: thousands of them share a process.
    given = {name: found for name, text in delays if (found := span(text))}
    spans = USUAL | dict(of_make) | given
    return {name: (low * factor, high * factor) for name, (low, high) in spans.items()}
