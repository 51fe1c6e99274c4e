"""The 2.1 charging station: what 2.0.1 has, by the schemas of 2.1.

2.1 kept the messages of 2.0.1, adding optional fields and values. New here: bidirectional power,
dynamic profiles, priority charging and DER control; what is not emulated answers NotSupported.
"""

from typing import Any, ClassVar

from chargepoint.der.ride import Ride
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
from chargepoint.v21.plug_and_charge import PlugAndCharge21
from chargepoint.v21.reservation import Reservation21
from chargepoint.v21.resumption import Resumption
from chargepoint.v21.streams import Streams
from chargepoint.v21.token_types import TokenTypes
from chargepoint.v21.transaction_limits import TransactionLimits21
from chargepoint.v201.station import Station201


class Station21(
    NetworkConfiguration, Resumption, PlugAndCharge21,
    TokenTypes, Reservation21, EvseControllers, DerEffects, OfflineProfiles, DynamicProfiles,
    DerControl, ExternalSetpoint, EvNeeds21, TransactionLimits21, DisplayMessages21, Streams,
    MessageKinds21, Station201,
):  # fmt: skip
    """State beside 2.0.1's: allowed, next_signal, signal (see V2X), priority (see
    DynamicProfiles), der (see DerControl), ride (see DerEffects), evse_values (EvseControllers),
    resume_by (see Resumption), answered (see MessageKinds21), streams (see Streams)."""

    __slots__ = (
        "allowed", "answered", "der", "evse_values", "next_signal", "priority", "resume_by",
        "ride", "signal", "streams",
    )  # fmt: skip

    VERSION: ClassVar[str] = "2.1"
    HANDLERS: ClassVar[dict[str, str]] = {
        **Station201.HANDLERS,
        "AFRRSignal": "on_afrr_signal",
        "AdjustPeriodicEventStream": "on_adjust_periodic_event_stream",
        "ClearDERControl": "on_clear_der_control",
        "GetDERControl": "on_get_der_control",
        "GetPeriodicEventStream": "on_get_periodic_event_stream",
        "NotifyAllowedEnergyTransfer": "on_notify_allowed_energy_transfer",
        "SetDERControl": "on_set_der_control",
        "UpdateDynamicSchedule": "on_update_dynamic_schedule",
        "UsePriorityCharging": "on_use_priority_charging",
    }
    COMMANDS: ClassVar[dict[str, str]] = {
        **Station201.COMMANDS,
        "der-alarm": "do_der_alarm",
        "priority-charging": "do_priority_charging",
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
        super().begin(saved, now)
        for installed in self.profiles or ():
            self.pull_later(installed, now)
        for outlet in self.outlets.values():
            self.resume_limits(outlet, now)
        self.resume_der(now)
        if self.next_signal is not None:
            self.set_timer("afrr", max(now, self.next_signal[0] - self._skew))

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
        return saved

    def choice_told(self, schedule: int) -> dict[str, Any]:
        return {"selectedChargingScheduleId": schedule}
