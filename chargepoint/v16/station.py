"""The OCPP 1.6J charge point."""

from typing import Any

from chargepoint import rpc
from chargepoint.charging.profile import Profile
from chargepoint.config import StationConfig
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import State
from chargepoint.station import EMPTY, Station
from chargepoint.v16.authorization import Authorization
from chargepoint.v16.cabinet import Cabinet
from chargepoint.v16.firmware import Firmware
from chargepoint.v16.keys import Configuration
from chargepoint.v16.local_list import LocalList
from chargepoint.v16.looking import Looking16
from chargepoint.v16.metering import Metering
from chargepoint.v16.recalling import Recall16
from chargepoint.v16.requests import Requests
from chargepoint.v16.reservation import Reservation
from chargepoint.v16.security import Security
from chargepoint.v16.session import Session16
from chargepoint.v16.smart_charging import SmartCharging
from chargepoint.v16.status import Status
from chargepoint.v16.transactions import Transactions
from chargepoint.v16.trigger import Trigger


class Station16(
    Cabinet, Security, Status, Authorization, LocalList, Reservation, SmartCharging, Transactions,
    Metering, Requests, Trigger, Firmware, Looking16, Recall16, Station,
):  # fmt: skip
    """State beside the base's, all of it plain:

    keys        configuration keys; sessions: open ones by connector
    tags        connector -> idTag that was authorized and waits for a car
    cache       authorization cache: idTag -> [status, expiryDate, parentIdTag]
    scheduled   connectors that become Unavailable when their transaction ends
    local_list  see LocalList; reservations: see Reservation; profiles: see SmartCharging
    auto_plug   connectors where an emulated driver plugs in and unplugs
    cables, signal  see Cabinet; jobs, installed, armed: see chargepoint/firmware
    vault       see chargepoint/security
    """

    __slots__ = (
        "armed", "auto_plug", "cables", "cache", "installed", "jobs", "keys", "list_version",
        "local_list", "operative", "profiles", "reservations", "reset_at", "reset_by",
        "reset_tries", "scheduled", "sessions", "signal", "tags", "vault",
    )  # fmt: skip

    VERSION = "1.6"
    CODES = rpc.CODES_16
    HANDLERS = {
        "CancelReservation": "on_cancel_reservation",
        "CertificateSigned": "on_certificate_signed",
        "ChangeAvailability": "on_change_availability",
        "ChangeConfiguration": "on_change_configuration",
        "ClearCache": "on_clear_cache",
        "ClearChargingProfile": "on_clear_charging_profile",
        "DataTransfer": "on_data_transfer",
        "DeleteCertificate": "on_delete_certificate",
        "ExtendedTriggerMessage": "on_extended_trigger_message",
        "GetCompositeSchedule": "on_get_composite_schedule",
        "GetConfiguration": "on_get_configuration",
        "GetDiagnostics": "on_get_diagnostics",
        "GetInstalledCertificateIds": "on_get_installed_certificate_ids",
        "GetLocalListVersion": "on_get_local_list_version",
        "GetLog": "on_get_log",
        "InstallCertificate": "on_install_certificate",
        "RemoteStartTransaction": "on_remote_start_transaction",
        "RemoteStopTransaction": "on_remote_stop_transaction",
        "ReserveNow": "on_reserve_now",
        "Reset": "on_reset",
        "SendLocalList": "on_send_local_list",
        "SetChargingProfile": "on_set_charging_profile",
        "SignedUpdateFirmware": "on_signed_update_firmware",
        "TriggerMessage": "on_trigger_message",
        "UnlockConnector": "on_unlock_connector",
        "UpdateFirmware": "on_update_firmware",
    }
    COMMANDS = Station.COMMANDS | {
        "authorize": "do_authorize",
        "availability": "do_availability",
        "data-transfer": "do_data_transfer",
        "firmware": "do_firmware",
        "reset": "do_reset",
        "start-transaction": "do_start_transaction",
        "stop-transaction": "do_stop_transaction",
    }

    def begin(self, saved: dict, now: float) -> None:
        self.keys = Configuration(self.config, saved.get("keys"))
        self.restore_security(saved, now)
        sessions = (Session16.from_saved(entry) for entry in saved.get("sessions", ()))
        self.sessions = {s.connector: s for s in sessions}
        self.tags: dict[int, str] = {int(k): v for k, v in saved.get("tags", {}).items()}
        self.cache: dict[str, list[str]] = dict(saved.get("cache", {}))
        self.scheduled: frozenset[int] = frozenset(saved.get("scheduled", ())) or EMPTY
        self.auto_plug: frozenset[int] = frozenset(saved.get("auto_plug", ())) or EMPTY
        self.operative = saved.get("operative", True)
        self.local_list: dict[str, list[str]] | None = saved.get("local_list")
        self.list_version: int = saved.get("list_version", 0)
        profiles = [Profile.from_saved(entry) for entry in saved.get("profiles", ())]
        self.profiles: list[Profile] | None = profiles or None
        self.resume_reservations(saved.get("reservations", {}), now)
        self.reset_by = self.reset_at = now
        if (at := saved.get("resetting")) is not None:  # the worker died in the midst of it
            self.reset_at = now if at is True else at
            self.set_timer("reset", max(now, self.reset_at))
        self.reset_tries = 0
        self.signal: tuple[str, float] | None = None
        locked = {int(k): v for k, v in saved.get("locked", {}).items()}
        self.cables = {n: tag for n, tag in locked.items() if n in self.connectors} or None
        self.arm_aligned(now)
        for number in [n for n in self.sessions if n not in self.connectors]:
            self._close_removed(self.sessions.pop(number), saved, now)
        for number in self.sessions:
            self._resume_session(self.connectors[number], now)
        self.plan(now)
        plug_by = saved.get("plug_by", {})
        for number in [n for n in self.tags if n in self.connectors]:
            self.wait_for_plug(self.connectors[number], now)
            if (at := plug_by.get(str(number))) is not None:
                self.set_timer(("plug_timeout", number), max(now, at))
        for number in self.auto_plug - set(self.sessions) - set(self.tags):
            self.set_timer(("driver", number), now + 5.0)
        self.restore_files(saved, now)

    def _close_removed(self, session: Session16, saved: dict, now: float) -> None:
        """The connector is gone from the configuration: its transaction ends as it was saved."""
        kept = next(c for c in saved["connectors"] if c["id"] == session.connector)
        payload = {
            "meterStop": round(kept["meter_wh"]), "timestamp": self.stamp(now), "reason": "Other",
        }  # fmt: skip
        known = session.transaction_id
        self.queue_message("StopTransaction", payload, session.id, transaction_id=known)

    def _resume_session(self, outlet: Connector, now: float) -> None:
        """The transaction goes on where the snapshot left it; the car charged on meanwhile."""
        outlet.advance(now)
        self.arm_sample(outlet.id, now)
        if outlet.state is State.STARTED:
            self.offer_energy(outlet, now)
        self.watch_car(outlet, now)

    # --- boot (4.2) --------------------------------------------------------------------------

    def boot_payload(self) -> dict[str, Any]:
        config = self.config
        payload = {"chargePointVendor": config.vendor[:20], "chargePointModel": config.model[:20]}
        optional = {
            "chargePointSerialNumber": config.serial[:25],
            "firmwareVersion": self.firmware_version()[:50],
            "iccid": config.iccid[:20],
            "imsi": config.imsi[:20],
            "meterType": config.meter_type[:25],
            "meterSerialNumber": config.meter_serial[:25],
        }
        payload.update({name: value for name, value in optional.items() if value})
        return payload

    def boot_accepted(self, interval: float, now: float) -> None:
        # 4.2: the interval of the answer is the heartbeat interval from now on.
        if interval > 0:
            self.keys.put("HeartbeatInterval", str(int(interval)))

    def registered(self, now: float, rebooted: bool) -> None:
        if rebooted:
            self._reported.clear()
            self.send_station_status(now)
        self.report_all(now)
        self.security_registered(now, rebooted)
        self.tell_untold(now)
        if rebooted:
            self.update_booted(now)

    def moved(self, now: float) -> None:
        super().moved(now)
        self.forget_given_ids()
        self.send_station_status(now)

    def refuses_calls(self) -> tuple[str, str] | None:
        # 4.2: a rejected charge point serves nothing until it is accepted. OCPP-J wants each Call
        # answered all the same; 2.0.1 B03.FR.03 has since named this code for it.
        if self.registration == "Rejected":
            return "SecurityError", "this charge point was rejected by the Central System"
        return None

    def default_interval(self) -> float:
        return float(self.keys.integer("HeartbeatInterval"))

    def ping_interval(self) -> float:
        return float(self.keys.integer("WebSocketPingInterval"))

    def clock_moved(self, now: float) -> None:
        self.arm_aligned(now)
        self.plan(now)
        self.security_event("SettingSystemTime", self.stamp(now), now)
        self.arm_certificate(now)

    def went_offline(self, now: float) -> None:
        self._offer_unanswered(now)

    def reconfigured(self, old: StationConfig, now: float) -> None:
        self.forget_old_firmware()
        self.heed_operator()
        for entry in list((self.reservations or {}).values()):
            if entry["connector"] and entry["connector"] not in self.connectors:
                self.end_reservations_of(entry["connector"], now)
        before = {name: self.keys.text(name) for name in self.keys.names()}
        self.keys.rebase(self.config)
        for name in self.keys.names():
            if before.get(name) != self.keys.text(name):
                self.configuration_changed(name, now)

    # --- the snapshot ------------------------------------------------------------------------

    def open_transaction(self, connector: Connector) -> tuple[str | None, str | None]:
        session = self.sessions.get(connector.id)
        if session is None:
            return None, self.tags.get(connector.id)
        known = session.transaction_id
        return ("" if known is None else str(known)), session.id_tag

    def extra_saved(self) -> dict[str, Any]:
        saved = self.keys.to_saved()
        if unheard := self.waiting_contexts("StatusNotification"):
            # What was not answered yet is told again by the worker that takes over.
            told = self._reported.items()
            saved["reported"] = {str(n): status for n, status in told if n not in unheard}
        if self.sessions:
            saved["sessions"] = [session.to_saved() for session in self.sessions.values()]
        if self.tags:
            saved["tags"] = {str(k): v for k, v in self.tags.items()}
            ends = ((n, self._timers.get(("plug_timeout", n))) for n in self.tags)
            saved["plug_by"] = {str(n): at for n, at in ends if at is not None}
        if self.cache:
            saved["cache"] = {tag: [*entry] for tag, entry in self.cache.items()}
        for name in ("scheduled", "auto_plug"):
            if members := getattr(self, name):
                saved[name] = sorted(members)
        if self.list_version:
            saved["list_version"] = self.list_version
            saved["local_list"] = self.local_list and dict(self.local_list)
        if self.profiles:
            saved["profiles"] = [profile.to_saved() for profile in self.profiles]
        if self.reservations:
            saved["reservations"] = {str(k): {**e} for k, e in self.reservations.items()}
        if self.cables:
            saved["locked"] = {str(k): v for k, v in self.cables.items()}
        if not self.operative:
            saved["operative"] = False
        if self.has_timer("reset"):
            saved["resetting"] = self.reset_at
        saved |= self.saved_files() | self.saved_security()
        return saved
