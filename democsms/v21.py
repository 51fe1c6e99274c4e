"""OCPP 2.1: what is new beside 2.0.1. Tariffs (I), payment (C), dynamic profiles (K), V2X (Q),
event streams (N) and the revocation of chains (M)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ocpp import v21
from ocpp.routing import on
from ocpp.v21 import call_result as result

from democsms.office import now
from democsms.tokens import ACCEPTED
from democsms.v201 import point_2x

DYNAMIC_W = 8000.0  # of a dynamic profile that a station asks about
_VAT_NUMBER = re.compile(r"[A-Z]{2}[0-9A-Z]{8,12}")
COMPANY = {
    "name": "Example Ltd", "address1": "1 Main Street", "city": "Exampleton", "country": "DE",
}  # fmt: skip
RECEIPTS = "https://receipts.example"
# By token: what its driver has beside the permission to charge.
TARIFFS = {
    "TAG-TARIFF": {
        "tariff_id": "DRIVER-1", "currency": "EUR",
        "energy": {"prices": [{"price_kwh": 0.25}], "tax_rates": [{"type": "vat", "tax": 20}]},
    },
}  # fmt: skip
LIMITS = {"TAG-PREPAID": {"max_cost": 25.0}}
TRANSFERS = {"TAG-V2X": ["AC_three_phase", "AC_BPT", "DC", "DC_BPT"]}


@dataclass
class Receipt:
    """The answer to NotifySettlement: `ocpp` would write its own one's receiptUrl as receiptURL."""

    receiptId: str | None = None  # noqa: N815
    receiptUrl: str | None = None  # noqa: N815


class Point21(point_2x(v21.ChargePoint, v21.call_result)):
    # --- C, I, Q: what comes with an authorization ---------------------------------------------

    def _judged(self, id_token: dict, *args: Any) -> dict[str, Any]:
        if id_token["type"] == "DirectPayment":  # C18, C25: the payment is the permission
            return {"status": ACCEPTED}
        return super()._judged(id_token, *args)

    @on("Authorize")
    def on_authorize(self, id_token: dict, **more):
        answer = super().on_authorize(id_token=id_token, **more)
        if answer.id_token_info["status"] == ACCEPTED:
            name = id_token["id_token"].upper()
            answer.tariff = TARIFFS.get(name)
            answer.allowed_energy_transfer = TRANSFERS.get(name)
        return answer

    @on("TransactionEvent")
    def on_transaction_event(self, event_type: str, id_token=None, **more):
        answer = super().on_transaction_event(event_type=event_type, id_token=id_token, **more)
        if id_token and event_type != "Ended":
            answer.transaction_limit = LIMITS.get(id_token["id_token"].upper())
        return answer

    @on("VatNumberValidation")
    def on_vat_number_validation(self, vat_number: str, evse_id=None, **_):
        good = _VAT_NUMBER.fullmatch(vat_number)
        return result.VatNumberValidation(
            vat_number=vat_number, status=ACCEPTED if good else "Rejected", evse_id=evse_id,
            company=COMPANY if good else None,
        )  # fmt: skip

    @on("NotifySettlement")
    def on_notify_settlement(self, status: str, psp_ref: str, receipt_id=None, **_):
        if status != "Settled" or receipt_id:
            return Receipt()
        number = f"R-{self.office.number()}"
        return Receipt(number, f"{RECEIPTS}/{number}")

    # --- K: dynamic profiles -------------------------------------------------------------------

    @on("PullDynamicScheduleUpdate")
    def on_pull_dynamic_schedule_update(self, charging_profile_id: int, **_):
        if charging_profile_id not in self.office.of(self.id).get("dynamic", ()):
            info = {"reason_code": "InvalidProfileId"}
            return result.PullDynamicScheduleUpdate("Rejected", status_info=info)
        update = {"limit": DYNAMIC_W}
        return result.PullDynamicScheduleUpdate(ACCEPTED, schedule_update=update)

    def on_answer(self, action: str, payload: dict[str, Any], answer: dict[str, Any]) -> None:
        super().on_answer(action, payload, answer)
        if action == "SetChargingProfile" and answer.get("status") == ACCEPTED:
            profile = payload["chargingProfile"]
            if profile["chargingProfileKind"] == "Dynamic":
                self.office.of(self.id).setdefault("dynamic", set()).add(profile["id"])

    # --- M -------------------------------------------------------------------------------------

    @on("GetCertificateChainStatus")
    def on_get_certificate_chain_status(self, certificate_status_requests: list, **_):
        until = (datetime.now(UTC) + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return result.GetCertificateChainStatus([
            {"certificate_hash_data": each["certificate_hash_data"], "source": each["source"],
             "status": "Good", "next_update": until}
            for each in certificate_status_requests
        ])  # fmt: skip

    # --- N: what nobody answers ----------------------------------------------------------------

    async def route_message(self, raw_msg: str | bytes) -> None:
        """`ocpp` does not know the message type."""
        stream = _stream_of(raw_msg)
        if stream is None:
            await super().route_message(raw_msg)
            return
        self.show("->", str(raw_msg))
        self.office.of(self.id).setdefault("streams", {})[stream] = now()


def _stream_of(raw: str | bytes) -> int | None:
    """The stream that a SEND of NotifyPeriodicEventStream has values of; None for what is none."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    match found:
        case [6, str(), "NotifyPeriodicEventStream", {"id": int(stream)}]:  # OCPP-J of 2.1, 4.1
            return stream
    return None
