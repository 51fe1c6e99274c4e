"""The OCPP 1.6J charge point: the table of its blocks."""

from typing import ClassVar

from chargepoint.common.rows import COMMON_ROWS
from chargepoint.core import topics
from chargepoint.core.block import Block
from chargepoint.core.station import Station
from chargepoint.v16 import topics as own
from chargepoint.v16.authorization import Authorization
from chargepoint.v16.cabinet import Cabinet
from chargepoint.v16.configuration import Keys
from chargepoint.v16.data_transfer import DataTransfer
from chargepoint.v16.driver import Driver
from chargepoint.v16.files.news import Files
from chargepoint.v16.files.updating import Updates
from chargepoint.v16.files.uploading import Uploads
from chargepoint.v16.fiscal import Fiscal
from chargepoint.v16.habits import Habits16
from chargepoint.v16.local_list import LocalList
from chargepoint.v16.metering import Metering
from chargepoint.v16.plug_and_charge.presenting import PlugAndCharge
from chargepoint.v16.plug_and_charge.served import PlugAndChargeCalls
from chargepoint.v16.plug_and_charge.v2g_certificate import V2gCertificates
from chargepoint.v16.plug_and_charge.v2g_status import V2gStatus
from chargepoint.v16.provisioning import Provisioning
from chargepoint.v16.reader import Reader
from chargepoint.v16.recalling import Recalling
from chargepoint.v16.remote import Remote
from chargepoint.v16.reservation import Reservation
from chargepoint.v16.resets import Resets
from chargepoint.v16.security.certificates import Certificates
from chargepoint.v16.security.events import Security
from chargepoint.v16.security.own_certificate import Signing
from chargepoint.v16.security.relinking import Link
from chargepoint.v16.smart_charging import SmartCharging
from chargepoint.v16.status import Status
from chargepoint.v16.transactions import Sessions
from chargepoint.v16.trigger import Triggers
from chargepoint.wire import rpc


class Station16(Station):
    """All that is 1.6's own is in its blocks."""

    __slots__ = ()

    VERSION = "1.6"
    CODES = rpc.CODES_16
    HABITS = Habits16()
    ROWS: ClassVar[dict[str, type[Block]]] = {
        **COMMON_ROWS,
        # Of every station.
        "keys": Keys,
        "provisioning": Provisioning,
        "sessions": Sessions,
        "metering": Metering,
        "fiscal": Fiscal,
        "status": Status,
        "authorization": Authorization,
        "security": Security,
        "certificates": Certificates,
        # There when they are needed.
        "files": Files,
        "updating": Updates,
        "driver": Driver,
        "local_list": LocalList,
        "charging": SmartCharging,
        "reservation": Reservation,
        "cabinet": Cabinet,
        "resets": Resets,
        "v2g": V2gCertificates,
        # They keep nothing.
        "v2g_status": V2gStatus,
        "plug": PlugAndCharge,
        "plug_calls": PlugAndChargeCalls,
        "reader": Reader,
        "remote": Remote,
        "triggers": Triggers,
        "uploading": Uploads,
        "relinking": Link,
        "signing": Signing,
        "recalling": Recalling,
        "data_transfer": DataTransfer,
    }
    ORDER: ClassVar = {
        topics.CLOCK_MOVED: ("metering", "charging", "security", "signing"),
        topics.MAINS_CHANGED: ("charging", "sessions"),
        topics.POWER_FAILED: ("files", "sessions"),
        topics.RECONFIGURED: ("updating", "relinking", "reservation", "keys"),
        topics.UNPLUGGED: ("driver", "sessions"),
        own.ENDING: ("fiscal", "metering"),
        own.KEPT_FROM: ("cabinet", "reservation"),
        own.SESSION_OVER: ("status", "updating", "driver"),
    }
    # Told by the core for 2.x.
    UNHEARD: ClassVar = frozenset({
        topics.ANSWERED, topics.BEING_REGISTERED, topics.FAULTING, topics.IN_SERVICE,
        topics.REPORTED, topics.RESULT_WAS_BAD, topics.RESUMED, topics.UNANSWERED,
        topics.VALUES_UNSEEN,
    })  # fmt: skip
