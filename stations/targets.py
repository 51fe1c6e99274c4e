"""Where and how a station dials its CSMS."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from chargepoint.security.vault import LinkSecurity


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """verify: check the CSMS's certificate. PEM texts; "" means none (system CAs, no client).

    more_ca_pem: trusted beside the system's CAs.
    """

    verify: bool = True
    ca_pem: str = ""
    client_cert_pem: str = ""
    client_key_pem: str = ""
    more_ca_pem: str = ""


@dataclass(frozen=True, slots=True)
class DialTarget:
    """username "" means no basic authentication. tls is None for ws://."""

    url: str
    username: str
    password: str
    tls: TlsOptions | None
    subprotocol: str


def station_url(csms_url: str, identity: str) -> str:
    """The URL a charge point connects to (OCPP-J 1.6, 3.1.1: endpoint + "/" + identity).

    `{identity}` in the URL is replaced; a URL that already ends with the identity is kept.
    """
    encoded = quote(identity, safe="-._~*+=@")
    if "{identity}" in csms_url:
        return csms_url.replace("{identity}", encoded)
    parts = urlsplit(csms_url)
    path = parts.path.rstrip("/")
    if unquote(path.rsplit("/", 1)[-1]) != identity:
        path = f"{path}/{encoded}"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


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
