"""ECDSA over SHA-256 from SEC 1 and SEC 2, in plain numbers: nothing of the product's library."""

import hashlib
from typing import NamedTuple


class Curve(NamedTuple):
    """y² = x³ + ax + b over p; the base point, of the order n; OBJECT IDENTIFIER in DER."""

    p: int
    a: int
    b: int
    x: int
    y: int
    n: int
    oid: str

    @property
    def size(self) -> int:
        return (self.p.bit_length() + 7) // 8


_P192 = 2**192 - 2**64 - 1
_P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
_P384 = 2**384 - 2**128 - 2**96 + 2**32 - 1
_K256 = 2**256 - 2**32 - 977
CURVES = {
    "secp192r1": Curve(
        _P192, -3, 0x64210519E59C80E70FA7E9AB72243049FEB8DEECC146B9B1,
        0x188DA80EB03090F67CBF20EB43A18800F4FF0AFD82FF1012,
        0x07192B95FFC8DA78631011ED6B24CDD573F977A11E794811,
        0xFFFFFFFFFFFFFFFFFFFFFFFF99DEF836146BC9B1B4D22831, "06082a8648ce3d030101",
    ),
    "secp256r1": Curve(
        _P256, -3, 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        "06082a8648ce3d030107",
    ),
    "secp256k1": Curve(
        _K256, 0, 7,
        0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
        0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141, "06052b8104000a",
    ),
    "secp384r1": Curve(
        _P384, -3,
        0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
        0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
        0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
        "06052b81040022",
    ),
}  # fmt: skip
Point = tuple[int, int] | None


def _plus(curve: Curve, one: Point, other: Point) -> Point:
    if one is None or other is None:
        return other if one is None else one
    (x1, y1), (x2, y2) = one, other
    if x1 == x2:
        if (y1 + y2) % curve.p == 0:
            return None
        slope = (3 * x1 * x1 + curve.a) * pow(2 * y1, -1, curve.p)
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, curve.p)
    x = (slope * slope - x1 - x2) % curve.p
    return x, (slope * (x1 - x) - y1) % curve.p


def _times(curve: Curve, number: int, point: Point) -> Point:
    found: Point = None
    while number:
        if number & 1:
            found = _plus(curve, found, point)
        point, number = _plus(curve, point, point), number >> 1
    return found


def is_on(curve: Curve, point: tuple[int, int]) -> bool:
    x, y = point
    return (y * y - (x * x * x + curve.a * x + curve.b)) % curve.p == 0


def decompressed(curve: Curve, data: bytes) -> tuple[int, int]:
    """SEC 1, 2.3.4; p is 3 modulo 4 on all of these."""
    x = int.from_bytes(data[1:])
    y = pow(x**3 + curve.a * x + curve.b, (curve.p + 1) // 4, curve.p)
    return x, y if y % 2 == data[0] - 2 else curve.p - y


def holds(curve: Curve, key: tuple[int, int], r: int, s: int, data: bytes) -> bool:
    """SEC 1, 4.1.4."""
    assert is_on(curve, key)
    if not (0 < r < curve.n and 0 < s < curve.n):
        return False
    digest = hashlib.sha256(data).digest()
    number = int.from_bytes(digest) >> max(0, 256 - curve.n.bit_length())
    u, v = number * pow(s, -1, curve.n), r * pow(s, -1, curve.n)
    base = _times(curve, u % curve.n, (curve.x, curve.y))
    point = _plus(curve, base, _times(curve, v % curve.n, key))
    return point is not None and point[0] % curve.n == r
