"""The slots of a swap station and the batteries in them (2.1, S04)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core import topics as core_topics
from chargepoint.core.block import READS, REFUSES, Block, answers, folds, gathers, hears, variable
from chargepoint.core.commands import CommandRejected
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.ev import EV
from chargepoint.hardware.states import Event
from chargepoint.v201 import topics
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.transactions.transactions import NO_AUTHORIZATION
from chargepoint.v201.variables.table import Variable

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.authorization.authorization import Authorization
    from chargepoint.v201.transactions.transactions import Transactions

_MAX, _TARGET = "BatterySwapCtrlr.MaxSoc", "BatterySwapCtrlr.TargetSoC"


class Slots(Block):
    """Block of Station21. slots: connector -> {"serialNumber", "soH"} of its battery, None where
    there is none."""

    __slots__ = ("authorization", "slots", "transactions")

    GUEST = True
    KEYS = ("slots",)

    def __init__(
        self, core: Station, transactions: Transactions, authorization: Authorization
    ) -> None:
        super().__init__(core)
        self.transactions = transactions
        self.authorization = authorization

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read `slots` of a snapshot: {connector: label}."""
        kept = {int(number): {**label} for number, label in saved.get("slots", {}).items()}
        self.slots: dict[int, dict] | None = kept or None

    def saved(self) -> dict[str, Any]:
        """`slots` for the snapshot."""
        if not self.slots:
            return {}
        return {"slots": {str(number): {**label} for number, label in self.slots.items()}}

    @gathers(core_topics.CONNECTOR_SHOWN)
    def battery_shown(self, connector: Connector) -> dict[str, Any]:
        """`battery` of the station's state: the label of the one in a slot."""
        battery = (self.slots or {}).get(connector.id)
        return {} if battery is None else {"battery": battery}

    def holding(self, serials: list[str]) -> list[Outlet]:
        """The slots with the batteries of these serial numbers."""
        return [o for o in self.filled_slots() if self.slots[o.number]["serialNumber"] in serials]

    def filled_slots(self) -> list[Outlet]:
        return [
            outlet for number, outlet in sorted(self.core.outlets.items())
            if number in (self.slots or {}) and outlet.hardware.ev is not None
        ]  # fmt: skip

    def empty_slots(self) -> list[Outlet]:
        """Slots that are empty and in order, by number."""
        taken = {
            outlet.evse for outlet in self.core.outlets.values() if outlet.hardware.ev is not None
        }
        return [
            outlet for _, outlet in sorted(self.core.outlets.items())
            if outlet.evse not in taken and outlet.hardware.can(Event.EV_PLUGGED_IN)
            and self.authorization.free(outlet)
        ]  # fmt: skip

    def eligible(self, now: float) -> list[Outlet]:
        """S04.FR.05: those that may go out, the fullest first."""
        target = self.core.model.integer(_TARGET)
        for outlet in self.filled_slots():
            outlet.hardware.advance(now)
        ready = [
            outlet for outlet in self.filled_slots()
            if outlet.hardware.ev.soc >= target - 1e-6 and not outlet.hardware.faulted
        ]  # fmt: skip
        return sorted(ready, key=lambda outlet: -outlet.hardware.ev.soc)

    def battery_data(self, outlet: Outlet, now: float) -> dict[str, Any]:
        """Its BatteryDataType."""
        outlet.hardware.advance(now)
        soc = round(outlet.hardware.ev.soc, 1)
        return {"evseId": outlet.evse, "soC": soc, **self.slots[outlet.number]}

    # --- what an operator names --------------------------------------------------------------

    def empty_slot(self, connector: int | None) -> Outlet:
        """An empty slot: the connector's, or the first. Raises CommandRejected without one."""
        slots = self.empty_slots()
        if connector is not None:
            wanted = self.core.outlet(connector)
            slots = [outlet for outlet in slots if outlet is wanted]
        if not slots:
            raise CommandRejected("not_possible_now", "No such slot is empty and in order.")
        return slots[0]

    def battery_of(
        self, serial: str | None, soc: float, soh: float, battery_kwh: float
    ) -> tuple[dict[str, Any], float, float]:
        """(what its label says, percent, kWh). Raises CommandRejected for values out of bounds, or
        a serial number that is there."""
        if not (0 <= soc <= 100 and 0 <= soh <= 100 and 0 < battery_kwh <= 1000):
            why = "soc and soh are 0 to 100 percent, battery_kwh is above 0."
            raise CommandRejected("invalid_arguments", why)
        serial = serial or f"BAT-{self.core.rng.getrandbits(32):08X}"
        if len(serial) > 50 or serial in [s["serialNumber"] for s in (self.slots or {}).values()]:
            why = "serial has at most 50 characters, and no two batteries have the same."
            raise CommandRejected("invalid_arguments", why)
        return {"serialNumber": serial, "soH": soh}, soc, battery_kwh

    # --- in and out --------------------------------------------------------------------------

    def insert_battery(
        self, outlet: Outlet, label: dict[str, Any], soc: float, kwh: float, now: float
    ) -> dict[str, Any]:
        """Put a battery of `soc` percent and `kwh` into a slot, and charge it."""
        config = outlet.hardware.config
        # Fully charged in an hour, where the slot can.
        power = min(kwh, config.max_power_w / 1000.0)
        battery = EV(kwh, soc, power, config.phases, float(self.core.model.integer(_MAX)))
        self.slots = {**(self.slots or {}), outlet.number: label}
        outlet.hardware.plug(battery, now)
        self.core.tell(core_topics.PLUGGED, outlet.hardware, now)
        self.charge_batteries(now)
        return {"connector": outlet.number, "battery": self.battery_data(outlet, now)}

    def charge_batteries(self, now: float) -> None:
        """S04: a transaction charges each one, under the token that the CSMS has set for that."""
        token = NO_AUTHORIZATION
        if wanted := self.core.model.value("BatterySwapCtrlr.IdToken"):
            token = {"idToken": wanted[:255], "type": "Central"}
        for outlet in self.filled_slots():
            if (
                outlet.token is None
                and outlet.transaction is None
                and self.authorization.free(outlet)
            ):
                self.transactions.authorized(outlet, token, "Authorized", now)

    def remove_battery(self, outlet: Outlet, now: float) -> None:
        """Take the battery out of a slot; its transaction ends."""
        outlet.hardware.unplug(now)
        self.core.tell(core_topics.UNPLUGGED, outlet.hardware, now)
        if outlet.token is not None or outlet.transaction is not None:
            # Whatever StopTxOnEVSideDisconnect says: this battery does not come back.
            self.transactions.stop(outlet, "EVCommunicationLost", "EVDisconnected", now)
        self.core.statuses.report(outlet.hardware, now)

    @hears(topics.UNPLUGGING)
    def empty_the_slot(self, connector: Connector, now: float) -> None:
        if self.slots is not None:
            self.slots = {k: v for k, v in self.slots.items() if k != connector.id} or None

    @answers(topics.STOPS_WHEN_FULL)
    def stops_when_full(self, outlet: Outlet, now: float) -> bool:
        """Whether a battery has reached MaxSoc; its energy is stopped then (S04)."""
        if outlet in self.filled_slots() and outlet.transaction is not None:
            outlet.hardware.advance(now)
            if outlet.hardware.ev.full and not outlet.transaction.barred:
                self.transactions.bar(
                    outlet, "EnergyLimitReached", now
                )  # S04.FR.06: it has the MaxSoc
                return True
        return False

    @hears(core_topics.IN_SERVICE)
    def charge_after_boot(self, now: float, rebooted: bool) -> None:
        if rebooted:
            self.charge_batteries(now)  # S04.FR.11

    @hears(core_topics.FAULTED)
    def charge_after_fault(self, connector: Connector, now: float) -> None:
        self.charge_batteries(now)

    # --- variables ---------------------------------------------------------------------------

    @hears(topics.VARIABLES_CHANGED)
    def heed_most(self, now: float) -> None:
        """MaxSoc has changed: charge on, or stop."""
        most = float(self.core.model.integer(_MAX))
        for outlet in self.filled_slots():
            hardware = outlet.hardware
            hardware.advance(now)
            if hardware.ev.target_soc == most:
                continue
            hardware.ev.target_soc = most
            if outlet.transaction is not None and not hardware.ev.full:
                outlet.transaction.barred = False
                if hardware.can(Event.EV_RESUMED):
                    hardware.apply(Event.EV_RESUMED, now)
            self.transactions.happened(outlet, "ChargingStateChanged", now)

    @variable(REFUSES, _MAX, _TARGET)
    def refuse_soc(self, variable: Variable, text: str) -> tuple[str, str] | None:
        """(reason code, sentence) for a MaxSoc below TargetSoC; None for what may be."""
        if variable.key == _MAX and int(text) < self.core.model.integer(_TARGET):
            return "InvalidValue", "MaxSoc is not below TargetSoC"  # S04.FR.06
        if variable.key == _TARGET and int(text) > self.core.model.integer(_MAX):
            return "InvalidValue", "TargetSoC is not above MaxSoc"
        return None

    @folds(topics.FOUND_VARIABLE, wakes=True)
    def found_in_slot(self, found: Variable | str, component: dict) -> Variable | str:
        """BatteryCartridge is there only while its slot holds a battery."""
        if isinstance(found, Variable) and found.component == "BatteryCartridge":
            evse = component["evse"]["id"]
            if all(outlet.evse != evse for outlet in self.filled_slots()):
                return "UnknownComponent"
        return found

    @variable(READS, "BatteryCartridge")
    def read_battery(self, variable: Variable, evse: dict | None, now: float) -> str:
        """SoC or SoH in percent of the battery in a slot."""
        outlet = next(o for o in self.filled_slots() if o.evse == evse["id"])
        data = self.battery_data(outlet, now)
        return str(round(data["soC" if variable.name == "SoC" else "soH"]))
