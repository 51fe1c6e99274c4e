"""2.1's component NetworkConfiguration, an instance a slot (B09.FR.07 on)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from chargepoint.core.block import READS, REFUSES, TAKES, Block, answers, folds
from chargepoint.core.block import variable as of_variable
from chargepoint.v201 import topics
from chargepoint.v201.link import network as profiles
from chargepoint.v201.link.network import OPERATORS, SECRETS, SLOTS, Profile
from chargepoint.v201.link.network_profiles import PRIORITY, NetworkProfiles, Refusal
from chargepoint.v201.variables.table import READ_ONLY, READ_WRITE, WRITE_ONLY, Variable

if TYPE_CHECKING:
    from chargepoint.core.station import Station


_COMPONENT = "NetworkConfiguration"
_VERSIONS = ("OCPP12", "OCPP15", "OCPP16", "OCPP20", "OCPP201", "OCPP21")

# name -> (DataEnumType, values)
_KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Apn": ("string", ()),
    "ApnAuthentication": ("OptionList", ("PAP", "CHAP", "NONE", "AUTO")),
    "ApnEnabled": ("boolean", ()),
    "ApnPassword": ("string", ()),
    "ApnUserName": ("string", ()),
    "BasicAuthPassword": ("string", ()),
    "Identity": ("string", ()),
    "MessageTimeout": ("integer", ()),
    "OcppCsmsUrl": ("string", ()),
    "OcppInterface": ("OptionList", profiles.INTERFACES),
    "OcppTransport": ("OptionList", ("JSON",)),
    "OcppVersion": ("OptionList", _VERSIONS),
    "PreferredNetwork": ("string", ()),
    "SecurityProfile": ("integer", ()),
    "SimPin": ("string", ()),
    "UseOnlyPreferredNetwork": ("boolean", ()),
    "VpnEnabled": ("boolean", ()),
}
_FIXED = frozenset({"OcppTransport", "VpnEnabled"})  # this station has one transport and no VPN
_LIMITS = {
    "BasicAuthPassword": (profiles.SHORTEST_PASSWORD, profiles.LONGEST_PASSWORD),
    "MessageTimeout": (1, 10_000_000),
    "SecurityProfile": (0, 3),
}
# Of a slot that nobody has filled.
_EMPTY: Profile = {
    "ApnEnabled": "false", "MessageTimeout": "30", "OcppInterface": "Any",
    "OcppTransport": "JSON", "OcppVersion": "OCPP21", "VpnEnabled": "false",
}  # fmt: skip


def _of_slot(slot: int) -> dict[str, Variable]:
    made = {}
    for name, (kind, values) in _KINDS.items():
        mutability = WRITE_ONLY if name in SECRETS else READ_WRITE
        mutability = READ_ONLY if name in _FIXED else mutability
        low, high = _LIMITS.get(name, (None, None))
        made[name.lower()] = Variable(
            f"{_COMPONENT}[{slot}]", name, "", kind, "", mutability,
            "s" if name == "MessageTimeout" else "", low, high, values, False, True,
        )  # fmt: skip
    return made


_BY_SLOT = {str(slot): _of_slot(slot) for slot in SLOTS}
_SLOT_OF = {v.component: slot for slot in SLOTS for v in _BY_SLOT[str(slot)].values()}


class NetworkProfiles21(NetworkProfiles):
    __slots__ = ()

    # B09, SetNetworkProfileRequest: the field is ignored, the handshake decides.
    PROFILE_VERSIONS: ClassVar[frozenset[str] | None] = None


class NetworkConfiguration(Block):
    """Block of Station21, with no state of its own: the variables show what the slots hold."""

    __slots__ = ("slots",)

    KEEPS = False

    def __init__(self, core: Station, slots: NetworkProfiles) -> None:
        super().__init__(core)
        self.slots = slots

    @answers(topics.FIND_VARIABLE)
    def find_of_slot(self, component: dict, variable: dict) -> Variable | str | None:
        """A variable of NetworkConfiguration by its slot, the reason why there is none, or None for
        other components."""
        if str(component.get("name", "")).lower() != _COMPONENT.lower():
            return None
        slot = _BY_SLOT.get(str(component.get("instance", "")))
        if slot is None or component.get("evse") is not None:
            return "UnknownComponent"
        found = None if variable.get("instance") else slot.get(str(variable["name"]).lower())
        return found or "UnknownVariable"

    @folds(topics.STATION_VARIABLES)
    def with_slots(self, variables: tuple[Variable, ...]) -> tuple[Variable, ...]:
        return (*variables, *(v for slot in _BY_SLOT.values() for v in slot.values()))

    @of_variable(READS, *_SLOT_OF)
    def read_slot(self, variable: Variable, evse: dict | None, now: float) -> str:
        return self._values(_SLOT_OF[variable.component]).get(variable.name, "")

    def _values(self, slot: int) -> Profile:
        held = self.slots.held_in(slot)
        if held is not None:
            return {**_EMPTY, **held}
        if slot != OPERATORS:
            return {**_EMPTY, "SecurityProfile": str(self.slots.security_profile())}
        return {
            **_EMPTY,
            "MessageTimeout": self.core.model.value("OCPPCommCtrlr.MessageTimeout[Default]"),
            "OcppCsmsUrl": self.core.config.csms_url,
            "SecurityProfile": str(self.slots.configured_security()),
        }

    # --- SetVariables ------------------------------------------------------------------------

    @of_variable(REFUSES, *_SLOT_OF)
    def refuse_slot(self, variable: Variable, text: str) -> Refusal:
        """(reason code, sentence) why a value is not taken (B09); None if it is."""
        slot = _SLOT_OF[variable.component]
        if self._may_be_turned_to(slot):  # B09.FR.22
            return "PriorityNetworkConf", f"slot {slot} is in NetworkConfigurationPriority"
        if variable.values and text not in variable.values:
            return "InvalidValue", f"one of {', '.join(variable.values)}"
        if variable.name == "SecurityProfile":  # B09.FR.32, B09.FR.35
            return self.slots.downgrade_refusal(int(text))
        if variable.name == "Identity" and text and not profiles.is_identity(text):
            return "InvalidValue", "the identity has signs that no identity may have"
        if variable.name == "BasicAuthPassword" and text:
            fault = profiles.password_fault(text, profiles.LONGEST_PASSWORD)
            return ("InvalidValue", fault) if fault else None
        return None

    def _may_be_turned_to(self, slot: int) -> bool:
        named = {
            *self.core.model.members(PRIORITY),
            *(self.core.model.waiting(PRIORITY) or "").split(","),
        }
        in_use = OPERATORS if self.slots.network is None else self.slots.network.current[0]
        return slot == in_use or str(slot) in named

    @of_variable(TAKES, *_SLOT_OF)
    def take_slot(self, variable: Variable, evse: dict | None, text: str, now: float) -> bool:
        """Set a value of a slot's profile; False: it is kept there, not in the device model."""
        slot = _SLOT_OF[variable.component]
        text = str(int(text)) if variable.kind == "integer" else text
        text = text.lower() if variable.kind == "boolean" else text
        self.slots.keep_profile(slot, {**self._values(slot), variable.name: text})
        return False
