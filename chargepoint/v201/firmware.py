"""Functional blocks L, firmware, and N01, logs, of OCPP 2.0.1; 2.1 has them unchanged."""

from typing import Any

from chargepoint.answers import CallFault
from chargepoint.core.block import answers
from chargepoint.firmware import locations
from chargepoint.firmware.jobs import Job, LogUpload, Publication, Update
from chargepoint.firmware.publishing import Publishing
from chargepoint.firmware.transfers import ATTEMPTS, PAUSE, TRIGGERED, FileTransfers
from chargepoint.firmware.updating import Updating
from chargepoint.firmware.uploading import Uploading
from chargepoint.hardware.connector import Connector
from chargepoint.v201 import topics

_ACTIONS = {
    "firmware": "FirmwareStatusNotification",
    "log": "LogStatusNotification",
    "publication": "PublishFirmwareStatusNotification",
}
_LOGS = ("DiagnosticsLog", "SecurityLog")  # no data collector: 2.1's DataCollectorLog is refused


def _attempts(payload: dict) -> dict[str, Any]:
    """ "How many times it must retry": 0 means once (L01, UpdateFirmwareRequest.retries)."""
    retries = payload.get("retries")
    return {
        "attempts": ATTEMPTS if retries is None else 1 + max(0, retries),
        "pause": float(max(0, payload.get("retryInterval", PAUSE))),
    }


def _rejected(code: str, why: str) -> dict:
    return {"status": "Rejected", "statusInfo": {"reasonCode": code, "additionalInfo": why[:512]}}


class Firmware(Updating, Publishing, Uploading, FileTransfers):
    """Block of Base201. State: see the four blocks of chargepoint/firmware."""

    __slots__ = ()

    @property
    def files(self) -> "Firmware":
        return self

    def worker(self, name: str) -> "Firmware":
        return self

    def saved_files(self) -> dict[str, Any]:
        return self.saved_jobs() | self.saved_updating()

    def restore_files(self, saved: dict[str, Any], now: float) -> None:
        self.restore_jobs(saved)
        self.restore_updating(saved)
        self.resume_jobs(now)

    # --- updates (L01, L02) ------------------------------------------------------------------

    def on_update_firmware(self, payload: dict, now: float) -> dict:
        """Without a certificate and a signature it is L02: nothing is verified."""
        firmware = payload["firmware"]
        if why := locations.refusal(firmware["location"]):
            return _rejected("InvalidURL", why)
        install = firmware.get("installDateTime")
        update = Update(
            firmware["location"],
            **_attempts(payload),
            request=payload["requestId"],
            retrieve=self._time(firmware, "retrieveDateTime"),
            install=self._time(firmware, "installDateTime") if install else 0.0,
            certificate=firmware.get("signingCertificate", ""),
            signature=firmware.get("signature", ""),
        )
        if update.signature and not update.certificate:
            return _rejected("MissingParam", "a signature needs the signingCertificate")
        status = self.take_update(update, now)
        if status == "Rejected":  # L01.FR.27
            return _rejected("FwUpdateInProgress", "an update is being installed")
        return {"status": status}

    def keeps_free_connectors(self) -> bool:
        return not self.model.flag("ChargingStation.AllowNewSessionsPendingFirmwareUpdate")

    # --- logs (N01) --------------------------------------------------------------------------

    def on_get_log(self, payload: dict, now: float) -> dict:
        asked, log = payload["log"], payload["logType"]
        first, last = "oldestTimestamp", "latestTimestamp"
        start = self._time(asked, first) if first in asked else None
        stop = self._time(asked, last) if last in asked else None
        if log not in _LOGS or self.period_is_empty(start, stop, now):
            return _rejected("NotFound", "there is no such log of that time")
        if why := locations.refusal(asked["remoteLocation"]):
            return _rejected("InvalidURL", why)
        job = LogUpload(
            asked["remoteLocation"],
            **_attempts(payload),
            request=payload["requestId"],
            log=log,
            name=self.log_name(log, now),
            start=start,
            stop=stop,
        )
        status = "AcceptedCanceled" if self.going_up("log") else "Accepted"
        self.later(self._begin_log, job)
        return {"status": status, "filename": job.name}

    def _begin_log(self, job: LogUpload, now: float) -> None:
        if self.going_up("log"):  # N01.FR.20: the one that is given up ends in words
            payload = _numbered(self.job("log"), "AcceptedCanceled")
            self.call("LogStatusNotification", payload, now)
        self.begin_upload("log", job, now)

    # --- publishing (L03, L04) ---------------------------------------------------------------

    def on_publish_firmware(self, payload: dict, now: float) -> dict:
        if why := locations.refusal(payload["location"]):
            return _rejected("InvalidURL", why)
        if self.going_out():
            return _rejected("FwUpdateInProgress", "another file is being fetched")
        job = Publication(
            payload["location"],
            **_attempts(payload),
            request=payload["requestId"],
            checksum=payload["checksum"].lower(),
        )
        self.later(self.begin_publication, job)
        return {"status": "Accepted"}

    def on_unpublish_firmware(self, payload: dict, now: float) -> dict:
        return {"status": self.unpublish(payload["checksum"], now)}

    # --- news --------------------------------------------------------------------------------

    def job_message(self, name: str, job: Job, status: str) -> tuple[str, dict] | None:
        payload = _numbered(job, status)
        if status == "Published":  # L03.FR.04: with every place where it is to be had
            payload["location"] = (self.published or {}).get(job.checksum)
            if not payload["location"]:
                return None  # unpublished since
        return _ACTIONS[name], payload

    def trigger_firmware_status(self, now: float) -> None:
        """L01.FR.25 and .26: the last status, but Idle after Installed."""
        update = self.job("firmware")
        told = update is not None and update.status != "Installed"
        self._triggered("firmware", update if told else None, now)

    def trigger_log_status(self, now: float) -> None:
        self._triggered("log", self.job("log") if self.going_up("log") else None, now)

    def trigger_publication_status(self, now: float) -> None:
        job = self.job("publication") if self.going_out() else None
        self._triggered("publication", job, now)

    def _triggered(self, name: str, job: Job | None, now: float) -> None:
        payload = {"status": "Idle"} if job is None else _numbered(job, job.status)
        self.call(_ACTIONS[name], payload, now, TRIGGERED)

    def tell_where_things_stand(self, now: float, rebooted: bool) -> None:
        self.tell_untold(now)
        if rebooted:
            self.update_booted(now)

    @answers(topics.HELD)
    def is_held(self, connector: Connector, operative: bool) -> bool:
        return self.held_for_update(connector, operative)

    # --- the station about it ----------------------------------------------------------------

    def in_use(self, connector: Connector) -> bool:
        return self.outlets[connector.id].transaction is not None or connector.in_transaction

    def take_out(self, connector: Connector, now: float) -> None:
        self._make_available(self.outlets[connector.id], False, now)

    def reboot_updated(self, now: float) -> None:
        self.model.booted()
        self.reboot(now, "FirmwareUpdate")

    def readable_configuration(self, now: float) -> dict[str, str]:
        values = {}
        for line in self._inventory(now, writable_only=False):
            component, variable = line["component"], line["variable"]
            place = "/".join(str(number) for number in component.get("evse", {}).values())
            instance = f"[{variable['instance']}]" if "instance" in variable else ""
            name = f"{component['name']}{place and '#'}{place}.{variable['name']}{instance}"
            values[name] = line["variableAttribute"][0].get("value", "")
        return values

    def _time(self, payload: dict, name: str) -> float:
        moment = self.by_our_clock(payload[name])
        if moment is None:
            raise CallFault("PropertyConstraintViolation", f"{name} is no time")
        return moment


def _numbered(job: Job, status: str) -> dict[str, Any]:
    return {"status": status, "requestId": job.request}
