"""From rows of stations to what the fleet starts: a plan a station, at the cost of what is its own.

Most stations are made from a template, so a row is taken as its document is, without the ORM, and
what it shares with one before is worked out once. That is some 40 us a station in place of 200.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from sys import intern
from typing import Any

import msgspec

from chargepoint.config import StationConfig
from chargepoint.make.make import Make
from stations.configuration.secrets import SecretUnreadable
from stations.link.speaking import of_version
from stations.link.targets import DialTarget, station_url
from stations.makes import finding
from stations.models import Station

# (primary key, revision) of a row: the same identity deleted and made anew is another station.
Row = tuple[str, int]

MOST_DESIGNS = 256  # that are kept: where each station has a password of its own none is shared
_FIELDS = [(field.attname, field.column) for field in Station._meta.concrete_fields]
_NAMES = [name for name, _ in _FIELDS]
_OWN = ("identity", "serial", "iccid", "imsi")  # what the core knows of a station alone
# What a plan is not made of.
_APART = {
    "_id", "name", "running", "enabled", "held_back", "ordered", "revision", "created", "updated",
    "template_id", "tags", "extra", "autostart", "ev_max_power_w", "latitude", "longitude",
    "spread", *_OWN,
}  # fmt: skip
_SHARED = [column for _, column in _FIELDS if column not in _APART]
# pymongo has a class of its own for integers of 64 bits.
_key_of = msgspec.msgpack.Encoder(enc_hook=int).encode


@dataclass(slots=True, frozen=True)
class Plan:
    """One station to start, or to give another configuration.

    `config`: of its own version; of others that it offers: in `target`.
    """

    identity: str
    row: Row
    config: StationConfig
    target: DialTarget
    stamp: str = ""
    snapshot: dict[str, Any] | None = None

    def config_of(self, version: str | None) -> StationConfig:
        """For a station that speaks this version; its own where that one is not offered."""
        return of_version(version, self.config, self.target.options.configs)


class Planner:
    """Makes plans; equal parts of configurations become one object."""

    def __init__(self) -> None:
        self._parts: dict[Any, Any] = {}
        self._designs: dict[bytes, tuple[StationConfig, DialTarget]] = {}
        self._makes: dict[str, Make | None] = {}

    def renew(self) -> None:
        """Rows that are read from here on may be of makes that have changed since."""
        self._makes.clear()

    def plan(self, row: Mapping[str, Any], states: Mapping[str, tuple]) -> Plan | tuple[str, str]:
        """Of a document with all columns; (identity, why not) for a station that cannot run.

        states: (stamp, snapshot) by identity.
        """
        identity = row["identity"]
        try:
            config, target = self._wanted(row)
        except (SecretUnreadable, ValueError, TypeError) as problem:
            return identity, str(problem)
        stamp, snapshot = states.get(identity, ("", None))
        known = (str(row["_id"]), int(row["revision"]))
        return Plan(identity, known, config, target, stamp, snapshot)

    def _wanted(self, row: Mapping[str, Any]) -> tuple[StationConfig, DialTarget]:
        make = self._make(row.get("make"))
        # Equal documents of a make are one object, which lives as long as the designs of it.
        key = _key_of([id(make), *(row.get(column) for column in _SHARED)])
        if (design := self._designs.get(key)) is not None:
            return _like(design, row)
        station = station_of(row)
        if make is not None:
            finding.give(station, make)
        config, target = self._shared(station.to_core_config()), station.dial_target()
        if target.options.configs:
            configs = tuple(self._shared(config) for config in target.options.configs)
            target = replace(target, options=replace(target.options, configs=configs))
        elif len(self._designs) < MOST_DESIGNS:
            self._designs[key] = config, target
        return config, target

    def _make(self, name: str | None) -> Make | None:
        """Raises NoSuchMake."""
        if not name:
            return None
        if name not in self._makes:
            self._makes[name] = finding.of_table(name)
        if self._makes[name] is None:
            raise finding.NoSuchMake(name)
        return self._makes[name]

    def _one(self, key: tuple, part: Any) -> Any:
        """The part of this key that came first. A key begins with what it is a part of: of two
        kinds, what is empty is equal."""
        return self._parts.setdefault(key, part)

    def _shared(self, config: StationConfig) -> StationConfig:
        connectors = tuple(self._parts.setdefault(c, c) for c in config.connectors)
        settings = config.configuration
        texts = {
            name: intern(value)
            for name in (
                "vendor",
                "model",
                "firmware",
                "version",
                "meter_type",
                "default_id_tag",
                "csms_url",
                "credentials",
            )
            if isinstance(value := getattr(config, name), str)
        }
        numbers = ("boot_delay", "meter_variance", "call_timeout")
        shared = {name: self._parts.setdefault(n := getattr(config, name), n) for name in numbers}
        return msgspec.structs.replace(
            config,
            connectors=self._one(("connectors", *connectors), connectors),
            cars=self._one(("cars", *config.cars), config.cars),
            configuration=self._one(("configuration", *sorted(settings.items())), settings),
            **texts,
            **shared,
        )


def station_of(row: Mapping[str, Any]) -> Station:
    """The model of a document with all columns; moments are as MongoDB has them."""
    return Station.from_db("default", _NAMES, [row.get(column) for _, column in _FIELDS])


def _like(
    design: tuple[StationConfig, DialTarget], row: Mapping[str, Any]
) -> tuple[StationConfig, DialTarget]:
    config, target = design
    identity = row["identity"]
    return (
        msgspec.structs.replace(config, **{name: row[name] for name in _OWN}),
        replace(
            target,
            url=station_url(row["csms_url"], identity),
            username=(row["username"] or identity) if target.username else "",
        ),
    )
