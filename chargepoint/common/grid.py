"""The grid at its connection, which an operator can disturb."""

from typing import Any

from chargepoint.core import topics
from chargepoint.core.block import Block, command, gathers
from chargepoint.core.commands import CommandRejected
from chargepoint.hardware.mains import NOMINAL, NOMINAL_V

_BOUNDS = {
    "voltage_pct": (10.0, 200.0), "voltage_v": (23.0, 460.0), "frequency_hz": (10.0, 100.0),
    "load_w": (-1e9, 1e9),
}  # fmt: skip


class Grid(Block):
    """The mains are the core's. They outlive restarts, power cuts and changes of version."""

    __slots__ = ()

    KEEPS = False

    @command("grid")
    def do_grid(
        self, now: float, voltage_pct: float | None = None, voltage_v: float | None = None,
        frequency_hz: float | None = None, load_w: float | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Change the grid; what is left out stays, and with no argument it is nominal again.

        Voltages are of a phase to neutral. Raises CommandRejected for a value out of its bounds, or
        two voltages.
        """
        given = {
            "voltage_pct": voltage_pct, "voltage_v": voltage_v, "frequency_hz": frequency_hz,
            "load_w": load_w,
        }  # fmt: skip
        given = {name: value for name, value in given.items() if value is not None}
        for name, value in given.items():
            low, high = _BOUNDS[name]
            if not low <= value <= high:
                message = f"{name} is {low:g} to {high:g}."
                raise CommandRejected("invalid_arguments", message)
        if voltage_pct is not None and voltage_v is not None:
            message = "Give the voltage once: voltage_pct or voltage_v."
            raise CommandRejected("invalid_arguments", message)
        if voltage_pct is not None:
            given["voltage_v"] = given.pop("voltage_pct") / 100.0 * NOMINAL_V
        changed = {name: float(value) for name, value in given.items()}
        old = self.core.power.mains
        new = old._replace(**changed) if changed else NOMINAL
        if new != old:
            self.core.power.feed(new, now)
            self.core.tell(topics.MAINS_CHANGED, now)
        return self.shown_mains()["grid"]

    @gathers(topics.SHOWN, wakes=True)
    def shown_mains(self) -> dict[str, Any]:
        """`grid` of the station's state: V, percent of nominal, Hz, W."""
        mains = self.core.power.mains
        shown = {
            "voltage_v": round(mains.voltage_v, 2), "voltage_pct": round(mains.voltage_pct, 2),
            "frequency_hz": mains.frequency_hz, "load_w": mains.load_w,
        }  # fmt: skip
        return {"grid": shown}
