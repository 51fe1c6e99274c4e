"""Opening a link: the connection, TLS where the address asks for it, and the upgrade.

The straight way does what `picows.ws_connect` does, with what all stations of one CSMS share found
out once: its address taken apart, whether the policy lets it be dialled. That and its parsing of
each URL took a third of what a start costs a worker. A proxy's way is left to picows.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import picows
from picows.picows import WSProtocol
from picows.url import WSInvalidURL, WSParsedURL, parse_url

from chargepoint.config import MAX_FRAME
from stations.link.egress import Refused
from stations.link.handshake import request_headers
from stations.link.targets import DialTarget, TlsOptions
from stations.link.tls_protocols import set_protocols

if TYPE_CHECKING:
    from stations.link.dialer import Dialer

# The smallest that picows takes; it grows for a connection that needs it. 16 KiB less a station.
READ_BUFFER = 2048

# uvloop's own transport takes 5 KiB less a station than aiofastnet's.
USE_AIOFASTNET = False

# An adapter, since picows makes a child of a plain Logger for each connection and keeps it.
_picows_log = logging.LoggerAdapter(logging.getLogger("stations.socket"), {})
_picows_log.logger.setLevel(logging.WARNING)  # it has two lines for each connection


# picows' own pings; ours are in dialer.py.
_NO_PINGS = (False, 10.0, 10.0, picows.WSAutoPingStrategy.PING_WHEN_IDLE)


async def open_websocket(dialer: Dialer, target: DialTarget, timeout: float) -> object | None:
    """Connect and upgrade; on success the dialer, which has had its on_ws_connected.

    None where the CSMS has closed the connection during the handshake.
    """
    if target.options.proxy:
        return await _by_proxy(dialer, target, timeout)
    place, resource = taken_apart(target.url)
    # Before the connection: it may have no header to say.
    protocol = WSProtocol(
        place.netloc, resource, True, lambda request, response: dialer, _picows_log, True, timeout,
        *_NO_PINGS, False, MAX_FRAME, request_headers(target), READ_BUFFER,
    )  # fmt: skip
    made = await dialer.queue.reach.socket_to(place)
    secure = _secure(target) if place.is_secure else None
    # Of a socket that is there asyncio knows no name.
    named = {"server_hostname": place.host} if secure and made is not None else {}
    host, port = (place.host, place.port) if made is None else (None, None)
    await asyncio.get_running_loop().create_connection(
        lambda: protocol, host, port, ssl=secure, sock=made, **named
    )
    await protocol.wait_until_handshake_complete()
    return protocol.listener


def taken_apart(url: str) -> tuple[WSParsedURL, str]:
    """Where a URL leads, and what is asked for there: path and query.

    Raises WSInvalidURL where it has a fragment (RFC 6455, 3) or names no place.
    """
    start = url.find("://") + 3
    ends = [at for sign in "/?#" if (at := url.find(sign, start)) >= 0]
    at = min(ends, default=len(url))
    resource = url[at:]
    if "#" in resource:
        raise WSInvalidURL(url, "fragment identifier is meaningless")
    return _place(url[:at]), resource if resource.startswith("/") else f"/{resource}"


@lru_cache(maxsize=1024)
def _place(origin: str) -> WSParsedURL:
    return parse_url(origin)


def _secure(target: DialTarget) -> ssl.SSLContext | bool:
    return tls_context(target.tls) if target.tls else True


async def _by_proxy(dialer: Dialer, target: DialTarget, timeout: float) -> Any:
    reach = dialer.queue.reach
    if why := reach.policy.refusal_of_host(urlsplit(target.url).hostname):
        raise Refused(why)  # the proxy's own address is judged with its socket
    _, listener = await picows.ws_connect(
        lambda request, response: dialer,
        target.url,
        ssl_context=tls_context(target.tls) if target.tls else None,
        websocket_handshake_timeout=timeout,
        logger_name=_picows_log,
        max_frame_size=MAX_FRAME,
        max_redirects=0,
        enable_auto_pong=False,  # the dialer answers, if its worker may speak
        extra_headers=request_headers(target),
        proxy=target.options.proxy,
        read_buffer_init_size=READ_BUFFER,
        socket_factory=reach.socket_to,
        use_aiofastnet=USE_AIOFASTNET,
    )
    return listener


@lru_cache(maxsize=256)
def tls_context(options: TlsOptions) -> ssl.SSLContext:
    """A client context; shared by all stations with the same options (it is large to build)."""
    context = ssl.create_default_context(cadata=options.ca_pem or None)
    set_protocols(context, options.min_version, options.max_version, options.ciphers)
    if options.more_ca_pem:
        context.load_verify_locations(cadata=options.more_ca_pem)
    if not options.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if options.client_cert_pem:
        _load_client_certificate(context, options)
    return context


def _load_client_certificate(context: ssl.SSLContext, options: TlsOptions) -> None:
    # ssl reads certificates from files only; the directory is readable by this user alone.
    with tempfile.TemporaryDirectory() as directory:
        certificate, key = Path(directory, "cert.pem"), Path(directory, "key.pem")
        certificate.write_text(options.client_cert_pem)
        key.write_text(options.client_key_pem)
        context.load_cert_chain(certificate, key)
