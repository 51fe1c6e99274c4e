"""Functional block I in 2.1: tariffs of EVSEs and of drivers (I07-I11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core.block import READS, Block, action, command, folds, hears, variable
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import URGENT
from chargepoint.tariff.checks import has_conditions, most_elements, nonsense
from chargepoint.timing.times import seconds_of
from chargepoint.v201 import topics
from chargepoint.v201.authorization.auth_cache import key as token_key
from chargepoint.v201.charging.charging_profiles import WAITING
from chargepoint.v201.custom_data import plain
from chargepoint.v201.display.fares import tariffs_on
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.variables.table import Variable

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.authorization.authorization import Authorization
    from chargepoint.v201.charging.charging_limits import ChargingLimits
    from chargepoint.v201.transactions.transactions import Transactions


DEFAULT, DRIVER = "DefaultTariff", "DriverTariff"
OFF = "TariffCostCtrlr.Available[Tariff] or Enabled[Tariff] is false"
_AT_MOST = 20  # default tariffs of an EVSE: the one that counts, and those to come
_DRIVERS_AT_MOST = 200


def refused(status: str, code: str, text: str) -> dict[str, Any]:
    return {"status": status, "statusInfo": {"reasonCode": code, "additionalInfo": text[:1024]}}


class Tariffs(Block):
    """Block of Station21.

    tariffs         EVSE -> its default tariffs by validFrom, None where there are none
    driver_tariffs  token's key -> [idToken, tariff], None where there are none; a tariff of None:
                    what came for the token cannot be used, and the CSMS is to work out the cost
    tariff_problem  the last driver's tariff could not be used
    """

    __slots__ = (
        "authorization",
        "charging",
        "driver_tariffs",
        "metering",
        "tariff_problem",
        "tariffs",
        "transactions",
    )

    GUEST = True

    def __init__(
        self, core: Station, transactions: Transactions, authorization: Authorization,
        charging: ChargingLimits,
    ) -> None:  # fmt: skip
        super().__init__(core)
        self.transactions = transactions
        self.authorization = authorization
        self.charging = charging

    # --- what can be used --------------------------------------------------------------------

    def unusable(self, tariff: dict[str, Any]) -> dict[str, Any] | None:
        """The answer that refuses the tariff; None if it can be used."""
        most = self.core.model.integer("TariffCostCtrlr.MaxElements[Tariff]")
        if most_elements(tariff) > most:
            return refused("TooManyElements", "TooManyElements", f"at most {most} prices each")
        supported = self.core.model.flag("TariffCostCtrlr.ConditionsSupported[Tariff]")
        if has_conditions(tariff) and not supported:
            return refused("ConditionNotSupported", "UnsupportedParam", "no conditions, please")
        why = nonsense(tariff)
        return None if why is None else refused("Rejected", "InvalidValue", why)

    def default_tariff(self, evse: int, now: float) -> dict[str, Any] | None:
        """The newest that is valid; it has taken the place of those before it."""
        valid = [t for t in (self.tariffs or {}).get(evse, ()) if self._valid_from(t) <= now]
        return valid[-1] if valid else None

    def _valid_from(self, tariff: dict[str, Any]) -> float:
        """By our clock."""
        since = seconds_of(tariff.get("validFrom", ""))
        return float("-inf") if since is None else since - self.core.clock.skew

    def _drop_superseded(self, now: float) -> None:
        for evse, known in (self.tariffs or {}).items():
            current = self.default_tariff(evse, now)
            kept = [t for t in known if t is current or self._valid_from(t) > now]
            self.tariffs[evse] = kept

    def tariff_for(
        self, outlet: Outlet, token: dict | None, now: float
    ) -> tuple[dict[str, Any] | None, str]:
        """(tariff, kind) that counts for the token here; a driver's goes before the default."""
        if not tariffs_on(self.core.model):
            return None, DEFAULT
        if token is not None and (mine := (self.driver_tariffs or {}).get(token_key(token))):
            return mine[1], DRIVER
        return self.default_tariff(outlet.evse, now), DEFAULT

    # --- the default of an EVSE (I07) --------------------------------------------------------

    @action("SetDefaultTariff")
    def on_set_default_tariff(self, payload: dict, now: float) -> dict:
        """SetDefaultTariff (I07)."""
        tariff, evse = plain(payload["tariff"]), payload["evseId"]
        if not tariffs_on(self.core.model):  # I07.FR.01
            return refused("Rejected", "NotEnabled", OFF)
        places = self._evses_named(evse)
        if not places:  # I07.FR.06
            return refused("Rejected", "UnknownEvse", f"there is no EVSE {evse}")
        why = self.unusable(tariff)  # I07.FR.02, .03
        if why is not None:
            return why
        self._drop_superseded(now)
        if tariff["tariffId"] in self._known_ids():  # I07.FR.04
            words = "another tariff needs a new id"
            return refused("DuplicateTariffId", "DuplicateTariffId", words)
        if any(len((self.tariffs or {}).get(place, ())) >= _AT_MOST for place in places):
            return refused("TooManyElements", "TooManyElements", f"{_AT_MOST} tariffs wait already")
        self.core.answers.later(self._install_tariff, places, tariff)
        return {"status": "Accepted"}

    def _evses_named(self, evse: int) -> list[int]:
        known = sorted({outlet.evse for outlet in self.core.outlets.values()})
        return known if evse == 0 else [evse] if evse in known else []

    def _known_ids(self) -> set[str]:
        ids = {t["tariffId"] for known in (self.tariffs or {}).values() for t in known}
        return ids | {tariff["tariffId"] for _, tariff, _ in self._in_use()}

    def _in_use(self) -> list[tuple[Outlet, dict[str, Any], str]]:
        """(outlet, tariff, kind) of each transaction that is charged by one."""
        asked = [
            (outlet, self.core.ask(topics.TARIFF_IN_USE, outlet))
            for outlet in self.core.outlets.values()
        ]
        return [(outlet, *used) for outlet, used in asked if used is not None]

    def _install_tariff(self, places: list[int], tariff: dict[str, Any], now: float) -> None:
        self.tariffs = self.tariffs or {}
        begin = max(now, self._valid_from(tariff))
        for place in places:
            known = self.tariffs.get(place, [])
            # Those that are valid later stay; those that begin at the same time make room.
            kept = [t for t in known if max(now, self._valid_from(t)) != begin]
            self.tariffs[place] = sorted([*kept, tariff], key=self._valid_from)
        self.core.changed(URGENT)

    # --- the driver's (I08) ------------------------------------------------------------------

    @folds(topics.AUTHORIZE_ANSWER, wakes=True)
    def take_driver_tariff(self, payload: dict | None, context: Any, now: float) -> dict | None:
        """None: the driver is turned away, as the tariff cannot be used."""
        if payload is None:
            return None
        token, tariff = context[1], plain(payload.get("tariff"))
        if payload["idTokenInfo"]["status"] == "Accepted" and tariffs_on(self.core.model):
            why = None if tariff is None else self.unusable(tariff)
            if why is not None:
                self._tariff_failed(True, f"{tariff['tariffId']}: {why['status']}", now)
                way = self.core.model.value("TariffCostCtrlr.HandleFailedTariff[Tariff]")
                if way == "Deauthorize":
                    self._turn_away(context[0], now)
                    return None
                self._keep_driver_tariff(token, None, way == "CentralCost")
            else:
                self._keep_driver_tariff(token, tariff, tariff is not None)
                if tariff is not None:
                    self._tariff_failed(False, "", now)
        return payload

    def _keep_driver_tariff(self, token: dict, tariff: dict | None, keep: bool) -> None:
        known = {k: v for k, v in (self.driver_tariffs or {}).items() if k != token_key(token)}
        if keep:
            # I08: validFrom does not count for a driver's tariff.
            made = tariff and {k: v for k, v in tariff.items() if k != "validFrom"}
            while len(known) >= _DRIVERS_AT_MOST:
                del known[next(iter(known))]
            known[token_key(token)] = [token["idToken"], made]
        self.driver_tariffs = known or None

    def _turn_away(self, number: Any, now: float) -> None:
        outlet = self.core.outlets.get(number)
        if outlet is not None and outlet.token is None:
            self.charging.end_profiles(outlet, WAITING, now)
            self.core.block("driver").driver_may_leave(outlet, now)

    def _tariff_failed(self, problem: bool, words: str, now: float) -> None:
        """I08: the CSMS hears of a tariff that cannot be used, and of the next good one."""
        if not problem and not self.tariff_problem:
            return
        self.tariff_problem = problem
        event = {
            "trigger": "Alerting",
            "actualValue": "true" if problem else "false",
            "eventNotificationType": "HardWiredNotification",
            "component": {"name": "TariffCostCtrlr"},
            "variable": {"name": "Problem"},
        }
        event |= {"techInfo": words[:500]} if problem else {"cleared": True}
        self.core.block("events").tell_event(event, 4, now)
        self.core.changed(URGENT)

    def forget_driver_tariff(self, token: dict | None, now: float) -> None:
        """Its transaction is over: kept only while used elsewhere, or cached with its token."""
        key = token_key(token) if token else ""
        if key not in (self.driver_tariffs or {}):
            return
        elsewhere = any(
            outlet.transaction is not None and outlet.token is not None
            and token_key(outlet.token) == key
            for outlet in self.core.outlets.values()
        )  # fmt: skip
        enabled = self.core.model.flag("AuthCacheCtrlr.Enabled")
        time = self.core.clock.station_time(now)
        cached = enabled and self.authorization.cache.status(token, time)
        if not elsewhere and not cached:
            self._keep_driver_tariff(token, None, False)

    @hears(topics.CACHE_CLEARED)
    def forget_with_cache(self) -> None:
        if self.driver_tariffs is not None:
            used = {token_key(o.token) for o in self.core.outlets.values() if o.token is not None}
            kept = {k: v for k, v in self.driver_tariffs.items() if k in used}
            self.driver_tariffs = kept or None

    @command("refuse-tariff")
    def do_refuse_tariff(self, now: float, connector: int = 1) -> dict:
        """The driver does not accept the tariff (I07.FR.31, I08.FR.21): no energy for it. Raises
        CommandRejected where no tariff is offered."""
        outlet = self.core.outlet(connector)
        if outlet.token is None or self.tariff_for(outlet, outlet.token, now)[0] is None:
            raise CommandRejected("not_possible_now", "Nobody is offered a tariff there.")
        self.transactions.stop(outlet, "TariffNotAccepted", "DeAuthorized", now, outlet.token)
        return {"status": "Accepted"}

    # --- listed and cleared (I09, I10) -------------------------------------------------------

    @action("GetTariffs")
    def on_get_tariffs(self, payload: dict, now: float) -> dict:
        """GetTariffs (I09)."""
        if not tariffs_on(self.core.model):
            return refused("Rejected", "NotEnabled", OFF)
        places = self._evses_named(payload["evseId"])
        if not places:
            return refused("Rejected", "UnknownEvse", f"there is no EVSE {payload['evseId']}")
        self._drop_superseded(now)
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for place in places:
            for tariff in (self.tariffs or {}).get(place, ()):
                _assign(found, tariff, DEFAULT, place)
        for outlet, tariff, kind in self._in_use():
            if outlet.evse in places:
                token = outlet.transaction.id_token if kind == DRIVER else None
                _assign(found, tariff, kind, outlet.evse, token and token["idToken"])
        for token, tariff in (self.driver_tariffs or {}).values() if payload["evseId"] == 0 else ():
            if tariff is not None:
                _assign(found, tariff, DRIVER, None, token)
        if not found:
            return {"status": "NoTariff"}
        return {"status": "Accepted", "tariffAssignments": list(found.values())}

    @action("ClearTariffs")
    def on_clear_tariffs(self, payload: dict, now: float) -> dict:
        """ClearTariffs (I10)."""
        self._drop_superseded(now)
        places = self._evses_named(payload.get("evseId", 0))
        here = [t["tariffId"] for p in places for t in (self.tariffs or {}).get(p, ())]
        wanted = payload.get("tariffIds") or here
        drivers = {t["tariffId"] for _, t in (self.driver_tariffs or {}).values() if t}
        results = []
        for identity in dict.fromkeys(wanted):
            if identity in here:  # I10.FR.07: one in use counts on until its transaction ends
                results.append({"tariffId": identity, "status": "Accepted"})
            elif identity in drivers:
                why = refused("Rejected", "UnsupportedRequest", "a driver's ends by itself")
                results.append({"tariffId": identity, **why})
            else:
                results.append({"tariffId": identity, "status": "NoTariff"})
        self.core.answers.later(self._clear_tariffs, places, set(wanted))
        return {"clearTariffsResult": results or [{"status": "NoTariff"}]}

    def _clear_tariffs(self, places: list[int], ids: set[str], now: float) -> None:
        left = {
            place: [t for t in known if place not in places or t["tariffId"] not in ids]
            for place, known in (self.tariffs or {}).items()
        }
        self.tariffs = {place: known for place, known in left.items() if known} or None
        self.core.changed(URGENT)

    @variable(READS, "TariffCostCtrlr.Problem")
    def read_problem(self, variable: Variable, evse: dict | None, now: float) -> str:
        return "true" if self.tariff_problem else "false"

    # --- saving ------------------------------------------------------------------------------

    KEYS = ("driver_tariffs", "tariff_problem", "tariffs", "tariffs_at")

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read tariffs of a snapshot."""
        by_id = saved.get("tariffs", {})
        places = saved.get("tariffs_at", {})
        self.tariffs = {int(p): [by_id[i] for i in ids] for p, ids in places.items()} or None
        drivers = saved.get("driver_tariffs", {})
        self.driver_tariffs = {key: [*entry] for key, entry in drivers.items()} or None
        self.tariff_problem: bool = saved.get("tariff_problem", False)

    def saved(self) -> dict[str, Any]:
        """Tariffs for the snapshot."""
        saved: dict[str, Any] = {}
        if self.tariffs:
            listed = {str(p): [t["tariffId"] for t in known] for p, known in self.tariffs.items()}
            saved["tariffs_at"] = listed
            saved["tariffs"] = {t["tariffId"]: t for known in self.tariffs.values() for t in known}
        if self.driver_tariffs:
            saved["driver_tariffs"] = {key: [*e] for key, e in self.driver_tariffs.items()}
        if self.tariff_problem:
            saved["tariff_problem"] = True
        return saved


def _assign(
    found: dict, tariff: dict[str, Any], kind: str, evse: int | None, token: str | None = None
) -> None:
    """Add an assignment to `found`, (tariffId, kind) -> TariffAssignmentType."""
    entry = found.setdefault(
        (tariff["tariffId"], kind), {"tariffId": tariff["tariffId"], "tariffKind": kind}
    )
    if "validFrom" in tariff:
        entry["validFrom"] = tariff["validFrom"]
    for name, value in (("evseIds", evse), ("idTokens", token)):
        if value is not None and value not in entry.get(name, ()):
            entry[name] = [*entry.get(name, ()), value]
