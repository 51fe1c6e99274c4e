"""Functional block Q, Q01: a car of ISO 15118-20 that can give back tells so at the start."""

from typing import Any

from chargepoint.der.controls import KINDS
from chargepoint.hardware.ev import EV
from chargepoint.v21.power.evse_controllers import V2X
from chargepoint.v201.charging.ev_needs import EvNeeds
from chargepoint.v201.outlet import Outlet


class EvNeeds21(EvNeeds):
    """Block of Station21."""

    __slots__ = ()

    def choice_told(self, schedule: int) -> dict[str, Any]:
        return {"selectedChargingScheduleId": schedule}

    def charging_needs(self, outlet: Outlet, ev: EV, now: float) -> dict[str, Any]:
        """Q01.FR.09: it asks for charging, and names what else it could have."""
        needs = super().charging_needs(outlet, ev, now)
        if not (
            ev.iso15118_20
            and ev.max_discharge_kw
            and self.core.block("controllers").v2x_enabled(outlet.evse)
        ):
            return needs
        rating = self.core.block("der").der_rating(outlet)
        key = f"{V2X}.SupportedEnergyTransferModes"
        offered = self.core.block("controllers").of_evse(outlet.evse, key).split(",")
        controls = self.core.block("controllers").der_supported(outlet)
        needs["availableEnergyTransfer"] = [
            mode for mode in offered
            if mode == needs["requestedEnergyTransfer"] or "BPT" in mode
            and ("DER" not in mode or controls)
        ]  # fmt: skip
        needs["v2xChargingParameters"] = {
            "minChargePower": 0, "maxChargePower": round(rating.take_w),
            "minDischargePower": 0, "maxDischargePower": round(rating.ev_w),
            "targetSoC": round(ev.target_soc),
        }  # fmt: skip
        if not outlet.hardware.dc and controls:
            # R02: at AC the inverter is the car's; ours know every control that the EVSE knows.
            needs["derChargingParameters"] = {
                "evSupportedDERControl": [kind for kind in KINDS if kind in controls],
                "maxApparentPower": round(rating.va),
                "maxChargeApparentPower": round(rating.take_w),
                "maxDischargeApparentPower": round(rating.ev_w),
                "maxChargeReactivePower": round(rating.var),
                "maxDischargeReactivePower": round(rating.var),
            }  # fmt: skip
        return needs
