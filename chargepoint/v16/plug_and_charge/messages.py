"""Messages of OCA's note "Using ISO 15118 Plug & Charge with OCPP 1.6" (1.0), in DataTransfer.

Section 2.2: vendorId is fixed, messageId names the message, data is its JSON. The fields are those
of sections 6 and 7; what stands beside them, such as 2.0.1 has, is passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import msgspec

if TYPE_CHECKING:
    from chargepoint.core.station import Station

VENDOR = "org.openchargealliance.iso15118pnc"
LONGEST_CERTIFICATE, LONGEST_EXI = 5500, 5600  # 6.1.1, 6.4.1

Text5500 = Annotated[str, msgspec.Meta(max_length=5500)]
Text5600 = Annotated[str, msgspec.Meta(max_length=5600)]
Text10000 = Annotated[str, msgspec.Meta(max_length=10_000)]
Hash = Annotated[str, msgspec.Meta(max_length=128)]
Serial = Annotated[str, msgspec.Meta(max_length=40)]


class Message(msgspec.Struct, frozen=True, rename="camel"):
    """What is common to all of them: names as in JSON."""


# --- of the CSMS -----------------------------------------------------------------------------


class CertificateSigned(Message, frozen=True):
    """6.2.1. `certificate_type` is 2.0.1's: the note signs nothing but a V2GCertificate."""

    certificate_chain: Text10000
    certificate_type: str = "V2GCertificate"


class HashData(Message, frozen=True):
    """7.2, CertificateHashDataType."""

    hash_algorithm: Literal["SHA256", "SHA384", "SHA512"]
    issuer_name_hash: Hash
    issuer_key_hash: Hash
    serial_number: Serial


class DeleteCertificate(Message, frozen=True):
    """6.3.1."""

    certificate_hash_data: HashData


class GetInstalledCertificateIds(Message, frozen=True):
    """6.6.1; the types are those of 8.7."""

    certificate_type: (
        list[Literal["V2GRootCertificate", "MORootCertificate", "V2GCertificateChain"]] | None
    ) = None


class InstallCertificate(Message, frozen=True):
    """6.7.1; the types are those of 8.12."""

    certificate_type: Literal["V2GRootCertificate", "MORootCertificate"]
    certificate: Text5500


class TriggerMessage(Message, frozen=True):
    """6.9.1: no fields; figure 1 has the name of what is triggered, and 2.0.1's CSMSs send it."""

    requested_message: str = "SignV2GCertificate"


# --- answers of the CSMS ---------------------------------------------------------------------


class Group(Message, frozen=True):
    """2.0.1's IdTokenType of a group."""

    id_token: str


class TokenInfo(Message, frozen=True):
    """7.4. The group, which 6.1.2 speaks of, has a field in 2.0.1 alone."""

    status: str
    cache_expiry_date_time: str | None = None
    group_id_token: Group | None = None


class Authorized(Message, frozen=True):
    """6.1.2; `certificate_status` is one of 8.2."""

    id_token_info: TokenInfo
    certificate_status: str | None = None


class EVCertificate(Message, frozen=True):
    """6.4.2."""

    status: Literal["Accepted", "Failed"]
    exi_response: str = ""


class CertificateStatus(Message, frozen=True):
    """6.5.2."""

    status: Literal["Accepted", "Failed"]
    ocsp_result: str = ""


class Signing(Message, frozen=True):
    """6.8.2."""

    status: Literal["Accepted", "Rejected"]


Kind = TypeVar("Kind", bound=Message)


def read(data: Any, kind: type[Kind]) -> Kind | None:
    """The message in the field `data`; None where it is none of that kind."""
    if not isinstance(data, str):
        return None
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, RecursionError):
        return None


def answer_in(payload: dict[str, Any], kind: type[Kind]) -> Kind | None:
    """The answer in a DataTransfer.conf; None of a CSMS that does not answer as the note has it."""
    return read(payload.get("data"), kind) if payload["status"] == "Accepted" else None


def answer_of(told: dict[str, Any]) -> dict[str, str]:
    """The DataTransfer.conf that has our answer."""
    return {"status": "Accepted", "data": msgspec.json.encode(told).decode()}


def ask(
    core: Station, message: str, told: dict[str, Any], now: float, context: tuple, owner: str
) -> None:
    """Send one of ours; its answer is the `owner`'s, with this context."""
    data = msgspec.json.encode(told).decode()
    payload = {"vendorId": VENDOR, "messageId": message, "data": data}
    core.calls.make("DataTransfer", payload, now, context, owner)
