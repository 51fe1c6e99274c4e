"""Work counted as executed lines of `chargepoint`, which no loaded machine can change."""

import sys
from types import FrameType
from typing import Any

_CORE = "/chargepoint/"
_TESTS = "/tests/"


class TooManySteps(BaseException):  # no handler of the core may swallow it
    pass


class Steps:
    """Counts the lines of the core that run within `with`; raises TooManySteps beyond `most`."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.count = 0
        self._before: Any = None

    def __enter__(self) -> "Steps":
        self._before = sys.gettrace()
        sys.settrace(self._entered)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _entered(self, frame: FrameType, event: str, _: Any) -> Any:
        name = frame.f_code.co_filename
        if _CORE in name and _TESTS not in name:
            return self._line
        return None

    def _line(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            self.count += 1
            if self.count > self.most:
                raise TooManySteps(f"{self.count} lines, at {frame.f_code.co_qualname}")
        return self._line
