"""Frames to offer, and a walk through the deadlines of a tap."""

from hypothesis import strategies as st

from chargepoint.effects import Frame
from chargepoint.tap.rule import FrameFault, frame_fault
from chargepoint.tap.tap import Tap
from chargepoint.wire.rpc import call_text, result_text

START = 1_790_000_000.0


def call(number: int, direction: str = "sent", action: str = "Heartbeat") -> Frame:
    uid = f"u{number}"
    return Frame(direction, "Call", action, uid, call_text(uid, action, {}), START)


def result(number: int, direction: str = "sent", action: str = "Heartbeat") -> Frame:
    uid = f"u{number}"
    return Frame(direction, "CallResult", action, uid, result_text(uid, {"a": 1}), START)


def tap_with(*faults: FrameFault) -> Tap:
    tap = Tap()
    tap.rules.extend(faults)
    return tap


def fault(name: str, number: int = 1, **more) -> FrameFault:
    return frame_fault(number, START, more.pop("seed", 1), name, **more)


def walk(tap: Tap, frames: list[Frame], gaps: list[float]) -> tuple[list[Frame], list[Frame]]:
    """Offer the frames, so many seconds apart, and wait for the end: (gone on, lost)."""
    on: list[Frame] = []
    lost: list[Frame] = []
    now = START

    def note(passages) -> None:
        for passage in passages:
            (on if passage.goes_on else lost).append(passage.frame)

    def wait(until: float) -> None:
        while (due := tap.deadline) is not None and due <= until:
            note(tap.due(due))

    for frame, gap in zip(frames, gaps, strict=True):
        now += gap
        wait(now)
        note(tap.offer(frame._replace(time=now), now))
    wait(float("inf"))
    return on, lost


@st.composite
def streams(draw) -> tuple[list[Frame], list[float]]:
    """Calls and answers of both directions, with the seconds before each."""
    kinds = draw(
        st.lists(
            st.tuples(
                st.sampled_from((call, result)),
                st.sampled_from(("sent", "received")),
                st.sampled_from(("Heartbeat", "MeterValues")),
            ),
            max_size=30,
        )
    )
    frames = [make(n, side, action) for n, (make, side, action) in enumerate(kinds)]
    gap = st.floats(0, 3, allow_nan=False)
    return frames, draw(st.lists(gap, min_size=len(frames), max_size=len(frames)))
