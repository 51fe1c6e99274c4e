"""What the fleet must run, as the database says: read in a thread, handed over as plain values."""

from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from stations.orders import named
from stations.orders.sharding import Share
from stations.state.snapshots import read_newest
from stations.worker.desired import Desired, Wish, wishes
from stations.worker.plans import Plan, Planner, Row

FEW = 200  # rows that are read whole to find out whether they are to run
CHUNK = 50  # plans that are made before any is carried out


@dataclass(slots=True, frozen=True)
class Difference:
    """From what runs to what should run."""

    stop: list[str]
    replaced: list[str]  # to stop, forget and start: a new station has the name
    load: list[str]  # to start or to reconfigure
    rows: dict[str, dict] | None = None  # those that were read whole already
    wanted: int = 0  # how many of those looked at should run
    held: dict[str, str] = field(default_factory=dict)  # should run, but for this they do not


def compare(
    mine: Share, running: dict[str, Row], only: set[str] | None,
    standing: Mapping[str, tuple[int, bool]] = MappingProxyType({}), dense: bool = False,
    desired: Desired | None = None,
) -> Difference:  # fmt: skip
    """What must change in `running`. `only`: look at these stations and no others.

    `mine`: the identities that may run here. `standing`: orders whose rows may not be written yet,
    see orders.standing. `dense`: see named.whole. `desired`: what this worker knows of all rows;
    without it all of them are read.
    """
    wanted, held = {}, {}
    whole = None
    if only and len(only) <= FEW:
        whole = {row["identity"]: row for row in named.whole(sorted(only), dense)}
    for wish in _looked_at(mine, only, whole, standing, desired or Desired()):
        identity, pk, revision, is_enabled, is_wanted, why, taken = wish
        number, ordered = standing.get(identity, (taken, is_wanted))
        if number > taken:
            is_wanted = ordered
        if is_enabled and is_wanted and identity in mine:
            if why:
                held[identity] = why
            else:
                wanted[identity] = (pk, revision)
    known = running if only is None else {name: running[name] for name in only if name in running}
    return Difference(
        stop=[identity for identity in known if identity not in wanted],
        replaced=[i for i, row in known.items() if i in wanted and wanted[i][0] != row[0]],
        load=[identity for identity, row in wanted.items() if known.get(identity) != row],
        rows=whole,
        wanted=len(wanted),
        held=held,
    )


def _looked_at(
    mine: Share, only: set[str] | None, whole: dict[str, dict] | None, standing: Collection[str],
    desired: Desired,
) -> Iterator[Wish]:  # fmt: skip
    """Of the rows that may be to run."""
    if whole is not None:
        yield from map(Wish.of, whole.values())
    elif only is None:
        # What orders name may not be running yet by its row.
        yield from desired.runnable(mine, standing)
    else:
        yield from wishes(only)


def load(
    identities: Iterable[str],
    running: Container[str],
    rows: dict[str, dict] | None = None,
    planner: Planner | None = None,
) -> Iterator[list[Plan | tuple[str, str]]]:
    """Plans in lists of up to CHUNK; (identity, why not) for a station that cannot run.

    A station that is in `running` keeps its state, so only the others' snapshots are read.
    They are to run, as `compare` has told; `rows`: of all of them, where those were read just now.
    """
    planner = planner or Planner()
    wanted = sorted(identities)
    dense = rows is None and named.most(len(wanted))
    for part in named.parts(wanted, named.STRETCH):
        found = named.whole(part, dense) if rows is None else (rows[name] for name in part)
        may = [row for row in found if row["enabled"] and not row["held_back"]]
        for start in range(0, len(may), CHUNK):
            chunk = may[start : start + CHUNK]
            new = [row["identity"] for row in chunk if row["identity"] not in running]
            states = read_newest(new)
            planner.renew()  # after the rows: a make is written before them
            yield [planner.plan(row, states) for row in chunk]


def vanished(identities: list[str]) -> list[str]:
    """Those of the identities that are no longer configured at all."""
    there = configured(identities)
    return [identity for identity in identities if identity not in there]


def configured(identities: list[str]) -> set[str]:
    """Those of the identities that there is a row of."""
    return {row["identity"] for row in named.rows(identities)}
