"""Firmware of 1.6: UpdateFirmware (5.19), and SignedUpdateFirmware of the whitepaper (L01)."""

from typing import Any

from chargepoint.common.files import locations
from chargepoint.common.files.jobs import OVER, Update
from chargepoint.common.files.transfers import TRIGGERED
from chargepoint.common.files.updating import Updating
from chargepoint.config import StationConfig
from chargepoint.core import topics
from chargepoint.core.answers import CallFault
from chargepoint.core.block import Block, action, answers, hears
from chargepoint.hardware.connector import Connector
from chargepoint.v16.configuration import Keys
from chargepoint.v16.files.news import PLAIN_STATUSES
from chargepoint.v16.files.requests import attempts_of, location_of, numbered
from chargepoint.v16.keys import NEVER, UNSECURED
from chargepoint.v16.security.events import Security
from chargepoint.v16.status import Status
from chargepoint.v16.topics import HELD, SESSION_OVER, STATUS_ASKED
from chargepoint.v16.transactions import Sessions


class Updates(Updating, Block):
    """armed, installed  see Updating

    L01.FR.20 of the whitepaper has a station with secure updates refuse the plain
    UpdateFirmware. The key EmulatorPlainFirmware says when this one does: in the profiles with TLS,
    unless the operator wants it always served, or never. See docs/decisions/0009.
    """

    __slots__ = ("armed", "installed", "keys", "security", "sessions", "status")

    GUEST = True
    KEYS = ("armed", "installed")

    def __init__(
        self, core: Any, keys: Keys, sessions: Sessions, status: Status, security: Security
    ) -> None:
        super().__init__(core)
        self.keys, self.sessions = keys, sessions
        self.status, self.security = status, security

    # --- requests ----------------------------------------------------------------------------

    @action("UpdateFirmware")
    def on_update_firmware(self, payload: dict, now: float) -> dict:
        """UpdateFirmware (5.19). Raises CallFault where only signed firmware is installed here, or
        an update is under way."""
        served = self.keys.text("EmulatorPlainFirmware")
        if served == NEVER or (served == UNSECURED and self.security.security_profile() >= 2):
            raise CallFault("NotSupported", "only signed firmware is installed here")
        retrieve = self.files.time_of(payload, "retrieveDate")
        update = Update(location_of(payload), **attempts_of(payload), retrieve=retrieve)
        if self.take_update(update, now) == "Rejected":
            # The answer has no status in which to say it.
            raise CallFault("GenericError", "an update is being installed")
        return {}

    @action("SignedUpdateFirmware")
    def on_signed_update_firmware(self, payload: dict, now: float) -> dict:
        """SignedUpdateFirmware (security white paper, L01)."""
        firmware = payload["firmware"]
        if locations.refusal(firmware["location"]):
            return {"status": "Rejected"}
        install = firmware.get("installDateTime")
        time_of = self.files.time_of
        update = Update(
            firmware["location"],
            **attempts_of(payload),
            request=payload["requestId"],
            retrieve=time_of(firmware, "retrieveDateTime"),
            install=time_of(firmware, "installDateTime") if install else 0.0,
            certificate=firmware["signingCertificate"],
            signature=firmware["signature"],
        )
        if not (update.certificate and update.signature):
            return {"status": "Rejected" if update.certificate else "InvalidCertificate"}
        return {"status": self.take_update(update, now)}

    # --- what is asked for by a trigger ------------------------------------------------------

    @hears(STATUS_ASKED, wakes=True)
    def status_asked(self, message: str, now: float) -> None:
        if message == "FirmwareStatusNotification":
            self._tell_plain_status(now)
        elif message == "SignedFirmwareStatusNotification":
            self._tell_signed_status(now)

    def _tell_plain_status(self, now: float) -> None:
        """TriggerMessage: the state of a plain update; Idle where there is none."""
        update = self.files.job("firmware")
        status = "Idle"
        if update is not None and update.request is None and update.phase != OVER:
            # What only the signed message can say is, to the plain one, being Downloaded.
            status = update.status if update.status in PLAIN_STATUSES else "Downloaded"
            status = "Idle" if update.status == "DownloadScheduled" else status
        self.core.calls.make("FirmwareStatusNotification", {"status": status}, now, TRIGGERED)

    def _tell_signed_status(self, now: float) -> None:
        """ExtendedTriggerMessage (L01.FR.28 and .29): the last status, but Idle for Installed."""
        update = self.files.job("firmware")
        payload: dict[str, Any] = {"status": "Idle"}
        if update is not None and update.request is not None and update.status != "Installed":
            payload = numbered(update, update.status)
        self.core.calls.make("SignedFirmwareStatusNotification", payload, now, TRIGGERED)

    # --- the station about it ----------------------------------------------------------------

    @hears(topics.REGISTERED)
    def registered(self, now: float, rebooted: bool) -> None:
        if rebooted:
            self.update_booted(now)

    @hears(topics.RECONFIGURED)
    def reconfigured(self, old: StationConfig, now: float) -> None:
        self.forget_old_firmware()

    @answers(HELD)
    def is_held(self, outlet: Connector, operative: bool) -> bool:
        return self.held_for_update(outlet, operative)

    @hears(SESSION_OVER)
    def session_over(self, outlet: Connector, now: float) -> None:
        self.transaction_over(now)

    def in_use(self, connector: Connector) -> bool:
        return connector.id in self.sessions.open

    def take_out(self, connector: Connector, now: float) -> None:
        self.status.apply_availability(connector, False, now)

    def reboot_updated(self, now: float) -> None:
        self.core.power.reboot(now, "FirmwareUpdate")
