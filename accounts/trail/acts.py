"""Who is doing something, and what he does: acts and their entries.

An act is a request, an execution of a scenario, a behaviour, or all that a process does by itself.
Whoever changes something calls `note` where it has happened; the act of the moment (a context
variable, so it goes into threads and tasks) says who it was. No models here: a charge point worker
has none of them.
"""

from __future__ import annotations

import getpass
import itertools
import json
import os
import secrets
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from accounts.trail import keeping, values

ADMIN, API, SCENARIO, BEHAVIOUR, TASK, COMMAND, PROCESS = VIAS = (
    "admin", "api", "scenario", "behaviour", "task", "command", "process",
)  # fmt: skip
DONE, REFUSED, FAILED = RESULTS = ("done", "refused", "failed")
MOST_OBJECTS = 500  # of an entry; more are told by several
MOST_TEXT = 500  # characters of a name or a sentence

_random = secrets.randbits(16)
_last = itertools.count()


def new_id(moment: float | None = None) -> str:
    """14 hex digits of unix microseconds, then what tells processes and moments apart."""
    micros = int((time.time() if moment is None else moment) * 1e6)
    return f"{micros:014x}{(os.getpid() ^ _random) & 0xFFFF:04x}{next(_last) & 0xFFFF:04x}"


@dataclass
class Act:
    """via: one of VIAS. page: the operation, page, task or command. session: a word that stands
    for the login session, not its key. keep: where entries go at once; None: when the act ends.
    """

    via: str
    page: str = ""
    actor: str = ""
    address: str = ""
    token: str = ""
    session: str = ""
    execution: str = ""
    keep: Callable[[list[dict[str, Any]]], None] | None = None
    asks: bool = False  # it changes nothing, whatever its method: see only_asks
    id: str = field(default_factory=new_id)
    entries: list[dict[str, Any]] = field(default_factory=list)

    def take(self, entries: list[dict[str, Any]]) -> None:
        """Keep entries for the end of the act, or give them to whoever keeps them itself."""
        if self.keep is not None:
            self.keep(entries)
            return
        self.entries += entries
        keeping.remember(self.id, entries)

    def who(self) -> dict[str, str]:
        """Who acts and by what way, for an entry: texts cut at MOST_TEXT, empty ones left out."""
        names = ("via", "page", "actor", "address", "token", "session", "execution")
        told = {name: getattr(self, name)[:MOST_TEXT] for name in names}
        return {name: text for name, text in told.items() if text}

    def words(self) -> str:
        """For the message log: who, through what, and this act's id."""
        through = {
            ADMIN: "admin", API: f"API, token {self.token}" if self.token else "API",
            SCENARIO: f"{self.page}, execution {self.execution}",
            BEHAVIOUR: f"execution {self.execution}" if self.execution else "",
        }.get(self.via, self.page)  # fmt: skip
        told = ", ".join(part for part in (self.actor, through) if part)
        return f"{told[:200]} [{self.id}]"


_current: ContextVar[Act | None] = ContextVar("act", default=None)


def current() -> Act:
    """The act of the moment; without one, what this process does by itself."""
    return _current.get() or _of_process()


def under_way() -> Act | None:
    """The act of the moment, if somebody's request, execution or behaviour is one."""
    return _current.get()


def enter(act: Act) -> Any:
    """From here on, in this context; returns what `leave` takes."""
    return _current.set(act)


def leave(entered: Any) -> None:
    _current.reset(entered)


def only_asks() -> None:
    """The request of the moment only asks something, which takes a body and so a POST: it leaves
    no entry unless it is refused."""
    if (act := under_way()) is not None:
        act.asks = True


@contextmanager
def by_itself() -> Iterator[None]:
    """What is done within is the process's, whoever's request made it look."""
    entered = _current.set(None)
    try:
        yield
    finally:
        _current.reset(entered)


@contextmanager
def acting(act: Act) -> Iterator[Act]:
    """What is done within is this act's; its entries are kept at the end."""
    entered = enter(act)
    try:
        yield act
    finally:
        leave(entered)
        keeping.keep(act.entries, act.id)


def note(
    action: str,
    model: str = "",
    objects: Iterable[str] = (),
    changes: list[dict[str, Any]] | None = None,
    details: Mapping[str, Any] | None = None,
    result: str = DONE,
    message: str = "",
) -> None:
    """Something was done to these objects, or was to be.

    action   "created", "changed", "deleted", or the name of what was ordered
    model    "stations.station"; objects: their identities or names
    changes  as values.difference makes them; details: what else there is to tell, masked here
    """
    act = current()
    act.take(entries_of(act, action, model, objects, changes, details, result, message))


def note_each(
    action: str, model: str, rows: Iterable[tuple[str, list[dict[str, Any]]]]
) -> None:
    """(object, its changes) each; those with equal changes share an entry."""
    act, alike = current(), {}
    for name, changes in rows:
        alike.setdefault(json.dumps(changes, default=str), (changes, []))[1].append(name)
    made: list[dict[str, Any]] = []
    for changes, names in alike.values():
        made += entries_of(act, action, model, names, changes)
    if made:
        act.take(made)


def entries_of(
    act: Act,
    action: str,
    model: str = "",
    objects: Iterable[str] = (),
    changes: list[dict[str, Any]] | None = None,
    details: Mapping[str, Any] | None = None,
    result: str = DONE,
    message: str = "",
) -> list[dict[str, Any]]:
    """Documents of the trail: one, or as many as the objects need."""
    named = [str(each)[:MOST_TEXT] for each in objects]
    body: dict[str, Any] = {**act.who(), "act": act.id, "action": action[:MOST_TEXT]}
    if model:
        body["model"] = model
    if changes:
        body["changes"] = changes
    if details:
        body["details"] = values.details(details)
    body["result"] = result
    if message:
        body["message"] = message[:MOST_TEXT]
    made = []
    for start in range(0, max(1, len(named)), MOST_OBJECTS):
        identity = new_id()
        entry = {"_id": identity, "time": time_of(identity), **body}
        if chosen := named[start : start + MOST_OBJECTS]:
            entry["objects"] = chosen
        made.append(entry)
    return made


def time_of(identity: str) -> datetime:
    return datetime.fromtimestamp(int(identity[:14], 16) / 1e6, UTC)


# --- what a process does by itself ------------------------------------------------------------

_SERVICES = ("runchargepoints", "runscenarios", "up", "celery", "daphne")


def _of_process() -> Act:
    task = _running_task()
    if task:
        return Act(TASK, task, keep=keeping.keep_soon)
    program = os.path.basename(sys.argv[0] or "python")
    page = " ".join([program, *sys.argv[1:2]])[:MOST_TEXT]
    if program != "manage.py" or sys.argv[1:2] and sys.argv[1] in _SERVICES:
        return Act(PROCESS, page, keep=keeping.keep_soon)
    return Act(COMMAND, page, actor=_user_of_system(), keep=keeping.keep_soon)


def _running_task() -> str:
    """The name of the Celery task that runs here; "" where none does."""
    if "celery" not in sys.modules:
        return ""
    from celery import current_task

    return getattr(current_task, "name", "") or ""


def _user_of_system() -> str:
    name = str(os.getuid())
    with suppress(KeyError, OSError, ImportError):
        name = getpass.getuser()
    return f"{name}@{socket.gethostname()}"
