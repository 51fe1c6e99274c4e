"""Step `link` where stations run in this process: other ways to the CSMS, checked as any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError

from chargepoint.config import SUBPROTOCOLS
from scenarios.web import Hosts
from stations.link.egress import plain_host
from stations.link.targets import DialTarget
from stations.models import Station
from stations.orders.commands import CommandFailed
from terminal.rows import in_words

# Param of the step -> field of the row; the secrets are set apart.
FIELDS = {
    "url": "csms_url", "username": "username", "ca": "tls_ca_pem",
    "certificate": "tls_client_cert_pem", "verify": "tls_verify",
    "tls_min_version": "tls_min_version", "tls_max_version": "tls_max_version",
    "tls_ciphers": "tls_ciphers",
}  # fmt: skip
_VERSIONS = {name: version for version, name in SUBPROTOCOLS.items()}


def change(row: Station, changes: Mapping[str, Any], hosts: Hosts) -> None:
    """Write into a row that is not stored. Raises CommandFailed, the row as it was.

    hosts: whereto, beside the host that it has: a station brings its password along.
    """
    before = {**row.__dict__}
    try:
        _check_host(row, changes, hosts)
        for name, value in changes.items():
            _set(row, name, value)
        row.full_clean(exclude=["template"], validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        row.__dict__.clear()
        row.__dict__.update(before)
        raise CommandFailed("invalid_arguments", in_words(error)) from None


def _set(row: Station, name: str, value: Any) -> None:
    match name:
        case "password" | "key":
            setter = row.set_password if name == "password" else row.set_client_key
            if value:
                setter(value)
            else:
                field = "password_encrypted" if name == "password" else "tls_client_key_encrypted"
                setattr(row, field, "")
        case "subprotocols":
            row.offers = [str(each) for each in value]
            if known := [_VERSIONS[each] for each in row.offers if each in _VERSIONS]:
                row.ocpp_version = known[0]
                row.offered_versions = known if len(known) > 1 else []
        case "verify":
            row.tls_verify = True if value is None else value
        case _:
            setattr(row, FIELDS[name], "" if value is None else str(value))


def _check_host(row: Station, changes: Mapping[str, Any], hosts: Hosts) -> None:
    if not (url := changes.get("url")):
        return
    try:
        asked, own = urlsplit(str(url)), urlsplit(row.csms_url)
        host, port = asked.hostname or "", asked.port or (443 if asked.scheme == "wss" else 80)
    except ValueError:
        raise ValidationError({"csms_url": ["The address cannot be read."]}) from None
    if plain_host(host) != plain_host(own.hostname or "") and not hosts.may(host, port):
        sentence = f"{host} is not the CSMS's host: name it by --allow-host."
        raise ValidationError({"csms_url": [sentence]})


def offering(row: Station, target: DialTarget) -> DialTarget:
    """The target with the sub-protocols that a step has named, also those that nobody speaks."""
    offers = getattr(row, "offers", None)
    return replace(target, subprotocol=", ".join(offers)) if offers else target
