"""Security events: which are told to the CSMS, which are only kept in the security log.

OCPP 2.0.1 part 2, appendix 1; the same list, partly under other names, in the whitepaper
"Improved security for OCPP 1.6-J", section 3.
"""

from typing import Any, ClassVar

from chargepoint.core import topics
from chargepoint.core.block import failed, got, hears, timer
from chargepoint.effects import SOON
from chargepoint.trust.vault import Vault

LOG_AT_MOST = 100
EVENTS_AT_MOST = 50
RETRY = 60.0  # after an event whose notification was not answered
INVALID_EVERY = 60.0  # one event for the bad frames of so many seconds

# The critical ones, and those that a requirement of their own has the station tell.
SENT = frozenset({
    "DiscardedRenewedClientCertificate", "FirmwareUpdated", "InvalidChargingStationCertificate",
    "InvalidCsmsCertificate", "InvalidFirmwareSignature", "InvalidFirmwareSigningCertificate",
    "InvalidTLSCipherSuite", "InvalidTLSVersion", "MemoryExhaustion", "ResetOrReboot",
    "SecurityLogWasCleared", "SettingSystemTime", "StartupOfTheDevice", "TamperDetectionActivated",
})  # fmt: skip
# Part of every station's day: not worth any memory. Those that are told are found in the log of
# messages, of which the file of a security log has a part.
_ROUTINE = frozenset({
    "InvalidMessages", "ResetOrReboot", "SettingSystemTime", "StartupOfTheDevice",
})  # fmt: skip
_NO_FAULT_OF_THE_FRAME = frozenset({"NotImplemented", "NotSupported", "SecurityError"})


class SecurityEvents:
    """Block of every version; `vault` is None until there is something to keep.

    A version supplies tells_security_events() and may rename events by EVENT_NAMES.
    """

    __slots__ = ()

    EVENT_NAMES: ClassVar[dict[str, str]] = {}

    def open_vault(self) -> Vault:
        """The station's credentials and security events, made at the first need of them."""
        if self.vault is None:
            self.vault = Vault()
            self.vault.base = self.core.config.credentials
        return self.vault

    def tells_security_events(self) -> bool:
        raise NotImplementedError

    def restore(self, saved: dict, now: float) -> None:
        self.vault = Vault.from_saved(saved)

    def saved(self) -> dict:
        """The parts of the saved state; "secrets" is what the shell encrypts."""
        return {} if self.vault is None else self.vault.to_saved()

    def security_log(self) -> list[list[Any]]:
        """[[unix seconds, event, info]], oldest first."""
        return [[*entry] for entry in (self.vault and self.vault.log) or ()]

    @hears(topics.SECURITY_EVENT)
    def security_event(self, kind: str, info: str, now: float) -> None:
        """`kind`: by 2.0.1's name. Kept in the log; queued for the CSMS if it is to hear of it."""
        tells = self.tells_security_events()
        if not tells and kind in _ROUTINE:
            return
        name, info = self.EVENT_NAMES.get(kind, kind), info[:255]
        vault, told = self.open_vault(), tells and kind in SENT
        if not (told and kind in _ROUTINE):
            entry = [self.core.clock.station_time(now), name, info]
            vault.log = [*(vault.log or ()), entry][-LOG_AT_MOST:]
        if told:
            event = {"type": name, "timestamp": self.core.clock.stamp(now)}
            if info:
                event["techInfo"] = info
            waiting = vault.events or []
            # The one that is on its way must stay the first.
            if len(waiting) >= EVENTS_AT_MOST:
                del waiting[1 if vault.sending else 0]
            vault.events = [*waiting, event]
        self.core.changed(SOON)
        self.send_security_events(now)

    # --- delivery ----------------------------------------------------------------------------

    def security_registered(self, now: float, rebooted: bool) -> None:
        """The CSMS has accepted us, or the link is back: what waits may go out."""
        if rebooted:
            self.security_event("StartupOfTheDevice", self.core.service.boot_reason, now)
        if self.vault is not None:
            self.vault.sending = bool(self.core.calls.waiting_contexts("SecurityEventNotification"))
            self.send_security_events(now)

    def send_security_events(self, now: float) -> None:
        """One at a time; those of an offline station wait."""
        vault = self.vault
        if vault is None or not vault.events or vault.sending:
            return
        if self.core.connected and self.core.registration == "Accepted":
            vault.sending = True
            self.core.calls.make("SecurityEventNotification", vault.events[0], now, "event")

    @timer("security_events")
    def send_again(self, now: float) -> None:
        self.send_security_events(now)

    @got("SecurityEventNotification")
    def event_told(self, payload: dict, context: Any, now: float) -> None:
        self._event_done(now)

    @failed("SecurityEventNotification")
    def event_untold(self, code: str, context: Any, now: float) -> None:
        """A SecurityEventNotification was not answered: with a CallError it is over, after a
        timeout it is sent again in RETRY seconds, and after a lost link when there is a new one."""
        if code not in ("Disconnected", "Timeout"):
            self._event_done(now)  # a CSMS without this action will not learn it
            return
        self.vault.sending = False
        if code == "Timeout":
            self.core.timers.set("security_events", now + RETRY)

    def _event_done(self, now: float) -> None:
        self.vault.sending = False
        self.vault.events = self.vault.events[1:] or None
        self.core.changed(SOON)
        self.send_security_events(now)
        if self.vault.is_empty:
            self.vault = None

    # --- causes ------------------------------------------------------------------------------

    @hears(topics.REBOOTING)
    def note_reboot(self, now: float, reason: str) -> None:
        self.security_event("ResetOrReboot", reason, now)

    @hears(topics.FRAME_WAS_BAD)
    def frame_was_bad(self, code: str, why: str, now: float) -> None:
        """Report InvalidMessages for a frame that was the CSMS's fault, at most one each
        INVALID_EVERY seconds."""
        if code in _NO_FAULT_OF_THE_FRAME or not self.tells_security_events():
            return
        vault = self.open_vault()
        if vault.invalid_at is None or now - vault.invalid_at >= INVALID_EVERY:
            vault.invalid_at = now
            self.security_event("InvalidMessages", why, now)
