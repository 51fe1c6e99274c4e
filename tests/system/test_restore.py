"""docs/deploy/backup.md as it says: the folder of a stopped platform goes on in another place."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from benchmarks.console import station_fields
from benchmarks.stack import Stack
from messaging.keeping import frames

from .csms import PythonCsms
from .test_crashes import VERSIONS, Charging


def kept(stack: Stack) -> dict[str, set]:
    """The ids of what the log and the sessions have."""
    names = ("transactions", "stations_station")
    ids = {name: {row["_id"] for row in stack.mongo[name].find({}, {"_id": 1})} for name in names}
    return ids | {"messages": {row["_id"] for row in frames.documents(stack.mongo)}}


def test_an_archive_of_the_data_folder_goes_on_in_another_place(
    tmp_path: Path, python_csms: PythonCsms
) -> None:
    """Sessions that were under way are the same ones, ended there, with nothing lost or doubled."""
    first, second = tmp_path / "first", tmp_path / "second"
    with Stack(first) as stack:
        fleet = [Charging(stack, python_csms, f"KEPT-{v}", v) for v in VERSIONS]
        stack.console.create([station_fields(c.name, python_csms.url, c.version) for c in fleet])
        for one in fleet:
            python_csms.wire.await_call(one.name, "StatusNotification", 60)
            one.begin()
        stopping = time.monotonic()
        stack.processes.pop("worker").stop()
        stopped = time.monotonic()
        stack.processes.pop("celery").stop()
        before = kept(stack)
    archive = shutil.make_archive(str(tmp_path / "emulator"), "gztar", first)
    shutil.rmtree(first)
    shutil.unpack_archive(archive, second)
    starting = time.monotonic()
    with Stack(second) as stack:
        assert all(ids <= kept(stack)[name] for name, ids in before.items())
        for one in fleet:
            one.stack = stack
            one.await_readings(3)
            off = starting - stopped, time.monotonic() - stopping
            stack.console.command(one.name, "stop-transaction", connector=1)
            one.check_end(off=off)
