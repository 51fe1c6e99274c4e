"""What all functional blocks of a 2.x station share: its state and the way to save it."""

from typing import Any, ClassVar
from uuid import UUID

from chargepoint import rpc
from chargepoint.charging.ranking import Ranking
from chargepoint.common.rows import COMMON_ROWS
from chargepoint.config import StationConfig
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.sample import Sample
from chargepoint.security.vault import put_by, secrets_of
from chargepoint.station import EMPTY, CommandRejected, Station
from chargepoint.times import iso
from chargepoint.v201 import topics
from chargepoint.v201.auth_cache import AuthCache
from chargepoint.v201.charging_profiles import Installed
from chargepoint.v201.device_model import DeviceModel
from chargepoint.v201.firmware import Firmware
from chargepoint.v201.metering import meter_value
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.paging import Paging
from chargepoint.v201.security import Security


class Base201(Paging, Security, Firmware, Station):
    """State of a 2.x station; the blocks add their methods.

    driven     connectors where an emulated driver plugs in and unplugs (see driver.py)
    cables     see cabinet.py
    reset_due  boot reason of a reset that waits for transactions to end; resets  see resets.py
    monitors, event_count, kept_events  see monitoring.py and events.py
    messages, fares  see display_messages.py and cost.py; network  see network.py
    jobs, installed, armed, published  see chargepoint/firmware; vault: see chargepoint/security
    v2g  see v2g_certificate.py
    """

    ROWS: ClassVar = COMMON_ROWS

    __slots__ = (
        "armed", "cables", "cache", "driven", "event_count", "fares", "installed", "jobs",
        "kept_events", "list_version", "local_list", "messages", "model", "monitors", "network",
        "offline_since", "outlets", "profiles", "published", "ranked", "reservations", "reset_due",
        "resets", "v2g", "vault",
    )  # fmt: skip

    VERSION: ClassVar[str] = "2.0.1"
    MODEL: ClassVar[type[DeviceModel]] = DeviceModel
    CODES: ClassVar[dict[str, str]] = rpc.CODES_201
    ANSWERS_UNREADABLE: ClassVar[bool] = True  # part 4, 4.2.3 and 4.3

    def begin(self, saved: dict, now: float) -> None:
        self.offline_since: float | None = saved.get("offline_since")
        self.reset_due: str | None = saved.get("reset_due")
        self.cache = AuthCache(saved.get("cache"))
        self.model = self.MODEL.from_saved(
            saved.get("model") or {}, secrets_of(saved, "model"), initial(self.config)
        )
        self.driven: frozenset[int] = frozenset(saved.get("driven", ())) or EMPTY
        self.local_list: dict[str, list] | None = saved.get("local_list")
        self.list_version: int = saved.get("list_version", 0)
        self.restore_security(saved, now)
        if not self.booted:
            self.model.booted()
        self.outlets: dict[int, Outlet] = {}
        self.match_outlets()
        for number, kept in (saved.get("outlets") or {}).items():
            if int(number) in self.outlets:
                self.outlets[int(number)].restore(kept)
        profiles = [Installed.from_saved(entry) for entry in saved.get("profiles", ())]
        self.profiles: list[Installed] | None = profiles or None
        self.ranked: Ranking | None = None
        self.restore_reservations(saved.get("reservations", {}))
        self.arm_reservations(now)
        for outlet in self.outlets.values():
            outlet.seen = outlet.points()
            self.restart_timers(outlet, now)
        for number in self.driven:
            self.set_timer(("driver", number), now + 5.0)
        self.schedule_aligned(now)
        self.published: dict[str, list[str]] | None = saved.get("published")
        self.restore_files(saved, now)
        self.restore_monitors(saved, now)
        self.plan(now)

    def match_outlets(self) -> None:
        """Have one Outlet for each connector; within an EVSE 2.x counts connectors from 1."""
        counts: dict[int, int] = {}
        for connector in sorted(self.connectors.values(), key=lambda c: c.id):
            rank = counts[connector.evse] = counts.get(connector.evse, 0) + 1
            outlet = self.outlets.get(connector.id)
            if outlet is None or outlet.hardware is not connector:
                self.outlets[connector.id] = Outlet(connector, rank)
            else:
                outlet.connector_id = rank
        for number in [n for n in self.outlets if n not in self.connectors]:
            del self.outlets[number]

    def extra_saved(self) -> dict[str, Any]:
        saved: dict[str, Any] = {}
        model, secret = self.model.to_saved()
        if model:
            saved["model"] = model
        if len(self.cache):
            saved["cache"] = self.cache.to_saved()
        outlets = {str(number): outlet.to_saved() for number, outlet in self.outlets.items()}
        if kept := {number: outlet for number, outlet in outlets.items() if outlet}:
            saved["outlets"] = kept
        if self.driven:
            saved["driven"] = sorted(self.driven)
        if self.list_version:
            saved["list_version"] = self.list_version
            saved["local_list"] = self.local_list and dict(self.local_list)
        if self.profiles:
            saved["profiles"] = [installed.to_saved() for installed in self.profiles]
        if self.reservations:
            saved["reservations"] = {str(k): {**e} for k, e in self.reservations.items()}
        if self.offline_since is not None:
            saved["offline_since"] = self.offline_since
        if self.reset_due is not None:
            saved["reset_due"] = self.reset_due
        if self.published:
            saved["published"] = {checksum: [*at] for checksum, at in self.published.items()}
        saved |= self.saved_files() | self.saved_security() | self.saved_monitors()
        put_by(saved, "model", secret)
        return saved

    def mains_changed(self, now: float) -> None:
        self.plan(now)
        for outlet in self.outlets.values():
            self.watch_hardware(outlet, now)

    # --- small questions ---------------------------------------------------------------------

    def uuid(self) -> str:
        return str(UUID(int=self.rng.getrandbits(128), version=4))

    def outlet(self, number: Any) -> Outlet:
        """The outlet of a command; CommandRejected if there is none."""
        return self.outlets[self.connector(number).id]

    def outlets_of(self, evse: dict | None) -> list[Outlet]:
        """The outlets that an EVSEType names: all without it; [] if there is no such."""
        if evse is None:
            return list(self.outlets.values())
        number, wanted = evse["id"], evse.get("connectorId")
        # By the configuration itself: a report of a large station asks a thousand times.
        there = [o for o in self.outlets.values() if o.hardware.config.evse == number]
        return there if wanted is None else [o for o in there if o.connector_id == wanted]

    def open_transaction(self, connector: Connector) -> tuple[str | None, str | None]:
        outlet = self.outlets[connector.id]
        token = outlet.token or (outlet.transaction and outlet.transaction.id_token) or {}
        return outlet.transaction and outlet.transaction.id, token.get("idToken")

    def sample(self, outlet: Outlet, now: float) -> Sample:
        """What the meter of the outlet shows."""
        return self.core.fold(topics.SAMPLE, outlet.hardware.sample(now), outlet, now)

    def sampled(
        self, outlet: Outlet, key: str, context: str, now: float, mark: float | None = None
    ) -> list[dict]:
        """[MeterValue] by the measurands of the variable `key`; [] if that is off or empty.

        mark: the time that it bears, by the station's clock, where that is not now.
        """
        controller = key.partition(".")[0]
        measurands = self.model.members(key)
        if not measurands or not self.model.flag(f"{controller}.Enabled"):
            return []
        stamp = self.stamp(now) if mark is None else iso(mark)
        value = meter_value(self.sample(outlet, now), measurands, context, stamp)
        return [] if value is None else [value]

    def status_of(self, connector: Connector) -> str:
        return connector.status_201

    def ping_interval(self) -> float:
        return float(self.model.integer("OCPPCommCtrlr.WebSocketPingInterval"))

    def default_interval(self) -> float:
        return float(self.model.integer("OCPPCommCtrlr.HeartbeatInterval"))

    def retry_policy(self) -> tuple[int, float]:
        model = self.model
        return (
            model.integer("OCPPCommCtrlr.MessageAttempts[TransactionEvent]"),
            float(model.integer("OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]")),
        )

    def check_error_code(self, code: str) -> None:
        if not isinstance(code, str) or not 0 < len(code) <= 50:
            raise CommandRejected("invalid_arguments", "error_code has 1 to 50 characters.")


def initial(config: StationConfig) -> dict[str, str]:
    """The variables of a new station: as configured, and the Call timeout as configured."""
    seconds = str(max(1, round(config.call_timeout)))
    return {"OCPPCommCtrlr.MessageTimeout[Default]": seconds, **config.configuration}
