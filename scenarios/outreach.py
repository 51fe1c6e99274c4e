"""What runs of the platform may reach beyond their stations: by which driver, and which hosts.

Who runs scenarios is no administrator of this server. So hosts are the administrator's to allow
(HTTP_ALLOW_HOSTS; loopback is none of them by itself: the stores listen there), what their names
resolve to is judged as a station's link is, and of the environment only DRIVER_... can be named.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from scenarios.drivers import SHIPPED
from scenarios.drivers.document import BadDriver, check_driver, read_driver
from scenarios.rules.validation import each_step, type_of
from scenarios.rules.values import is_open
from scenarios.web import Hosts, Web
from stations.checks import egress_policy
from stations.link.reaching import Reach

PREFIX = "DRIVER_"
MOST_BYTES = 256 << 10  # of a driver's document
HERE_ONLY = {
    "link": "changes a station's link: put it into a suite, whose stations are its own",
}


def environment(name: str) -> str | None:
    return os.environ.get(name) if name.startswith(PREFIX) else None


def web() -> Web:
    """For a runner's services."""
    hosts = Hosts(settings.HTTP_ALLOW_HOSTS, loopback=False)
    return Web(hosts, Reach(egress_policy("CSMS")), environment)


def driver_document(given: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """What a run takes along: the document that was given, one that ships by its name, or that
    of the setting; {} for none. Raises BadDriver.

    values: in the place of its variables; not of the setting's, whose tokens are the
    administrator's and go where he says.
    """
    wanted = given or settings.SCENARIO_DRIVER
    if not wanted:
        return {}
    if isinstance(wanted, str):
        wanted = _shipped(wanted) or (_of_setting(wanted) if not given else None)
        if wanted is None:
            known = ", ".join(sorted(path.stem for path in SHIPPED.glob("*.json")))
            raise BadDriver(f"Give the driver's document, or the name of one of: {known}.")
    if not isinstance(wanted, Mapping):
        raise BadDriver("Give the driver as an object.")
    if len(json.dumps(wanted)) > MOST_BYTES:
        raise BadDriver(f"Shorten the driver to {MOST_BYTES} characters.")
    if problems := list(check_driver(wanted)):
        raise BadDriver(" ".join(problems[:5]))
    own = wanted.get("variables") or {}
    mine = {name: value for name, value in values.items() if given and name in own}
    return {**wanted, "variables": {**own, **mine}}


def _shipped(name: str) -> Any:
    path = SHIPPED / f"{name}.json"
    return json.loads(path.read_bytes()) if name.isidentifier() and path.is_file() else None


def _of_setting(path: str) -> Any:
    """The administrator's file."""
    try:
        return json.loads(Path(path).read_bytes())
    except (OSError, ValueError) as problem:
        raise BadDriver(f"SCENARIO_DRIVER, {path}: {problem}") from problem


def refusals(content: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    """Why a run of this content cannot be carried out here, as sentences."""
    steps = list(each_step([*content["steps"], *content["cleanup"]]))
    kinds = {type_of(step) for step in steps}
    yield from (f"A step {kind} {why}." for kind, why in HERE_ONLY.items() if kind in kinds)
    if kinds & {"csms", "http"} and not settings.HTTP_ALLOW_HOSTS:
        yield "It asks by HTTP, and no host is allowed: the administrator sets HTTP_ALLOW_HOSTS."
    if "csms" not in kinds:
        return
    if not document:
        yield "The CSMS is to act, and the run has no driver: give one, or set SCENARIO_DRIVER."
        return
    calls = [(step.get("params") or {}).get("call") for step in steps if type_of(step) == "csms"]
    named = [call for call in calls if isinstance(call, str) and not is_open(call)]
    plain = read_driver(document, lambda name: "")
    if missing := plain.lacks(list(dict.fromkeys(named))):
        yield f"The driver cannot make the CSMS do {', '.join(missing)}."
