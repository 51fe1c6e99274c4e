"""A station's configuration with what its make gives it."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from chargepoint.config import ConnectorConfig, StationConfig
from chargepoint.make.make import Make

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # without I and O, as makers do
_USUAL = {field.name: field.default for field in msgspec.structs.fields(StationConfig)}


def with_make(config: StationConfig, make: Make) -> StationConfig:
    """The configuration of a station of that make.

    What the station says of itself goes before the make: a field of `config` that is not at its
    default stays. Delays are taken one by one, and the station's rules come before the make's.
    """
    given = {
        "vendor": make.vendor, "model": make.model, "firmware": make.firmware,
        "serial": drawn(make.serial, config.identity), "meter_type": make.meter_type,
        "meter_serial": drawn(make.meter_serial, config.identity),
        "meter_variance": make.meter.noise_pct / 100.0,
        "boot_delay": make.delays.get("boot", 0.0),
    }  # fmt: skip
    taken = {name: value for name, value in given.items() if getattr(config, name) == _USUAL[name]}
    if config.connectors == _USUAL["connectors"]:
        taken["connectors"] = tuple(
            ConnectorConfig(o.id, o.evse, o.kind, o.phases, o.max_power_w) for o in make.outlets
        )
    spans = {name: span for name, span in make.delays.items() if name != "boot"}
    return msgspec.structs.replace(
        config, **taken, delays={**spans, **config.delays}, rules=(*config.rules, *make.rules),
        make=make,
    )  # fmt: skip


def drawn(pattern: str, identity: str) -> str:
    """# is a digit and ? a letter, the same ones for the same identity; {identity} itself."""
    number = int.from_bytes(blake2b(identity.encode(), digest_size=32).digest())
    signs = []
    for sign in pattern:
        if sign == "#":
            number, digit = divmod(number, 10)
            sign = str(digit)
        elif sign == "?":
            number, letter = divmod(number, len(_LETTERS))
            sign = _LETTERS[letter]
        signs.append(sign)
    return "".join(signs).replace("{identity}", identity)
