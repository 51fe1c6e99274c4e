"""The one-time password in the address of a web payment (2.1, C25, "TOTP algorithm, version 1").

Like RFC 6238, by HMAC-SHA256, with characters in place of digits.
"""

from hashlib import sha256
from hmac import digest

_CHARACTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def one_time_password(secret: str, time: float, validity: int, length: int) -> str:
    """`time`: unix seconds; `validity`: for how many seconds one password is shown."""
    count = int(time // validity)
    hashed = digest(secret.encode(), count.to_bytes(8, "big"), sha256)
    start = hashed[-1] & 0x0F
    picked = (hashed[(start + n) % len(hashed)] for n in range(length))
    return "".join(_CHARACTERS[byte % len(_CHARACTERS)] for byte in picked)
