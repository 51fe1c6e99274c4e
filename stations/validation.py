"""The rules for a station's settings: pure functions, used by the model, the admin and the API.

Every check returns sentences that say what to do; none means that the value is good.
`check_design` and `check_station` return {field name: [sentences]}.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import bson
from bson.errors import BSONError

from stations.connector_rules import check_connectors

OCPP_VERSIONS = ("1.6", "2.0.1", "2.1")

# RFC 3986 unreserved, and of OCPP's identifierString (2.0.1 part 2, 2.1.4) those that stand in a
# URL path as they are. ":" is left out: it would end the basic-auth username (OCPP-J part 4).
IDENTITY = re.compile(r"[A-Za-z0-9\-._~*+=@]{1,48}\Z")
# These are endpoints below /api/stations/, so a station of that name could not be reached.
RESERVED_IDENTITIES = frozenset({".", "..", "bulk", "export", "import", "states"})

# Longest values in the schemas of BootNotification (1.6 section 6.3; 2.x ChargingStationType).
TEXT_LIMITS = {
    "1.6": {"vendor": 20, "model": 20, "serial": 25, "firmware": 50, "iccid": 20, "imsi": 20},
    "2": {"vendor": 50, "model": 20, "serial": 25, "firmware": 50, "iccid": 20, "imsi": 20},
}
LARGEST_FIELD = 1_000_000  # bytes; a document may have 16 MiB
ID_TAG_LIMIT = {"1.6": 20, "2": 36}
BASIC_AUTH_LIMIT = {"username": 48, "password": 64}

_ENERGY = tuple(
    f"Energy.{kind}.{way}.{span}"
    for kind in ("Active", "Reactive")
    for way in ("Export", "Import")
    for span in ("Register", "Interval")
)
_COMMON_MEASURANDS = (
    *_ENERGY, "Power.Active.Export", "Power.Active.Import", "Power.Factor", "Power.Offered",
    "Power.Reactive.Export", "Power.Reactive.Import", "Current.Export", "Current.Import",
    "Current.Offered", "Voltage", "Frequency", "SoC",
)  # fmt: skip
MEASURANDS = {
    "1.6": (*_COMMON_MEASURANDS, "Temperature", "RPM"),
    "2": (*_COMMON_MEASURANDS, "Energy.Active.Net", "Energy.Reactive.Net", "Energy.Apparent.Net",
          "Energy.Apparent.Import", "Energy.Apparent.Export"),
}  # fmt: skip

RANGES = {
    "boot_delay": (0, 3600, "seconds"),
    "meter_variance": (0, 0.5, "(a part of one: 0.05 is 5 %)"),
    "call_timeout": (1, 600, "seconds"),
    "heartbeat_interval": (0, 604800, "seconds"),
    "meter_sample_interval": (0, 86400, "seconds"),
    "meter_aligned_interval": (0, 86400, "seconds"),
    "ev_max_power_w": (100, 1_000_000, "W"),
}


def family(version: str) -> str:
    """Rules differ between OCPP 1.6 and all 2.x."""
    return "1.6" if version == "1.6" else "2"


def check_identity(identity: str) -> list[str]:
    if identity in RESERVED_IDENTITIES:
        return [f'"{identity}" is a word of the API: choose another identity.']
    if not IDENTITY.match(identity or ""):
        return ["Use 1 to 48 of the letters A-Z a-z, the digits and - . _ ~ * + = @."]
    return []


def check_csms_url(url: str) -> list[str]:
    """ws:// or wss:// with a host; no user name, password or fragment inside."""
    if not url:
        return ["Give the CSMS's address, e.g. ws://127.0.0.1:9000/ocpp."]
    if re.search(r"[\s\x00-\x1f]", url):
        return ["Take the spaces and control characters out of the address."]
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ["Write the address as ws://host:port/path, with a port from 1 to 65535."]
    errors = []
    if parts.scheme not in ("ws", "wss"):
        errors.append("Begin the address with ws:// or wss://.")
    if not parts.hostname or port == 0:
        errors.append("Name a host and, if needed, a port: ws://host:port/path.")
    if parts.username is not None or parts.password is not None:
        errors.append("Take the user name and password out of the URL: they have own fields.")
    if parts.fragment:
        errors.append(
            'Take the "#..." part out of the URL: WebSocket URLs have none (RFC 6455, 3).'
        )
    if re.search(r"[{}]", url.replace("{identity}", "")):
        errors.append("Only {identity} may stand in braces.")
    return errors


def check_texts(values: Mapping) -> dict[str, list[str]]:
    version = family(values["ocpp_version"])
    errors: dict[str, list[str]] = {}
    for name, limit in TEXT_LIMITS[version].items():
        if len(values.get(name) or "") > limit:
            errors[name] = [f"Shorten this to {limit} characters, the limit of OCPP {version}."]
    for name in ("vendor", "model"):
        if not (values.get(name) or "").strip():
            errors[name] = ["Fill this in: BootNotification must carry it."]
    if len(values.get("default_id_tag") or "") > ID_TAG_LIMIT[version]:
        errors["default_id_tag"] = [
            f"Shorten this to {ID_TAG_LIMIT[version]} characters, the limit of OCPP {version}."
        ]
    return errors


def check_ranges(values: Mapping) -> dict[str, list[str]]:
    errors = {}
    for name, (low, high, unit) in RANGES.items():
        value = values.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            errors[name] = [f"Give a number from {low} to {high} {unit}."]
        elif not low <= value <= high:
            errors[name] = [f"Choose a value from {low} to {high} {unit}."]
    return errors


def check_measurands(version: str, measurands: object) -> list[str]:
    if not isinstance(measurands, list) or not all(isinstance(m, str) for m in measurands):
        return ["Give a list of measurand names."]
    known = MEASURANDS[family(version)]
    unknown = [m for m in measurands if m not in known]
    if unknown:
        return [f"OCPP {version} has no measurand {', '.join(unknown)}: take it out."]
    if len(set(measurands)) != len(measurands):
        return ["Name each measurand once."]
    return []


def check_configuration(version: str, configuration: object) -> list[str]:
    """Overrides of 1.6 keys, or of 2.x variables named Component.Variable; values are texts."""
    if not isinstance(configuration, dict):
        return ['Give an object of texts, e.g. {"HeartbeatInterval": "60"}.']
    errors = []
    for key, value in configuration.items():
        if not isinstance(key, str) or not key.strip() or len(key) > 100:
            errors.append("Name every key with 1 to 100 characters.")
        elif family(version) == "1.6" and len(key) > 50:
            errors.append(f"Shorten the key {key[:50]}… to 50 characters.")
        elif family(version) == "2" and not re.fullmatch(r"[^.]+\.[^.].*", key):
            errors.append(f"Write {key} as Component.Variable.")
        if not isinstance(value, str):
            errors.append(f"Write the value of {key} as a text, in quotes.")
        elif len(value) > _longest_value(version, key):
            errors.append(f"Shorten the value of {key}.")
    return errors


def _longest_value(version: str, key: object) -> int:
    """A list of revoked certificates is the station's own and never told in a message."""
    if key in ("EmulatorRevocationList", "EmulatorCtrlr.RevocationList"):
        return 50_000
    return 500 if family(version) == "1.6" else 2500


def check_tags(tags: object) -> list[str]:
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        return ["Give a list of texts."]
    if any(not tag.strip() or len(tag) > 50 or "," in tag for tag in tags):
        return ["Give each tag 1 to 50 characters and no comma."]
    if len(set(tags)) != len(tags):
        return ["Name each tag once."]
    return []


def check_storable(values: Mapping) -> dict[str, list[str]]:
    """What a database document can hold: no lone surrogates, no integers beyond 64 bits, no NUL
    in a name within; and each field at most LARGEST_FIELD bytes."""
    errors: dict[str, list[str]] = {}
    for name, value in values.items():
        try:
            large = len(bson.encode({name: value})) > LARGEST_FIELD
        except (BSONError, OverflowError, UnicodeError, RecursionError) as fault:
            errors[name] = [f"Take out what cannot be stored: {fault}"[:300]]
        else:
            if large:
                errors[name] = [f"Use at most {LARGEST_FIELD} bytes."]
    return errors


def check_credentials(username: str, password: str) -> dict[str, list[str]]:
    """RFC 7617: no ":" in the user name, no control characters in either."""
    errors: dict[str, list[str]] = {}
    if ":" in username:
        errors["username"] = ['Take the ":" out of the user name: it would end it (RFC 7617).']
    for name, value in (("username", username), ("password", password)):
        if re.search(r"[\x00-\x1f\x7f]", value):
            errors.setdefault(name, []).append("Take out the control characters.")
        if len(value) > BASIC_AUTH_LIMIT[name]:
            errors.setdefault(name, []).append(f"Use at most {BASIC_AUTH_LIMIT[name]} characters.")
    return errors


def check_design(values: Mapping) -> dict[str, list[str]]:
    """What a station and a template share."""
    version = values["ocpp_version"]
    if version not in OCPP_VERSIONS:
        return {"ocpp_version": [f"Choose one of {', '.join(OCPP_VERSIONS)}."]}
    errors = {**check_texts(values), **check_ranges(values)}
    found = {
        "csms_url": check_csms_url(values.get("csms_url") or ""),
        "connectors": check_connectors(version, values.get("connectors")),
        "configuration": check_configuration(version, values.get("configuration")),
        "measurands": check_measurands(version, values.get("measurands")),
        "tags": check_tags(values.get("tags")),
    }
    errors.update({name: sentences for name, sentences in found.items() if sentences})
    return errors
