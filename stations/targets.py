"""Where and how a station dials its CSMS."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit, urlunsplit


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """verify: check the CSMS's certificate. PEM texts; "" means none (system CAs, no client)."""

    verify: bool = True
    ca_pem: str = ""
    client_cert_pem: str = ""
    client_key_pem: str = ""


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
