"""Keys and variables of a make by what they do."""

from collections.abc import Mapping

from chargepoint.make.make import Key


def named_by(keys: Mapping[str, Key], effect: str) -> str | None:
    """The first with that effect; None without one."""
    return next((name for name, key in keys.items() if key.effect == effect), None)
