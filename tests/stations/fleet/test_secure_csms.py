"""The CSMS of these tests hears all that a station has said, also one that has left meanwhile."""

from __future__ import annotations

import json

import websockets

from tests.stations.fleet.conftest import until
from tests.stations.fleet.secure_csms import SecureCsms


async def test_what_was_said_before_a_link_ended_is_heard() -> None:
    """On a busy machine a Call, an answer and the end of the link are read in one go."""
    async with (
        SecureCsms() as csms,
        websockets.connect(f"{csms.url}/CP-1", subprotocols=["ocpp1.6"]) as station,
    ):
        await until(lambda: csms.links)
        answer = csms.answers["m-1"] = station.loop.create_future()
        for frame in ([2, "s-1", "Heartbeat", {}], [3, "m-1", {"status": "Accepted"}]):
            station.protocol.send_text(json.dumps(frame).encode())
        station.protocol.send_close(1000)
        station.transport.write(b"".join(station.protocol.data_to_send()))
        await until(answer.done)
        assert answer.result() == {"status": "Accepted"}
        assert csms.requests == [("Heartbeat", {})]
