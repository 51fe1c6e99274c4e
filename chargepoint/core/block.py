"""A block of a station: an object with a state of its own, and what it says it takes part in.

A decorator only marks a method. The tables of a version are made from the marks once, with its
class (tables.py); a subclass that overrides a marked method inherits the mark.

    @action("ReserveNow")       method(payload, now) -> payload of the answer: a Call of the CSMS
    @got("Authorize")           method(payload, context, now): a Call of ours was answered
    @failed("Authorize")        method(code, context, now): it was not, or by an error
    @transfers("com.acme")      method(payload, now) -> payload of the answer: its DataTransfer
    @command("reset")           method(now, **arguments) -> dict: an operator's
    @timer("reservation")       method(now, *arguments): it is due
    @hears(EVENT)               method(*what was told): see Event
    @answers(QUESTION)          method(*what was asked) -> an answer, or what is no answer
    @folds(FOLD)                method(value, *arguments) -> the value as it goes on
    @gathers(GATHER)            method(*arguments) -> a part, as a dict
    @variable(READS, key)       method(...): of one variable, or of all of a component
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

if TYPE_CHECKING:
    from chargepoint.core.blocks import Blocks

EMPTY: frozenset[int] = frozenset()  # shared: one of a station's own takes 216 bytes

Method = TypeVar("Method", bound=Callable[..., Any])


class Topic:
    """What blocks speak about without knowing one another. `name`: for tables that people read."""

    __slots__ = ("name",)

    LATEST_FIRST: ClassVar[bool] = False

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class Event(Topic):
    """Something happens, or is about to: told once, heard by each that is there, in a fixed order.

    It is told by a plain call: what the hearers do is done when `tell` returns.
    """

    __slots__ = ()


class Before(Event):
    """Something is about to happen. Who came last to the table of rows hears it first."""

    __slots__ = ()

    LATEST_FIRST = True


class Question(Topic):
    """Asked of each in turn, who came last to the table first. The first answer that is neither
    None, "" nor False is taken."""

    __slots__ = ()

    LATEST_FIRST = True


class Fold(Topic):
    """A value that goes through the hands of each in turn."""

    __slots__ = ()


class Sieve(Fold):
    """A value that each may also take away: None. Who came last to the table has it first."""

    __slots__ = ()

    LATEST_FIRST = True


class Gather(Topic):
    """Parts that are put together: a dict."""

    __slots__ = ()


class Mark(NamedTuple):
    """kind: of the table; key: a name, or a Topic. wakes: a guest that is not there is made for
    it. own: only the answers to Calls that this block itself has made."""

    kind: str
    key: Any
    wakes: bool = False
    own: bool = False


ACTION, GOT, FAILED, COMMAND, TIMER, TOPIC = "action", "got", "failed", "command", "timer", "topic"
TRANSFER = "transfer"
READS, TAKES, REFUSES, VALUES = "reads", "takes", "refuses", "values"


def _marker(*marks: Mark) -> Callable[[Method], Method]:
    def mark(method: Method) -> Method:
        # Decorators are applied from below: what stands above comes first.
        method.marks = (*marks, *getattr(method, "marks", ()))
        return method

    return mark


def action(*names: str) -> Callable[[Method], Method]:
    return _marker(*(Mark(ACTION, name) for name in names))


def got(*names: str, own: bool = False) -> Callable[[Method], Method]:
    return _marker(*(Mark(GOT, name, own=own) for name in names))


def failed(*names: str, own: bool = False) -> Callable[[Method], Method]:
    return _marker(*(Mark(FAILED, name, own=own) for name in names))


def command(*names: str) -> Callable[[Method], Method]:
    return _marker(*(Mark(COMMAND, name) for name in names))


def timer(*names: str) -> Callable[[Method], Method]:
    return _marker(*(Mark(TIMER, name) for name in names))


def transfers(vendor: str, *messages: str) -> Callable[[Method], Method]:
    """method(payload, now) -> payload of the answer to a DataTransfer with that vendorId, and one
    of these messageIds; without any, all of the vendor's that nobody else serves."""
    return _marker(*(Mark(TRANSFER, (vendor, message)) for message in messages or ("",)))


def hears(*events: Event, wakes: bool = False) -> Callable[[Method], Method]:
    return _marker(*(Mark(TOPIC, event, wakes) for event in events))


def answers(*questions: Question, wakes: bool = False) -> Callable[[Method], Method]:
    return _marker(*(Mark(TOPIC, question, wakes) for question in questions))


def folds(*values: Fold, wakes: bool = False) -> Callable[[Method], Method]:
    return _marker(*(Mark(TOPIC, value, wakes) for value in values))


def gathers(*parts: Gather, wakes: bool = False) -> Callable[[Method], Method]:
    return _marker(*(Mark(TOPIC, part, wakes) for part in parts))


def variable(kind: str, *keys: str) -> Callable[[Method], Method]:
    """kind: READS, TAKES, REFUSES or VALUES; keys: of variables, or names of whole components."""
    return _marker(*(Mark(kind, key) for key in keys))


class Block:
    """One functional block of one station.

    A *resident* is made with the station. A *guest* is made when it is first needed: by a Call, a
    command, a timer or an answer of its own, by a key of its own in the saved state, by an event
    that it marks `wakes`, with the guest that it stands BESIDE, or by `core.block(name)`. Who is
    not there hears and answers nothing.

    The constructor names the core and the residents of rows above that the block uses; only the
    block itself writes its attributes.
    """

    __slots__ = ("core",)

    NAME: ClassVar[str] = ""  # of a block from outside: "vendor.thing"
    REPLACES: ClassVar[str] = ""  # or the row that it takes the place of, with a subclass
    GUEST: ClassVar[bool] = False
    BESIDE: ClassVar[str] = ""  # the row of a guest: this guest is made with it
    KEEPS: ClassVar[bool] = True  # False: it has no state, and is made for each use
    KEYS: ClassVar[tuple[str, ...]] = ()  # its own in snapshot()["saved"]
    SECRET: ClassVar[str] = ""  # its part of saved["secrets"]

    def __init__(self, core: Blocks) -> None:
        self.core = core

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Take up the state; `saved` is the whole station's, {} for a new one. Nothing is told and
        no other block is asked: it may not be there yet."""

    def resume(self, now: float) -> None:
        """Set the timers, when all blocks are restored."""

    def saved(self) -> dict[str, Any]:
        """What `restore` needs, by KEYS; {} where all is as in a new block."""
        return {}
