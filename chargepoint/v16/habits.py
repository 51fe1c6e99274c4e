"""What a 1.6 charge point does as its make has it."""

from collections.abc import Callable
from typing import Any

import msgspec

from chargepoint.core.habits import Habits
from chargepoint.hardware.states import STATUS_16, State
from chargepoint.v16.keys import STANDARD, KeyTable
from chargepoint.v16.measurands import sampled_values


class Habits16(Habits, frozen=True):
    """keys          its configuration keys
    sampled       see measurands.sampled_values
    statuses      state of a connector -> the status that is told
    tells_itself  whether it tells the status of connector 0 unasked
    """

    keys: KeyTable = STANDARD
    sampled: Callable[..., list[dict[str, Any]]] = sampled_values
    statuses: dict[State, str] = msgspec.field(default_factory=lambda: STATUS_16)
    tells_itself: bool = True
