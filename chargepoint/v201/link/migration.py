"""Functional block B10: by which network profile the station dials, and where it falls back to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, answers, gathers, hears
from chargepoint.effects import SOON, URGENT
from chargepoint.timing.backoff import configured_delay
from chargepoint.trust.vault import LinkSecurity
from chargepoint.v201.link.network import Network, Profile, level
from chargepoint.v201.link.network_profiles import PRIORITY
from chargepoint.v201.variables.table import VARIABLES

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.link.network_profiles import NetworkProfiles
    from chargepoint.v201.security.events import Security


# The reason of a BootNotification without a boot: BootReasonEnumType has no word for it.
MOVED = "Unknown"
_COMM = "OCPPCommCtrlr"
_PRIORITY = next(v for v in VARIABLES if v.key == PRIORITY)


class Migration(Block):
    """Block of every 2.x station, with no state of its own: it turns from slot to slot."""

    __slots__ = ("security", "slots")

    KEEPS = False

    def __init__(self, core: Station, security: Security, slots: NetworkProfiles) -> None:
        super().__init__(core)
        self.security = security
        self.slots = slots

    # --- what the shell asks before it dials -------------------------------------------------

    @answers(core_topics.LINK_SECURITY)
    def link_in_use(self) -> LinkSecurity | None:
        """Address, identity and credentials of the network profile in use; None where the
        configured ones count."""
        link, profile = self.core.block("relinking").link_security(), self.slots.profile_in_use()
        if profile is None:
            return link
        if link is None:
            link = LinkSecurity(
                level(profile), roots=tuple(self.core.block("certificates").csms_roots())
            )
        return link._replace(
            url=profile["OcppCsmsUrl"],
            identity=profile.get("Identity", ""),
            password=profile.get("BasicAuthPassword") or link.password,
        )

    @answers(core_topics.RECONNECT_DELAY)
    def configured_pause(self, attempt: int) -> float:
        return configured_delay(
            attempt,
            self.core.rng.random(),
            minimum=self.core.model.integer(f"{_COMM}.RetryBackOffWaitMinimum"),
            doublings=self.core.model.integer(f"{_COMM}.RetryBackOffRepeatTimes"),
            spread=self.core.model.integer(f"{_COMM}.RetryBackOffRandomRange"),
        )

    # --- how it went -------------------------------------------------------------------------

    @hears(core_topics.DIAL_FAILED)
    def attempt_failed(self, kind: str, why: str, now: float) -> None:
        """A connection was not made: count it, and go to the next profile when its attempts are
        used up (B10)."""
        trial = self.security.vault is not None and self.security.vault.before is not None
        # New credentials are given up before the slot.
        if self.slots.network is not None and not trial:
            self._attempt_failed(self.slots.network, now)

    def _attempt_failed(self, network: Network, now: float) -> None:
        """B10.FR.03: so many attempts for each entry."""
        network.failures += 1
        self.core.changed(SOON)
        if network.failures >= self.core.model.integer(f"{_COMM}.NetworkProfileConnectionAttempts"):
            network.tried += 1
            self._turn(network, now)

    def _turn(self, network: Network, now: float) -> None:
        """To the next entry; after all of them to the one that worked (B10.FR.07), and round."""
        before = network.current
        order = self.slots.order(network)
        if network.tried >= len(order) and network.good not in (None, before):
            network.current, network.failures, network.tried = network.good, 0, 0
        elif before[0] in order:
            network.use(order[(order.index(before[0]) + 1) % len(order)])
        else:
            network.use(order[0])
        if network.current != before:
            self.core.service.boot_anew()  # what another CSMS has asked for, and said of us
            words = f"turned from network profile {before[0]} to {network.current[0]}"
            self.core.remark(words, now)
            self.core.changed(URGENT)

    @hears(core_topics.CONNECTING)
    def attempt_succeeded(self, now: float) -> None:
        """A connection is made; to another CSMS the station boots again."""
        network = self.slots.network
        if network is not None:
            network.failures = network.tried = 0
        if self.core.booted and not self.core.service.same_csms():
            self.core.service.boot_as(MOVED)

    @answers(core_topics.CSMS_ADDRESS)
    def address_in_use(self) -> str | None:
        """The URL of the network profile in use; None for the configured one."""
        profile = self.slots.profile_in_use()
        return None if profile is None else profile["OcppCsmsUrl"]

    @answers(core_topics.NEW_CSMS)
    def is_new_csms(self) -> bool:
        """B10.FR.10: after a change of the profile a BootNotification comes first, also without
        a boot."""
        network = self.slots.network
        return network is not None and network.current != network.good

    @hears(core_topics.BEING_REGISTERED)
    def accepted_by_csms(self, now: float, rebooted: bool) -> None:
        """The CSMS has accepted the station: the profile is one to fall back to."""
        network = self.slots.network
        moved = network is not None and network.current != network.good
        if moved:
            self.core.statuses.forget_reported()
            network.good = network.current
            self._drop_weaker(network)
            self.core.changed(URGENT)

    def _drop_weaker(self, network: Network) -> None:
        """A05.FR.06: profiles less secure than the link that works now are removed."""
        least = self.slots.least_security(network)
        kept = {slot: held for slot, held in network.slots.items() if level(held) >= least}
        network.slots = kept
        self.core.model.put(_PRIORITY, ",".join(map(str, self.slots.order(network))))

    # --- a boot ------------------------------------------------------------------------------

    @hears(core_topics.REBOOTED)
    def begin_anew(self, now: float, reason: str, seconds: float) -> None:
        """After a reboot the profile of first priority is tried first."""
        self.core.model.booted()
        self.slots.begin_with_first()

    # --- to look at --------------------------------------------------------------------------

    @gathers(core_topics.SHOWN)
    def network_shown(self) -> dict[str, Any]:
        """{"network": {"slot", "url", "security_profile"}} where the CSMS has set profiles."""
        if self.slots.network is None:
            return {}
        profile: Profile = self.slots.profile_in_use() or {}
        shown = {
            "slot": self.slots.network.current[0],
            "url": profile.get("OcppCsmsUrl", self.core.config.csms_url),
            "security_profile": self.slots.security_profile(),
        }
        return {"network": shown}
