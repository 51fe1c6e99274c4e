"""How long the oldest of those that wait has waited, by this process's steady clock."""

import threading
from collections import deque

STEP = 0.25  # seconds between two marks
MOST = 4096  # marks; beyond it every second one goes, and with it some exactness


class Ages:
    """Marks of how many had come by when: an age is too small by the time between two looks."""

    def __init__(self) -> None:
        self._marks: deque[tuple[int, float]] = deque()
        self._lock = threading.Lock()

    def oldest(self, come: int, done: int, now: float) -> float:
        """Seconds that the oldest of those that wait has waited; 0.0 where none waits.

        `come` have come by `now` (monotonic seconds), and the first `done` wait no more.
        """
        with self._lock:
            marks = self._marks
            while marks and marks[0][0] <= done:
                marks.popleft()
            if come > done and (not marks or self._is_news(come, now)):
                marks.append((come, now))
            if len(marks) > MOST:
                marks = self._marks = deque(list(marks)[::2])
            return now - marks[0][1] if marks else 0.0

    def _is_news(self, come: int, now: float) -> bool:
        before, when = self._marks[-1]
        return come > before and now - when >= STEP
