"""The commands of a station as one table, taken from the API's operations themselves.

Who gives a command in the field, its label, what it takes and what it does stand at the operation
(`command` below), so the page of a station, the API and its documentation tell the same.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ninja import Router

from chargepoint.versions import station_class

# {seat: (title, who that is)}, in the order of the page
SEATS = {
    "driver": ("Driver", "Whoever charges: at the outlet, the reader, the payment terminal."),
    "technician": ("Technician", "Whoever services the station on the spot."),
    "grid": ("Grid", "What the station is connected to, and who limits it from outside."),
    "network": ("Network", "The link to the CSMS, and messages of your own."),
    "chaos": ("Chaos", "What goes wrong on purpose: frames, clock, power. It ends when mended."),
}
_SEAT = "x-seat"
_PREFIX = "/stations/{station:identity}/"
# Names of the core where they are not the API's.
_CORE = {"messages": "message", "faults": "add-fault", "breakpoints": "add-breakpoint"}
_OF_THE_LINK = ("connect", "disconnect")  # the fleet's own, whatever the version


def command(
    router: Router, name: str, seat: str, label: str, response: Any
) -> Callable[[Callable], Callable]:
    """Decorator of the operation POST /stations/{identity}/`name`."""
    assert seat in SEATS, seat
    return router.post(
        f"{_PREFIX}{name}", response=response, summary=label, openapi_extra={_SEAT: seat}
    )


@dataclass(frozen=True)
class Command:
    """`schema`: JSON schema of the body, None without one. `help`: what the operation says.

    view   the operation's coroutine: (request, identity), and the body where there is a model
    model  class of the body
    """

    name: str
    seat: str
    label: str
    help: str
    view: Callable
    model: Any

    @property
    def schema(self) -> dict[str, Any] | None:
        return None if self.model is None else self.model.model_json_schema()

    def spoken_in(self, version: str) -> bool:
        """Whether a station of this OCPP version knows the command."""
        core = _CORE.get(self.name, self.name)
        return core in _OF_THE_LINK or core in station_class(version).COMMANDS


def commands(routers: Iterable[Router]) -> Iterator[Command]:
    """In the order of the routers and of their operations."""
    for router in routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                seat = (operation.openapi_extra or {}).get(_SEAT)
                if seat:
                    yield Command(
                        path.removeprefix(_PREFIX), seat, operation.summary,
                        operation.description or "", *_told(operation.view_func),
                    )  # fmt: skip


def _told(operation: Callable) -> tuple[Callable, Any]:
    """The coroutine itself, without what checks a request, and the class of its body."""
    view = inspect.unwrap(operation)
    body = typing.get_type_hints(view).get("body")
    if body is None:
        return view, None
    kinds = (*typing.get_args(body), body)
    return view, next(kind for kind in kinds if hasattr(kind, "model_json_schema"))
