"""The signed readings of Alfen's chargers, as S.A.F.E.'s Transparenzsoftware reads them.

`AP;type;version;key;data;signature;`: the last three in Base32. The key is a compressed point of
secp192r1, the data are 82 bytes with numbers from the lowest byte on, the signature over their
SHA-256 is r and s of 24 bytes each.
"""

import base64
from struct import Struct
from zlib import crc32

from cryptography.hazmat.primitives.asymmetric import ec

from chargepoint.trust.signed.keys import plain_signature, point_of
from chargepoint.trust.signed.reading import BEGIN, ENDS, Meter, Reading, User

NAME = "Alfen"
_VERSION = "3"
_BEGUN, _ENDED, _BETWEEN = "0", "1", "2"
# Adapter's id, its firmware and checksum; meter's id; status; seconds it has run; time; OBIS code;
# unit; power of ten; value; UID; session; number of the reading.
DATA = Struct("<10s4sH10sIII6sBbq20sII")
_WH = 30  # IEC 62056-6-2, the unit Wh
_IN, _OUT = bytes((1, 0, 1, 8, 0, 255)), bytes((1, 0, 2, 8, 0, 255))


def record(
    meter: Meter, user: User | None, reading: Reading, key: ec.EllipticCurvePrivateKey
) -> str:
    """One signed reading."""
    data = DATA.pack(
        _cut(meter.gateway_serial, 10), _cut(meter.gateway_version, 4), 0, _cut(meter.serial, 10),
        0, int(reading.time) & 0xFFFFFFFF, int(reading.time), _OUT if reading.outward else _IN,
        _WH, 0, reading.wh, _cut("" if user is None else user.identity, 20),
        crc32(reading.session.encode()), int(reading.page[1:]),
    )  # fmt: skip
    kind = _BEGUN if reading.reason == BEGIN else _BETWEEN
    kind = _ENDED if reading.reason in ENDS else kind
    parts = (point_of(key), data, plain_signature(key, data))
    return f"AP;{kind};{_VERSION};{';'.join(map(_base32, parts))};"


def _cut(text: str, length: int) -> bytes:
    """The end of it: there serial numbers differ."""
    return text.encode("ascii", "replace")[-length:]


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode()
