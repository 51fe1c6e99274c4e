"""HTTP requests of a run: to hosts that were allowed, bounded in time and size, never led on.

Who writes a scenario or a driver chooses the address, so the host is judged after all variables
were put in; what it resolves to is judged by the egress policy (stations/link/egress.py) besides.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from stations.link.egress import Refused, plain_host
from stations.link.reaching import Connector, Reach

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
MOST_BYTES = 1 << 20  # of a body, either way
PAUSE = 0.5  # seconds before the second try; doubled each time
# It has not been carried out, as far as who answers can tell.
_TRIED_AGAIN = frozenset({429, 503})
_SHOWN = 300  # characters of an answer in a sentence


class Unreached(Exception):
    """No answer came, or none was asked for: a sentence for people, without secrets."""


@dataclass(frozen=True)
class Request:
    """body: any JSON, a text as it is, None: none. timeout: seconds for each try."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Any = field(default=None, repr=False)
    timeout: float = 30.0
    retries: int = 0

    @property
    def place(self) -> str:
        """Where it leads, in words: without query, user and password."""
        parts = urlsplit(self.url)
        return f"{self.method} {parts.scheme}://{_host_and_port(self.url)}{parts.path}"


@dataclass(frozen=True)
class Reply:
    """body: read as JSON where it is that, else the text."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def shown(self) -> str:
        text = self.body if isinstance(self.body, str) else json.dumps(self.body, default=str)
        text = "".join(c if c.isprintable() else " " for c in text)
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


class Hosts:
    """Which hosts may be asked: loopback, and those named ("csms.example", ".example", an
    address), with a port only there."""

    def __init__(self, allowed: Iterable[str] = (), loopback: bool = True) -> None:
        self._allowed = {plain_host(each) for each in allowed}
        self._loopback = loopback

    def may(self, host: str, port: int) -> bool:
        """Whether a host and port may be asked by HTTP: named, an end of a name, or this
        machine."""
        host = plain_host(host)
        if self._loopback and _is_loopback(host):
            return True
        names = {host, f"{host}:{port}"}
        ends = (each for each in self._allowed if each.startswith("."))
        return bool(names & self._allowed) or any(host.endswith(end) for end in ends)


class Web:
    """`close` it in the end; the session is made on the running loop when it is first needed.

    environment: the value of an environment variable that a driver or step may name, or None.
    """

    def __init__(
        self, hosts: Hosts, reach: Reach | None = None,
        environment: Callable[[str], str | None] = lambda name: None,
    ) -> None:  # fmt: skip
        self.hosts, self._reach = hosts, reach or Reach()
        self.environment = environment
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def refusal(self, url: str) -> str:
        """Why this address must not be asked; "" if it may be."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return "the address cannot be read"
        if parts.scheme not in ("http", "https") or not host:
            return "the address is none of http:// or https://"
        if parts.username or parts.password:
            return "put the credentials into a header, not into the address"
        port = port or (443 if parts.scheme == "https" else 80)
        if not self.hosts.may(host, port):
            return f"{host} is not allowed: name it by --allow-host, or in HTTP_ALLOW_HOSTS"
        return ""

    async def ask(self, request: Request) -> Reply:
        """The answer, whatever its status. Raises Unreached."""
        if why := self.refusal(request.url):
            raise Unreached(f"{request.place} was not asked: {why}.")
        body = _body(request)
        for number in range(request.retries + 1):
            last = number == request.retries
            try:
                reply = await self._once(request, body)
            except (aiohttp.ClientError, OSError, ValueError, TimeoutError) as failure:
                # Any other may have been carried out.
                if last or not isinstance(failure, aiohttp.ClientConnectorError):
                    words = _words(failure, request)
                    raise Unreached(f"{request.place} was not answered: {words}.") from None
            else:
                if last or reply.status not in _TRIED_AGAIN:
                    return reply
            await asyncio.sleep(PAUSE * 2**number)
        raise AssertionError("the last try returns or raises")

    async def _once(self, request: Request, body: tuple[bytes | None, str]) -> Reply:
        data, kind = body
        headers = {"Accept": "application/json", **request.headers}
        if data is not None and "content-type" not in {name.lower() for name in headers}:
            headers["Content-Type"] = kind
        timeout = aiohttp.ClientTimeout(total=request.timeout)
        async with self._open().request(
            request.method, request.url, data=data, headers=headers, timeout=timeout,
            allow_redirects=False,
        ) as answer:  # fmt: skip
            text = await _read(answer)
            return Reply(answer.status, _parsed(text), dict(answer.headers))

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=Connector(self._reach), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session


def _body(request: Request) -> tuple[bytes | None, str]:
    if request.body is None or request.method in ("GET", "HEAD"):
        return None, ""
    if isinstance(request.body, str):
        data, kind = request.body.encode("utf-8", "replace"), "text/plain; charset=utf-8"
    else:
        data, kind = json.dumps(request.body).encode(), "application/json"
    if len(data) > MOST_BYTES:
        raise Unreached(f"{request.place} was not asked: its body is larger than {MOST_BYTES}.")
    return data, kind


async def _read(answer: aiohttp.ClientResponse) -> str:
    read = bytearray()
    async for block in answer.content.iter_chunked(1 << 16):
        read += block
        if len(read) > MOST_BYTES:
            raise ValueError(f"its answer is larger than {MOST_BYTES} bytes")
    return read.decode("utf-8", "replace")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _words(failure: BaseException, request: Request) -> str:
    # Some of aiohttp's texts have the whole address.
    if isinstance(failure, aiohttp.ClientConnectorError):
        failure = failure.os_error
    if isinstance(failure, TimeoutError):
        return f"not within {request.timeout:g} s"
    if isinstance(failure, aiohttp.InvalidURL):
        return "the address cannot be used"
    if isinstance(failure, Refused | ValueError):
        return str(failure)
    return f"{type(failure).__name__}: {failure}"


def _host_and_port(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
