"""Names that come from a CSMS, where they become names of ours."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z0-9]{1,50}").fullmatch


def plain(name: str) -> str:
    """Only plain words may become fields of documents and keys."""
    return name if _PLAIN(name) else "other"
