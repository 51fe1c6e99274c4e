"""The controllers that 2.1 has in each EVSE: V2XChargingCtrlr, DCDERCtrlr or ACDERCtrlr.

Names and types by the list of standardized components of 2.1. What an operator configures under
"Component.Variable" holds for all EVSEs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core.block import READS, TAKES, Block, answers, folds, hears
from chargepoint.core.block import variable as of_variable
from chargepoint.der.controls import KINDS
from chargepoint.v21.power.wish import VAR_SHARE
from chargepoint.v201 import topics
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.variables.device_model import DeviceModel, writable
from chargepoint.v201.variables.table import READ_ONLY, READ_WRITE, Variable

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.charging.charging_limits import ChargingLimits
    from chargepoint.v201.variables.requests import VariableRequests


MODES = (
    "Idle", "ChargingOnly", "CentralSetpoint", "ExternalSetpoint", "ExternalLimits",
    "CentralFrequency", "LocalFrequency", "LocalLoadBalancing",
)  # fmt: skip
V2X, AC, DC = "V2XChargingCtrlr", "ACDERCtrlr", "DCDERCtrlr"


def _of(key: str, kind: str, default: str = "", unit: str = "", **more: Any) -> Variable:
    component, _, name = key.partition(".")
    name, _, instance = name.rstrip("]").partition("[")
    usual = {
        "mutability": READ_ONLY, "low": None, "high": None, "values": (), "reboot": False,
        "live": default == "" and kind != "string",
    }  # fmt: skip
    return Variable(component, name, instance, kind, default, unit=unit, **{**usual, **more})


_TRANSFERS = (
    "AC_single_phase", "AC_two_phase", "AC_three_phase", "DC", "AC_BPT", "AC_BPT_DER", "AC_DER",
    "DC_BPT", "DC_ACDP", "DC_ACDP_BPT", "WPT",
)  # fmt: skip
_WATTS = {"kind": "decimal", "unit": "W", "mutability": READ_WRITE, "low": -1e9, "high": 1e9}
_MODES_SUPPORTED = {"kind": "MemberList", "default": ",".join(KINDS), "values": KINDS}
VARIABLES: tuple[Variable, ...] = (
    _of(f"{V2X}.Available", "boolean", "true"),
    _of(f"{V2X}.Enabled", "boolean", "true", mutability=READ_WRITE),
    _of(f"{V2X}.LocalLoadBalancing[LowerOffset]", default="0", **_WATTS),
    _of(f"{V2X}.LocalLoadBalancing[LowerThreshold]", default="0", **_WATTS),
    _of(f"{V2X}.LocalLoadBalancing[UpperOffset]", default="0", **_WATTS),
    _of(f"{V2X}.LocalLoadBalancing[UpperThreshold]", default="11000", **_WATTS),
    _of(f"{V2X}.SupportedEnergyTransferModes", "MemberList", values=_TRANSFERS),
    _of(f"{V2X}.SupportedOperationModes", "MemberList", ",".join(MODES), values=MODES),
    _of(f"{AC}.Available", "boolean", "true"),
    _of(f"{AC}.Enabled", "boolean", "true", mutability=READ_WRITE),
    _of(f"{AC}.ModesSupported", **_MODES_SUPPORTED),
    _of(f"{DC}.Available", "boolean", "true"),
    _of(f"{DC}.Enabled", "boolean", "true", mutability=READ_WRITE),
    _of(f"{DC}.InverterHwVersion", "string", "1"),
    _of(f"{DC}.InverterManufacturer", "string", live=True),
    _of(f"{DC}.InverterModel", "string", live=True),
    _of(f"{DC}.InverterSwVersion", "string", live=True),
    _of(f"{DC}.MaxChargeRateVA", "decimal", unit="VA"),
    _of(f"{DC}.MaxChargeRateW", "decimal", unit="W"),
    _of(f"{DC}.MaxVA", "decimal", unit="VA"),
    _of(f"{DC}.MaxVar", "decimal", unit="Var"),
    _of(f"{DC}.MaxVarNeg", "decimal", unit="Var"),
    _of(f"{DC}.MaxW", "decimal", unit="W"),
    _of(f"{DC}.ModesSupported", **_MODES_SUPPORTED),
    _of(f"{DC}.OverExcitedPF", "decimal", "0.8"),
    _of(f"{DC}.OverExcitedW", "decimal", unit="W"),
    _of(f"{DC}.ReactiveSusceptance", "decimal", "0", "S"),
    _of(f"{DC}.UnderExcitedPF", "decimal", "0.8"),
    _of(f"{DC}.UnderExcitedW", "decimal", unit="W"),
    _of(f"{DC}.VNom", "decimal", "230", "V"),
)
_BY_NAME = {variable.key.lower(): variable for variable in VARIABLES}
_COMPONENTS = {variable.component.lower() for variable in VARIABLES}


class EvseControllers(Block):
    """Block of Station21. evse_values: "key@EVSE" -> what the CSMS has set, None where nothing."""

    __slots__ = ("charging", "evse_values", "variables")

    KEYS = ("evse_values",)

    def __init__(
        self, core: Station, variables: VariableRequests, charging: ChargingLimits
    ) -> None:
        super().__init__(core)
        self.variables = variables
        self.charging = charging

    def restore(self, saved: dict[str, Any], now: float) -> None:
        self.evse_values: dict[str, str] | None = saved.get("evse_values")

    def saved(self) -> dict[str, Any]:
        return {"evse_values": dict(self.evse_values)} if self.evse_values else {}

    # --- in the device model -----------------------------------------------------------------

    @answers(topics.FIND_VARIABLE)
    def find_of_controller(self, component: dict, variable: dict) -> Variable | str | None:
        """A variable of a controller of an EVSE, the reason why there is none, or None for other
        components."""
        name = component.get("name", "").lower()
        if name not in _COMPONENTS:
            return None
        evse = component.get("evse") or {}
        outlets = self.core.outlets_of({"id": evse["id"]}) if "id" in evse else []
        wrong = "connectorId" in evse or component.get("instance")
        if wrong or not outlets or name not in _names(outlets[0]):
            return "UnknownComponent"
        instance = variable.get("instance")
        suffix = f"[{instance.lower()}]" if instance else ""
        found = _BY_NAME.get(f"{name}.{variable.get('name', '').lower()}{suffix}")
        return found or "UnknownVariable"

    @of_variable(READS, V2X, AC, DC)
    def read_controller(self, variable: Variable, evse: dict | None, now: float) -> str:
        return self.of_evse(evse["id"], variable.key)

    @of_variable(TAKES, V2X, AC, DC)
    def take_controller(self, variable: Variable, evse: dict | None, text: str, now: float) -> bool:
        """Set a variable of one EVSE; False: it is kept here, not in the device model."""
        text = text.lower() if variable.kind == "boolean" else text
        self.evse_values = {**(self.evse_values or {}), f"{variable.key}@{evse['id']}": text}
        return False

    @hears(topics.VARIABLES_CHANGED)
    def plan_anew(self, now: float) -> None:
        self.charging.plan(now)

    @folds(topics.INVENTORY)
    def list_controllers(self, lines: list[dict], now: float, writable_only: bool) -> list[dict]:
        """The inventory with the controllers of each EVSE."""
        for evse in sorted({outlet.evse for outlet in self.core.outlets.values()}):
            names = _names(self.core.outlets_of({"id": evse})[0])
            lines += [
                self.variables.line(variable, {"id": evse}, now) for variable in VARIABLES
                if variable.component.lower() in names
                and (writable(variable) or not writable_only)
            ]  # fmt: skip
        return lines

    # --- values ------------------------------------------------------------------------------

    def of_evse(self, evse: int, key: str) -> str:
        """The value of a variable of the EVSE's controllers."""
        variable = _BY_NAME[key.lower()]
        outlet = self.core.outlets_of({"id": evse})[0]
        if variable.live:
            return self._live_value(variable, outlet)
        found = (self.evse_values or {}).get(f"{key}@{evse}")
        if found is None:
            found = self.core.config.configuration.get(key)
            if found is not None and DeviceModel.refusal(variable, found) is not None:
                found = None
        return variable.default if found is None else found

    def _live_value(self, variable: Variable, outlet: Outlet) -> str:
        most = float(outlet.hardware.config.max_power_w)
        match variable.name:
            case "SupportedEnergyTransferModes":
                if outlet.hardware.dc:
                    return "DC,DC_BPT"
                names = {1: "AC_single_phase", 2: "AC_two_phase", 3: "AC_three_phase"}
                return f"{names[outlet.hardware.config.phases]},AC_BPT,AC_BPT_DER"
            case "InverterManufacturer":
                return self.core.config.vendor[:50]
            case "InverterModel":
                return self.core.config.model[:50]
            case "InverterSwVersion":
                return self.core.firmware_now()[:50]
            case "MaxVar" | "MaxVarNeg":
                return f"{most * VAR_SHARE:g}"
            case "OverExcitedW" | "UnderExcitedW":
                return f"{most * 0.8:g}"  # at a power factor of 0.8
            case _:
                return f"{most:.10g}"

    def v2x_enabled(self, evse: int) -> bool:
        return self._controller_on(evse, V2X)

    def der_supported(self, outlet: Outlet) -> set[str]:
        """The types of DER control that the EVSE knows and has switched on."""
        name = DC if outlet.hardware.dc else AC
        if not self._controller_on(outlet.evse, name):
            return set()
        return {*self.of_evse(outlet.evse, f"{name}.ModesSupported").split(",")}

    def _controller_on(self, evse: int, name: str) -> bool:
        """Available is the operator's to say, Enabled the CSMS's."""
        flags = (f"{name}.Available", f"{name}.Enabled")
        return all(self.of_evse(evse, flag) == "true" for flag in flags)


def _names(outlet: Outlet) -> set[str]:
    return {V2X.lower(), (DC if outlet.hardware.dc else AC).lower()}
