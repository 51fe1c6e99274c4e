"""What a plan may be: sentences that say what to mend, by its fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from chargepoint.config import SUBPROTOCOLS
from scenarios.drivers import SHIPPED as DRIVERS
from scenarios.drivers.document import check_driver
from scenarios.rules.validation import check_variables
from scenarios.suites import NAMES
from stations.configuration.validation import check_csms_url

# Of a plan, what its runs are asked.
ASKED = (
    "suite", "document", "csms_url", "stations", "versions", "driver", "driver_document", "only",
    "variables", "parallel", "strict", "fast", "seed",
)  # fmt: skip
VERSIONS = tuple(SUBPROTOCOLS)
DRIVER_NAMES = tuple(sorted(path.stem for path in DRIVERS.glob("*.json")))
MOST_DOCUMENT = 2 << 20
MOST_DRIVER = 256 << 10
MOST_PATTERNS = 100
MOST_PARALLEL = 50
MOST_MINUTES = 366 * 24 * 60
LEAST_MINUTES = 5
MOST_SEED = 2**31 - 1


def check_plan(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """{field: sentences}; empty where all is well."""
    found = {
        "suite": _suite(values), "document": _document(values["document"]),
        "csms_url": check_csms_url(values["csms_url"]), "stations": _stations(values["stations"]),
        "versions": _versions(values["versions"]), "driver": _driver(values),
        "driver_document": _driver_document(values["driver_document"]),
        "only": _only(values["only"]), "variables": check_variables(values["variables"]),
        "parallel": _number(values["parallel"], 0, MOST_PARALLEL),
        "seed": _number(values["seed"], 0, MOST_SEED),
        "every_minutes": _minutes(values["every_minutes"]),
        "webhook_url": _webhook(values["webhook_url"]),
    }  # fmt: skip
    return {name: problems for name, problems in found.items() if problems}


def _suite(values: Mapping[str, Any]) -> list[str]:
    name, document = values["suite"], values["document"]
    if bool(name) == bool(document):
        return ["Choose a suite that ships, or give a document of your own: one of both."]
    if name and name not in NAMES:
        return [f"Choose one of {', '.join(NAMES)}."]
    return []


def _document(document: Any) -> list[str]:
    """Its cases are checked by the run itself, with the words of `runsuite`."""
    if not isinstance(document, Mapping):
        return ["Give the suite as an object."]
    if len(json.dumps(document)) > MOST_DOCUMENT:
        return [f"Shorten the suite to {MOST_DOCUMENT >> 20} MiB."]
    if document and not isinstance(document.get("cases"), list):
        return ['Give "cases" as a list.']
    if document.get("include"):
        return ['Put the cases in: there are no files beside that "include" could name.']
    for case in document.get("cases", []):
        if isinstance(case, Mapping) and isinstance(case.get("scenario"), str):
            return [f"Give {case.get('id')}'s scenario itself: there are no files beside."]
    return []


def _stations(pattern: Any) -> list[str]:
    allowed = pattern.replace("{n}", "1")
    if not allowed or not all(c.isascii() and (c.isalnum() or c in "-_.:") for c in allowed):
        return ["Give an identity in letters, digits and - _ . :, with {n} for a number."]
    return []


def _versions(versions: Any) -> list[str]:
    if set(versions) <= set(VERSIONS):
        return []
    return [f"Choose of {', '.join(VERSIONS)}."]


def _driver(values: Mapping[str, Any]) -> list[str]:
    name = values["driver"]
    if name and name not in DRIVER_NAMES:
        return [f"Choose one of {', '.join(DRIVER_NAMES)}."]
    if name and values["driver_document"]:
        return ["Choose a driver that ships, or give a document of your own: not both."]
    return []


def _driver_document(document: Any) -> list[str]:
    if not isinstance(document, Mapping):
        return ["Give the driver as an object."]
    if len(json.dumps(document)) > MOST_DRIVER:
        return [f"Shorten the driver to {MOST_DRIVER} characters."]
    return list(check_driver(document))[:5] if document else []


def _only(patterns: Any) -> list[str]:
    if len(patterns) > MOST_PATTERNS:
        return [f"Give at most {MOST_PATTERNS} patterns."]
    if any(not each or not each.isprintable() or each[0] in "-@" for each in patterns):
        return ["Give patterns of cases' ids, such as TC_0*."]
    return []


def _number(value: Any, least: int, most: int) -> list[str]:
    return [] if least <= value <= most else [f"Choose {least} to {most}."]


def _minutes(value: Any) -> list[str]:
    if value == 0 or LEAST_MINUTES <= value <= MOST_MINUTES:
        return []
    return [f"Choose {LEAST_MINUTES} to {MOST_MINUTES} minutes, or 0 for none."]


def _webhook(url: str) -> list[str]:
    if not url:
        return []
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or not url.isprintable() or " " in url:
        return ["Give an http:// or https:// address."]
    if parts.username or parts.password:
        return ["Take the user name and password out of the address."]
    return []
