"""Signed readings as they come in messages, and whether their signatures hold.

Where they are: SignedMeterValueType of 2.x (all in Base64); in 1.6 a sampledValue with the format
SignedData, whose value is the same object as JSON (OCA's note "Signed Meter Values in OCPP", 3.2)
or the signed text itself. What is checked: OCMF of S.A.F.E., and Alfen's form.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

from chargepoint.trust.signed import alfen, ocmf
from chargepoint.trust.signed.keys import OF_ALFEN, USUAL

VALID, INVALID, NOT_CHECKED = "valid", "invalid", "not checked"
GIVEN, WITH_IT, WITH_ANOTHER = "given", "message", "session"
# OCMF 1.4, table 22, without secp192k1: no library here computes it.
CURVES = {
    "ECDSA-secp256r1-SHA256": "secp256r1", "ECDSA-secp256k1-SHA256": "secp256k1",
    "ECDSA-secp384r1-SHA256": "secp384r1", "ECDSA-secp192r1-SHA256": "secp192r1",
    "ECDSA-brainpool256r1-SHA256": "brainpoolP256r1",
    "ECDSA-brainpoolP256r1-SHA256": "brainpoolP256r1",
    "ECDSA-brainpool384r1-SHA256": "brainpoolP384r1",
}  # fmt: skip
_ALFEN = "AP;"
Key = ec.EllipticCurvePublicKey


class Unreadable(Exception):
    """The sentence says what is wrong."""


@dataclass(frozen=True)
class Signed:
    """A signed value as it was found. form: of the text, "" where it is not known; meter: its
    serial number; page: as told, "T12"; key, text: as they came, fault: why they cannot be read."""

    form: str
    method: str
    text: str = ""
    key: Key | None = None
    meter: str = ""
    page: str = ""
    fault: str = ""


@dataclass(frozen=True)
class Checked:
    """check: VALID, INVALID or NOT_CHECKED; why: of the last two. by: whose key it was, GIVEN,
    WITH_IT (so that it tells of the text alone and not of whose meter it was) or WITH_ANOTHER value
    of the same meter; "" without one."""

    check: str
    why: str = ""
    by: str = ""


def signed_in(value: Any) -> Iterator[Signed]:
    """Those in a payload or any part of it, in their order."""
    for each in _objects_in(value):
        try:
            yield _read(each)
        except Unreadable as error:
            form = str(each.get("encodingMethod") or "")[:50]
            yield Signed(form, _method(each), fault=str(error))


def keys_in(values: Iterable[Signed]) -> dict[str, Key]:
    """Serial number of a meter -> the key that came with a value of it."""
    return {each.meter: each.key for each in values if each.key is not None and each.meter}


def check(signed: Signed, given: Key | None = None, known: Mapping[str, Key] = {}) -> Checked:
    """Whether a signature holds, by the key that is given, that came with it, or that is known of
    its meter."""
    if signed.fault:
        return Checked(INVALID, signed.fault)
    if signed.form not in (ocmf.NAME, alfen.NAME):
        kind = signed.form or "an unknown format"
        return Checked(NOT_CHECKED, f"It is {kind}: OCMF and Alfen's form are checked.")
    key, by = given or signed.key or known.get(signed.meter), WITH_ANOTHER
    by = GIVEN if given else WITH_IT if signed.key else by
    if key is None:
        return Checked(NOT_CHECKED, "Its public key is unknown: none came with it.")
    judge = _of_alfen if signed.form == alfen.NAME else _of_ocmf
    try:
        return Checked(*judge(signed.text, key), by)
    except Unreadable as error:
        return Checked(INVALID, str(error), by)


def read_key(given: Any) -> Key | None:
    """DER as Base64 or hexadecimal digits, PEM, or OCA's "oca:base16:asn1:..." and
    "oca:base64:asn1:...", as it is or once more in Base64; None without one. Raises Unreadable."""
    if not given:
        return None
    try:
        return _key_of(given.strip())
    except (ValueError, TypeError, AttributeError, UnsupportedAlgorithm):
        raise Unreadable("Its public key cannot be read.") from None


# --- reading -------------------------------------------------------------------------------------


def _objects_in(value: Any) -> Iterator[Mapping[str, Any]]:
    """Each as SignedMeterValueType has it, or {"plain": text}."""
    if isinstance(value, list):
        for each in value:
            yield from _objects_in(each)
    elif isinstance(value, Mapping):
        inner = value.get("signedMeterValue")
        if isinstance(inner, Mapping):
            yield inner
        elif value.get("format") == "SignedData":
            yield _of_16(value.get("value"))
        elif "signedMeterData" in value:
            yield value
        for name, each in value.items():
            if name != "signedMeterValue":
                yield from _objects_in(each)


def _of_16(text: Any) -> Mapping[str, Any]:
    try:
        made = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        made = None
    return made if isinstance(made, dict) else {"plain": text if isinstance(text, str) else ""}


def _method(value: Mapping[str, Any]) -> str:
    return str(value.get("signingMethod") or value.get("encodingMethod") or "SignedData")[:50]


def _read(value: Mapping[str, Any]) -> Signed:
    text = value["plain"] if "plain" in value else _text(value.get("signedMeterData"))
    method = _method(value)
    if text.startswith(_ALFEN):
        return _read_alfen(text, method)
    if not text.startswith(f"{ocmf.NAME}|"):
        return Signed(str(value.get("encodingMethod") or "")[:50].replace(ocmf.NAME, ""), method)
    key = read_key(value.get("publicKey"))
    try:
        payload = json.loads(text.removeprefix("OCMF|").rpartition("|")[0])
        meter, page = payload.get("MS", ""), payload.get("PG", "")
    except (ValueError, AttributeError, RecursionError):
        meter = page = ""
    method = ocmf.NAME if method == "SignedData" else method
    return Signed(ocmf.NAME, method, text, key, str(meter)[:100], str(page)[:30])


def _read_alfen(text: str, method: str) -> Signed:
    try:
        parts = text.split(";")
        point, data = base64.b32decode(parts[3]), alfen.DATA.unpack(base64.b32decode(parts[4]))
        key = Key.from_encoded_point(ec.SECP192R1(), point)
    except (ValueError, LookupError, struct.error):
        raise Unreadable("Its data are not in Alfen's form.") from None
    meter = data[3].rstrip(b"\0").decode("ascii", "replace")
    method = OF_ALFEN if method == "SignedData" else method
    return Signed(alfen.NAME, method, text, key, meter, str(data[-1]))


def _text(data: Any) -> str:
    try:
        return base64.b64decode(data, validate=True).decode()
    except (ValueError, TypeError):
        raise Unreadable("signedMeterData is no Base64 of a text.") from None


def _key_of(text: str) -> Key:
    if text.startswith("oca:"):
        _, encoding, content, printed = text.split(":", 3)
        if content != "asn1" or encoding not in ("base16", "base64"):
            raise ValueError
        if encoding == "base64":
            return _of_curve(load_der_public_key(base64.b64decode(printed, validate=True)))
        digits = printed.lower().removeprefix("0x")
        digits = "".join(each for each in digits if each in "0123456789abcdef")
        return _of_curve(load_der_public_key(bytes.fromhex(digits)))
    if text.startswith("-----"):
        return _of_curve(load_pem_public_key(text.encode()))
    if text[:2] == "30" and all(each in "0123456789abcdefABCDEF" for each in text):
        return _of_curve(load_der_public_key(bytes.fromhex(text)))
    data = base64.b64decode(text, validate=True)
    if data[:1] == b"\x30":
        return _of_curve(load_der_public_key(data))
    return _key_of(data.decode())


def _of_curve(key: Any) -> Key:
    if not isinstance(key, Key):
        raise ValueError
    return key


# --- judging -------------------------------------------------------------------------------------


def _of_ocmf(text: str, key: Key) -> tuple[str, str]:
    """The signature is over the payload as it stands there."""
    payload, bar, last = text.removeprefix("OCMF|").rpartition("|")
    try:
        signature = json.loads(last)
        algorithm = signature.get("SA", USUAL)
        data = signature["SD"]
        is_hex = signature.get("SE", "hex") == "hex"
        made = bytes.fromhex(data) if is_hex else base64.b64decode(data, validate=True)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise Unreadable("Its OCMF has no signature that can be read.") from None
    if not bar or algorithm not in CURVES:
        return NOT_CHECKED, f"Its algorithm {str(algorithm)[:40]} is none that is checked."
    if key.curve.name != CURVES[algorithm]:
        return INVALID, f"Its key is of {key.curve.name}, and the algorithm is {algorithm}."
    return _holds(key, made, payload.encode())


def _of_alfen(text: str, key: Key) -> tuple[str, str]:
    parts = text.split(";")
    try:
        data, made = base64.b32decode(parts[4]), base64.b32decode(parts[5])
    except (ValueError, LookupError):
        raise Unreadable("Its data are not in Alfen's form.") from None
    if key.curve.name != CURVES[OF_ALFEN]:
        return INVALID, f"Its key is of {key.curve.name}, and the algorithm is {OF_ALFEN}."
    half = len(made) // 2
    numbers = int.from_bytes(made[:half]), int.from_bytes(made[half:])
    return _holds(key, encode_dss_signature(*numbers), data)


def _holds(key: Key, signature: bytes, data: bytes) -> tuple[str, str]:
    try:
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return INVALID, "The signature is of another text or by another key."
    return VALID, ""
