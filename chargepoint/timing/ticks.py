"""Moments at which all stations do what may wait."""

from math import ceil

EARLY = 0.3  # of a tick: what counts from when it was done would else lose one when woken late


def on_tick(at: float, ticks: int) -> float:
    """The moment for what may wait: the next of so many ticks a second, never before `at`.

    `ticks` 0: `at` itself. To wake for one station costs a worker several times what the station's
    own work does, so what is not urgent is done at the same moments for all.
    """
    return ceil(at * ticks) / ticks if ticks else at


def near_tick(at: float, ticks: int) -> float:
    """The same, or a little early, for what counts its interval from when it was done last."""
    return ceil(at * ticks - EARLY) / ticks if ticks else at
