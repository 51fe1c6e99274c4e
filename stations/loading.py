"""What the fleet must run, as the database says: read in a thread, handed over as plain values."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from sys import intern
from typing import Any

import msgspec

from chargepoint.config import StationConfig
from stations.commands import shard_of
from stations.models import Station
from stations.secrets import SecretUnreadable
from stations.snapshots import read_newest
from stations.targets import DialTarget

CHUNK = 50  # SecantusDB takes twice as long for each of 200 identities in one $in


# (primary key, revision) of a row: the same identity deleted and made anew is another station.
Row = tuple[str, int]


@dataclass(slots=True, frozen=True)
class Plan:
    """One station to start, or to give another configuration."""

    identity: str
    row: Row
    config: StationConfig
    target: DialTarget
    stamp: str = ""
    snapshot: dict[str, Any] | None = None


@dataclass(slots=True, frozen=True)
class Difference:
    """From what runs to what should run."""

    stop: list[str]
    replaced: list[str]  # to stop, forget and start: a new station has the name
    load: list[str]  # to start or to reconfigure


def compare(shards: set[int], running: dict[str, Row], only: set[str] | None) -> Difference:
    """What must change in `running`. `only`: look at these stations and no others."""
    # With another condition beside the identities, SecantusDB looks at every row.
    rows = Station.objects.runnable() if only is None else _named(only)
    # Thousands of rows every 15 s: plain tuples, no model instances.
    columns = rows.order_by().values_list("identity", "pk", "revision", "enabled", "running")
    wanted = {
        identity: (str(pk), revision)
        for identity, pk, revision, is_enabled, is_wanted in columns
        if is_enabled and is_wanted and shard_of(identity) in shards
    }
    known = running if only is None else {name: running[name] for name in only if name in running}
    return Difference(
        stop=[identity for identity in known if identity not in wanted],
        replaced=[i for i, row in known.items() if i in wanted and wanted[i][0] != row[0]],
        load=[identity for identity, row in wanted.items() if known.get(identity) != row],
    )


def load(identities: list[str], running: set[str]) -> Iterator[list[Plan | tuple[str, str]]]:
    """Plans in lists of up to CHUNK; (identity, why not) for a station that cannot run.

    A station that is in `running` keeps its state, so only the others' snapshots are read.
    """
    pool = _Pool()
    names = iter(identities)
    while chunk := list(islice(names, CHUNK)):
        stations = [s for s in _named(chunk).order_by() if s.enabled and s.running]
        states = read_newest(s.identity for s in stations if s.identity not in running)
        yield [_plan(station, states, pool) for station in stations]


def vanished(identities: list[str]) -> list[str]:
    """Those of the identities that are no longer configured at all."""
    there = set(_named(identities).order_by().values_list("identity", flat=True))
    return [identity for identity in identities if identity not in there]


def _named(identities: Iterable[str]) -> Any:
    return Station.objects.filter(identity__in=list(identities))


def _plan(station: Station, states: dict, pool: "_Pool") -> Plan | tuple[str, str]:
    try:
        config, target = station.to_core_config(), station.dial_target()
    except (SecretUnreadable, ValueError, TypeError) as problem:
        return station.identity, str(problem)
    stamp, snapshot = states.get(station.identity, ("", None))
    row = (str(station.pk), station.revision)
    return Plan(station.identity, row, pool.shared(config), target, stamp, snapshot)


class _Pool:
    """Equal parts of configurations become one object: most stations come from a template."""

    def __init__(self) -> None:
        self._parts: dict[Any, Any] = {}

    def shared(self, config: StationConfig) -> StationConfig:
        connectors = tuple(self._parts.setdefault(c, c) for c in config.connectors)
        settings = config.configuration
        texts = {
            name: intern(value)
            for name in (
                "vendor", "model", "firmware", "version", "meter_type", "default_id_tag",
                "csms_url",
            )
            if isinstance(value := getattr(config, name), str)
        }
        return msgspec.structs.replace(
            config,
            connectors=self._parts.setdefault(connectors, connectors),
            configuration=self._parts.setdefault(tuple(sorted(settings.items())), settings),
            **texts,
        )
