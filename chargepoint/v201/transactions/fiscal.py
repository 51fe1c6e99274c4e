"""Signed meter values of 2.x: SignedMeterValueType, and FiscalMetering with the public keys.

When a value is signed: OCA's application note "Signed Meter Values in OCPP", section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.common.fiscal import IMPORT, NEVER, SIGNABLE, FiscalMeters, during, object_of
from chargepoint.common.kept_values import BEGIN, END
from chargepoint.core import topics as core_topics
from chargepoint.core.block import READS, Block, answers, folds, hears, variable
from chargepoint.hardware.sample import Sample
from chargepoint.trust.signed import keys as meter_keys
from chargepoint.trust.signed.reading import BEGIN as BEGINS
from chargepoint.trust.signed.reading import NOBODY, User, end_of
from chargepoint.v201 import topics
from chargepoint.v201.outlet import Outlet, Transaction
from chargepoint.v201.transactions.meter_schedule import SIGNS
from chargepoint.v201.variables.table import Variable, live
from chargepoint.wire.said import Said

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.variables.requests import VariableRequests

_SAMPLED, _ALIGNED = "SampledDataCtrlr", "AlignedDataCtrlr"
# Variable of the measurands -> all that have to be true for their values to be signed.
SIGNED_BY = {
    f"{_SAMPLED}.TxStartedMeasurands": (
        f"{_SAMPLED}.SignReadings", f"{_SAMPLED}.SignStartedReadings",
    ),
    f"{_SAMPLED}.TxUpdatedMeasurands": (
        f"{_SAMPLED}.SignReadings", f"{_SAMPLED}.SignUpdatedReadings",
    ),
    f"{_SAMPLED}.TxEndedMeasurands": (f"{_SAMPLED}.SignReadings",),
    f"{_ALIGNED}.Measurands": (f"{_ALIGNED}.SignReadings", f"{_ALIGNED}.SignUpdatedReadings"),
    f"{_ALIGNED}.TxEndedMeasurands": (f"{_ALIGNED}.SignReadings",),
}  # fmt: skip
COMPONENT = "FiscalMetering"
VARIABLES: tuple[Variable, ...] = (live(f"{COMPONENT}.PublicKey", "string"),)
_PUBLIC_KEY = VARIABLES[0]
# IdTokenEnumType -> what OCMF calls it (table 17), how well that is known (table 11), and by what.
_KINDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "Central": ("CENTRAL", "TRUSTED", ()),
    "DirectPayment": ("CARD_TXN_NR", "TRUSTED", ()),
    "eMAID": ("EMAID", "SECURE", ("ISO15118_PNC",)),
    "ISO14443": ("ISO14443", "HEARSAY", ("RFID_PLAIN",)),
    "ISO15693": ("ISO15693", "HEARSAY", ("RFID_PLAIN",)),
    "KeyCode": ("KEY_CODE", "HEARSAY", ()),
    "Local": ("LOCAL", "HEARSAY", ()),
}


class Fiscal(Block):
    """Made when one of SIGNS becomes true."""

    __slots__ = ("meters", "variables")

    GUEST = True
    KEYS = ("fiscal",)

    def __init__(self, core: Station, variables: VariableRequests) -> None:
        super().__init__(core)
        self.variables = variables

    def restore(self, saved: dict[str, Any], now: float) -> None:
        self.meters = FiscalMeters(self.core, saved)

    def saved(self) -> dict[str, Any]:
        return self.meters.to_saved()

    @hears(topics.SIGNING_ON, wakes=True)
    def begin_signing(self) -> None:
        """From now on it is there."""

    @hears(core_topics.RECALLING)
    def recall(self, said: Said | None, logged: int | None, now: float) -> None:
        if said is not None:
            self.meters.recall(said)

    # --- values ------------------------------------------------------------------------------

    @folds(topics.METERED)
    def sign(
        self, value: dict[str, Any], outlet: Outlet, key: str, context: str, sample: Sample,
        now: float, mark: float | None,
    ) -> dict[str, Any]:  # fmt: skip
        """The MeterValue, with signedMeterValue where the meter can sign."""
        if all(map(self.core.model.flag, SIGNED_BY[key])):
            for one in value["sampledValue"]:
                if (measurand := one.get("measurand", IMPORT)) in SIGNABLE:
                    one["signedMeterValue"] = self._signed(
                        outlet, measurand, context, sample, now, mark
                    )
        return value

    def _signed(
        self, outlet: Outlet, measurand: str, context: str, sample: Sample, now: float,
        mark: float | None,
    ) -> dict[str, str]:  # fmt: skip
        model, transaction = self.core.model, outlet.transaction
        form = model.value("EmulatorCtrlr.MeterFormat")
        method = model.value("EmulatorCtrlr.SigningMethod")
        identity, begun, user = "", None, NOBODY
        if transaction is not None:
            identity, begun = transaction.session, transaction.meter_start
            user = _user(transaction, outlet.token)
        text = self.meters.text(
            outlet.hardware, sample, measurand, form, method, _letter(outlet, context), identity,
            begun, user, now, mark,
        )  # fmt: skip
        policy, public = model.value("OCPPCommCtrlr.PublicKeyWithSignedMeterValue"), ""
        if policy != NEVER and self.meters.shows_key(outlet.number, identity, policy):
            public = meter_keys.described_base64(self.meters.key(outlet.evse, form, method))
        return object_of(text, form, public)

    # --- the public key (4.3.2) --------------------------------------------------------------

    @answers(topics.FIND_VARIABLE)
    def find_public_key(self, component: dict, variable: dict) -> Variable | str | None:
        """FiscalMetering is at each EVSE while the station signs; None for other components."""
        if component.get("name", "").lower() != COMPONENT.lower():
            return None
        evse = component.get("evse") or {}
        there = "id" in evse and "connectorId" not in evse and not component.get("instance")
        if not (there and self._signs() and self.core.outlets_of({"id": evse["id"]})):
            return "UnknownComponent"
        named = variable.get("name", "").lower() == _PUBLIC_KEY.name.lower()
        return _PUBLIC_KEY if named and not variable.get("instance") else "UnknownVariable"

    @variable(READS, COMPONENT)
    def read_public_key(self, variable: Variable, evse: dict, now: float) -> str:
        """FiscalMetering.PublicKey of an EVSE: its meter's key with format and method."""
        model = self.core.model
        form = model.value("EmulatorCtrlr.MeterFormat")
        method = model.value("EmulatorCtrlr.SigningMethod")
        return meter_keys.described(self.meters.key(evse["id"], form, method))

    @folds(topics.INVENTORY)
    def list_public_keys(self, lines: list[dict], now: float, writable_only: bool) -> list[dict]:
        """The inventory with the key of each EVSE's meter."""
        if self._signs() and not writable_only:
            evses = sorted({outlet.evse for outlet in self.core.outlets.values()})
            lines += [self.variables.line(_PUBLIC_KEY, {"id": evse}, now) for evse in evses]
        return lines

    def _signs(self) -> bool:
        return any(map(self.core.model.flag, SIGNS))


def _letter(outlet: Outlet, context: str) -> str:
    transaction = outlet.transaction
    if transaction is None:
        return ""
    if context == BEGIN:
        return BEGINS
    return end_of(transaction.reason) if context == END else during(outlet.hardware)


def _user(transaction: Transaction, token: dict | None) -> User:
    """Whom the transaction is for: who is authorized now, or was first."""
    whose = token or transaction.id_token
    if not whose or not whose["idToken"]:
        return NOBODY
    kind, level, flags = _KINDS.get(whose["type"], ("UNDEFINED", "HEARSAY", ()))
    by = "OCPP_RS" if transaction.remote_start_id is not None else "OCPP_AUTH"
    return User(True, level, (*flags, by), kind, whose["idToken"])
