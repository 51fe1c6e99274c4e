"""What a 2.x charging station does as its make has it."""

from collections.abc import Callable
from typing import Any

import msgspec

from chargepoint.core.habits import Habits
from chargepoint.hardware.states import CHARGING_STATE_201, State
from chargepoint.v201.transactions.metering import meter_value


class Habits2(Habits, frozen=True):
    """meter_value      see transactions.metering
    charging_states  state of a connector -> the chargingState that is told
    """

    meter_value: Callable[..., dict[str, Any] | None] = meter_value
    charging_states: dict[State, str] = msgspec.field(default_factory=lambda: CHARGING_STATE_201)
