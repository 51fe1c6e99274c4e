"""1.6: whoever plugs in charges, by a key of the make's."""

from __future__ import annotations

from chargepoint.core import topics
from chargepoint.core.block import Block, hears
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import State
from chargepoint.make.fields import FREE_CHARGING, FREE_CHARGING_TAG
from chargepoint.make.named import named_by

LONGEST_TAG = 20  # CiString20Type


class FreeCharging(Block):
    """It keeps nothing: the keys have it."""

    __slots__ = ()

    KEEPS = False

    @hears(topics.PLUGGED)
    def ev_plugged_in(self, outlet: Connector, now: float) -> None:
        """Start with the make's idTag where nobody was authorized; the CSMS is not asked."""
        keys, named = self.core.block("keys"), self.core.config.make.keys
        free, by = named_by(named, FREE_CHARGING), named_by(named, FREE_CHARGING_TAG)
        tag = keys.text(by)[:LONGEST_TAG]
        if tag and keys.flag(free) and outlet.state is State.CONNECTED:
            self.core.block("authorization").authorized(outlet, tag, now)
