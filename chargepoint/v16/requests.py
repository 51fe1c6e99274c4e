"""The Core Calls of the CSMS that are not about availability (1.6 section 5)."""

from typing import Any

from chargepoint.effects import URGENT, PingInterval
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import RESERVED_STATES, Event
from chargepoint.station import CommandRejected
from chargepoint.v16.charging_profiles import fits_remote_start
from chargepoint.v16.reservation import PERHAPS

SOFT_RESET_PATIENCE = 10.0  # how long a soft reset waits for the queue to be delivered
RESET_RETRY = 5.0  # between the tries of a reset that fails


def _preference(outlet: Connector) -> tuple[bool, bool]:
    """A connector that is kept for the driver, then one with a car on it."""
    return outlet.state in RESERVED_STATES, outlet.ev is not None


class Requests:
    """Block of Station16."""

    __slots__ = ()

    # --- configuration (5.3, 5.8) ------------------------------------------------------------

    def on_get_configuration(self, payload: dict, now: float) -> dict:
        most = self.keys.integer("GetConfigurationMaxKeys")
        # 5.8 and 9.1.9: so many may be asked for by name; of all, all are told.
        wanted = payload.get("key", ())[:most] or self.keys.names()
        known = [self.keys.spelled(name) for name in wanted if self.keys.known(name)]
        entries = [
            {
                "key": name,
                "readonly": self.keys.readonly(name),
                "value": self.keys.text(name)[:500],
            }
            for name in known
        ]
        unknown = [name for name in wanted if not self.keys.known(name)]
        answer: dict[str, Any] = {"configurationKey": entries}
        if unknown:
            answer["unknownKey"] = unknown
        return answer

    def on_change_configuration(self, payload: dict, now: float) -> dict:
        name = self.keys.spelled(payload["key"])
        status = self.keys.change(name, payload["value"])
        if status == "Accepted":
            self.configuration_changed(name, now)
            self.changed(URGENT)
        return {"status": status}

    def configuration_changed(self, name: str, now: float) -> None:
        """Keys that act at once; the others are read when they are needed."""
        match name:
            case "HeartbeatInterval":
                self.set_heartbeat(float(self.keys.integer(name)), now)
            case "WebSocketPingInterval":
                self._out.append(PingInterval(self.ping_interval()))
            case "ClockAlignedDataInterval":
                self.arm_aligned(now)
            case "MeterValueSampleInterval":
                for number in self.sessions:
                    self.arm_sample(number, now)
            case "AuthorizationCacheEnabled":
                if not self.keys.flag(name):
                    self.cache.clear()

    def on_clear_cache(self, payload: dict, now: float) -> dict:
        if not self.keys.flag("AuthorizationCacheEnabled"):
            return {"status": "Rejected"}
        self.cache.clear()
        self.changed(URGENT)
        return {"status": "Accepted"}

    # --- data transfer (4.3, 5.6) ------------------------------------------------------------

    def on_data_transfer(self, payload: dict, now: float) -> dict:
        """We know one vendor, ourselves, and no message of it."""
        if payload["vendorId"] != self.config.vendor:
            return {"status": "UnknownVendorId"}
        return {"status": "UnknownMessageId"}

    def do_data_transfer(
        self, now: float, vendor_id: str = "", message_id: str = "", data: str = ""
    ) -> dict:
        if not 0 < len(vendor_id) <= 255 or len(message_id) > 50:
            message = "vendor_id has 1 to 255 characters, message_id at most 50."
            raise CommandRejected("invalid_arguments", message)
        if not self.connected:
            raise CommandRejected("not_connected", "Connect the station first.")
        payload = {"vendorId": vendor_id}
        if message_id:
            payload["messageId"] = message_id
        if data:
            payload["data"] = data
        self.call("DataTransfer", payload, now)
        return {}

    # --- remote start and stop (5.11, 5.12) --------------------------------------------------

    def on_remote_start_transaction(self, payload: dict, now: float) -> dict:
        number = payload.get("connectorId")
        if self.registration != "Accepted":  # 4.2: not allowed while Pending
            return {"status": "Rejected"}
        if self.queue_is_full():
            return {"status": "Rejected"}
        tag = payload["idTag"]
        outlet = self.connectors.get(number) if number is not None else self._any_free(tag)
        if outlet is None or not outlet.can(Event.AUTHORIZED) or self.has_timer("reset"):
            return {"status": "Rejected"}
        if not self._remote_allowed(outlet, tag):
            return {"status": "Rejected"}
        given = payload.get("chargingProfile")
        if given and not (fits_remote_start(given) and self.keep_for_start(given, outlet.id)):
            return {"status": "Rejected"}
        self.later(self._remote_start, outlet.id, tag)
        return {"status": "Accepted"}

    def _any_free(self, tag: str) -> Connector | None:
        free = [c for c in self.connectors.values() if c.can(Event.AUTHORIZED)]
        free = [c for c in free if self._remote_allowed(c, tag)]
        return max(free, key=_preference) if free else None

    def _remote_allowed(self, outlet: Connector, tag: str) -> bool:
        kept = self.kept_from(outlet, tag)
        asks = self.keys.flag("AuthorizeRemoteTxRequests")
        return not kept or (kept == PERHAPS and asks)

    def _remote_start(self, number: int, tag: str, now: float) -> None:
        outlet = self.connectors[number]
        if outlet.ev is None and self.keys.flag("EmulatorAutoPlug"):
            self.auto_plug |= {number}
        # 9.1.3 AuthorizeRemoteTxRequests: as if the driver had presented the tag, or trusted.
        if self.keys.flag("AuthorizeRemoteTxRequests"):
            self.authorize(tag, outlet, now)
        else:
            self.authorized(outlet, tag, now)

    def on_remote_stop_transaction(self, payload: dict, now: float) -> dict:
        if self.registration != "Accepted":  # 4.2
            return {"status": "Rejected"}
        wanted = payload["transactionId"]
        for session in self.sessions.values():
            if session.transaction_id == wanted:
                self.later(self._stop_later, session.connector, "Remote")
                return {"status": "Accepted"}
        return {"status": "Rejected"}

    def _stop_later(self, number: int, reason: str, now: float) -> None:
        if number in self.sessions:
            self.stop(self.connectors[number], reason, "", now)

    # --- reset (5.14) ------------------------------------------------------------------------

    def on_reset(self, payload: dict, now: float) -> dict:
        self.later(self._reset_by_csms, payload["type"])
        return {"status": "Accepted"}

    def do_reset(self, now: float, kind: str = "Soft") -> dict:
        if kind not in ("Soft", "Hard"):
            raise CommandRejected("invalid_arguments", "The kind is Soft or Hard.")
        self.begin_reset(kind, now, "Reboot")  # 7.36: "locally initiated"
        return {}

    def _reset_by_csms(self, kind: str, now: float) -> None:
        self.begin_reset(kind, now, f"{kind}Reset")

    def begin_reset(self, kind: str, now: float, reason: str) -> None:
        """Transactions end for this reason. A soft reset lets the news out first."""
        waits = self.has_timer("reset")  # asked for again: it is put off no further
        for number in list(self.sessions):
            self.stop(self.connectors[number], reason, "", now)
        if not waits:
            self.reset_at = now + self.delay("reset", 0.0)
        self.reset_by = now
        if kind == "Soft" and self.connected and self.queued:
            self.reset_by = max(self.reset_at, now + SOFT_RESET_PATIENCE)
            self.set_timer("reset", now + 0.2)
        elif self.reset_at > now:
            self.set_timer("reset", self.reset_at)
            self.changed(URGENT)
        else:
            self._reboot_now(now)

    def at_reset(self, now: float) -> None:
        if self.queued and self.connected and now < self.reset_by:
            self.set_timer("reset", now + 0.2)
        elif now < self.reset_at:
            self.set_timer("reset", self.reset_at)
        else:
            self._reboot_now(now)

    def _reboot_now(self, now: float) -> None:
        self.clear_timer("reset")
        # A session may have begun since, by a driver who had authorized before.
        self._end_all("SoftReset", now)
        if any(outlet.error_code == "ResetFailure" for outlet in self.connectors.values()):
            self._reset_failed(now)
            return
        self.reset_tries = 0
        self.reboot(now, "Reset")

    def power_failed(self, now: float) -> None:
        super().power_failed(now)
        self._end_all("PowerLoss", now)

    def _end_all(self, reason: str, now: float) -> None:
        """Nobody charges or waits to charge any longer."""
        for number in list(self.sessions):
            self.stop(self.connectors[number], reason, "", now)
        for outlet in self.connectors.values():
            if outlet.can(Event.AUTHORIZATION_LOST):
                outlet.apply(Event.AUTHORIZATION_LOST, now)
                self.unclaim_reservation(outlet, now)
        self.tags.clear()

    def _reset_failed(self, now: float) -> None:
        """9.1.22 ResetRetries: try again, so often; then stay as it is."""
        if self.reset_tries < self.keys.integer("ResetRetries"):
            self.reset_tries += 1
            self.set_timer("reset", now + RESET_RETRY)
        else:
            self.reset_tries = 0
            self.report_all(now)

    # --- unlock (5.18) -----------------------------------------------------------------------

    def on_unlock_connector(self, payload: dict, now: float) -> dict:
        outlet = self.connectors.get(payload["connectorId"])
        if outlet is None:
            return {"status": "NotSupported"}
        if outlet.error_code == "ConnectorLockFailure":
            return {"status": "UnlockFailed"}
        if outlet.id in self.sessions:
            self.later(self._stop_later, outlet.id, "UnlockCommand")
        self.later(self.free_cable, outlet.id)
        return {"status": "Unlocked"}
