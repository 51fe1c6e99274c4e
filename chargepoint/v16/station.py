"""The OCPP 1.6J charge point: the table of its blocks."""

from typing import Any, ClassVar

from chargepoint import rpc
from chargepoint.config import StationConfig
from chargepoint.core import topics
from chargepoint.core.block import Block
from chargepoint.station import Station
from chargepoint.v16 import topics as own
from chargepoint.v16.authorization import Authorization
from chargepoint.v16.cabinet import Cabinet
from chargepoint.v16.configuration import Keys
from chargepoint.v16.data_transfer import DataTransfer
from chargepoint.v16.driver import Driver
from chargepoint.v16.firmware import Firmware
from chargepoint.v16.local_list import LocalList
from chargepoint.v16.metering import Metering
from chargepoint.v16.provisioning import Provisioning
from chargepoint.v16.reader import Reader
from chargepoint.v16.recalling import Recalling
from chargepoint.v16.remote import Remote
from chargepoint.v16.reservation import Reservation
from chargepoint.v16.resets import Resets
from chargepoint.v16.security import Security
from chargepoint.v16.smart_charging import SmartCharging
from chargepoint.v16.status import Status
from chargepoint.v16.transactions import Sessions
from chargepoint.v16.trigger import Triggers

STATION = ""  # what is no block yet


class Station16(Security, Firmware, Station):
    """armed, installed, jobs: see chargepoint/firmware; vault: see chargepoint/security"""

    __slots__ = ("armed", "installed", "jobs", "vault")

    VERSION = "1.6"
    CODES = rpc.CODES_16
    ROWS: ClassVar[dict[str, type[Block]]] = {
        "keys": Keys,
        "provisioning": Provisioning,
        "sessions": Sessions,
        "metering": Metering,
        "status": Status,
        "authorization": Authorization,
        "driver": Driver,
        "local_list": LocalList,
        "charging": SmartCharging,
        "reservation": Reservation,
        "cabinet": Cabinet,
        "reader": Reader,
        "remote": Remote,
        "resets": Resets,
        "triggers": Triggers,
        "data_transfer": DataTransfer,
        "recalling": Recalling,
    }
    ORDER: ClassVar = {
        topics.CLOCK_MOVED: ("metering", "charging", STATION),
        topics.MAINS_CHANGED: ("charging", "sessions"),
        topics.RECONFIGURED: (STATION, "reservation", "keys"),
        topics.REGISTERED: ("status", STATION),
        topics.UNPLUGGED: ("driver", "sessions"),
        own.KEPT_FROM: ("cabinet", "reservation"),
        own.SESSION_OVER: ("status", STATION, "driver"),
    }

    COMMANDS = Station.COMMANDS | {"firmware": "do_firmware"}

    # --- what is no block yet ----------------------------------------------------------------

    @property
    def keys(self) -> Keys:
        return self.block("keys")

    def restore_blocks(self, saved: dict[str, Any], now: float) -> None:
        super().restore_blocks(saved, now)
        self.restore_security(saved, now)
        self.restore_files(saved, now)

    def registered(self, now: float, rebooted: bool) -> None:
        self.security_registered(now, rebooted)
        self.tell_untold(now)
        if rebooted:
            self.update_booted(now)

    def clock_moved(self, now: float) -> None:
        self.security_event("SettingSystemTime", self.stamp(now), now)
        self.arm_certificate(now)

    def reconfigured(self, old: StationConfig, now: float) -> None:
        self.forget_old_firmware()
        self.heed_operator()

    def extra_saved(self) -> dict[str, Any]:
        return self.saved_files() | self.saved_security()
