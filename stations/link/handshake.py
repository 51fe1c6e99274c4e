"""What a station says in the opening handshake, and what a CSMS's answer to it means."""

from __future__ import annotations

import base64
from typing import Any

from stations.link import deflate
from stations.link.targets import DialTarget


def request_headers(target: DialTarget) -> dict[str, str]:
    """Beside those of every WebSocket. Raises ValueError for what no header can say."""
    headers = {"Sec-WebSocket-Protocol": target.subprotocol}
    if target.options.deflate:
        headers["Sec-WebSocket-Extensions"] = deflate.OFFER
    if target.username:
        if ":" in target.username:
            raise ValueError(f'no user name can be "{target.username}": a ":" ends it (RFC 7617)')
        # OCPP-J 1.6, 6.2 and 2.0.1 security profile 1: HTTP basic authentication.
        pair = f"{target.username}:{target.password}".encode(errors="surrogateescape")
        headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
    return headers


def chosen(headers: Any) -> list[str]:
    """The subprotocol that the CSMS has chosen, in a list; as it is where it is not one name."""
    return [", ".join(headers.getall("Sec-WebSocket-Protocol", []))]


def compresses(headers: Any, target: DialTarget) -> bool:
    """Whether messages are compressed. Raises deflate.NotAgreed."""
    given = headers.getall("Sec-WebSocket-Extensions", [])
    return deflate.agreed(given, target.options.deflate) if given else False
