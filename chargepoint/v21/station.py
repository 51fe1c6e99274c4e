"""The 2.1 charging station: what 2.0.1 has, by the schemas of 2.1.

2.1 kept the messages of 2.0.1, adding optional fields and values. New here: bidirectional power,
dynamic profiles, priority charging, DER control, tariffs and their cost, payment by a code or a
terminal, battery swap, and periodic event streams.
"""

from typing import Any, ClassVar

from chargepoint.der.ride import Ride
from chargepoint.hardware.connector import Connector
from chargepoint.v21.battery_swap import BatterySwap
from chargepoint.v21.costs import Costs, Entry
from chargepoint.v21.der import DerControl
from chargepoint.v21.der_effects import DerEffects
from chargepoint.v21.display_messages import DisplayMessages21
from chargepoint.v21.dynamic_profiles import DynamicProfiles
from chargepoint.v21.ev_needs import EvNeeds21
from chargepoint.v21.evse_controllers import EvseControllers
from chargepoint.v21.external_setpoint import ExternalSetpoint
from chargepoint.v21.message_kinds import MessageKinds21
from chargepoint.v21.network_configuration import NetworkConfiguration
from chargepoint.v21.offline_profiles import OfflineProfiles
from chargepoint.v21.payment_terminal import PaymentTerminal
from chargepoint.v21.plug_and_charge import PlugAndCharge21
from chargepoint.v21.reservation import Reservation21
from chargepoint.v21.resumption import Resumption
from chargepoint.v21.settlements import Settlements
from chargepoint.v21.streams import Streams
from chargepoint.v21.tariffs import Tariffs
from chargepoint.v21.token_types import TokenTypes
from chargepoint.v21.transaction_limits import TransactionLimits21
from chargepoint.v21.unsent import Unsent
from chargepoint.v21.variables import DeviceModel21
from chargepoint.v21.web_payments import WebPayments
from chargepoint.v201.device_model import DeviceModel
from chargepoint.v201.station import Station201


class Station21(
    NetworkConfiguration, Resumption, PlugAndCharge21,
    BatterySwap, Settlements, PaymentTerminal, WebPayments, Costs, Tariffs, Unsent,
    TokenTypes, Reservation21, EvseControllers, DerEffects, OfflineProfiles, DynamicProfiles,
    DerControl, ExternalSetpoint, EvNeeds21, TransactionLimits21, DisplayMessages21, Streams,
    MessageKinds21, Station201,
):  # fmt: skip
    """State beside 2.0.1's: allowed, next_signal, signal (see V2X), priority (see
    DynamicProfiles), der (see DerControl), ride (see DerEffects), evse_values (EvseControllers),
    resume_by (see Resumption), answered (see MessageKinds21), streams (see Streams); for the rest
    see Tariffs, Costs, WebPayments, PaymentTerminal, Settlements, BatterySwap and Unsent."""

    __slots__ = (
        "allowed", "answered", "bills", "der", "driver_tariffs", "evse_values", "next_signal",
        "payments", "priority", "qr_at", "resume_by", "ride", "settlements", "settling", "signal",
        "slots", "streams", "swap", "tariff_problem", "tariffs", "terminal_down", "unsent",
        "web_limits", "web_locks",
    )  # fmt: skip

    MODEL: ClassVar[type[DeviceModel]] = DeviceModel21

    VERSION: ClassVar[str] = "2.1"
    HANDLERS: ClassVar[dict[str, str]] = {
        **Station201.HANDLERS,
        "AFRRSignal": "on_afrr_signal",
        "AdjustPeriodicEventStream": "on_adjust_periodic_event_stream",
        "ChangeTransactionTariff": "on_change_transaction_tariff",
        "ClearDERControl": "on_clear_der_control",
        "ClearTariffs": "on_clear_tariffs",
        "GetDERControl": "on_get_der_control",
        "GetPeriodicEventStream": "on_get_periodic_event_stream",
        "GetTariffs": "on_get_tariffs",
        "NotifyAllowedEnergyTransfer": "on_notify_allowed_energy_transfer",
        "NotifyWebPaymentStarted": "on_notify_web_payment_started",
        "RequestBatterySwap": "on_request_battery_swap",
        "SetDERControl": "on_set_der_control",
        "SetDefaultTariff": "on_set_default_tariff",
        "UpdateDynamicSchedule": "on_update_dynamic_schedule",
        "UsePriorityCharging": "on_use_priority_charging",
    }
    COMMANDS: ClassVar[dict[str, str]] = {
        **Station201.COMMANDS,
        "battery-swap": "do_battery_swap",
        "der-alarm": "do_der_alarm",
        "pay-terminal": "do_pay_terminal",
        "payment-url": "do_payment_url",
        "priority-charging": "do_priority_charging",
        "refuse-tariff": "do_refuse_tariff",
        "terminal": "do_terminal",
        "vat-number": "do_vat_number",
    }

    def begin(self, saved: dict, now: float) -> None:
        self.answered: list[tuple[str, str]] | None = None
        self.signal: int | None = saved.get("signal")
        self.next_signal: list | None = saved.get("next_signal")
        self.evse_values: dict[str, str] | None = saved.get("evse_values")
        self.ride: Ride | None = Ride(saved["ride"]) if saved.get("ride") else None
        self.allowed: dict[str, list[str]] | None = saved.get("allowed")
        self.priority: set[str] | None = set(saved.get("priority", ())) or None
        der = {identity: {**entry} for identity, entry in saved.get("der", {}).items()}
        self.der: dict[str, dict] | None = der or None
        bills = {key: Entry.from_saved(entry) for key, entry in saved.get("bills", {}).items()}
        self.bills: dict[str, Entry] | None = bills or None
        for entry in bills.values():
            entry.charging = entry.charging and self.booted  # while it was off nothing flowed
        self.unsent: list[dict] | None = saved.get("unsent")
        self.restore_tariffs(saved)
        self.restore_payments(saved)
        self.restore_web_payments(saved, now)
        self.restore_swap(saved, now)
        super().begin(saved, now)
        self.show_codes(now)
        for installed in self.profiles or ():
            self.pull_later(installed, now)
        for outlet in self.outlets.values():
            self.resume_limits(outlet, now)
        self.resume_der(now)
        if self.next_signal is not None:
            self.set_timer("afrr", max(now, self.next_signal[0] - self.skew))

    def extra_saved(self) -> dict[str, Any]:
        saved = super().extra_saved()
        if self.signal is not None:
            saved["signal"] = self.signal
        if self.next_signal is not None:
            saved["next_signal"] = [*self.next_signal]
        if self.evse_values:
            saved["evse_values"] = dict(self.evse_values)
        if self.ride is not None and (kept := self.ride.to_saved()):
            saved["ride"] = kept
        if self.allowed:
            saved["allowed"] = dict(self.allowed)
        if self.priority:
            saved["priority"] = sorted(self.priority)
        if self.der:
            saved["der"] = {identity: {**entry} for identity, entry in self.der.items()}
        if self.bills:
            saved["bills"] = {key: entry.to_saved() for key, entry in self.bills.items()}
        if self.unsent:
            saved["unsent"] = [*self.unsent]
        saved |= self.saved_tariffs() | self.saved_payments() | self.saved_web_payments()
        return saved | self.saved_swap()

    def connector_shown(self, connector: Connector) -> dict[str, Any]:
        outlet = self.outlets[connector.id]
        shown = {
            "cost": self.running_cost(outlet),
            "payment_url": None if self.qr_at is None else self.payment_url(outlet, self.qr_at),
            "paying_until": (self.web_locks or {}).get(outlet.evse),
            "settlement": (self.settlements or {}).get(outlet.number),
            "battery": (self.slots or {}).get(outlet.number),
        }
        return {name: value for name, value in shown.items() if value is not None}

