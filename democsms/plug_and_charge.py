"""Plug & Charge of OCPP 1.6, by OCA's note "Using ISO 15118 Plug & Charge with OCPP 1.6" (1.0).

Section numbers are the note's. A message is in a DataTransfer of this vendor: `data` is its JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ocpp.charge_point import camel_to_snake_case

from democsms import ocsp
from democsms.contracts import INSTALLATION, contract_status, token_status
from democsms.office import Office

VENDOR = "org.openchargealliance.iso15118pnc"
# AuthorizationStatusEnumType (8.1).
STATUSES = frozenset({"Accepted", "Blocked", "ConcurrentTx", "Expired", "Invalid"})


def authorize(office: Office, told: dict[str, Any]) -> dict[str, Any]:
    """6.1: by the contracts, and by the table of tokens for who is in none."""
    emaid = told["idToken"]["idToken"]
    token = office.tokens.find(emaid)
    status = token_status(emaid) or token.status
    info = {"status": status if status in STATUSES else "Invalid"}
    if token.expiry:
        info["cacheExpiryDateTime"] = token.expiry
    answer: dict[str, Any] = {"idTokenInfo": info}
    if "certificate" in told or told.get("iso15118CertificateHashData"):
        answer["certificateStatus"] = contract_status(emaid)
    return answer


def get_15118_ev_certificate(office: Office, told: dict[str, Any]) -> dict[str, Any]:
    """6.4."""
    return {"status": "Accepted", "exiResponse": INSTALLATION}


def get_certificate_status(office: Office, told: dict[str, Any]) -> dict[str, Any]:
    """6.5."""
    question = ocsp.question_of(camel_to_snake_case(told["ocspRequestData"]))
    return {"status": "Accepted", "ocspResult": office.authority.status_of(question)}


def sign_certificate(office: Office, told: dict[str, Any]) -> dict[str, Any]:
    """6.8: Accepted means that the certificate comes by CertificateSigned."""
    return {"status": "Accepted" if _signed(office, told) else "Rejected"}


SERVED: dict[str, Callable[[Office, dict[str, Any]], dict[str, Any]]] = {
    "Authorize": authorize, "Get15118EVCertificate": get_15118_ev_certificate,
    "GetCertificateStatus": get_certificate_status, "SignCertificate": sign_certificate,
}  # fmt: skip


def answer_to(office: Office, message: str, data: str | None) -> tuple[str, str | None]:
    """(DataTransferStatus, data) for a station's message; Rejected where it is none of the note's.
    """
    if message not in SERVED:
        return "UnknownMessageId", None
    try:
        return "Accepted", json.dumps(SERVED[message](office, json.loads(data or "")))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return "Rejected", None


def certificate_signed(office: Office, message: str, data: str | None) -> dict[str, Any] | None:
    """The DataTransfer that is to follow a station's message (3.1): its certificate, if it has
    asked for one."""
    if message != "SignCertificate":
        return None
    try:
        chain = _signed(office, json.loads(data or ""))
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    if not chain:
        return None
    told = {"certificateChain": chain, "certificateType": "V2GCertificate"}
    return {"vendorId": VENDOR, "messageId": "CertificateSigned", "data": json.dumps(told)}


def _signed(office: Office, told: dict[str, Any]) -> str:
    """PEM of the chain for a request; "" for what is none."""
    csr = told["csr"]
    try:
        return office.authority.sign(csr) if isinstance(csr, str) else ""
    except ValueError:
        return ""
