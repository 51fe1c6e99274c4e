"""1.6: errors that a make tells without being Faulted, those that it tells of connector 0, and its
own codes for them."""

from __future__ import annotations

from typing import Any

from chargepoint.core import topics
from chargepoint.core.block import Block, answers, folds, hears
from chargepoint.effects import SOON
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.errors import NO_ERROR, Error
from chargepoint.v16.topics import STATION_ERROR


class Warnings(Block):
    """told  the error code of connector 0 that the CSMS knows; an error itself is the outlet's"""

    __slots__ = ("told",)

    KEYS = ("station_error",)

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read what was told of connector 0."""
        self.told: str = saved.get("station_error", NO_ERROR)

    def saved(self) -> dict[str, Any]:
        """What was told of connector 0, where that is an error."""
        return {} if self.told == NO_ERROR else {"station_error": self.told}

    @folds(topics.ERROR_GIVEN)
    def as_the_make_tells_it(self, error: Error) -> Error:
        """With what the make says of that code, where nothing was given."""
        own = self.core.config.make.faults.codes.get(error.code)
        if own is None:
            return error
        return Error(
            error.code, error.info or own.info, error.vendor_code or own.vendor_error_code,
            error.vendor_id or own.vendor_id,
        )  # fmt: skip

    @answers(topics.WARNED)
    def warned(self, outlet: Connector, error: Error, now: float) -> dict[str, Any] | None:
        """Tell one that the make only warns of, or its end; None for what is a fault."""
        code = error.code
        warns = code in self.core.config.make.faults.warnings
        over = code == NO_ERROR and outlet.error_code != NO_ERROR and not outlet.faulted
        if not (warns or over) or outlet.faulted:
            return None
        outlet.warn(error)
        what = "warning is over" if over else f"warns of {code}"
        self.core.remark(f"connector {outlet.id}: {what}", now)
        if self.core.online:
            self.core.tell(topics.SEND_STATUS, outlet, now)
        self.core.changed(SOON)
        return {"status": self.core.ask(topics.STATUS_OF, outlet)}

    @answers(STATION_ERROR)
    def station_error(self) -> Error | None:
        """What is wrong with connector 0; None where nothing is."""
        broken = self._broken()
        return broken.error if broken else None

    @hears(topics.FAULTED)
    def fault_changed(self, outlet: Connector, now: float) -> None:
        """4.9: the errors of connector 0 are the station's."""
        if self.core.config.make.faults.connector_0 and self.core.online:
            self._tell_station(now)

    @hears(topics.REGISTERED)
    def registered(self, now: float, rebooted: bool) -> None:
        """Without a boot only what has changed meanwhile; after one it was told with the rest."""
        if rebooted:
            self.told = self._code()
        elif self.told != self._code():
            self._tell_station(now)

    def _broken(self) -> Connector | None:
        """The first of the outlets that are, where a fault is the station's too."""
        if not self.core.config.make.faults.connector_0:
            return None
        return next((each for each in self.core.connectors.values() if each.faulted), None)

    def _code(self) -> str:
        broken = self._broken()
        return broken.error_code if broken else NO_ERROR

    def _tell_station(self, now: float) -> None:
        self.told = self._code()
        self.core.block("status").send_station_status(now)
