"""What a station does of its version's own way, unless its make has another."""

from collections.abc import Callable

import msgspec

from chargepoint.hardware.register import PLAIN, Register
from chargepoint.timing.times import iso
from chargepoint.wire import schemas
from chargepoint.wire.schemas import SchemaFault


class Habits(msgspec.Struct, frozen=True):
    """Of a station's class, so that a station has no place for it. A version may add to it.

    stamp     unix seconds as the station writes them
    register  how its energy registers tell what they have counted
    shared_w  what all outlets can carry together, in watts; None: each its own
    off       actions that it does without
    check     (version, action, payload, whether it is an answer) -> what is wrong with a frame of
              its own; None where nothing is
    """

    stamp: Callable[[float], str] = iso
    register: Register = PLAIN
    shared_w: float | None = None
    off: frozenset[str] = frozenset()
    check: Callable[..., SchemaFault | None] = schemas.check
