"""A station's identity as one segment of an address, whatever it contains.

An ASGI server hands over the decoded path, in which an identity's own "/" cannot be told from the
address's. KeepEncoded leaves "%2F" and "%25" in it as they were sent, and the path converter
`station` decodes them once the segments are apart (RFC 3986, section 2.2).
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

PREFIX = "/api/stations/"
_KEPT = re.compile(rb"%(?=2f|25)", re.IGNORECASE)


class KeepEncoded:
    """ASGI application around the one that routes."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: dict, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            raw = scope.get("raw_path") or b""
            if _KEPT.search(raw):
                kept = _KEPT.sub(b"%25", raw).decode("ascii", "replace")
                scope = {**scope, "path": unquote(kept, errors="replace")}
        await self.app(scope, receive, send)


class IdentityConverter:
    """Path converter `station`."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        # "%25" last: it may be the sign before "2F" in the identity itself.
        return re.sub("%2f", "/", value, flags=re.IGNORECASE).replace("%25", "%")

    def to_url(self, value: str) -> str:
        return value.replace("%", "%25").replace("/", "%2F")
