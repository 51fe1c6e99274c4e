"""Signed meter values in a session's messages, and whether their signatures hold.

Where they are: OCPP 2.0.1 part 2, SignedMeterValueType (all in Base64); OCPP 1.6, a sampledValue
with the format SignedData, whose value is the same object as JSON (OCA's application note on signed
meter values) or the signed text itself. What can be checked is OCMF, the Open Charge Metering
Format 1.0: `OCMF|payload|signature`, the signature over the payload as it stands there.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

VALID, INVALID, NOT_CHECKED = "valid", "invalid", "not checked"
MOST = 1000  # values of a session
USUAL = "ECDSA-secp256r1-SHA256"
# OCMF 1.0, table 21; those of secp192k1 and secp192r1 no library here computes any more.
CURVES = {
    "ECDSA-secp256r1-SHA256": "secp256r1", "ECDSA-secp256k1-SHA256": "secp256k1",
    "ECDSA-secp384r1-SHA256": "secp384r1", "ECDSA-brainpool256r1-SHA256": "brainpoolP256r1",
    "ECDSA-brainpoolP256r1-SHA256": "brainpoolP256r1",
    "ECDSA-brainpool384r1-SHA256": "brainpoolP384r1",
}  # fmt: skip


@dataclass(frozen=True)
class Signed:
    """check: VALID, INVALID or NOT_CHECKED; why: of the last two. key: "message" where the key came
    with the value, so that it tells of the text alone and not of whose meter it was."""

    time: str
    action: str
    method: str
    check: str
    why: str = ""
    key: str = ""


def is_of(transaction: str, message: Mapping[str, Any]) -> bool:
    """Whether a Call names the transaction; 1.6's numbers are compared as texts."""
    payload = _payload(message)
    if not isinstance(payload, dict):
        return False
    info = payload.get("transactionInfo")
    inner = info.get("transactionId") if isinstance(info, dict) else None
    return transaction in {str(each) for each in (payload.get("transactionId"), inner)
                           if each is not None}  # fmt: skip


def values_of(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of API items of Calls, in their order."""
    found = []
    for message in messages:
        payload = _payload(message)
        for value in _signed_in(payload):
            found.append(asdict(_checked(message, value)))
            if len(found) == MOST:
                return found
    return found


def _payload(message: Mapping[str, Any]) -> Any:
    try:
        frame = json.loads(message["text"])
        return frame[3] if message["kind"] == "Call" else None
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _signed_in(value: Any) -> Iterator[dict[str, Any]]:
    """Each as SignedMeterValueType of 2.x has it."""
    if isinstance(value, list):
        for each in value:
            yield from _signed_in(each)
    elif isinstance(value, dict):
        inner = value.get("signedMeterValue")
        if isinstance(inner, dict):
            yield inner
        elif value.get("format") == "SignedData":
            yield _of_16(value.get("value"))
        for name, each in value.items():
            if name != "signedMeterValue":
                yield from _signed_in(each)


def _of_16(text: Any) -> dict[str, Any]:
    try:
        made = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        made = None
    if isinstance(made, dict):
        return made
    plain = text if isinstance(text, str) else ""
    return {"plain": plain, "encodingMethod": "OCMF" if plain.startswith("OCMF|") else ""}


def _checked(message: Mapping[str, Any], value: Mapping[str, Any]) -> Signed:
    method = str(value.get("signingMethod") or value.get("encodingMethod") or "SignedData")[:50]
    told = (message["time"], message["action"], method)
    try:
        text = value["plain"] if "plain" in value else _text(value.get("signedMeterData"))
        if not text.startswith("OCMF|"):
            kind = str(value.get("encodingMethod") or "an unknown format")[:50]
            return Signed(*told, NOT_CHECKED, f"It is {kind}: only OCMF is checked.")
        key = _key(value.get("publicKey"))
        if key is None:
            return Signed(*told, NOT_CHECKED, "No public key came with it.")
        return Signed(*told, *_verdict(text, key), "message")
    except _Unreadable as error:
        return Signed(*told, INVALID, str(error))


class _Unreadable(Exception):
    """The sentence says what is wrong."""


def _text(data: Any) -> str:
    try:
        return base64.b64decode(data, validate=True).decode()
    except (ValueError, TypeError, binascii.Error):
        raise _Unreadable("signedMeterData is no Base64 of a text.") from None


def _key(given: Any) -> ec.EllipticCurvePublicKey | None:
    """Base64 of DER, PEM, hexadecimal digits, or of OCA's "oca:base16:asn1:..."; None without."""
    if not given:
        return None
    try:
        data = base64.b64decode(given, validate=True)
        if data.startswith(b"oca:base16:asn1:"):
            data = bytes.fromhex(data.decode().rpartition(":")[2])
        elif data.startswith(b"-----"):
            made = load_pem_public_key(data)
            return _of_curve(made)
        elif data[:1] != b"\x30":
            data = bytes.fromhex(data.decode())
        return _of_curve(load_der_public_key(data))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _Unreadable("Its public key cannot be read.") from None


def _of_curve(key: Any) -> ec.EllipticCurvePublicKey:
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError
    return key


def _verdict(text: str, key: ec.EllipticCurvePublicKey) -> tuple[str, str]:
    payload, bar, last = text.removeprefix("OCMF|").rpartition("|")
    try:
        signature = json.loads(last)
        algorithm = signature.get("SA", USUAL)
        data = signature["SD"]
        is_hex = signature.get("SE", "hex") == "hex"
        made = bytes.fromhex(data) if is_hex else base64.b64decode(data, validate=True)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise _Unreadable("Its OCMF has no signature that can be read.") from None
    if not bar or algorithm not in CURVES:
        return NOT_CHECKED, f"Its algorithm {str(algorithm)[:40]} is none that is checked."
    if key.curve.name != CURVES[algorithm]:
        return INVALID, f"Its key is of {key.curve.name}, and the algorithm is {algorithm}."
    try:
        key.verify(made, payload.encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return INVALID, "The signature is of another text or by another key."
    return VALID, ""
