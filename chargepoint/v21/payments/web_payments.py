"""Functional block C in 2.1, C25: payment by a QR code that leads to a page of the CSMS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from chargepoint.core import topics as core_topics
from chargepoint.core.answers import CallFault
from chargepoint.core.block import Block, action, answers, command, gathers, hears, timer
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import SOON, URGENT
from chargepoint.hardware.connector import Connector
from chargepoint.v21.payments.one_time_passwords import one_time_password
from chargepoint.v201 import topics
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.reservation import FOR_ANOTHER

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.authorization.authorization import Authorization


DIRECT = "DirectPayment"


class WebPayments(Block):
    """Block of Station21.

    web_locks   EVSE -> until when (unix seconds) it is kept for who pays, None where none is
    web_limits  EVSE -> what its driver entered: URL parameter -> number, None where none did
    qr_at       when the codes that are shown were made, None where none are
    """

    __slots__ = ("authorization", "qr_at", "web_limits", "web_locks")

    def __init__(self, core: Station, authorization: Authorization) -> None:
        super().__init__(core)
        self.authorization = authorization

    # --- the address -------------------------------------------------------------------------


    def payment_url(self, outlet: Outlet, now: float) -> str | None:
        """What the QR code of the outlet's EVSE holds now; None where none is to be shown.

        None while offline (nobody could start what was paid), while the EVSE is taken or somebody
        is paying for it already, and until the CSMS has set the template and the secret.
        """
        model = self.core.model
        template = model.value("WebPaymentsCtrlr.URLTemplate")
        secret = model.value("WebPaymentsCtrlr.SharedSecret")
        if not (self._web_payments_on() and self.core.online):
            return None
        if self.locked(outlet.evse, now) or not self.authorization.free(outlet):
            return None
        seconds = model.integer("WebPaymentsCtrlr.ValidityTime")
        length = model.integer("WebPaymentsCtrlr.Length")
        secc = model.value("ISO15118Ctrlr.SeccId") or self.core.identity
        fields = {
            "chargingstationid": model.value("WebPaymentsCtrlr.ChargingStationId")
            or self.core.identity,
            "roamingevseid": f"{secc}*{outlet.evse}",
            "evse": str(outlet.evse),
            "totp": one_time_password(secret, self.core.clock.station_time(now), seconds, length),
            "version": model.value("WebPaymentsCtrlr.TOTPVersion"),
        }
        for name, value in fields.items():
            template = template.replace(f"{{{name}}}", quote(value, safe=""))
        limits = (self.web_limits or {}).get(outlet.evse)
        if not limits:
            return template
        return f"{template}{'&' if '?' in template else '?'}{urlencode(limits)}"

    def _web_payments_on(self) -> bool:
        model = self.core.model
        needed = ("WebPaymentsCtrlr.URLTemplate", "WebPaymentsCtrlr.SharedSecret")
        flags = ("WebPaymentsCtrlr.Available", "WebPaymentsCtrlr.Enabled")
        return all(map(model.value, needed)) and all(map(model.flag, flags))

    @command("payment-url")
    def do_payment_url(
        self, now: float, connector: int = 1, max_cost: float | None = None,
        max_energy: float | None = None, max_time: int | None = None,
    ) -> dict:  # fmt: skip
        """The driver looks at the code, having entered how much it may be (C25.FR.03-06).

        Limits: cost, Wh, seconds. Raises
        CommandRejected for a limit that is not offered, or where no QR code is shown.
        """
        outlet = self.core.outlet(connector)
        given = {"maxtime": max_time, "maxenergy": max_energy, "maxcost": max_cost}
        limits = {name: value for name, value in given.items() if value is not None}
        known = self.core.model.members("WebPaymentsCtrlr.URLParameters")
        for name, value in limits.items():
            if name not in known or value <= 0:
                why = f"WebPaymentsCtrlr.URLParameters has no {name}, or it is not above 0."
                raise CommandRejected("invalid_arguments", why)
        kept = {k: v for k, v in (self.web_limits or {}).items() if k != outlet.evse}
        self.web_limits = ({**kept, outlet.evse: limits} if limits else kept) or None
        url = self.payment_url(outlet, now)
        if url is None:
            why = "The station shows no QR code there now: see WebPaymentsCtrlr, or it is in use."
            raise CommandRejected("not_possible_now", why)
        quality = self.core.model.value("WebPaymentsCtrlr.QRCodeQuality")
        return {"url": url, "seconds_left": round(self._qr_due(now) - now, 3), "quality": quality}

    def _qr_due(self, now: float) -> float:
        """When the code changes."""
        seconds = self.core.model.integer("WebPaymentsCtrlr.ValidityTime")
        shown = self.core.clock.station_time(now)
        return self.core.clock.when_it_shows((shown // seconds + 1) * seconds, now)

    # --- shown -------------------------------------------------------------------------------

    @hears(topics.VARIABLES_CHANGED, core_topics.CLOCK_MOVED)
    def show_codes(self, now: float) -> None:
        """Begin or end to show codes: what an operator sees of them follows the time."""
        if self._web_payments_on():
            self.qr_at = now
            self.core.timers.set("qr", max(now + 0.01, self._qr_due(now)))
        else:
            self.qr_at = None
            self.core.timers.clear("qr")

    @timer("qr")
    def at_qr(self, now: float) -> None:
        """The code's time is over: show the next one."""
        self.show_codes(now)
        self.core.changed(SOON)

    # --- while somebody pays -----------------------------------------------------------------

    @action("NotifyWebPaymentStarted")
    def on_notify_web_payment_started(self, payload: dict, now: float) -> dict:
        """NotifyWebPaymentStarted (C25). Raises CallFault for an unknown EVSE."""
        evse = payload["evseId"]
        if all(outlet.evse != evse for outlet in self.core.outlets.values()):
            # The answer has no status to say it with.
            raise CallFault("PropertyConstraintViolation", f"there is no EVSE {evse}")
        self._unlock_evse(evse)
        if payload["timeout"] > 0:
            self.web_locks = {**(self.web_locks or {}), evse: now + payload["timeout"]}
            self.core.timers.set(("web_lock", evse), now + payload["timeout"])
        self.core.changed(URGENT)
        return {}

    @timer("web_lock")
    def at_web_lock(self, now: float, evse: int) -> None:
        """The payment did not come in time: the EVSE is free again."""
        self._unlock_evse(evse)
        self.core.changed(URGENT)

    def locked(self, evse: int, now: float) -> bool:
        return (self.web_locks or {}).get(evse, 0.0) > now

    def _unlock_evse(self, evse: int) -> None:
        self.core.timers.clear(("web_lock", evse))
        self.web_locks = {k: v for k, v in (self.web_locks or {}).items() if k != evse} or None

    @answers(topics.KEPT_FROM)
    def kept_for_who_pays(self, outlet: Outlet, token: dict, group: str) -> str:
        """C25.FR.22: nobody starts there but by the payment that is under way."""
        if self.web_locks and outlet.evse in self.web_locks and token["type"] != DIRECT:
            return FOR_ANOTHER
        return ""

    @hears(topics.AUTHORIZING)
    def unlock_used(self, outlet: Outlet, token: dict, now: float) -> None:
        """The payment came: its EVSE is held no longer."""
        self._unlock_evse(outlet.evse)  # it came to something
        if self.web_limits:
            kept = {k: v for k, v in self.web_limits.items() if k != outlet.evse}
            self.web_limits = kept or None

    # --- saving ------------------------------------------------------------------------------

    @gathers(core_topics.CONNECTOR_SHOWN)
    def web_payment_shown(self, connector: Connector) -> dict[str, Any]:
        """`payment_url` and `paying_until` (Unix seconds) of the station's state."""
        outlet = self.core.outlets[connector.id]
        shown = {
            "payment_url": None if self.qr_at is None else self.payment_url(outlet, self.qr_at),
            "paying_until": (self.web_locks or {}).get(outlet.evse),
        }
        return {name: value for name, value in shown.items() if value is not None}

    KEYS = ("web_limits", "web_locks")

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read payments under way and entered limits of a snapshot."""
        locks = {int(evse): until for evse, until in saved.get("web_locks", {}).items()}
        self.web_locks: dict[int, float] | None = locks or None
        limits = {int(evse): {**entered} for evse, entered in saved.get("web_limits", {}).items()}
        self.web_limits: dict[int, dict] | None = limits or None
        self.qr_at: float | None = None

    def resume(self, now: float) -> None:
        """Arm the timers of payments and codes."""
        for evse, until in (self.web_locks or {}).items():
            self.core.timers.set(("web_lock", evse), max(now, until))
        self.show_codes(now)

    def saved(self) -> dict[str, Any]:
        """Payments under way and entered limits for the snapshot."""
        saved: dict[str, Any] = {}
        if self.web_locks:
            saved["web_locks"] = {str(evse): until for evse, until in self.web_locks.items()}
        if self.web_limits:
            saved["web_limits"] = {str(evse): {**e} for evse, e in self.web_limits.items()}
        return saved
