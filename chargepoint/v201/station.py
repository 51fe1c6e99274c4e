"""The 2.0.1 charging station: the table of its blocks."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from chargepoint.common.rows import COMMON_ROWS
from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, Event, hears
from chargepoint.core.habits import Habits
from chargepoint.core.station import Station
from chargepoint.core.tables import Order
from chargepoint.trust.vault import put_by, secrets_of
from chargepoint.v201 import topics
from chargepoint.v201.authorization.authorization import Authorization
from chargepoint.v201.authorization.customer_information import CustomerInformation
from chargepoint.v201.authorization.local_list import LocalList
from chargepoint.v201.authorization.operator_commands import OperatorCommands
from chargepoint.v201.authorization.plug_and_charge import PlugAndCharge
from chargepoint.v201.availability import Availability
from chargepoint.v201.cabinet import Cabinet, Sockets
from chargepoint.v201.charging.charging_limits import ChargingLimits
from chargepoint.v201.charging.ev_needs import EvNeeds
from chargepoint.v201.charging.external_limits import ExternalLimits
from chargepoint.v201.charging.smart_charging import SmartCharging
from chargepoint.v201.display.display import Display
from chargepoint.v201.display.display_messages import DisplayMessages
from chargepoint.v201.display.fares import Fares
from chargepoint.v201.files.news import Files
from chargepoint.v201.files.publications import Publications
from chargepoint.v201.files.updates import Updates
from chargepoint.v201.files.uploads import Uploads
from chargepoint.v201.habits import Habits2
from chargepoint.v201.link.migration import Migration
from chargepoint.v201.link.network_profiles import NetworkProfiles
from chargepoint.v201.monitoring.events import Events
from chargepoint.v201.monitoring.monitoring import Monitoring
from chargepoint.v201.monitoring.monitoring_report import MonitoringReport
from chargepoint.v201.monitoring.requests import MonitorRequests
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.provisioning import Provisioning
from chargepoint.v201.remote_control import RemoteControl
from chargepoint.v201.reservation import Reservation
from chargepoint.v201.resets import Resets
from chargepoint.v201.security.certificates import Certificates
from chargepoint.v201.security.events import Security
from chargepoint.v201.security.relinking import Credentials
from chargepoint.v201.security.signing import Signing
from chargepoint.v201.security.v2g_certificate import V2gCertificates
from chargepoint.v201.security.v2g_status import V2gStatus
from chargepoint.v201.transactions.driver import Driver
from chargepoint.v201.transactions.energy_caps import EnergyCaps
from chargepoint.v201.transactions.fiscal import Fiscal
from chargepoint.v201.transactions.meter_schedule import MeterSchedule
from chargepoint.v201.transactions.recalling import Recall201
from chargepoint.v201.transactions.transactions import Transactions
from chargepoint.v201.variables.device_model import DeviceModel, initial
from chargepoint.v201.variables.looking import Looking201
from chargepoint.v201.variables.paging import Paging
from chargepoint.v201.variables.requests import VariableRequests
from chargepoint.wire import rpc

ROWS: dict[str, type[Block]] = {
    **COMMON_ROWS,
    "reports": Paging,
    "variables": VariableRequests,
    "transactions": Transactions,
    "caps": EnergyCaps,
    "metering": MeterSchedule,
    "fiscal": Fiscal,
    "availability": Availability,
    "local_list": LocalList,
    "authorization": Authorization,
    "provisioning": Provisioning,
    "driver": Driver,
    "charging": ChargingLimits,
    "needs": EvNeeds,
    "profiles": SmartCharging,
    "external": ExternalLimits,
    "reservation": Reservation,
    "resets": Resets,
    "events": Events,
    "monitoring": Monitoring,
    "monitor_requests": MonitorRequests,
    "monitor_reports": MonitoringReport,
    "fares": Fares,
    "display": DisplayMessages,
    "screen": Display,
    "cabinet": Cabinet,
    "sockets": Sockets,
    "security": Security,
    "certificates": Certificates,
    "relinking": Credentials,
    "signing": Signing,
    "files": Files,
    "updating": Updates,
    "uploading": Uploads,
    "publishing": Publications,
    "v2g": V2gCertificates,
    "v2g_status": V2gStatus,
    "plug": PlugAndCharge,
    "slots": NetworkProfiles,
    "link": Migration,
    "remote": RemoteControl,
    "desk": OperatorCommands,
    "customer": CustomerInformation,
    "view": Looking201,
    "recalling": Recall201,
}
# Who hears first, where that is not the order of the rows (of Questions: the reverse); "" is the
# station itself.
ORDER: Order = {
    topics.OUTLET_IDLE: ("availability", "updating", "resets"),
    core_topics.REGISTERED: (
        "provisioning", "metering", "security", "files", "updating", "transactions", "events",
        "monitoring", "v2g_status",
    ),
    core_topics.MAINS_CHANGED: ("charging", "transactions"),
    core_topics.POWER_FAILED: ("files", "resets"),
    core_topics.REBOOTED: ("files", "resets", "link"),
    core_topics.RECONFIGURED: ("", "updating", "relinking", "slots", "monitoring", "variables"),
    topics.HELD: ("resets", "updating"),
}  # fmt: skip
# Told for 1.6, or for the blocks that 2.1 has beside these.
UNHEARD: frozenset[Event] = frozenset({
    core_topics.ANSWERED, core_topics.BOOT_REFUSED, core_topics.FAULTING, core_topics.IN_SERVICE,
    core_topics.MESSAGE_FAILED, core_topics.MOVED, core_topics.RESULT_WAS_BAD,
    core_topics.UNANSWERED, topics.AUTHORIZE_ENDED, topics.BEGUN, topics.CACHE_CLEARED,
    topics.COST_KNOWN, topics.ENDING, topics.GRID_PLANNED, topics.LOOKED, topics.LOOKING,
    topics.MONITORS_SET, topics.MONITOR_INSTALLED, topics.MONITOR_REMOVED, topics.OFFERED,
    topics.OFFERING, topics.OUTLET_TIMERS, topics.PROFILES_ENDING, topics.PROFILE_KEPT,
    topics.RESERVATION_USED, topics.UNPLUGGING,
})  # fmt: skip


class Station201(Station):
    """The core of a 2.x station: beside 1.6's it has the device model and the outlets.

    model    the values of its variables; outlets  number of the connector -> Outlet
    """

    __slots__ = ("model", "outlets")

    VERSION: ClassVar[str] = "2.0.1"
    MODEL: ClassVar[type[DeviceModel]] = DeviceModel
    HABITS: ClassVar[Habits] = Habits2()
    CODES: ClassVar[dict[str, str]] = rpc.CODES_201
    ANSWERS_UNREADABLE: ClassVar[bool] = True  # part 4, 4.2.3 and 4.3
    ROWS: ClassVar[dict[str, type[Block]]] = ROWS
    ORDER: ClassVar[Order] = ORDER
    UNHEARD: ClassVar[frozenset[Event]] = UNHEARD

    def begin(self, saved: dict, now: float) -> None:
        """Read device model and outlets of a snapshot."""
        self.model = self.MODEL.from_saved(
            saved.get("model") or {}, secrets_of(saved, "model"), initial(self.config)
        )
        if not self.booted:
            self.model.booted()
        self.outlets: dict[int, Outlet] = {}
        self.match_outlets()
        for number, kept in (saved.get("outlets") or {}).items():
            if int(number) in self.outlets:
                self.outlets[int(number)].restore(kept)
        for outlet in self.outlets.values():
            outlet.seen = outlet.points()

    def extra_saved(self) -> dict[str, Any]:
        """Device model and outlets for the snapshot, secrets apart."""
        saved: dict[str, Any] = {}
        model, secret = self.model.to_saved()
        if model:
            saved["model"] = model
        outlets = {str(number): outlet.to_saved() for number, outlet in self.outlets.items()}
        if kept := {number: outlet for number, outlet in outlets.items() if outlet}:
            saved["outlets"] = kept
        put_by(saved, "model", secret)
        return saved

    @hears(core_topics.RECONFIGURED)
    def reconfigured(self, old: Any, now: float) -> None:
        """Match the outlets, and the device model where the make is another one."""
        if type(self.model) is not self.MODEL:
            self.model = self.MODEL.from_saved(*self.model.to_saved(), initial(self.config))
        self.match_outlets()

    # --- outlets -----------------------------------------------------------------------------

    def match_outlets(self) -> None:
        """Have one Outlet for each connector; within an EVSE 2.x counts connectors from 1."""
        counts: dict[int, int] = {}
        for connector in sorted(self.connectors.values(), key=lambda c: c.id):
            rank = counts[connector.evse] = counts.get(connector.evse, 0) + 1
            outlet = self.outlets.get(connector.id)
            if outlet is None or outlet.hardware is not connector:
                self.outlets[connector.id] = Outlet(connector, rank)
            else:
                outlet.connector_id = rank
        for number in [n for n in self.outlets if n not in self.connectors]:
            del self.outlets[number]

    def outlet(self, number: Any) -> Outlet:
        """The outlet of a command; CommandRejected if there is none."""
        return self.outlets[self.connector(number).id]

    def outlets_of(self, evse: dict | None) -> list[Outlet]:
        """The outlets that an EVSEType names: all without it; [] if there is no such."""
        if evse is None:
            return list(self.outlets.values())
        number, wanted = evse["id"], evse.get("connectorId")
        # By the configuration itself: a report of a large station asks a thousand times.
        there = [o for o in self.outlets.values() if o.hardware.config.evse == number]
        return there if wanted is None else [o for o in there if o.connector_id == wanted]

    def running(self, transaction_id: str) -> Outlet | None:
        """Where the transaction runs; None if it does not."""
        for outlet in self.outlets.values():
            if outlet.transaction is not None and outlet.transaction.id == transaction_id:
                return outlet
        return None

    def uuid(self) -> str:
        return str(UUID(int=self.rng.getrandbits(128), version=4))
