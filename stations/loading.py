"""What the fleet must run, as the database says: read in a thread, handed over as plain values."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from sys import intern
from types import MappingProxyType
from typing import Any

import msgspec

from chargepoint.config import StationConfig
from stations import named
from stations.commands import shard_of
from stations.models import Station
from stations.secrets import SecretUnreadable
from stations.snapshots import read_newest
from stations.speaking import of_version
from stations.targets import DialTarget

COLUMNS = ("identity", "pk", "revision", "enabled", "running", "held_back", "ordered")
FEW = 200  # rows that are read whole to find out whether they are to run
CHUNK = 50  # SecantusDB takes twice as long for each of 200 identities in one $in


# (primary key, revision) of a row: the same identity deleted and made anew is another station.
Row = tuple[str, int]


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


@dataclass(slots=True, frozen=True)
class Difference:
    """From what runs to what should run."""

    stop: list[str]
    replaced: list[str]  # to stop, forget and start: a new station has the name
    load: list[str]  # to start or to reconfigure
    rows: dict[str, Station] | None = None  # those that were read whole already
    wanted: int = 0  # how many of those looked at should run
    held: dict[str, str] = field(default_factory=dict)  # should run, but for this they do not


def compare(
    shards: set[int], running: dict[str, Row], only: set[str] | None,
    standing: Mapping[str, tuple[int, bool]] = MappingProxyType({}),
) -> Difference:  # fmt: skip
    """What must change in `running`. `only`: look at these stations and no others.

    `standing`: orders whose rows may not be written yet, see orders.standing.
    """
    wanted, held = {}, {}
    whole = _whole(only) if only and len(only) <= FEW else None
    for row in _looked_at(only, whole, standing):
        identity, pk, revision, is_enabled, is_wanted, why, taken = row
        number, ordered = standing.get(identity, (taken, is_wanted))
        if number > taken:
            is_wanted = ordered
        if is_enabled and is_wanted and shard_of(identity) in shards:
            if why:
                held[identity] = why
            else:
                wanted[identity] = (str(pk), revision)
    known = running if only is None else {name: running[name] for name in only if name in running}
    return Difference(
        stop=[identity for identity in known if identity not in wanted],
        replaced=[i for i, row in known.items() if i in wanted and wanted[i][0] != row[0]],
        load=[identity for identity, row in wanted.items() if known.get(identity) != row],
        rows=whole,
        wanted=len(wanted),
        held=held,
    )


def _whole(names: Iterable[str]) -> dict[str, Station]:
    return {s.identity: s for part in named.parts(names, CHUNK) for s in _named(part).order_by()}


def _looked_at(
    only: set[str] | None, whole: dict[str, Station] | None, standing: Iterable[str]
) -> Iterator[tuple]:
    """Of the rows that may be to run the COLUMNS; plain, for thousands every 15 s."""
    columns = COLUMNS
    if whole is not None:
        yield from (tuple(getattr(row, name) for name in columns) for row in whole.values())
        return
    if only is None:
        yield from Station.objects.runnable().order_by().values_list(*columns)
        only = set(standing)  # rows that are not running yet; the others come a second time
    for row in named.rows(only, *columns[2:]):
        yield row["identity"], row["_id"], *(row[name] for name in columns[2:])


def load(
    identities: list[str], running: set[str], rows: dict[str, Station] | None = None
) -> Iterator[list[Plan | tuple[str, str]]]:
    """Plans in lists of up to CHUNK; (identity, why not) for a station that cannot run.

    A station that is in `running` keeps its state, so only the others' snapshots are read.
    They are to run, as `compare` has told; `rows`: of all of them, where those were read just now.
    """
    pool = _Pool()
    for chunk in named.parts(identities, CHUNK):
        found = _named(chunk).order_by() if rows is None else (rows[name] for name in chunk)
        stations = [s for s in found if s.enabled and not s.held_back]
        states = read_newest(s.identity for s in stations if s.identity not in running)
        yield [_plan(station, states, pool) for station in stations]


def vanished(identities: list[str]) -> list[str]:
    """Those of the identities that are no longer configured at all."""
    there = configured(identities)
    return [identity for identity in identities if identity not in there]


def configured(identities: list[str]) -> set[str]:
    """Those of the identities that there is a row of."""
    return {row["identity"] for row in named.rows(identities)}


def _named(identities: Iterable[str]) -> Any:
    return Station.objects.filter(identity__in=list(identities))


def _plan(station: Station, states: dict, pool: "_Pool") -> Plan | tuple[str, str]:
    try:
        config, target = pool.shared(station.to_core_config()), station.dial_target()
        if target.options.configs:
            configs = tuple(pool.shared(config) for config in target.options.configs)
            target = replace(target, options=replace(target.options, configs=configs))
    except (SecretUnreadable, ValueError, TypeError) as problem:
        return station.identity, str(problem)
    stamp, snapshot = states.get(station.identity, ("", None))
    row = (str(station.pk), station.revision)
    return Plan(station.identity, row, config, target, stamp, snapshot)


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
            connectors=self._parts.setdefault(connectors, connectors),
            configuration=self._parts.setdefault(tuple(sorted(settings.items())), settings),
            **texts,
            **shared,
        )
