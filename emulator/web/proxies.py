"""Who asks: the word of the proxies that TRUSTED_PROXIES names, and of nobody else.

X-Forwarded-For and X-Forwarded-Proto are headers that anybody can send. From others they are taken
out before Django sees them; of a proxy's the address is the request's from here on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from ipaddress import ip_address
from typing import Any

from stations.link.egress import Rules

Scope = dict[str, Any]
# An underscore is a hyphen to CGI's names, so these must not differ by it.
_NAMES = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-port",
          b"x-forwarded-proto", b"x-real-ip")  # fmt: skip
_MOST_HOPS = 20


class BehindProxies:
    """ASGI: the application behind it sees who asked, and over what."""

    def __init__(self, app: Callable[..., Awaitable[None]], proxies: Iterable[str]) -> None:
        self._app = app
        self._proxies = Rules.parse(proxies)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = seen(scope, self._proxies)
        await self._app(scope, receive, send)


def seen(scope: Scope, proxies: Rules) -> Scope:
    """The scope as it is to be believed."""
    peer = (scope.get("client") or [""])[0]
    if not is_proxy(peer, proxies):
        headers = [pair for pair in scope["headers"] if pair[0].lower() not in _NAMES]
        return {**scope, "headers": headers}
    return {**scope, "client": [asker(peer, scope["headers"], proxies), 0]}


def is_proxy(address: str, proxies: Rules) -> bool:
    """Whether an address is of a trusted proxy, IPv4 in IPv6 too; False for what is none."""
    try:
        known = ip_address(address)
    except ValueError:
        return False
    return bool(proxies.network_of(getattr(known, "ipv4_mapped", None) or known))


def asker(peer: str, headers: Iterable[tuple[bytes, bytes]], proxies: Rules) -> str:
    """The address before the last proxy of ours: what stands further left anybody may write."""
    told = b",".join(value for name, value in headers if name.lower() == b"x-forwarded-for")
    hops = told.decode("latin-1").rsplit(",", _MOST_HOPS)[-_MOST_HOPS:]
    found = peer
    for hop in (part.strip() for part in reversed(hops)):
        try:
            found = str(ip_address(hop))
        except ValueError:
            return found
        if not is_proxy(found, proxies):
            return found
    return found
