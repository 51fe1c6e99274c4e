"""Whatever happens during an update, it ends, and no connector stays out of service for it."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargepoint.common.files.jobs import OVER
from chargepoint.core.commands import CommandRejected
from chargepoint.hardware.states import INOPERATIVE_STATES
from chargepoint.timing.times import iso
from tests.chargepoint.files import FilePeer
from tests.chargepoint.inside import block

# What a status may follow, when none was lost on the way.
FOLLOWS = {
    "Downloading": {None, "Downloading", "DownloadFailed", "Downloaded", "Installed",
                    "InstallationFailed"},
    "Downloaded": {"Downloading"},
    "DownloadFailed": {"Downloading"},
    "Installing": {"Downloaded"},
    "InstallationFailed": {"Installing"},
    "Installed": {"Installing"},
}  # fmt: skip
STEPS = st.sampled_from([
    "update", "later update", "fetched", "failed", "start", "stop", "minute", "day", "restart",
    "link", "fails",
])  # fmt: skip


def take(peer: FilePeer, step: str, number: int) -> None:
    match step:
        case "update" | "later update":
            after = 3600 if step == "later update" else -1
            payload = {
                "location": f"http://files.example/fw-2.{number}.bin", "retries": 2,
                "retrieveDate": iso(peer.now + after), "retryInterval": 30,
            }  # fmt: skip
            if peer.station.connected:
                peer.call("UpdateFirmware", payload)
        case "fetched" if peer.downloads:
            peer.fetched(b"\x7fELF")
        case "failed" if peer.downloads:
            peer.failed()
        case "start" | "stop":
            with suppress(CommandRejected):
                peer.do(f"{step}-transaction", connector=1 + number % 2)
        case "minute" | "day":
            peer.pass_time(61 if step == "minute" else 86_401)
        case "restart":
            peer.restart()
        case "link" if peer.station.connected:
            peer.drop()
        case "fails":
            peer.do("firmware", outcome="InstallationFailed")
    if step != "link" and not peer.station.connected:
        peer.connect()


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=14))
def test_an_update_ends_and_gives_the_connectors_back(steps):
    # Days of meter values tell nothing of an update and take nearly all of the time.
    peer = FilePeer(configuration={"MeterValueSampleInterval": "0"}).connect()
    for number, step in enumerate(steps):
        take(peer, step, number)
    for _ in range(4):  # all of it may come to its end
        for number in list(block(peer.station, "sessions").open):
            peer.do("stop-transaction", connector=number)
        peer.pass_time(4000)
        if not peer.station.connected:
            peer.connect()
        if peer.downloads:
            peer.fetched(b"\x7fELF")
    update = block(peer.station, "files").job("firmware")
    assert update is None or (update.phase == OVER and not update.untold and not update.held)
    assert not any(c.state in INOPERATIVE_STATES for c in peer.station.connectors.values())
    if "link" not in steps and "restart" not in steps:
        told = peer.told()
        for before, after in zip([None, *told], told, strict=False):
            assert before in FOLLOWS[after], told
