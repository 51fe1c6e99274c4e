"""Passwords of basic authentication: text, or bytes as an operator can write them.

A password on its way through the program is a str whose surrogates stand for bytes that are no
UTF-8 (PEP 383): `password.encode(errors="surrogateescape")` are the bytes that are sent.
"""

from __future__ import annotations

import base64
import binascii
import re

ENCODINGS = ("text", "hex", "base64")
# 2.x: passwordString of 64 characters (part 2, 2.1.4); whitepaper, 3: a 1.6 key has 20 bytes.
LONGEST = 64
_ESCAPED = re.compile("[\udc80-\udcff]")


def read(given: str, encoding: str) -> str:
    """The password that `given` writes. Raises ValueError with what to do."""
    if encoding == "text":
        try:
            given.encode()
        except UnicodeEncodeError as error:
            sentence = "Give proper Unicode; for other bytes choose hex or base64."
            raise ValueError(sentence) from error
        return given
    return _bytes_of(given, encoding).decode(errors="surrogateescape")


def _bytes_of(given: str, encoding: str) -> bytes:
    try:
        if encoding == "hex":
            return bytes.fromhex(given)
        return base64.b64decode(given.encode("ascii"), validate=True)
    except (ValueError, binascii.Error) as error:
        what = "pairs of hexadecimal digits" if encoding == "hex" else "base64 (RFC 4648, 4)"
        raise ValueError(f"Write the bytes as {what}.") from error


def written(password: str, encoding: str) -> str:
    """The inverse of `read`."""
    if encoding == "text":
        return password
    raw = password.encode(errors="surrogateescape")
    return raw.hex() if encoding == "hex" else base64.b64encode(raw).decode()


def check(password: str, encoding: str) -> dict[str, list[str]]:
    """{"password" or "password_encoding": [sentences]}."""
    if encoding != "text":
        if len(password.encode(errors="surrogateescape")) > LONGEST:
            return {"password": [f"Use at most {LONGEST} bytes."]}
        return {}
    if _ESCAPED.search(password):
        return {"password_encoding": ["The password is no text: choose hex or base64."]}
    errors = []
    if re.search(r"[\x00-\x1f\x7f]", password):  # RFC 7617, 2
        errors.append("Take out the control characters, or give bytes as hex or base64.")
    if len(password) > LONGEST:
        errors.append(f"Use at most {LONGEST} characters.")
    return {"password": errors} if errors else {}
