"""Writing stations' snapshots to Redis: coalesced, in pipelines, newest stamp wins."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from redis.asyncio import Redis

from chargepoint.effects import SOON, TOUCH, URGENT
from runtime.stores import STORE_ERRORS
from stations.state import keys

log = logging.getLogger(__name__)

CHUNK = 100  # snapshots a script call: some 300 KB, about a millisecond of Redis
TOUCH_TICKS = 30  # of what only shows when a station was last heard
# Of the snapshots that only show that, one in so many goes on to MongoDB, where a state costs more
# than all messages of half a minute: what is there may have heard its station five minutes before.
TOUCHES = 10
TICK = 1.0

# KEYS: dirty set, state keys; ARGV: identity and value (stamp, then snapshot) for each.
# The dirty mark is set in the same step, so no crash can part the two; none for the identity ''.
# Per value: 1 written, 0 already there, 2 refused because a newer one is there.
WRITE_IF_NEWER = """
local outcome = {}
for i = 2, #KEYS do
  local identity, value = ARGV[2 * i - 3], ARGV[2 * i - 2]
  local held, mine = redis.call('GETRANGE', KEYS[i], 0, 24), string.sub(value, 1, 25)
  if held < mine then
    redis.call('SET', KEYS[i], value)
    if identity ~= '' then redis.call('SADD', KEYS[1], identity) end
    outcome[i - 1] = 1
  elseif held == mine then
    outcome[i - 1] = 0
  else
    outcome[i - 1] = 2
  end
end
return outcome
"""

_LEVEL = {TOUCH: 1, SOON: 2, URGENT: 3}
DISOWNED = 4  # above every level, so that nothing more of it comes to be written


class Silenced(Exception):
    """Nothing was written: whether the stations are this worker's own is not known now."""


class Source(Protocol):
    """What has state to write: a charge point consumer."""

    identity: str
    # 0 nothing waits, else the highest level that does, written by SnapshotWriter; or DISOWNED,
    # written by the source's own end.
    pending: int
    taken: int  # how often `packed_state` was asked for

    def packed_state(self) -> bytes:
        """Stamp and snapshot, taken in one synchronous step."""


class SnapshotWriter:
    """One a worker. `changed` is cheap and never waits; the task in `run` does the writing.

    Redis may be away for as long as it likes: what changed is known from the stations themselves,
    so nothing is queued, and all of them are written again when it is back.
    """

    def __init__(self, redis: Redis, every: Callable[[], Iterable[Source]]) -> None:
        """`every` gives all running stations, for the rewrite after Redis was away."""
        self._script = redis.register_script(WRITE_IF_NEWER)
        self._every = every
        self._urgent: list[Source] = []
        # With `taken` as it was: what was written since has another entry for its next change.
        self._ring: list[list[tuple[Source, int]]] = [[] for _ in range(TOUCH_TICKS + 1)]
        self._tick = 0
        self._wakeup = asyncio.Event()
        self._rewrite = self._writing = False
        self._owing_since: float | None = None  # monotonic
        self.on_refused: Callable[[Source], None] = lambda source: None
        self.silent: Callable[[], bool] = lambda: False  # True while nothing may be written
        # time.monotonic(): what was changed before is in Redis.
        self.settled = 0.0
        self._ticks: deque[float] = deque([0.0], TOUCH_TICKS + 2)  # when the last ones began
        self.written = 0
        self.refused = 0

    @property
    def owes(self) -> bool:
        """True while a write is under way, or has failed so that all is to be written again."""
        return self._rewrite or self._writing

    def waits(self) -> float:
        """Seconds for which a change that is due has not reached Redis; 0.0 where none is."""
        since = self._owing_since
        return 0.0 if since is None else time.monotonic() - since

    def changed(self, source: Source, urgency: object) -> None:
        """Have the source's state written: URGENT at once, SOON within 1 s, TOUCH within 30 s."""
        level = _LEVEL[urgency]
        if level <= source.pending:
            return
        source.pending = level
        if level == 3:
            self._urgent.append(source)
            self._wakeup.set()
        else:
            ticks = 1 if level == 2 else TOUCH_TICKS
            self._ring[(self._tick + ticks) % len(self._ring)].append((source, source.taken))

    def rewrite_all(self) -> None:
        """Write every station again: Redis may have lost what it was given."""
        self._rewrite = True
        self._wakeup.set()

    async def forget(self, sources: Iterable[Source]) -> None:
        """Write nothing more of these; on return no write of theirs is under way."""
        for source in sources:
            source.pending = DISOWNED
        while self._writing:  # noqa: ASYNC110 - milliseconds, and only when a station is deleted
            await asyncio.sleep(0.01)

    async def run(self) -> None:
        """Write what is due until cancelled."""
        loop = asyncio.get_running_loop()
        next_tick = loop.time() + TICK
        while True:
            try:
                async with asyncio.timeout_at(next_tick):
                    await self._wakeup.wait()
            except TimeoutError:
                pass
            self._wakeup.clear()
            if loop.time() >= next_tick:
                next_tick = max(next_tick + TICK, loop.time())
                self._tick += 1
                self._ticks.append(time.monotonic())
            await self._write_due()

    async def _write_due(self) -> None:
        due, self._urgent = self._urgent, []
        slot = self._tick % len(self._ring)
        due += [source for source, taken in self._ring[slot] if source.taken == taken]
        self._ring[slot] = []
        if self._rewrite:
            due = list(self._every())
        # A source may stand in more than one list; what waits no more has been written meanwhile.
        due = due if self._rewrite else list(dict.fromkeys(s for s in due if s.pending))
        self._rewrite, again = False, self._rewrite
        self._writing = True
        if due and self._owing_since is None:
            self._owing_since = time.monotonic()
        try:
            # What Redis may have lost had its mark there, too.
            await self.write(due, sparing=not again)
            self._owing_since = None
            self.settled = self._ticks[0]
            if again:
                log.info("state of all %d stations written again", len(due))
        except Silenced:
            self._rewrite = True
        except STORE_ERRORS as failure:
            log.warning("state of %d stations not written, Redis is away: %s", len(due), failure)
            self._rewrite = True
            await asyncio.sleep(TICK)
        finally:
            self._writing = False

    @staticmethod
    def _is_for_mongodb(source: Source) -> bool:
        """Of what was only heard; spread over the stations that have been started together."""
        return (source.taken + hash(source.identity)) % TOUCHES == 0

    async def write(self, sources: list[Source], sparing: bool = False) -> None:
        """Write these sources now; raises RedisError when Redis is away, and Silenced.

        `sparing`: most of what only shows when a station was last heard is for Redis alone.
        """
        for start in range(0, len(sources), CHUNK):
            if self.silent():
                raise Silenced
            chunk = [s for s in sources[start : start + CHUNK] if s.pending != DISOWNED]
            if not chunk:
                continue
            state_keys, arguments = [keys.dirty_key()], []
            for source in chunk:
                touched = sparing and source.pending == _LEVEL[TOUCH]
                marked = not touched or self._is_for_mongodb(source)
                # Before the snapshot: a change during the await below must count as new.
                source.pending = 0
                state_keys.append(keys.state_key(source.identity))
                arguments += [source.identity if marked else "", source.packed_state()]
            outcome = await self._script(keys=state_keys, args=arguments)
            for source, result in zip(chunk, outcome, strict=True):
                if result == 1:
                    self.written += 1
                elif result == 2 and source.pending != DISOWNED:
                    self.refused += 1
                    self.on_refused(source)
