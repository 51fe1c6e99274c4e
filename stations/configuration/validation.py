"""The rules for a station's settings: pure functions, used by the model, the admin and the API.

Every check returns sentences that say what to do; none means that the value is good.
`check_design` and `check_station` return {field name: [sentences]}.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

import bson
from bson.errors import BSONError

from stations.cars.garage import check_cars
from stations.configuration.connector_rules import check_connectors
from stations.configuration.delays import check_delays
from stations.configuration.rules import check_rules
from stations.link.proxies import check_address
from stations.link.tls_protocols import check_protocols

OCPP_VERSIONS = ("1.6", "2.0.1", "2.1")
READINGS = ("lenient", "strict")

# Part 4 of 2.0.1 and 2.1, 3.1.1: an identifierString (part 2, 2.1.4) of 48 characters at most.
# OCPP-J 1.6, 3.1.1, leaves the signs open; the URL has them percent-encoded.
IDENTIFIER = re.compile(r"[A-Za-z0-9*\-_=:+|@.]+\Z")
LONGEST_IDENTITY = 48
# These are endpoints below /api/stations/, so a station of that name could not be reached.
RESERVED_IDENTITIES = frozenset({".", "..", "bulk", "export", "import", "states"})

# Longest values in the schemas of BootNotification (1.6 section 6.3; 2.x ChargingStationType).
TEXT_LIMITS = {
    "1.6": {"vendor": 20, "model": 20, "serial": 25, "firmware": 50, "iccid": 20, "imsi": 20},
    "2": {"vendor": 50, "model": 20, "serial": 25, "firmware": 50, "iccid": 20, "imsi": 20},
}
VARIABLE = re.compile(r"[^.]+\.[^.].*\Z")  # Component.Variable
LARGEST_FIELD = 1_000_000  # bytes; a document may have 16 MiB
ID_TAG_LIMIT = {"1.6": 20, "2": 36}
LONGEST_USERNAME = 48

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


def check_identity(identity: object, versions: Iterable[str] = ("1.6",)) -> list[str]:
    """`versions`: all that the station may speak."""
    if identity in RESERVED_IDENTITIES:
        return [f'"{identity}" is a word of the API: choose another identity.']
    if not isinstance(identity, str) or not 0 < len(identity) <= LONGEST_IDENTITY:
        return [f"Use 1 to {LONGEST_IDENTITY} characters."]
    # A version that does not exist is another field's matter.
    later = [version for version in versions if str(version).startswith("2.")]
    if later and not IDENTIFIER.match(identity):
        signs = "the letters A-Z a-z, the digits and * - _ = : + | @ ."
        return [f"Use {signs} only: OCPP {later[0]} has no others in an identity."]
    if not identity.isprintable() or identity != identity.strip():
        return ["Take out the signs that cannot be printed, and spaces at the ends."]
    if "," in identity:
        return ['Take out the ",": it stands between the stations of a list.']
    return []


def check_basic_name(identity: str, username: str, has_password: bool) -> dict[str, list[str]]:
    """Who logs in under the identity cannot have a ":" in it (RFC 7617, section 2)."""
    if has_password and not username and ":" in identity:
        sentence = (
            'Give a user name: the identity stands for it, and its ":" would end it there '
            "(RFC 7617). Or do without a password."
        )
        return {"username": [sentence]}
    return {}


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
    try:
        (parts.hostname or "").encode("idna")
    except UnicodeError:
        errors.append("Name a host that can be looked up.")
    if parts.fragment:
        errors.append(
            'Take the "#..." part out of the URL: WebSocket URLs have none (RFC 6455, 3).'
        )
    if re.search(r"[{}]", url.replace("{identity}", "")):
        errors.append("Only {identity} may stand in braces.")
    elif "{" in parts.netloc:
        errors.append("Put {identity} behind the host: in the path or the query.")
    return errors


def check_texts(version: str, values: Mapping) -> dict[str, list[str]]:
    """`version`: a family."""
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
    """{field: [sentence]} of numbers out of their RANGES, which have the units."""
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


def check_measurands(versions: Sequence[str], measurands: object) -> list[str]:
    """What is wrong with a list of measurands in any of these OCPP versions: sentences."""
    if not isinstance(measurands, list) or not all(isinstance(m, str) for m in measurands):
        return ["Give a list of measurand names."]
    known = {m for version in versions for m in MEASURANDS[family(version)]}
    unknown = [m for m in measurands if m not in known]
    if unknown:
        return [f"OCPP {', '.join(versions)} has no measurand {', '.join(unknown)}: take it out."]
    if len(set(measurands)) != len(measurands):
        return ["Name each measurand once."]
    return []


def overrides_of(version: str, versions: Iterable[str], configuration: Mapping) -> Mapping:
    """Those that belong to the version, of a station that may speak these `versions`.

    Where 1.6 and 2.x are both offered, Component.Variable is a 2.x variable, all else a 1.6 key.
    """
    if len({family(each) for each in versions}) == 1:
        return configuration
    is_2 = family(version) == "2"
    return {
        key: value
        for key, value in configuration.items()
        if bool(isinstance(key, str) and VARIABLE.match(key)) == is_2
    }


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
        elif family(version) == "2" and not VARIABLE.match(key):
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


def check_reading(reading: object) -> list[str]:
    return [] if reading in READINGS else [f"Choose one of {', '.join(READINGS)}."]


def check_tags(tags: object) -> list[str]:
    """What is wrong with a list of tags: sentences."""
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        return ["Give a list of texts."]
    if any(not tag.strip() or len(tag) > 50 or "," in tag for tag in tags):
        return ["Give each tag 1 to 50 characters and no comma."]
    if len(set(tags)) != len(tags):
        return ["Name each tag once."]
    return []


def check_storable(values: Mapping) -> dict[str, list[str]]:
    """What a database document can hold: no lone surrogates, no integers beyond 64 bits, no NUL
    in a name within; and each field at most LARGEST_FIELD bytes. NUL in a text could be stored,
    but ends it in an XML export, a log and much else."""
    errors: dict[str, list[str]] = {}
    for name, value in values.items():
        try:
            large = len(bson.encode({name: value})) > LARGEST_FIELD
        except (BSONError, OverflowError, UnicodeError, RecursionError) as fault:
            errors[name] = [f"Take out what cannot be stored: {fault}"[:300]]
        else:
            if large:
                errors[name] = [f"Use at most {LARGEST_FIELD} bytes."]
            elif _has_nul(value):
                errors[name] = ["Take out the NUL characters (\\u0000)."]
    return errors


def _has_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, Mapping):
        return any(_has_nul(each) for pair in value.items() for each in pair)
    return isinstance(value, list | tuple) and any(_has_nul(each) for each in value)


def check_username(username: str) -> list[str]:
    """RFC 7617: no ":" and no control characters."""
    errors = []
    if ":" in username:
        errors.append('Take the ":" out of the user name: it would end it (RFC 7617).')
    if re.search(r"[\x00-\x1f\x7f]", username):
        errors.append("Take out the control characters.")
    if len(username) > LONGEST_USERNAME:
        errors.append(f"Use at most {LONGEST_USERNAME} characters.")
    return errors


def check_offered(version: str, offered: object) -> list[str]:
    """The versions that are offered in one handshake, in their order; [] is the version alone."""
    if not isinstance(offered, list) or any(each not in OCPP_VERSIONS for each in offered):
        return [f"Give a list of {', '.join(OCPP_VERSIONS)}."]
    if len(set(offered)) != len(offered):
        return ["Name each version once."]
    if offered and version not in offered:
        return [f"Name the station's own version {version} too."]
    return []


def check_place(latitude: object, longitude: object) -> dict[str, list[str]]:
    """Degrees; both, or neither."""
    errors = {}
    for name, value, most in (("latitude", latitude, 90), ("longitude", longitude, 180)):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (is_number and abs(value) <= most):  # NaN is not
            errors[name] = [f"Give degrees from -{most} to {most}, or nothing."]
    if not errors and (latitude is None) != (longitude is None):
        name = "latitude" if latitude is None else "longitude"
        errors[name] = ["Give latitude and longitude, or neither."]
    return errors


def check_design(values: Mapping) -> dict[str, list[str]]:
    """What a station and a template share."""
    version = values["ocpp_version"]
    if version not in OCPP_VERSIONS:
        return {"ocpp_version": [f"Choose one of {', '.join(OCPP_VERSIONS)}."]}
    offered = values.get("offered_versions") or []
    if sentences := check_offered(version, offered):
        return {"offered_versions": sentences}
    versions = offered or [version]
    protocols = (values.get(f"tls_{name}") for name in ("min_version", "max_version", "ciphers"))
    errors = {**check_ranges(values), **check_protocols(*protocols)}
    found: list[tuple[str, list[str]]] = [
        ("csms_url", check_csms_url(values.get("csms_url") or "")),
        ("measurands", check_measurands(versions, values.get("measurands"))),
        ("delays", check_delays(values.get("delays"))),
        ("cars", check_cars(values.get("cars"))),
        ("rules", check_rules(versions, values.get("rules"))),
        ("reading", check_reading(values.get("reading"))),
        ("tags", check_tags(values.get("tags"))),
        ("proxy_url", check_address(values.get("proxy_url"))),
        *check_place(values.get("latitude"), values.get("longitude")).items(),
    ]
    configuration = values.get("configuration")
    # One of each family says it all.
    for each in {family(each): each for each in versions}.values():
        errors.update(check_texts(family(each), values))
        own = configuration
        if isinstance(configuration, dict):
            own = overrides_of(each, versions, configuration)
        found.append(("configuration", check_configuration(each, own)))
        found.append(("connectors", check_connectors(each, values.get("connectors"))))
    for name, sentences in found:
        if sentences:
            errors[name] = list(dict.fromkeys([*errors.get(name, []), *sentences]))
    return errors
