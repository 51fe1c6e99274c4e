"""Timestamps as a make writes them."""

from collections.abc import Callable

from chargepoint.make.make import Time
from chargepoint.timing.times import iso

_USUAL = Time()


def stamper(time: Time) -> Callable[[float], str]:
    """unix seconds -> an ISO 8601 text of that zone and with so many digits of a second.

    Digits are cut, not rounded, as a clock shows them. Without a zone it is UTC all the same: that
    is how a CSMS has to take it.
    """
    if time == _USUAL:
        return iso
    zone, fractions = time.zone, time.fractions
    shift = _seconds_of(zone)

    def stamp(seconds: float) -> str:
        micros = round((seconds + shift) * 1e6)
        whole, rest = divmod(micros, 1_000_000)
        text = iso(float(whole))[:-5]
        digits = f".{rest:06d}"[: fractions + 1] if fractions else ""
        return f"{text}{digits}{zone}"

    return stamp


def _seconds_of(zone: str) -> int:
    """Of an offset as "+02:00"; 0 for Z and for none."""
    if zone in ("", "Z"):
        return 0
    sign = -1 if zone[0] == "-" else 1
    return sign * (int(zone[1:3]) * 3600 + int(zone[4:6]) * 60)
