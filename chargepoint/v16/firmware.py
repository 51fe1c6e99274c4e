"""Firmware and diagnostics (1.6 sections 4.4, 4.5, 5.9 and 5.19), and those of the security
whitepaper: SignedUpdateFirmware (L01) and GetLog (N01)."""

from typing import Any

from chargepoint.answers import CallFault
from chargepoint.core.block import action, answers, hears
from chargepoint.firmware import locations
from chargepoint.firmware.jobs import OVER, Job, LogUpload, Update
from chargepoint.firmware.transfers import ATTEMPTS, PAUSE, TRIGGERED, FileTransfers
from chargepoint.firmware.updating import Updating
from chargepoint.firmware.uploading import Uploading
from chargepoint.hardware.connector import Connector
from chargepoint.v16.keys import NEVER, UNSECURED
from chargepoint.v16.topics import HELD, SESSION_OVER, STATUS_ASKED

# Section 7.25, FirmwareStatus: what an update that is not signed can be said to do.
PLAIN_STATUSES = frozenset({
    "Downloaded", "DownloadFailed", "Downloading", "Idle", "InstallationFailed", "Installing",
    "Installed",
})  # fmt: skip


def _attempts(payload: dict) -> dict[str, Any]:
    """5.19 and 5.9: "how many times Charge Point must try" counts the first one."""
    return {
        "attempts": max(1, payload.get("retries", ATTEMPTS)),
        "pause": float(max(0, payload.get("retryInterval", PAUSE))),
    }


def _location(payload: dict) -> str:
    """The answers have no status in which a location could be refused."""
    if len(payload["location"]) > locations.LONGEST_URL:
        why = f"location has at most {locations.LONGEST_URL} characters"
        raise CallFault("PropertyConstraintViolation", why)
    return payload["location"]


class Firmware(Updating, Uploading, FileTransfers):
    """Block of Station16.

    L01.FR.20 of the whitepaper has a station with secure updates refuse the plain
    UpdateFirmware. The key EmulatorPlainFirmware says when this one does: in the profiles with TLS,
    unless the operator wants it always served, or never. See docs/decisions/0009.
    """

    __slots__ = ()

    # --- requests ----------------------------------------------------------------------------

    @action("UpdateFirmware")
    def on_update_firmware(self, payload: dict, now: float) -> dict:
        served = self.keys.text("EmulatorPlainFirmware")
        if served == NEVER or (served == UNSECURED and self.security_profile() >= 2):
            raise CallFault("NotSupported", "only signed firmware is installed here")
        retrieve = self._time(payload, "retrieveDate")
        update = Update(_location(payload), **_attempts(payload), retrieve=retrieve)
        if self.take_update(update, now) == "Rejected":
            # The answer has no status in which to say it.
            raise CallFault("GenericError", "an update is being installed")
        return {}

    @action("SignedUpdateFirmware")
    def on_signed_update_firmware(self, payload: dict, now: float) -> dict:
        firmware = payload["firmware"]
        if locations.refusal(firmware["location"]):
            return {"status": "Rejected"}
        install = firmware.get("installDateTime")
        update = Update(
            firmware["location"],
            **_attempts(payload),
            request=payload["requestId"],
            retrieve=self._time(firmware, "retrieveDateTime"),
            install=self._time(firmware, "installDateTime") if install else 0.0,
            certificate=firmware["signingCertificate"],
            signature=firmware["signature"],
        )
        if not (update.certificate and update.signature):
            return {"status": "Rejected" if update.certificate else "InvalidCertificate"}
        return {"status": self.take_update(update, now)}

    @action("GetDiagnostics")
    def on_get_diagnostics(self, payload: dict, now: float) -> dict:
        start, stop = self._period(payload, "startTime", "stopTime")
        if self.period_is_empty(start, stop, now):
            return {}  # 5.9: no file name where there is nothing to upload
        job = LogUpload(
            _location(payload),
            **_attempts(payload),
            log="DiagnosticsLog",
            name=self.log_name("DiagnosticsLog", now),
            start=start,
            stop=stop,
        )
        self.later(self.begin_upload, "diagnostics", job)
        return {"fileName": job.name}

    @action("GetLog")
    def on_get_log(self, payload: dict, now: float) -> dict:
        asked = payload["log"]
        start, stop = self._period(asked, "oldestTimestamp", "latestTimestamp")
        unusable = locations.refusal(asked["remoteLocation"])
        if unusable or self.period_is_empty(start, stop, now):
            return {"status": "Rejected"}
        job = LogUpload(
            asked["remoteLocation"],
            **_attempts(payload),
            request=payload["requestId"],
            log=payload["logType"],
            name=self.log_name(payload["logType"], now),
            start=start,
            stop=stop,
        )
        status = "AcceptedCanceled" if self.going_up("log") else "Accepted"
        self.later(self.begin_upload, "log", job)
        return {"status": status, "filename": job.name}

    def _time(self, payload: dict, name: str) -> float:
        moment = self.by_our_clock(payload[name])
        if moment is None:
            raise CallFault("PropertyConstraintViolation", f"{name} is no time")
        return moment

    def _period(self, payload: dict, first: str, last: str) -> tuple[float | None, float | None]:
        return tuple(self._time(payload, n) if n in payload else None for n in (first, last))

    # --- news --------------------------------------------------------------------------------

    def job_message(self, name: str, job: Job, status: str) -> tuple[str, dict] | None:
        if name == "diagnostics":
            known = status in ("Idle", "Uploaded", "Uploading")
            return "DiagnosticsStatusNotification", {"status": status if known else "UploadFailed"}
        if name == "log":
            return "LogStatusNotification", _numbered(job, status)
        if job.request is not None:
            return "SignedFirmwareStatusNotification", _numbered(job, status)
        if status == "InstallVerificationFailed":
            status = "InstallationFailed"
        if status not in PLAIN_STATUSES:
            return None
        return "FirmwareStatusNotification", {"status": status}

    @hears(STATUS_ASKED)
    def status_asked(self, message: str, now: float) -> None:
        match message:
            case "FirmwareStatusNotification":
                self.trigger_firmware_status(now)
            case "DiagnosticsStatusNotification":
                self.trigger_diagnostics_status(now)
            case "SignedFirmwareStatusNotification":
                self.trigger_signed_firmware_status(now)
            case "LogStatusNotification":
                self.trigger_log_status(now)

    def trigger_firmware_status(self, now: float) -> None:
        """TriggerMessage: the state of a plain update; Idle where there is none."""
        update = self.job("firmware")
        status = "Idle"
        if update is not None and update.request is None and update.phase != OVER:
            # What only the signed message can say is, to the plain one, being Downloaded.
            status = update.status if update.status in PLAIN_STATUSES else "Downloaded"
            status = "Idle" if update.status == "DownloadScheduled" else status
        self.call("FirmwareStatusNotification", {"status": status}, now, TRIGGERED)

    def trigger_diagnostics_status(self, now: float) -> None:
        status = "Uploading" if self.going_up("diagnostics") else "Idle"
        self.call("DiagnosticsStatusNotification", {"status": status}, now, TRIGGERED)

    def trigger_signed_firmware_status(self, now: float) -> None:
        """ExtendedTriggerMessage (L01.FR.28 and .29): the last status, but Idle for Installed."""
        update = self.job("firmware")
        payload: dict[str, Any] = {"status": "Idle"}
        if update is not None and update.request is not None and update.status != "Installed":
            payload = _numbered(update, update.status)
        self.call("SignedFirmwareStatusNotification", payload, now, TRIGGERED)

    def trigger_log_status(self, now: float) -> None:
        """ExtendedTriggerMessage: what is being uploaded, or Idle."""
        going = self.going_up("log")
        payload = _numbered(self.job("log"), "Uploading") if going else {"status": "Idle"}
        self.call("LogStatusNotification", payload, now, TRIGGERED)

    # --- the station about it ----------------------------------------------------------------

    @answers(HELD)
    def is_held(self, outlet: Connector, operative: bool) -> bool:
        return self.held_for_update(outlet, operative)

    @hears(SESSION_OVER)
    def session_over(self, outlet: Connector, now: float) -> None:
        self.transaction_over(now)

    def in_use(self, connector: Connector) -> bool:
        return connector.id in self.core.block("sessions").open

    def take_out(self, connector: Connector, now: float) -> None:
        self.core.block("status").apply_availability(connector, False, now)

    def reboot_updated(self, now: float) -> None:
        self.core.reboot(now, "FirmwareUpdate")

    def readable_configuration(self, now: float) -> dict[str, str]:
        answer = self.core.block("keys").on_get_configuration({}, now)
        return {entry["key"]: entry.get("value", "") for entry in answer["configurationKey"]}


def _numbered(job: Job, status: str) -> dict[str, Any]:
    return {"status": status, "requestId": job.request}
