"""What a run is given beside its stations: the driver of the CSMS, hosts, other values."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios.drivers import SHIPPED
from scenarios.drivers.document import OWN, BadDriver, Driver, read_driver
from scenarios.web import Hosts, Web
from stations.checks import egress_policy
from stations.link.reaching import Reach
from terminal import sources
from terminal.rows import Unusable
from terminal.suites.cases import Equipment
from terminal.suites.reading import json_of


@dataclass(frozen=True)
class Equipped:
    """values: of `--var`."""

    equipment: Equipment
    web: Web
    values: Mapping[str, Any]
    driver_variables: frozenset[str]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options on the CSMS's driver, allowed hosts, people's answers, variables."""
    shipped = ", ".join(sorted(path.stem for path in SHIPPED.glob("*.json")))
    parser.add_argument(
        "--driver", metavar="FILE",
        help=f"how the CSMS is made to act: a file, or one of those here: {shipped}",
    )  # fmt: skip
    parser.add_argument(
        "--secure-csms", metavar="URL", help="wss:// address, for cases of security profile 2 or 3"
    )
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="HOST", dest="hosts",
        help="that the driver and steps may ask by HTTP, beside this machine; HOST or HOST:PORT",
    )  # fmt: skip
    parser.add_argument(
        "--no-loopback", action="store_true",
        help="this machine may not be asked by HTTP either, unless --allow-host names it",
    )  # fmt: skip
    parser.add_argument(
        "--questions", metavar="FOLDER", type=Path,
        help="what a person is asked stands there as N.question.json, and N.answer.json answers it",
    )  # fmt: skip
    parser.add_argument(
        "--var", action="append", default=[], metavar="NAME=VALUE", dest="variables",
        help="another value for a variable of the cases or the driver; JSON, else text",
    )  # fmt: skip


def of_options(chosen: argparse.Namespace) -> Equipped:
    """Raises Unusable."""
    values = _values(chosen.variables)
    driver = None if chosen.driver is None else _driver(chosen.driver, values)
    reach = Reach(egress_policy("CSMS"))
    web = Web(Hosts(chosen.hosts, loopback=not chosen.no_loopback), reach, os.environ.get)
    if driver is not None:
        _check_hosts(driver, web)
    known = frozenset(driver.variables) if driver else frozenset()
    if chosen.questions is not None and not chosen.questions.is_dir():
        raise Unusable(f"--questions: there is no folder {chosen.questions}.")
    person = chosen.questions is not None or sources.is_a_person()
    return Equipped(Equipment(driver, person), web, values, known)


def _driver(name: str, values: Mapping[str, Any]) -> Driver:
    path = Path(name)
    shipped = SHIPPED / f"{name}.json"
    if not path.exists() and path.name == name and shipped.is_file():
        path = shipped
    try:
        return read_driver(json_of(path), os.environ.get, values)
    except BadDriver as problem:
        raise Unusable(f"{path}: {problem}") from problem


def _check_hosts(driver: Driver, web: Web) -> None:
    """Before anything is run in vain. What only the run knows is judged when it is asked."""
    for action, entry in driver.entries.items():
        with suppress(BadDriver):
            url = driver.request(entry, dict.fromkeys(OWN, "x")).url
            if why := web.refusal(url):
                raise Unusable(f"--driver: {driver.name}, {action}: {why}.")


def _values(pairs: list[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise Unusable(f"--var takes NAME=VALUE, not {pair!r}.")
        try:
            given[name] = json.loads(text)
        except ValueError:
            given[name] = text
    return given
