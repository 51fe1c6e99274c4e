"""One heap of deadlines for all stations of a worker."""

import asyncio

from stations.worker.clock import BATCH, ROUND, Clock, Deadlines


class Sleeper:
    def __init__(self, *following: float | None) -> None:
        self.armed: float | None = None
        self.calls: list[float] = []
        self.following = list(following)

    def due(self, now: float) -> float | None:
        self.calls.append(now)
        return now + self.following.pop(0) if self.following else None


async def test_due_is_called_at_the_deadline_and_then_at_the_next():
    clock = Clock()
    deadlines, sleeper = Deadlines(clock), Sleeper(0.05)
    began = clock.now()
    deadlines.arm(sleeper, began + 0.05)
    await asyncio.sleep(0.2)
    first, second = sleeper.calls
    assert first >= began + 0.05 and second >= first + 0.05
    assert len(deadlines) == 0 and sleeper.armed is None


async def test_a_deadline_that_moves_later_adds_no_entry():
    clock = Clock()
    deadlines, sleeper = Deadlines(clock), Sleeper()
    for delay in range(1000):
        deadlines.arm(sleeper, clock.now() + 30 + delay)
    assert len(deadlines._heap) == 1


async def test_a_deadline_that_moves_earlier_is_kept():
    clock = Clock()
    deadlines, sleeper = Deadlines(clock), Sleeper()
    deadlines.arm(sleeper, clock.now() + 60)
    deadlines.arm(sleeper, clock.now() + 0.02)
    await asyncio.sleep(0.1)
    assert len(sleeper.calls) == 1


async def test_disarmed_owners_are_not_kept():
    clock = Clock()
    deadlines = Deadlines(clock)
    sleepers = [Sleeper() for _ in range(500)]
    for sleeper in sleepers:
        deadlines.arm(sleeper, clock.now() + 86_400)
    for sleeper in sleepers:
        deadlines.disarm(sleeper)
    assert len(deadlines) == 0 and len(deadlines._heap) <= 64


async def test_a_failing_owner_does_not_stop_the_others():
    class Broken(Sleeper):
        def due(self, now: float) -> float | None:
            raise RuntimeError("station fault")

    clock = Clock()
    deadlines, broken, sleeper = Deadlines(clock), Broken(), Sleeper()
    deadlines.arm(broken, clock.now() + 0.01)
    deadlines.arm(sleeper, clock.now() + 0.02)
    await asyncio.sleep(0.1)
    assert len(sleeper.calls) == 1


async def test_many_due_at_once_let_the_loop_run_between_batches():
    clock = Clock()
    deadlines = Deadlines(clock)
    sleepers = [Sleeper() for _ in range(BATCH * 3)]
    moment = clock.now()
    for sleeper in sleepers:
        deadlines.arm(sleeper, moment)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    served = sum(bool(sleeper.calls) for sleeper in sleepers)
    assert served < len(sleepers)
    await asyncio.sleep(0.1)
    assert all(len(sleeper.calls) == 1 for sleeper in sleepers)


async def test_deadlines_close_to_one_another_share_a_round():
    clock = Clock()
    deadlines = Deadlines(clock)
    sleepers = [Sleeper() for _ in range(100)]
    begin = clock.now() + 0.05
    for number, sleeper in enumerate(sleepers):
        deadlines.arm(sleeper, begin + number * ROUND / 10)
    await asyncio.sleep(0.4)
    assert all(len(sleeper.calls) == 1 for sleeper in sleepers)
    assert all(s.calls[0] >= begin + n * ROUND / 10 for n, s in enumerate(sleepers))
    assert len({sleeper.calls[0] for sleeper in sleepers}) <= 12


class Machine:
    """The clocks of a machine, for `time`: the wall's may be set, and the whole may sleep."""

    CLOCK_BOOTTIME = 7

    def __init__(self) -> None:
        self.wall, self.running, self.asleep = 1_700_000_000.0, 5000.0, 0.0

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.running

    def clock_gettime(self, which: int) -> float:
        assert which == self.CLOCK_BOOTTIME
        return self.running + self.asleep

    def go_on(self, seconds: float, clock: Clock) -> list[float]:
        """How far the clock went in each two seconds, as vitals has it follow."""
        steps = []
        for _ in range(round(seconds / 2)):
            before = clock.now()
            self.wall += 2
            self.running += 2
            clock.follow_wall_clock()
            steps.append(clock.now() - before)
        return steps


def test_a_wall_clock_that_is_set_makes_no_time_pass(monkeypatch):
    machine = Machine()
    monkeypatch.setattr("stations.worker.clock.time", machine)
    clock = Clock()
    machine.wall += 3600
    steps = machine.go_on(60, clock)
    assert max(steps) <= 2.11 and min(steps) > 2  # it catches up, a tenth of a second at a time
    machine.wall -= 7200
    assert machine.go_on(60, clock) == [2.0] * 30
    machine.wall = clock.now() + 0.05  # what a time server corrects
    machine.go_on(2, clock)
    assert abs(clock.now() - machine.wall) < 1e-6


def test_a_machine_that_slept_has_let_time_pass(monkeypatch):
    machine = Machine()
    monkeypatch.setattr("stations.worker.clock.time", machine)
    clock = Clock()
    machine.wall += 3600
    machine.asleep += 3600
    clock.follow_wall_clock()
    assert abs(clock.now() - machine.wall) < 1e-6
