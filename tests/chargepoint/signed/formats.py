"""Reads signed readings from the public descriptions: OCMF 1.4 of S.A.F.E., Alfen's as the
Transparenzsoftware has it, and the public key of OCA's note. Written for the tests alone."""

import base64
import json
import re
from decimal import Decimal
from typing import Any, NamedTuple

from tests.chargepoint.signed.curves import CURVES, Curve, decompressed, holds

_LETTERS = set("BCXELRAPST")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{3}[+-]\d{4} [UISR]")
_FIELDS = {
    "FV", "GI", "GS", "GV", "PG", "MV", "MM", "MS", "MF", "IS", "IL", "IF", "IT", "ID", "TT", "CF",
    "LC", "CT", "CI", "RD",
}  # fmt: skip
_READING = {"TM", "TX", "RV", "RI", "RU", "RT", "CL", "EF", "ST"}
_REGISTERS = {f"01-00:{kind}.08.00*FF" for kind in ("B0", "B1", "B2", "B3", "C0", "C1")}


class Key(NamedTuple):
    curve: Curve
    point: tuple[int, int]


def key_of(described: str) -> Key:
    """3.2.2: oca:base16:asn1: and a SubjectPublicKeyInfo (RFC 5480)."""
    marker, encoding, content, printed = described.split(":")
    assert (marker, encoding, content) == ("oca", "base16", "asn1")
    data = bytes.fromhex(printed)
    assert data[0] == 0x30 and data[1] == len(data) - 2
    curve = next(c for c in CURVES.values() if bytes.fromhex(c.oid) in data)
    size = curve.size
    assert data[-2 * size - 1] == 4  # a point that is not compressed
    point = data[-2 * size :]
    return Key(curve, (int.from_bytes(point[:size]), int.from_bytes(point[size:])))


def _numbers(der: bytes) -> tuple[int, int]:
    """r and s of a DER SEQUENCE of two INTEGERs."""
    assert der[0] == 0x30 and der[1] == len(der) - 2 and der[2] == 2
    length = der[3]
    assert der[4 + length] == 2 and 6 + length + der[5 + length] == len(der)
    return int.from_bytes(der[4 : 4 + length]), int.from_bytes(der[6 + length :])


class Ocmf(NamedTuple):
    text: str

    @property
    def payload(self) -> dict[str, Any]:
        """Held against tables 1 to 7; its numbers as they were written."""
        header, payload, _ = self.text.split("|")
        assert header == "OCMF"
        made = json.loads(payload, parse_float=Decimal)
        assert set(made) <= _FIELDS and {"PG", "MS", "RD"} <= set(made)
        assert re.fullmatch(r"[TF][1-9][0-9]*", made["PG"])
        in_transaction = made["PG"][0] == "T"
        assert in_transaction == ("IS" in made) == ("IT" in made)
        for reading in made["RD"]:
            assert set(reading) <= _READING and {"TM", "RV", "RU", "ST"} <= set(reading)
            assert _TIME.fullmatch(reading["TM"]) and reading["RU"] == "kWh"
            assert reading["RI"] in _REGISTERS and reading["RT"] in ("AC", "DC")
            assert ("TX" in reading) == in_transaction and reading.get("TX", "B") in _LETTERS
            assert isinstance(reading["RV"], Decimal) and reading["RV"].as_tuple().exponent == -3
        return made

    @property
    def reading(self) -> dict[str, Any]:
        [reading] = self.payload["RD"]
        return reading

    @property
    def page(self) -> tuple[str, int]:
        return self.payload["PG"][0], int(self.payload["PG"][1:])

    @property
    def wh(self) -> int:
        return int(self.reading["RV"] * 1000)

    def holds(self, key: Key) -> bool:
        _, payload, signature = self.text.split("|")
        told = json.loads(signature)
        curve = CURVES[told["SA"].split("-")[1]]
        assert told["SA"] == f"ECDSA-{told['SA'].split('-')[1]}-SHA256" and curve == key.curve
        r, s = _numbers(bytes.fromhex(told["SD"]))
        return holds(curve, key.point, r, s, payload.encode())


class Alfen(NamedTuple):
    text: str

    @property
    def data(self) -> bytes:
        parts = self.text.split(";")
        assert parts[0] == "AP" and parts[1] in "012" and parts[6] == "" and len(parts) == 7
        data = base64.b32decode(parts[4])
        assert len(data) == 82
        return data

    def number(self, offset: int, length: int) -> int:
        return int.from_bytes(self.data[offset : offset + length], "little")

    @property
    def kind(self) -> str:
        return {"0": "start", "1": "stop", "2": "regular"}[self.text[3]]

    @property
    def wh(self) -> int:
        assert (self.data[44], self.data[45]) == (30, 0)
        return self.number(46, 8)

    @property
    def page(self) -> int:
        return self.number(78, 4)

    def holds(self) -> bool:
        """By the key that it bears."""
        curve, parts = CURVES["secp192r1"], self.text.split(";")
        signature = base64.b32decode(parts[5])
        assert len(signature) == 48
        point = decompressed(curve, base64.b32decode(parts[3]))
        r, s = int.from_bytes(signature[:24]), int.from_bytes(signature[24:])
        return holds(curve, point, r, s, self.data)
