"""How a station is built: who owns what, and who speaks with whom. Held by the syntax trees."""

import ast
from pathlib import Path

import pytest

import chargepoint
from benchmarks import structure
from chargepoint.config import StationConfig
from chargepoint.core.block import Block, Event, action, command, hears, timer
from chargepoint.core.blocks import saved_blocks
from chargepoint.core.station import Station
from chargepoint.core.tables import Heard, TableError
from chargepoint.v201.topics import ENDED
from chargepoint.versions import make_station, station_class
from tests.chargepoint.v201.csms import booted

VERSIONS = ("1.6", "2.0.1", "2.1")
[FOLDER] = chargepoint.__path__
# Writes into another's state.
FOREIGN_WRITES = 0
# Talk by name to a row that is not above the speaker's, in place of an event or a question.
# New credentials are made of a certificate, and a certificate that was signed is tried out.
UPWARD = ["relinking -> signing (1)"]


def test_only_the_owner_writes_an_attribute():
    found = structure.foreign_writes()
    assert len(found) <= FOREIGN_WRITES, found


@pytest.mark.parametrize("version", VERSIONS)
def test_the_station_itself_is_small(version):
    found = structure.of_station(version)
    assert found["MRO of the station"] <= 4
    assert found["names on the station"] <= 80
    assert found["largest MRO of a block"] <= 4, found["whose"]


def test_the_parts_of_the_core_are_known_to_the_figures():
    station = make_station(StationConfig("A", "2.1"), None, 0.0)
    parts = {name for name in Station.__slots__ if _is_part(getattr(station, name))}
    assert parts == structure.PARTS


def _is_part(value: object) -> bool:
    of_core = type(value).__module__.startswith("chargepoint.core.")
    return of_core and not isinstance(value, Heard)  # a table that many stations have


@pytest.mark.parametrize("version", VERSIONS)
def test_talk_upwards_is_events_and_questions(version):
    assert structure.upward_talk(version) == UPWARD


@pytest.mark.parametrize("version", VERSIONS)
def test_a_block_has_slots_and_no_state_beside_them(version):
    for name, kind in station_class(version).ROWS.items():
        for cls in kind.__mro__[:-1]:
            assert "__slots__" in vars(cls), f"{name}: {cls.__name__} has no __slots__"


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_saved_has_an_owner(version):
    """Each key of blocks in the saved state of a station that has lived is one of KEYS."""
    if version == "1.6":
        pytest.skip("the sample station is of 2.x")
    csms = booted(version=version)
    csms.command("start-transaction", connector=1)
    csms.call("ClearCache", {})
    csms.command("stop-transaction", connector=1)
    known = {key for kind in station_class(version).ROWS.values() for key in kind.KEYS}
    kept = set(saved_blocks(csms.station)) - {"secrets"}
    assert kept and kept <= known


def test_a_block_of_2_1_builds_on_the_row_of_its_name_in_2_0_1_and_on_no_other():
    before, found = station_class("2.0.1").ROWS, []
    for name, kind in station_class("2.1").ROWS.items():
        own = before[name].__mro__ if name in before else ()
        others = [
            base for base in kind.__mro__[1:]
            if base.__module__.startswith(("chargepoint.v201", "chargepoint.v21"))
        ]  # fmt: skip
        found += [f"{name}: {base.__qualname__}" for base in others if base not in own]
    assert found == []


def test_a_guest_beside_another_is_there_with_it_also_after_a_restart():
    """Tariffs are saved without a bill: the next transaction is charged by them all the same."""
    station = make_station(StationConfig("A", "2.1"), None, 0.0)
    assert station.there("costs") is None
    station.block("pricing")
    assert station.there("costs") is not None
    again = make_station(StationConfig("A", "2.1"), {"tariff_problem": True}, 0.0)
    assert again.there("pricing") is not None and again.there("costs") is not None


def test_no_module_imports_a_private_name_of_another():
    found = [
        f"{path.name}: {name.name} of {node.module}"
        for path in Path(FOLDER).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module != "__future__"
        for name in node.names
        if name.name.startswith("_")
    ]
    assert found == []


def test_no_module_of_the_core_is_in_a_circle():
    assert [group for group in structure.circles() if group[0].startswith("chargepoint")] == []


# --- tables that contradict themselves are refused when the class is made -------------------------

NEVER = Event("never")


class Lower(Block):
    __slots__ = ()

    @action("Reset")
    def reset(self, payload, now): ...

    @command("tap")
    def tap(self, now): ...

    @timer("tick")
    def tick(self, now): ...


class Again(Block):
    __slots__ = ()

    @action("Reset")
    def reset(self, payload, now): ...


class SecondCommand(Block):
    __slots__ = ()

    @command("tap")
    def tap(self, now): ...


class SecondTimer(Block):
    __slots__ = ()

    @timer("tick")
    def tick(self, now): ...


class Upper(Block):
    __slots__ = ("lower",)

    def __init__(self, core, lower):
        super().__init__(core)
        self.lower = lower


class Guest(Lower):
    __slots__ = ()

    GUEST = True


class Beside(Block):
    __slots__ = ()

    GUEST = True
    BESIDE = "lower"


class ResidentBeside(Block):
    __slots__ = ()

    BESIDE = "lower"


class Keeper(Block):
    __slots__ = ()

    KEYS = ("model",)

    @hears(NEVER)
    def hear(self): ...


class NeverTold(Block):
    __slots__ = ()

    @hears(NEVER)
    def hear(self): ...


class SecondKeeper(Block):
    __slots__ = ()

    KEYS = ("model",)


@pytest.mark.parametrize("rows, words", [
    ({"a": Lower, "b": Again}, "two owners"),
    ({"a": Lower, "b": SecondCommand}, "two owners"),
    ({"a": Lower, "b": SecondTimer}, "two owners"),
    ({"upper": Upper, "lower": Lower}, "no row above"),
    ({"lower": Guest, "upper": Upper}, "may not be there"),
    ({"a": Keeper, "b": SecondKeeper}, "two owners"),
    ({"lower": Lower, "b": Beside}, "both have to be guests"),
    ({"lower": Guest, "b": ResidentBeside}, "both have to be guests"),
    ({"b": Beside}, "no such row"),
])  # fmt: skip
def test_rows_that_contradict_one_another_are_refused(rows, words):
    base = station_class("2.0.1").__mro__[1]
    with pytest.raises(TableError, match=words):
        type("Wrong", (base,), {"__slots__": (), "ROWS": rows})


def test_an_order_that_names_who_does_not_hear_is_refused():
    base = station_class("2.0.1").__mro__[1]
    rows = {"a": Keeper, "b": Lower}
    with pytest.raises(TableError, match="not heard by"):
        type("Wrong", (base,), {"__slots__": (), "ROWS": rows, "ORDER": {NEVER: ("b",)}})


# --- and what is told must be heard, what is heard told -------------------------------------------

CALLED = Event("called")


class Caller(Block):
    __slots__ = ()

    GUEST = True

    @timer("ring")
    def call(self, now):
        self.core.tell(CALLED, now)


class Listener(Block):
    __slots__ = ()

    GUEST = True

    @hears(CALLED)
    def listen(self, now): ...


def with_rows(**rows):
    base = station_class("2.0.1")
    return type("Odd", (base,), {"__slots__": (), "ROWS": {**base.ROWS, **rows}})


def test_what_is_told_and_heard_fits():
    assert CALLED in with_rows(caller=Caller, listener=Listener).TABLES.topics


def test_an_event_that_nobody_hears_is_refused():
    words = r"Event\('called'\) is told by Caller in .*test_blocks: no row of Odd hears it"
    with pytest.raises(TableError, match=words):
        with_rows(caller=Caller)


def test_a_hearer_of_what_nobody_tells_is_refused():
    words = r"Event\('never'\) is heard by keeper of Odd: nobody there tells it"
    with pytest.raises(TableError, match=words):
        with_rows(keeper=NeverTold)


def test_what_is_said_to_be_unheard_is_so():
    base = station_class("2.1")
    for topic, why in ((ENDED, "is heard"), (NEVER, "is told by nobody")):
        silent = base.UNHEARD | {topic}
        with pytest.raises(TableError, match=f"leaves unheard, and {why}"):
            type("Odd", (base,), {"__slots__": (), "UNHEARD": silent})


@pytest.mark.parametrize("version", VERSIONS)
def test_the_table_says_what_its_version_leaves_unheard(version):
    assert "UNHEARD" in vars(station_class(version))
