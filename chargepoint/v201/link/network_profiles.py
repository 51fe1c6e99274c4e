"""Functional blocks A01 and B09: the CSMS sets network connection profiles and the password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from chargepoint.config import StationConfig
from chargepoint.core import topics as core_topics
from chargepoint.core.block import READS, REFUSES, TAKES, Block, action, answers, hears, variable
from chargepoint.effects import URGENT
from chargepoint.trust.vault import put_by, secrets_of
from chargepoint.v201 import topics
from chargepoint.v201.link import network as profiles
from chargepoint.v201.link.network import OPERATORS, Network, Profile, level
from chargepoint.v201.variables.table import Variable

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.security.events import Security


PRIORITY = "OCPPCommCtrlr.NetworkConfigurationPriority"
_PASSWORD = "SecurityCtrlr.BasicAuthPassword"
_TIMEOUT = "OCPPCommCtrlr.MessageTimeout[Default]"
DOWNGRADE = "SecurityCtrlr.AllowSecurityProfileDowngrade"
_CONFIGURED_PROFILE = "SecurityCtrlr.SecurityProfile"
Refusal = tuple[str, str] | None  # (reason code, words)


class NetworkProfiles(Block):
    """Block of every 2.x station; `network` is None while the CSMS has set no profile."""

    __slots__ = ("network", "security")

    # What `ocppVersion` may be: 2.0.1 knows "OCPP20" for itself. None: it is not looked at.
    PROFILE_VERSIONS: ClassVar[frozenset[str] | None] = frozenset({"OCPP20", "OCPP201"})

    def __init__(self, core: Station, security: Security) -> None:
        super().__init__(core)
        self.security = security

    # --- SetNetworkProfile (B09) -------------------------------------------------------------


    @action("SetNetworkProfile")
    def on_set_network_profile(self, payload: dict, now: float) -> dict:
        """SetNetworkProfile (B09)."""
        slot, profile = payload["configurationSlot"], profiles.profile_of(payload["connectionData"])
        refusal = self.profile_refusal(slot, profile)
        if refusal is not None:
            code, why = refusal
            info = {"reasonCode": code, "additionalInfo": why}
            return {"status": "Rejected", "statusInfo": info}
        self.keep_profile(slot, profile)
        info = f"network profile in slot {slot}"
        self.core.tell(core_topics.SECURITY_EVENT, "ReconfigurationOfSecurityParameters", info, now)
        return {"status": "Accepted"}

    def profile_refusal(self, slot: int, profile: Profile) -> Refusal:
        """(reason code, sentence) why a profile is not taken into a slot; None if it is."""
        if slot not in profiles.SLOTS:  # B09.FR.05
            known = ", ".join(map(str, profiles.SLOTS))
            return "InvalidConfSlot", f"there are the slots {known}"
        wanted, spoken = profile.get("OcppVersion"), self.PROFILE_VERSIONS
        if spoken is not None and wanted not in spoken:
            why = f"this station speaks OCPP {self.core.VERSION}, not {wanted}"
            return "InvalidNetworkConf", why
        fault = profiles.fault_of(profile, bool(self.core.config.iccid or self.core.config.imsi))
        if fault:  # B09.FR.02
            return "InvalidNetworkConf", fault
        return self.downgrade_refusal(level(profile))

    def downgrade_refusal(self, wanted: int) -> Refusal:
        """B09.FR.04, B09.FR.31: never down, but from 3 to 2 where that is allowed."""
        current = self.security_profile()
        if wanted >= current or (wanted, current) == (2, 3) and self.core.model.flag(DOWNGRADE):
            return None
        return "NoSecurityDowngrade", f"security profile {current} is in use"

    def open_network(self) -> Network:
        """The network profiles, made at the first use."""
        if self.network is None:
            self.network = Network(self.core.config.credentials, self.core.booted)
        return self.network

    def keep_profile(self, slot: int, profile: Profile) -> None:
        """Put a profile into its slot, without a check."""
        network = self.open_network()
        network.slots = {**network.slots, slot: profile}
        self.core.changed(URGENT)

    # --- what is in use ----------------------------------------------------------------------

    def profile_in_use(self) -> Profile | None:
        """None: the operator's link."""
        return None if self.network is None else self.network.current[1]

    def configured_security(self) -> int:
        """The profile that the operator's link amounts to; see docs/decisions/0007."""
        given = self.core.config.configuration.get(_CONFIGURED_PROFILE, "0")
        return int(given) if given in ("0", "1", "2", "3") else 0

    @answers(topics.SECURITY_PROFILE)
    def security_profile(self) -> int:
        """The security profile in use, 0 to 3."""
        profile = self.profile_in_use()
        return self.configured_security() if profile is None else level(profile)

    def held_in(self, slot: int) -> Profile | None:
        """What the CSMS has put into a slot."""
        return None if self.network is None else self.network.slots.get(slot)

    def security_of(self, slot: int) -> int:
        """The security profile of what a slot holds; -1 for nothing."""
        held = self.held_in(slot)
        if held is None:
            return self.configured_security() if slot == OPERATORS else -1
        return level(held)

    @answers(core_topics.MESSAGE_TIMEOUT)
    def message_timeout(self) -> int:
        """Seconds that the station waits for an answer."""
        if self.network is None or (profile := self.profile_in_use()) is None:
            return self.core.model.integer(_TIMEOUT)
        return int(profile["MessageTimeout"])

    @variable(READS, "OCPPCommCtrlr.ActiveNetworkProfile", "SecurityCtrlr.Identity", _TIMEOUT)
    def read_network(self, variable: Variable, evse: dict | None, now: float) -> str:
        """The value of a variable about the profile in use."""
        match variable.key:
            case "OCPPCommCtrlr.ActiveNetworkProfile":
                return str(OPERATORS if self.network is None else self.network.current[0])
            case "SecurityCtrlr.Identity":  # B09.FR.28
                return (self.profile_in_use() or {}).get("Identity") or self.core.identity
        return str(self.message_timeout())

    # --- SetVariables ------------------------------------------------------------------------

    @variable(REFUSES, _PASSWORD)
    def refuse_password(self, variable: Variable, text: str) -> Refusal:
        """(reason code, sentence) for a password that cannot be one, else None."""
        fault = profiles.password_fault(text, int(variable.high))
        return ("InvalidValue", fault) if fault else None

    @variable(TAKES, _PASSWORD)
    def take_password(self, variable: Variable, evse: dict | None, text: str, now: float) -> bool:
        """Use a new password with the next connection; False: the value is not kept in the device
        model."""
        self._take_password(text, now)
        return False

    @variable(TAKES, _TIMEOUT)
    def take_timeout(
        self, variable: Variable, evse: dict | None, text: str, now: float
    ) -> bool | None:
        """Set the timeout of the profile in use; None where the variable is kept as any other."""
        if self.profile_in_use() is None:
            return None  # it is a variable as any other
        self.change_in_use(MessageTimeout=str(int(text)))
        return False

    def change_in_use(self, **values: str) -> None:
        """Another value in the profile in use, wherever that is kept; "" takes it away."""
        network = self.network
        (slot, profile), good = network.current, network.good
        new = {name: text for name, text in {**profile, **values}.items() if text}
        network.current = (slot, new)
        if good == (slot, profile):
            network.good = network.current
        if network.slots.get(slot) == profile:
            network.slots = {**network.slots, slot: new}
        self.core.changed(URGENT)

    def _take_password(self, text: str, now: float) -> None:
        """A01: used on a new link after the answer; the old one comes back if it is refused."""
        own = (self.profile_in_use() or {}).get("BasicAuthPassword")
        known = own or (self.security.vault.password if self.security.vault is not None else "")
        if known == text:
            return
        before = None
        if own is not None:
            # B09.FR.27: it goes from the profile, so that this one counts. What is fallen back
            # to is the password that was in use.
            before, _ = own, self.change_in_use(BasicAuthPassword="")
        self.core.block("relinking").change_credentials(now, password=text)
        if before is not None:
            self.security.vault.fall_back_to(before)

    @variable(REFUSES, PRIORITY)
    def refuse_priority(self, variable: Variable, text: str) -> Refusal:
        """B09.FR.33, 34 and A05.FR.02 to 04: slots that are added must be fit for use."""
        slots = [item.strip() for item in text.split(",") if item.strip()]
        if not slots:
            return "InvalidValue", "one slot at least"
        in_force = self.core.model.members(PRIORITY)
        for slot in (int(item) for item in slots if item not in in_force):
            if refusal := self._slot_refusal(slot):
                return refusal
        return None

    def _slot_refusal(self, slot: int) -> Refusal:
        held = self.held_in(slot)
        if held is None and slot != OPERATORS:
            return "InvalidNetworkConf", f"slot {slot} has no profile"
        if held is not None:
            if refusal := self.profile_refusal(slot, held):
                code, why = refusal
                return code, f"slot {slot}: {why}"
            password = held.get("BasicAuthPassword", "")
            if lacking := self.core.block("relinking").lacks(
                level(held), self.security_profile(), password
            ):
                return "InvalidNetworkConf", f"slot {slot}: {lacking} is missing"
        return self.downgrade_refusal(self.security_of(slot))

    # --- the saved state ---------------------------------------------------------------------

    KEYS = ("network",)

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read `network` of a snapshot."""
        secret, known = secrets_of(saved, "network"), saved.get("network")
        self.network: Network | None = Network.from_saved(known, secret) if known else None

    def resume(self, now: float) -> None:
        """Take up the network profiles of the snapshot."""
        self.heed_network()
        if not self.core.booted:
            self.begin_with_first()

    def saved(self) -> dict[str, Any]:
        """`network` for the snapshot, its passwords under `secrets`."""
        saved: dict[str, Any] = {}
        if self.network is not None:
            saved["network"], secret = self.network.to_saved()
            put_by(saved, "network", secret)
        return saved

    @hears(core_topics.RECONFIGURED)
    def heed_configuration(self, old: StationConfig, now: float) -> None:
        self.heed_network()

    def heed_network(self) -> None:
        """An operator who has changed the link since means it: the profiles are forgotten."""
        if self.network is not None and self.network.base != self.core.config.credentials:
            self.network = None
            self.core.model.forget(PRIORITY)

    # --- the order in which they are used ----------------------------------------------------

    def order(self, network: Network) -> list[int]:
        """NetworkConfigurationPriority without what is empty, or less secure than what worked."""
        least = self.least_security(network)
        order = [int(slot) for slot in self.core.model.members(PRIORITY)]
        order = [slot for slot in order if network.holds(slot)]
        return [slot for slot in order if self.security_of(slot) >= least] or [network.current[0]]

    def least_security(self, network: Network) -> int:
        """A05.FR.06: there is no way down, but from 3 to 2 where that is allowed."""
        if network.good is None:
            return 0
        profile = network.good[1]
        least = self.configured_security() if profile is None else level(profile)
        return 2 if least == 3 and self.core.model.flag(DOWNGRADE) else least

    def begin_with_first(self) -> None:
        """B10.FR.04: after a boot it begins with the first entry."""
        if self.network is not None:
            self.network.use(self.order(self.network)[0])
            self.network.tried = 0
