"""Functional block L, L01 and L02: updates of the firmware."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargepoint.common.files import locations
from chargepoint.common.files.jobs import Update
from chargepoint.common.files.updating import Updating
from chargepoint.config import StationConfig
from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, action, answers, hears
from chargepoint.hardware.connector import Connector
from chargepoint.v201 import topics
from chargepoint.v201.files.requests import attempts_of, rejected, time_of
from chargepoint.v201.outlet import Outlet

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.availability import Availability


class Updates(Updating, Block):
    """armed, installed: see Updating"""

    __slots__ = ("armed", "availability", "installed")

    GUEST = True
    KEYS = ("armed", "installed")

    def __init__(self, core: Station, availability: Availability) -> None:
        super().__init__(core)
        self.availability = availability

    @hears(core_topics.RECONFIGURED)
    def heed_configuration(self, old: StationConfig, now: float) -> None:
        self.forget_old_firmware()

    @hears(topics.OUTLET_IDLE)
    def outlet_idle(self, outlet: Outlet, now: float) -> None:
        """Its update may have waited for that."""
        self.transaction_over(now)

    @hears(core_topics.REGISTERED)
    def registered(self, now: float, rebooted: bool) -> None:
        """A boot with the new version ends the update."""
        if rebooted:
            self.update_booted(now)

    @action("UpdateFirmware")
    def on_update_firmware(self, payload: dict, now: float) -> dict:
        """Without a certificate and a signature it is L02: nothing is verified."""
        firmware = payload["firmware"]
        if why := locations.refusal(firmware["location"]):
            return rejected("InvalidURL", why)
        install = firmware.get("installDateTime")
        update = Update(
            firmware["location"],
            **attempts_of(payload),
            request=payload["requestId"],
            retrieve=time_of(self.files, firmware, "retrieveDateTime"),
            install=time_of(self.files, firmware, "installDateTime") if install else 0.0,
            certificate=firmware.get("signingCertificate", ""),
            signature=firmware.get("signature", ""),
        )
        if update.signature and not update.certificate:
            return rejected("MissingParam", "a signature needs the signingCertificate")
        status = self.take_update(update, now)
        if status == "Rejected":  # L01.FR.27
            return rejected("FwUpdateInProgress", "an update is being installed")
        return {"status": status}

    def keeps_free_connectors(self) -> bool:
        return not self.core.model.flag("ChargingStation.AllowNewSessionsPendingFirmwareUpdate")

    def trigger_firmware_status(self, now: float) -> None:
        """L01.FR.25 and .26: the last status, but Idle after Installed."""
        update = self.files.job("firmware")
        told = update is not None and update.status != "Installed"
        self.files.tell_status("firmware", update if told else None, now)

    @answers(topics.HELD)
    def is_held(self, connector: Connector, operative: bool) -> bool:
        return self.held_for_update(connector, operative)

    # --- the station about it ----------------------------------------------------------------

    def in_use(self, connector: Connector) -> bool:
        return self.core.outlets[connector.id].transaction is not None or connector.in_transaction

    def take_out(self, connector: Connector, now: float) -> None:
        self.availability.make_available(self.core.outlets[connector.id], False, now)

    def reboot_updated(self, now: float) -> None:
        """Reboot with the new firmware; variables that wait for a reboot take effect."""
        self.core.model.booted()
        self.core.power.reboot(now, "FirmwareUpdate")
