"""Where and how a station dials its CSMS."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from chargepoint.config import StationConfig
from chargepoint.trust.vault import LinkSecurity


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """verify: check the CSMS's certificate. PEM texts; "" means none (system CAs, no client).

    more_ca_pem: trusted beside the system's CAs. Versions "1.0" to "1.3"; "": from 1.2 on. ciphers:
    an OpenSSL list for versions up to 1.2; "": OpenSSL's own.
    """

    verify: bool = True
    ca_pem: str = ""
    client_cert_pem: str = ""
    client_key_pem: str = ""
    more_ca_pem: str = ""
    min_version: str = ""
    max_version: str = ""
    ciphers: str = ""


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """How a link is made beside where it leads; stations with equal options share one.

    configs  of each version that is offered, in their order, where there are several
    deflate  offer permessage-deflate (RFC 7692)
    proxy    http://[user:password@]host:port, percent-encoded; "": none
    """

    configs: tuple[StationConfig, ...] = field(default=(), compare=False)
    deflate: bool = False
    proxy: str = field(default="", repr=False)


PLAIN = LinkOptions()


@dataclass(frozen=True, slots=True)
class DialTarget:
    """username "" means no basic authentication. tls is None for ws://.

    password     as stations/configuration/passwords.py has it
    subprotocol  what is offered, in order, separated by ", "
    """

    url: str
    username: str
    password: str
    tls: TlsOptions | None
    subprotocol: str
    options: LinkOptions = PLAIN


# Of a path and a query (RFC 3986, 3.3 and 3.4), and "%" for what is encoded already.
_SAFE = "!$%&'()*+,/:;=?@[]~{}"
PLACE = "{identity}"


def in_path(identity: str) -> str:
    """As a segment of a path."""
    return quote(identity, safe="-._~*+=@")


def in_query(identity: str) -> str:
    """As a value in a query, where "+" is a space to many."""
    return quote(identity, safe="-._~*")


def station_url(csms_url: str, identity: str) -> str:
    """The URL a charge point connects to (OCPP-J 1.6, 3.1.1: endpoint + "/" + identity), in ASCII.

    `{identity}` in the URL is replaced; a URL that already ends with the identity is kept.
    """
    parts = urlsplit(csms_url)
    host = parts.netloc
    if not host.isascii():
        with suppress(UnicodeError):  # what is no name is found out when it is looked up
            host = host.encode("idna").decode()
    # All of it, since the client's library encodes "%" again in a URL that is not ASCII.
    path, query = quote(parts.path, safe=_SAFE), quote(parts.query, safe=_SAFE)
    if PLACE in csms_url:
        path = path.replace(PLACE, in_path(identity))
        query = query.replace(PLACE, in_query(identity))
    else:
        path = path.rstrip("/")
        if unquote(path.rsplit("/", 1)[-1]) != identity:
            path = f"{path}/{in_path(identity)}"
    return urlunsplit((parts.scheme, host, path, query, ""))


def secured(target: DialTarget, link: LinkSecurity | None, identity: str) -> DialTarget:
    """The target with what the CSMS has set since (whitepaper A01, A05; 2.0.1 A01, A05)."""
    if link is None:
        return target
    name, url = link.identity or identity, target.url
    if link.url:
        url = station_url(link.url, name)
    elif link.profile >= 2:
        # The same host and, where the address names one, the same port.
        url = url.replace("ws://", "wss://", 1)
    username, password = target.username, target.password
    if link.profile == 3 or (link.profile == 0 and link.url):
        username = password = ""  # the certificate says who it is, or nobody asks
    elif link.profile > 0 and (link.password or link.identity):
        username, password = link.identity or username or identity, link.password or password
    tls = _secured_tls(target.tls, link) if url.startswith("wss://") else None
    return replace(target, url=url, username=username, password=password, tls=tls)


def _secured_tls(configured: TlsOptions | None, link: LinkSecurity) -> TlsOptions:
    roots = "\n".join(link.roots)
    tls = configured or TlsOptions()
    if configured is None or tls.ca_pem:
        tls = replace(tls, ca_pem=f"{tls.ca_pem}\n{roots}".strip())
    else:  # the operator trusts the system's authorities, and the link may live by them
        tls = replace(tls, more_ca_pem=roots)
    if link.profile == 3 and link.certificate:
        tls = replace(tls, client_cert_pem=link.certificate, client_key_pem=link.key)
    return tls
