"""The reference CSMS in this process, with a wire that can be broken for each station."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from conformance.breakages import Breakage
from conformance.wire import Wires
from democsms.office import Office
from democsms.own import forget
from democsms.server import Doors, serving


@dataclass
class Reference:
    office: Office
    doors: Doors
    wires: Wires
    variables: dict[str, Any] = field(default_factory=dict)  # what the suites' are given

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls) -> AsyncIterator[Reference]:
        """While the block lasts, on free ports."""
        office, wires = Office(strict=True), Wires()
        doors = Doors(port=0, control_port=0, tls_port=0, wrap=wires.wrap)
        async with serving(doors, office):
            made = cls(office, doors, wires)
            files = f"{made.control_url}/files/"
            made.variables = {
                "firmware_url": f"{files}firmware.bin",
                "upload_url": files,
                "tls_url": f"wss://127.0.0.1:{doors.tls_port}/ocpp",
                "csms_root": office.authority.root_pem,
            }
            yield made

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.doors.port}/ocpp"

    @property
    def control_url(self) -> str:
        return f"http://127.0.0.1:{self.doors.control_port}"

    def expect(self, station: str, breakage: Breakage | None) -> None:
        """A station that was never there before comes, to a CSMS that is broken so."""
        forget(self.office, station, {})
        self.office.passwords.pop(station, None)
        self.wires.break_(station, breakage)
