"""Making connections that a policy allows: the address that was judged is the one dialled."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

import aioftp
import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from stations.link.egress import OPEN, Policy, Refused

MOST_LITERALS = 1024  # of the CSMSs of a fleet: judged once, not with each of its stations

# (host, port) -> addresses. Tests put names there that no server knows.
Resolve = Callable[[str, int], Awaitable[list[str]]]


async def resolved(host: str, port: int) -> list[str]:
    """The addresses of a name or of any form of a literal (127.1, 0x7f000001), in their order."""
    infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(f"{info[4][0]}" for info in infos))


class Reach:
    """What one kind of connection may reach."""

    def __init__(self, policy: Policy = OPEN, resolve: Resolve = resolved) -> None:
        self.policy = policy
        self._resolve = resolve
        self._literals: set[str] = set()  # addresses as hosts that were judged and may be dialled

    async def addresses(self, host: str, port: int) -> list[str]:
        """Those of the host's addresses that may be dialled. Raises Refused where none may be."""
        found = [host] if is_address(host) else await self._resolve(host, port)
        refusals = {address: self.policy.refusal(host, address) for address in found}
        may = [address for address in found if not refusals[address]]
        if not may:
            raise Refused("; ".join(refusals.values()) or f"{host} has no address")
        return may

    async def socket_to(self, place: object) -> socket.socket | None:
        """A connected socket for picows (`place` has host and port); None: it dials the literal.

        Raises OSError, the last address's, where none of them can be connected to.
        """
        if place.host in self._literals:
            return None
        addresses = await self.addresses(place.host, place.port)
        if addresses == [place.host]:
            if len(self._literals) < MOST_LITERALS and is_address(place.host):
                self._literals.add(place.host)
            return None
        failures = []
        for address in addresses:
            try:
                return await _connected(address, place.port)
            except OSError as failure:
                failures.append(failure)
        raise failures[-1]


def is_address(host: str) -> bool:
    """Whether a host is written as an IPv4 or IPv6 address and needs no look-up."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def _connected(address: str, port: int) -> socket.socket:
    loop = asyncio.get_running_loop()
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        await loop.sock_connect(made, (address, port))
    except BaseException:
        made.close()
        raise
    return made


class Connector(aiohttp.TCPConnector):
    """Asks the reach about every host of every hop, literals too, which no resolver sees."""

    def __init__(self, reach: Reach) -> None:
        super().__init__(limit=0, force_close=True, use_dns_cache=False, resolver=_Resolver(reach))
        self._reach = reach

    async def _resolve_host(self, host: str, port: int, traces: object = None) -> list:
        if is_address(host):
            await self._reach.addresses(host, port)
        return await super()._resolve_host(host, port, traces)


class _Resolver(AbstractResolver):
    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host=address, port=port, proto=0, flags=socket.AI_NUMERICHOST,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
            )
            for address in await self._reach.addresses(host, port)
        ]  # fmt: skip

    async def close(self) -> None:
        """Nothing is held."""


class FtpClient(aioftp.Client):
    """Its data connections lead to the very address of its control connection, as curl's do.

    What PASV names is a server's word; aioftp leaves it aside, and asks a resolver again for the
    host's name, which may have another answer by then.
    """

    def __init__(self, reach: Reach, **options: object) -> None:
        super().__init__(**options)
        self._reach = reach
        self._dialled = ""

    async def _open_connection(self, host: str, port: int) -> tuple:
        stream = self._stream
        secure = self.ssl if stream is None else stream.writer.get_extra_info("ssl_object")
        self._siosocks_asyncio_kwargs = {"server_hostname": self.server_host} if secure else {}
        if self._dialled:
            return await super()._open_connection(self._dialled, port)
        failures: list[OSError] = []
        for address in await self._reach.addresses(host, port):
            try:
                made = await super()._open_connection(address, port)
            except OSError as failure:
                failures.append(failure)
            else:
                self._dialled = address
                return made
        raise failures[-1]
