"""A station from the command line's options and a file, checked as the admin checks it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.core.exceptions import ValidationError

from chargepoint.config import SUBPROTOCOLS
from chargepoint.make.make import Make
from stations.makes import documents
from stations.makes.finding import give
from stations.models import DESIGN_FIELDS, Station

VERSIONS = tuple(SUBPROTOCOLS)
OWN_FIELDS = ("name", "serial", "iccid", "imsi", "username")
MOST_BYTES = 1 << 20  # of a file that is given
# Where a field is not called as its option is.
_OPTIONS = {
    "csms_url": "--csms", "identity": "--id", "password": "--password", "username": "--user",
    "ocpp_version": "--version", "offered_versions": "--version", "default_id_tag": "--id-tag",
    "configuration": "--set", "connectors": "--connectors", "tls_ca_pem": "--ca",
    "tls_client_cert_pem": "--cert", "tls_client_key_pem": "--key",
}  # fmt: skip


class Unusable(Exception):
    """The options, or a file that they name, cannot be used: a sentence for people."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """What describes a station and its way to the CSMS."""
    parser.add_argument(
        "--csms", required=True, metavar="URL",
        help="ws:// or wss:// address; the identity is appended, or put at {identity}",
    )  # fmt: skip
    parser.add_argument(
        "--make", metavar="FILE|NAME",
        help="a make: its file, or one that ships (`make list`); a file may also be a JSON object"
        " of settings, as of a template",
    )  # fmt: skip
    parser.add_argument(
        "--connectors", type=int, metavar="N", help="N connectors of 22 kW AC, each an EVSE"
    )
    parser.add_argument("--user", metavar="NAME", help="of basic authentication; else the identity")
    parser.add_argument("--password", metavar="TEXT", help="of basic authentication")
    parser.add_argument("--id-tag", metavar="TAG", help="RFID tag used where none is named")
    parser.add_argument("--ca", metavar="FILE", help="certificates that the CSMS's must lead to")
    parser.add_argument("--cert", metavar="FILE", help="client certificate (security profile 3)")
    parser.add_argument("--key", metavar="FILE", help="its key")
    parser.add_argument(
        "--insecure", action="store_true", help="do not check the CSMS's certificate"
    )
    parser.add_argument(
        "--strict-reading", action="store_true", help="the station refuses what breaks its schema"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="configured",
        help="a configuration key of OCPP 1.6, or Component.Variable of 2.x",
    )  # fmt: skip
    parser.add_argument(
        "--fast", action="store_true", help="reboots, firmware and reconnects take no time"
    )


def set_pace(options: argparse.Namespace) -> None:
    """What `--fast` says, for this process."""
    if options.fast:
        django_settings.STATION_DELAYS = 0.0


def own_profile(options: argparse.Namespace) -> int:
    """The security profile (2.0.1 part 2, A00; the whitepaper for 1.6) that the options are."""
    secure = options.csms.startswith("wss:")
    if options.password is not None:
        return 2 if secure else 1
    return 3 if secure and options.cert else 0


def profiles(options: argparse.Namespace) -> list[int]:
    """The security profiles that the options can make; `secure_csms`: beside `csms`, or None."""
    secure = options.csms if options.csms.startswith("wss:") else options.secure_csms
    plain = options.csms.startswith("ws:")
    can = {
        0: plain, 1: plain and options.password is not None,
        2: secure and options.password is not None, 3: secure and options.cert and options.key,
    }  # fmt: skip
    return [profile for profile, may in can.items() if may]


def of_profile(options: argparse.Namespace, profile: int | None) -> argparse.Namespace:
    """The options of a link of one of `profiles`; None: as they are.

    Where there are two addresses, those of TLS are for the secure one.
    """
    made = argparse.Namespace(**vars(options))
    if profile is not None and profile >= 2 and not made.csms.startswith("wss:"):
        made.csms = made.secure_csms
    if profile in (0, 3):
        made.user = made.password = None
    if profile in (0, 1, 2):
        made.cert = made.key = None
    if made.secure_csms and not made.csms.startswith("wss:"):
        made.ca = made.cert = made.key = None
        made.insecure = False
    return made


def row_of(
    options: argparse.Namespace,
    identity: str,
    versions: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
) -> Station:
    """A station that is in no database. Raises Unusable with what is wrong, by option.

    versions: that it offers, in order; none: as the file says. settings: before the file's.
    """
    make, values = _made_of(options.make) if options.make else (None, {})
    values |= settings or {}
    if "make" in values:
        make = make_of(values.pop("make"))
    values |= {"csms_url": options.csms, "identity": identity}
    if versions:
        values["ocpp_version"] = versions[0]
        values["offered_versions"] = list(versions) if len(versions) > 1 else []
    for name, given in (("username", options.user), ("default_id_tag", options.id_tag)):
        if given is not None:
            values[name] = given
    if options.connectors is not None:
        values["connectors"] = _outlets(options.connectors)
    for name, path in (("tls_ca_pem", options.ca), ("tls_client_cert_pem", options.cert)):
        if path:
            values[name] = _text(path)
    if options.insecure:
        values["tls_verify"] = False
    if options.strict_reading:
        values["reading"] = "strict"
    values["configuration"] = {**values.get("configuration", {}), **_settings(options.configured)}
    return _checked(values, make, options.password, _text(options.key) if options.key else "")


def _checked(
    values: dict[str, Any], make: Make | None, password: str | None, client_key: str
) -> Station:
    try:
        row = Station(**values)
        if make is not None:
            give(row, make)
        if password is not None:
            row.set_password(password)
        if client_key:
            row.set_client_key(client_key)
        # Nothing is looked up: there is no database.
        row.full_clean(exclude=["template"], validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise Unusable(in_words(error)) from error
    return row


def in_words(error: ValidationError) -> str:
    """A row's validation errors in lines for the terminal, each field by the option that sets
    it."""
    by_field = getattr(error, "error_dict", None)
    if by_field is None:
        return " ".join(error.messages)
    lines = []
    for name, problems in by_field.items():
        sentences = " ".join(text for problem in problems for text in problem.messages)
        lines.append(f"{_OPTIONS.get(name, name)}: {sentences}")
    return "\n".join(lines)


def _made_of(given: str) -> tuple[Make | None, dict[str, Any]]:
    """The make that `--make` means, and the settings of a file of those."""
    if given in documents.shipped() and not Path(given).exists():
        return make_of(given), {}
    document = document_of(given)
    if is_make(document):
        return make_of(document, given), {}
    return None, _settings_of(given, document)


def is_make(document: Any) -> bool:
    """Whether it is a make's document; settings of a template have no versions."""
    return isinstance(document, Mapping) and "versions" in document


def make_of(given: Any, where: str = "make") -> Make:
    """A make by the name of one that ships, or by its document. Raises Unusable."""
    if not isinstance(given, Mapping):
        known = documents.shipped()
        if given not in known:
            names = ", ".join(known) or "none"
            raise Unusable(f"{where}: There is no make {given!r}; those that ship: {names}.")
        given = known[given]
    try:
        return documents.read(given)
    except documents.MakeRefused as error:
        lines = [f"{where}: {path}: {sentence}" for path, sentence in error.fields.items()]
        raise Unusable("\n".join(lines)) from error


def document_of(path: str) -> Any:
    """The JSON of a file. Raises Unusable."""
    try:
        return json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise Unusable(f"{path} is no JSON: {error}") from error


def _settings_of(path: str, values: Any) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise Unusable(f"{path} must hold a JSON object.")
    known = {*DESIGN_FIELDS, *OWN_FIELDS}
    strange = sorted(set(values) - known)
    if strange:
        names = ", ".join(strange)
        raise Unusable(f"{path} has {names}: a station has no such setting. Known: "
                       f"{', '.join(sorted(known))}.")  # fmt: skip
    return values


def _text(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise Unusable(f"{path} is larger than {MOST_BYTES >> 20} MiB.")
        return data.decode()
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Unusable(f"{path} is not UTF-8.") from error


def _settings(pairs: list[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise Unusable(f"--set takes KEY=VALUE, not {pair!r}.")
        found[name] = value
    return found


def _outlets(number: int) -> list[dict[str, Any]]:
    if not 1 <= number <= 100:
        raise Unusable("--connectors takes a number from 1 to 100.")
    kind = {"kind": "Type2", "phases": 3, "max_power_w": 22_000}
    return [{"id": place, "evse": place, **kind} for place in range(1, number + 1)]
