"""Signed meter values of 1.6 (OCA's application note "Signed Meter Values in OCPP", section 3)."""

import json
from typing import Any

from chargepoint.common.fiscal import IMPORT, NEVER, SIGNABLE, FiscalMeters, during, object_of
from chargepoint.common.kept_values import BEGIN, END
from chargepoint.core import topics
from chargepoint.core.block import Block, answers, folds, hears
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.sample import Sample
from chargepoint.trust.signed import keys as meter_keys
from chargepoint.trust.signed.reading import BEGIN as BEGINS
from chargepoint.trust.signed.reading import NOBODY, User, end_of
from chargepoint.v16.configuration import Keys
from chargepoint.v16.keys import CHANGE_REJECTED, PLAIN
from chargepoint.v16.session import Session16
from chargepoint.v16.topics import CHANGES_KEY, ENDING, METER_KEYS, METERED, SIGNING_ON
from chargepoint.v16.transactions import Sessions
from chargepoint.wire.said import Said

# Key of the measurands -> all that have to be true for their values to be signed (3.3.3 to 3.3.8).
SIGNED_BY = {
    "StartTxnSampledData": ("SampledDataSignReadings", "SampledDataSignStartedReadings"),
    "MeterValuesSampledData": ("SampledDataSignReadings", "SampledDataSignUpdatedReadings"),
    "StopTxnSampledData": ("SampledDataSignReadings",),
    "EmulatorEndTxnSampledData": ("SampledDataSignReadings",),
    "MeterValuesAlignedData": ("AlignedDataSignReadings", "AlignedDataSignUpdatedReadings"),
    "StopTxnAlignedData": ("AlignedDataSignReadings",),
}
SIGNS = frozenset({"AlignedDataSignReadings", "SampledDataSignReadings"})
PUBLIC_KEY = "MeterPublicKey"
_UID = frozenset({8, 14})  # hexadecimal digits of a card's number (ISO 14443)


class Fiscal(Block):
    """Made when one of SIGNS becomes true. reasons: connector -> why its transaction ends now."""

    __slots__ = ("keys", "meters", "reasons", "sessions")

    GUEST = True
    KEYS = ("fiscal",)

    def __init__(self, core: Any, keys: Keys, sessions: Sessions) -> None:
        super().__init__(core)
        self.keys, self.sessions = keys, sessions

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """As Block has it: the meters' pages as they were saved, no reason of an end."""
        self.meters = FiscalMeters(self.core, saved)
        self.reasons: dict[int, str] = {}

    def saved(self) -> dict[str, Any]:
        return self.meters.to_saved()

    @hears(SIGNING_ON, wakes=True)
    def begin_signing(self) -> None:
        """From now on it is there."""

    @hears(topics.RECALLING)
    def recall(self, said: Said | None, logged: int | None, now: float) -> None:
        if said is not None:
            self.meters.recall(said)

    # --- values ------------------------------------------------------------------------------

    @hears(ENDING)
    def note_reason(self, outlet: Connector, session: Session16, reason: str, now: float) -> None:
        self.reasons[outlet.id] = reason

    @folds(METERED)
    def sign(
        self, values: list[dict[str, Any]], outlet: Connector, session: Session16 | None, key: str,
        context: str, sample: Sample, now: float, mark: float | None,
    ) -> list[dict[str, Any]]:  # fmt: skip
        """The sampledValues, and a signed one behind each that the meter can sign."""
        if not all(self.keys.flag(needed) for needed in SIGNED_BY[key]):
            return values
        signed = []
        for value in values:
            signed.append(value)
            measurand = value.get("measurand", IMPORT)
            if measurand in SIGNABLE and "phase" not in value:
                text = self._signed(outlet, session, measurand, context, sample, now, mark)
                signed.append({**value, "format": "SignedData", "value": text})
        return signed

    def _signed(
        self, outlet: Connector, session: Session16 | None, measurand: str, context: str,
        sample: Sample, now: float, mark: float | None,
    ) -> str:  # fmt: skip
        form, method = self._kind()
        identity, begun, user = "", None, NOBODY
        if session is not None:
            identity, begun, user = session.id, float(session.meter_start), _user(session.id_tag)
        text = self.meters.text(
            outlet, sample, measurand, form, method, self._letter(outlet, session, context),
            identity, begun, user, now, mark,
        )  # fmt: skip
        if self.keys.text("EmulatorSignedValue") == PLAIN:
            return text
        policy = self.keys.text("PublicKeyWithSignedMeterValue")
        public = ""
        if policy != NEVER and self.meters.shows_key(outlet.id, identity, policy):
            public = meter_keys.described_base64(self.meters.key(outlet.evse, form, method))
        return json.dumps(object_of(text, form, public))

    def _kind(self) -> tuple[str, str]:
        """(form of what is signed, the curve's name)"""
        return self.keys.text("EmulatorMeterFormat"), self.keys.text("EmulatorSigningMethod")

    def _letter(self, outlet: Connector, session: Session16 | None, context: str) -> str:
        if session is None:
            return ""
        if context == BEGIN:
            return BEGINS
        return end_of(self.reasons.get(outlet.id)) if context == END else during(outlet)

    # --- the public key (3.3.1) --------------------------------------------------------------

    @answers(METER_KEYS)
    def meter_keys(self, wanted: list[str]) -> list[dict[str, Any]]:
        """configurationKey entries of MeterPublicKey1 and so on, of all where none is named."""
        if not any(map(self.keys.flag, SIGNS)):
            return []
        folded = {name.casefold() for name in wanted}
        outlets = self.core.connectors.values()
        told = ((f"{PUBLIC_KEY}{outlet.id}", outlet) for outlet in outlets)
        return [
            {"key": name, "readonly": True, "value": self._public_key(outlet)}
            for name, outlet in told if not folded or name.casefold() in folded
        ]  # fmt: skip

    @answers(CHANGES_KEY)
    def refuse_key(self, name: str, value: str, now: float) -> str:
        return CHANGE_REJECTED if self.meter_keys([name]) else ""

    def _public_key(self, outlet: Connector) -> str:
        form, method = self._kind()
        return meter_keys.described(self.meters.key(outlet.evse, form, method))


def _user(id_tag: str) -> User:
    """1.6 does not say of an idTag what it is. The number of a card is told by its form."""
    digits = len(id_tag) in _UID and all(each in "0123456789abcdefABCDEF" for each in id_tag)
    if digits:
        return User(True, "HEARSAY", ("RFID_PLAIN", "OCPP_AUTH"), "ISO14443", id_tag)
    return User(True, "TRUSTED", ("OCPP_AUTH",), "CENTRAL_1", id_tag)
