"""One station and its CSMS, in the words of a test that lives through every action with them."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.console import station_fields
from tests.stations.fleet.file_servers import HttpFiles

from .csms import PythonCsms


def at(**later: float) -> str:
    return (datetime.now(UTC) + timedelta(**later)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Conversation:
    """`files`: a server where the station fetches and leaves what it is told to."""

    def __init__(
        self, csms: PythonCsms, stack: Any, name: str, version: str, files: HttpFiles
    ) -> None:
        self.csms, self.stack, self.name, self.files = csms, stack, name, files
        self.version, self.wire = version, csms.wire
        self._places: dict[str, int] = {}

    def call(self, action: str, **payload: Any) -> dict[str, Any]:
        return self.csms.call(self.name, action, payload)

    def do(self, name: str, **args: Any) -> dict[str, Any]:
        return self.stack.console.command(self.name, name, **args)

    def hears(
        self, action: str, seconds: float = 60,
        where: Callable[[dict], bool] = lambda payload: True, **wanted: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """A Call of the station, newer than what this was asked for last, with such fields."""
        call = self.wire.await_call(
            self.name, action, seconds, self._places.get(action, 0),
            lambda p: wanted.items() <= p.items() and where(p),
        )  # fmt: skip
        self._places[action] = self.wire.calls(self.name, action).index(call) + 1
        return call.payload

    def uploaded(self, name: str) -> str:
        data = self.files.uploaded[f"/in/{name}"]
        return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode()


@contextmanager
def conversation(
    csms: PythonCsms, stack: Any, name: str, version: str, **more: Any
) -> Iterator[Conversation]:
    """A station of the version that has just been switched on; `more`: its further fields."""
    files = HttpFiles()
    csms.do(files.__aenter__())
    stack.console.create([station_fields(name, csms.url, version, firmware="1.0.0", **more)])
    yield Conversation(csms, stack, name, version, files)
    csms.do(files.__aexit__())
