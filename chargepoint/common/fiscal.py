"""The meters of a station that sign what they show: their key, their pages, what they sign."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING, Any

from chargepoint.effects import URGENT
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.sample import Sample
from chargepoint.hardware.states import State
from chargepoint.trust.signed import alfen, keys, ocmf
from chargepoint.trust.signed.reading import DURING, SUSPENDED, Meter, Reading, User
from chargepoint.trust.vault import put_by, secrets_of
from chargepoint.wire.said import Said

if TYPE_CHECKING:
    from chargepoint.core.station import Station

FORMATS = (ocmf.NAME, alfen.NAME)
NEVER, ONCE, ALWAYS = "Never", "OncePerTransaction", "EveryMeterValue"
WITH_KEY = (NEVER, ONCE, ALWAYS)
IMPORT, EXPORT = "Energy.Active.Import.Register", "Energy.Active.Export.Register"
SIGNABLE = (IMPORT, EXPORT)
FISCAL, IN_TRANSACTION = "F", "T"
_RATED_V = 400.0  # of a DC outlet


class FiscalMeters:
    """One an EVSE. Made when the station is to sign for the first time.

    pages   EVSE -> {"T": the last page in transactions, "F": outside of them}
    keyed   connector -> session whose values have had the public key
    made    connector -> [(what was read and when, its text)] of the last moment: what goes into
            two messages is signed once
    """

    __slots__ = ("core", "keyed", "made", "pages", "secret")

    def __init__(self, core: Station, saved: dict[str, Any]) -> None:
        kept = saved.get("fiscal") or {}
        self.core = core
        self.pages: dict[int, dict[str, int]] = {
            int(evse): {**pages} for evse, pages in kept.get("pages", {}).items()
        }
        self.keyed: dict[int, str] = {int(n): s for n, s in kept.get("keyed", {}).items()}
        self.made: dict[int, list[tuple[Any, str]]] = {}
        self.secret: str = secrets_of(saved, "fiscal").get("secret", "")

    def to_saved(self) -> dict[str, Any]:
        """`fiscal`, and the secret apart from it."""
        saved: dict[str, Any] = {
            "fiscal": {
                "pages": {str(evse): {**pages} for evse, pages in self.pages.items()},
                "keyed": {str(number): session for number, session in self.keyed.items()},
            }
        }
        put_by(saved, "fiscal", {"secret": self.secret} if self.secret else {})
        return saved

    # --- keys --------------------------------------------------------------------------------

    def key(self, evse: int, form: str, method: str) -> Any:
        """The private key of the EVSE's meter."""
        if not self.secret:
            self.secret = secrets.token_hex(keys.SECRET_BYTES)
            self.core.changed(URGENT)
        method = keys.OF_ALFEN if form == alfen.NAME else method
        return keys.key_of(bytes.fromhex(self.secret), evse, method)

    def shows_key(self, number: int, session: str, policy: str) -> bool:
        """Whether the public key goes with this value of the connector (OCA's note, 3.3.2)."""
        if policy != ONCE or not session:
            return policy in (ONCE, ALWAYS)
        if self.keyed.get(number) == session:
            return False
        self.keyed[number] = session
        return True

    # --- readings ----------------------------------------------------------------------------

    def text(
        self, outlet: Connector, sample: Sample, measurand: str, form: str, method: str,
        reason: str, session: str, begun_wh: float | None, user: User, now: float,
        mark: float | None,
    ) -> str:  # fmt: skip
        """The signed reading of one register at `now`, which bears the time `mark` if there is one.

        begun_wh: the register as the transaction began; None outside of one.
        """
        time = self.core.clock.station_time(now) if mark is None else mark
        moment = (time, reason, measurand, session)
        known = self.made.get(outlet.id, [])
        for other, text in known:
            if other == moment:
                return text
        outward = measurand == EXPORT
        register = self.core.HABITS.register
        wh = round(sample.export_wh) if outward else register.whole(
            sample.energy_wh, begun_wh, outlet.dc
        )  # fmt: skip
        dc = outlet.dc and register.dc_efficiency == 1.0  # else it sits before the rectifier
        loss = None
        if dc and not outward and begun_wh is not None:
            loss = _lost(outlet, max(0.0, sample.energy_wh - begun_wh))
        reading = Reading(
            time, self.core.booted, self._next_page(outlet.evse, bool(session), form), reason, wh,
            outward, dc, loss, session, register.per_session and not outward,
        )  # fmt: skip
        meter, whose = self._meter(outlet), user if session else None
        key = self.key(outlet.evse, form, method)
        if form == alfen.NAME:
            text = alfen.record(meter, whose, reading, key)
        else:
            text = ocmf.record(meter, whose, reading, key, method)
        kept = [each for each in known if each[0][0] == time]
        self.made[outlet.id] = [*kept, (moment, text)]
        return text

    def _next_page(self, evse: int, in_transaction: bool, form: str) -> str:
        """OCMF 1.4, table 2: of each context its own numbers, one after the other. Alfen's readings
        have one row of numbers."""
        kind = IN_TRANSACTION if in_transaction or form == alfen.NAME else FISCAL
        pages = self.pages.setdefault(evse, {})
        pages[kind] = pages.get(kind, 0) + 1
        return f"{kind}{pages[kind]}"

    def _meter(self, outlet: Connector) -> Meter:
        config, identity = self.core.config, self.core.identity
        own = config.serial or identity
        several = len({each.evse for each in self.core.connectors.values()}) > 1
        serial = config.meter_serial or f"M-{own}"
        return Meter(
            f"{config.vendor} {config.model}", own, self.core.firmware_now(), config.vendor,
            config.meter_type or "Emulated meter", f"{serial}-{outlet.evse}" if several else serial,
            f"{identity} {outlet.id}",
        )  # fmt: skip

    # --- after a crash -----------------------------------------------------------------------

    def recall(self, said: Said) -> None:
        """Go on after the pages that the CSMS has seen."""
        raised = False
        for (number, kind), page in said.pages.items():
            for outlet in self.core.connectors.values():
                if number in (None, outlet.id):
                    pages = self.pages.setdefault(outlet.evse, {})
                    raised |= page > pages.get(kind, 0)
                    pages[kind] = max(page, pages.get(kind, 0))
        if raised:
            self.core.changed(URGENT)


def during(outlet: Connector) -> str:
    """The letter of a reading in a transaction that neither begins nor ends it."""
    return DURING if outlet.state is State.CHARGING else SUSPENDED


def object_of(text: str, form: str, key: str) -> dict[str, str]:
    """SignedMeterValueType. signingMethod is empty where the data name it (OCA's note, table 1)."""
    return {
        "signedMeterData": base64.b64encode(text.encode()).decode(),
        "signingMethod": keys.OF_ALFEN if form == alfen.NAME else "",
        "encodingMethod": form,
        "publicKey": key,
    }


def _lost(outlet: Connector, wh: float) -> int:
    """Wh that the cable of a DC outlet takes, at the current for which the outlet is made."""
    amps = outlet.config.max_power_w / _RATED_V
    return round(wh * amps * ocmf.CABLE_MILLIOHM / 1000.0 / _RATED_V)
