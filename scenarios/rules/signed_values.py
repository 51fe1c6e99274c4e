"""The rule @signed: whether the signed meter values in a part of a payload hold.

The check is the one of the session's page: chargepoint/trust/signed/checking.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from chargepoint.common.fiscal import FORMATS
from chargepoint.trust.signed.checking import (
    VALID,
    Unreadable,
    check,
    keys_in,
    read_key,
    signed_in,
)

SIGNED_AT_MOST = 1000  # of one look
SIGNED_WISHES = ("format", "key")


def why_not_signed(wanted: Any, actual: Any) -> str | None:
    """None if there are signed values in it and each of them holds; else why not, as the end of a
    sentence. wanted: true, or some of SIGNED_WISHES."""
    wishes = wanted if isinstance(wanted, Mapping) else {}
    found = list(islice(signed_in(actual), SIGNED_AT_MOST))
    if not found:
        return "without a signed value"
    try:
        given = read_key(wishes.get("key"))
    except Unreadable:
        return "not looked at: the key of @signed cannot be read"
    known, form = keys_in(found), wishes.get("format")
    for number, signed in enumerate(found, 1):
        if form is not None and signed.form != form:
            return f"and its signed value {number} is not {form}"
        seen = check(signed, given, known)
        if seen.check != VALID:
            return f"and its signed value {number} is {seen.check}: {seen.why}"
    return None


def check_signed(wanted: Any) -> str | None:
    """The sentence that says what to do about a rule that makes no sense, or None."""
    if _fits(wanted):
        return None
    forms = " or ".join(FORMATS)
    return f"Let @signed be true, or an object with a format ({forms}), a readable key, or both."


def _fits(wanted: Any) -> bool:
    if wanted is True or _is_open(wanted):
        return True
    if not isinstance(wanted, Mapping) or not wanted or set(wanted) - {*SIGNED_WISHES}:
        return False
    form, key = wanted.get("format", FORMATS[0]), wanted.get("key", "")
    if not (_is_open(form) or form in FORMATS):
        return False
    try:
        return _is_open(key) or "key" not in wanted or read_key(key) is not None
    except Unreadable:
        return False


def _is_open(value: Any) -> bool:
    """A variable: it is looked at when it is known."""
    return isinstance(value, str) and value.startswith("$")
