"""What the reservations of every version share.

A block has them as id -> {..., "expires", "claimed"}, None where there are none. expires: unix
seconds by our clock; claimed: the connector where it is about to be used, or 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chargepoint.core.station import Station

Kept = dict[int, dict[str, Any]] | None

FOR_ANOTHER = "for another"  # kept for another idTag or token
PERHAPS = "perhaps"  # who asks may be of the reservation's group: ask the CSMS


def merged(verdicts: set[str]) -> str:
    """What several reservations of one place say together: "", FOR_ANOTHER or PERHAPS."""
    return "" if "" in verdicts else PERHAPS if PERHAPS in verdicts else FOR_ANOTHER


def reservations_in(saved: dict[str, Any]) -> Kept:
    """Of a station's saved state."""
    kept = saved.get("reservations", {})
    return {int(identity): {**entry} for identity, entry in kept.items()} or None


def saved_reservations(kept: Kept) -> dict[str, Any]:
    """By their key in the saved state."""
    if not kept:
        return {}
    return {"reservations": {str(identity): {**entry} for identity, entry in kept.items()}}


def arm_reservations(core: Station, kept: Kept, now: float) -> None:
    for identity, entry in (kept or {}).items():
        core.timers.set(("reservation", identity), max(now, entry["expires"]))


def claimed_at(kept: Kept, number: int) -> int | None:
    """The id of the reservation that is about to be used at the connector."""
    return next((name for name, entry in (kept or {}).items() if entry["claimed"] == number), None)
