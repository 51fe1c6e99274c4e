"""Secrets stay with the CSMS that they were given for.

Who may configure a station, but not see its secrets, could have them sent to a host of his own:
the password stands in the Authorization header of the next dial. So an address that leads
elsewhere, or that anybody on the way can read, goes without them, unless they are given with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from stations.models import Station

_PORTS = {"ws": 80, "wss": 443}
# Where a station of OCPP 1.6 goes for TLS (decision 7).
SECURE_URL = "EmulatorSecureUrl"
# What is read of a row to tell.
FIELDS = frozenset({
    "csms_url", "configuration", "proxy_url", "tls_verify", "tls_ca_pem", "tls_ciphers",
    "password_encrypted", "proxy_password_encrypted", "tls_client_key_encrypted",
    "tls_client_cert_pem",
})  # fmt: skip
# {field of the row: its name in the API}
_OF_THE_LINK = {
    "password_encrypted": "password", "tls_client_key_encrypted": "tls_client_key_pem",
}  # fmt: skip
_OF_THE_PROXY = {"proxy_password_encrypted": "proxy_password"}
SECRETS = _OF_THE_LINK | _OF_THE_PROXY


class Address(NamedTuple):
    """Of a URL. port: None where the URL names none."""

    scheme: str
    host: str
    port: int | None


class Kept(NamedTuple):
    """As a row was read: where its secrets go, how safe the way is, and the secrets, encrypted."""

    address: Address
    secure_url: Address | None
    proxy: str
    verify: bool
    ca_pem: str
    ciphers: str
    secrets: dict[str, str]
    client_cert: str

    @property
    def is_private(self) -> bool:
        """Whether who carries the link cannot read it."""
        return self.address.scheme == "wss" and self.verify


def address_of(url: object) -> Address:
    """Of what is no URL: an address that is like no other."""
    text = url if isinstance(url, str) else ""
    try:
        parts = urlsplit(text)
        return Address(parts.scheme, (parts.hostname or "").rstrip("."), parts.port)
    except ValueError:
        return Address("", text, None)


def kept_of(station: Station) -> Kept:
    """Where a station's secrets go, and the secrets: what a change of the link is compared with."""
    given = station.configuration
    secure = given.get(SECURE_URL) if isinstance(given, dict) else None
    return Kept(
        address_of(station.csms_url),
        address_of(secure) if secure else None,
        station.proxy_url,
        bool(station.tls_verify),
        station.tls_ca_pem,
        station.tls_ciphers,
        {name: getattr(station, name) for name in SECRETS},
        station.tls_client_cert_pem,
    )


def part(station: Station, kept: Kept) -> list[str]:
    """Remove the secrets of the row that would reach others than before; returns their names."""
    after = kept_of(station)
    going: dict[str, str] = {}
    if after.proxy != kept.proxy:
        going |= _OF_THE_PROXY
    if leads_elsewhere(kept, after):
        going |= _OF_THE_LINK
    parted = []
    for field, name in going.items():
        if kept.secrets[field] and getattr(station, field) == kept.secrets[field]:
            setattr(station, field, "")
            parted.append(name)
    if "tls_client_key_pem" in parted and station.tls_client_cert_pem == kept.client_cert:
        station.tls_client_cert_pem = ""  # it is nothing without its key
    return parted


def leads_elsewhere(before: Kept, after: Kept) -> bool:
    """Whether what was meant for the CSMS of `before` reaches anybody else by `after`."""
    return (
        not _same(before.address, after.address)
        or (after.secure_url is not None and after.secure_url != before.secure_url)
        or (before.verify and not after.verify)
        or _newly(before.ca_pem, after.ca_pem)
        or _newly(before.ciphers, after.ciphers)  # some want no certificate, or encrypt nothing
        or (_newly(before.proxy, after.proxy) and not after.is_private)
    )


def _newly(before: str, after: str) -> bool:
    return bool(after) and after != before


def _same(before: Address, after: Address) -> bool:
    if before.host != after.host or (before.scheme, after.scheme) == ("wss", "ws"):
        return False
    # From ws:// to wss:// without a port is the same CSMS, as it is for the station itself.
    raised = before.scheme != after.scheme and before.port is after.port is None
    return raised or _port(before) == _port(after)


def _port(address: Address) -> int | None:
    return address.port or _PORTS.get(address.scheme)
