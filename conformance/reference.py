"""The reference CSMS in this process, with a wire that can be broken for each station."""

from __future__ import annotations

import contextlib
import ssl
import warnings
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import NegotiationError

from conformance.breakages import Breakage
from conformance.triggers import Trigger
from conformance.wire import Wires
from democsms.authority import Authority
from democsms.office import Office
from democsms.own import forget
from democsms.server import VERSIONS, Doors, identity_of, serving
from stations.models import Station

PASSWORD = "a-password-of-the-run"
# Kinds of broken links that have a port of their own.
TLS_KINDS = ("expired", "stranger", "other-name", "old-tls")


class Passwords(dict):
    """Those of the office, by a CSMS that may be careless with them."""

    def __init__(self, wires: Wires) -> None:
        super().__init__()
        self._wires = wires

    def get(self, station: str, default: Any = None) -> Any:
        match self._wires.link_of(station):
            case "any-password":
                return default
            case "refuses":
                return "of nobody at all"
        return super().get(station, default)

    def __setitem__(self, station: str, password: str) -> None:
        if station not in self or self._wires.link_of(station) != "forgets-password":
            super().__setitem__(station, password)


class Certified(set):
    """Who must show a certificate, by a CSMS that may be careless."""

    def __init__(self, wires: Wires) -> None:
        super().__init__()
        self._wires = wires

    def __contains__(self, station: object) -> bool:
        return super().__contains__(station) and self._wires.link_of(station) != "any-client"


@dataclass
class Reference:
    """tls_ports: "" is the right one, the others by their kind of being wrong."""

    office: Office
    doors: Doors
    wires: Wires
    tls_ports: dict[str, int] = field(default_factory=dict)

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls) -> AsyncIterator[Reference]:
        """While the block lasts, on free ports."""
        wires = Wires()
        office = Office(strict=True, passwords=Passwords(wires), certified=Certified(wires))

        def select(connection: Any, offered: Sequence[str]) -> str | None:
            kind = wires.link_of(identity_of(connection.request.path))
            if kind == "no-subprotocol":
                return None
            if kind == "any-subprotocol" and offered:
                return offered[0]
            return next((name for name in offered if name in VERSIONS), None) or _none(offered)

        doors = Doors(port=0, control_port=0, tls_port=0, wrap=wires.wrap, select=select)
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(serving(doors, office))
            made = cls(office, doors, wires, {"": doors.tls_port})
            for kind in TLS_KINDS:
                wrong = Doors(port=None, tls_port=0, tls=_wrong(kind, office), wrap=wires.wrap)
                await stack.enter_async_context(serving(wrong, office))
                made.tls_ports[kind] = wrong.tls_port
            yield made

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.doors.port}/ocpp"

    @property
    def control_url(self) -> str:
        return f"http://127.0.0.1:{self.doors.control_port}"

    def tls_url(self, breakage: Breakage | None) -> str:
        kind = breakage.of if breakage and breakage.of in TLS_KINDS else ""
        return f"wss://127.0.0.1:{self.tls_ports[kind]}/ocpp"

    def variables(self, breakage: Breakage | None) -> dict[str, Any]:
        """What the suites' are given."""
        files = f"{self.control_url}/files/"
        return {
            "firmware_url": f"{files}firmware.bin",
            "upload_url": files,
            "tls_url": self.tls_url(breakage),
            "csms_root": self.office.authority.root_pem,
            "old_password": PASSWORD,
        }

    def expect(
        self, station: str, breakage: Breakage | None, profile: int, trigger: Trigger | None = None
    ) -> None:
        """A station that was never there before comes, to a CSMS that is broken so. trigger:
        shared by the stations of a case."""
        forget(self.office, station, {})
        self.office.passwords.pop(station, None)
        self.office.certified.discard(station)
        self.wires.break_(station, breakage, trigger)
        if profile in (1, 2):
            self.office.passwords[station] = PASSWORD
        if profile == 3:
            self.office.certified.add(station)

    def equip(self, row: Station, breakage: Breakage | None, profile: int) -> None:
        """The station's side of a security profile."""
        if profile in (1, 2):
            row.set_password(PASSWORD)
        if profile >= 2:
            row.csms_url = self.tls_url(breakage)
            row.tls_ca_pem = self.office.authority.root_pem
        if profile == 3:
            row.tls_client_cert_pem, key = self.office.authority.client(row.identity)
            row.set_client_key(key)


def _none(offered: Sequence[str]) -> str | None:
    """As `websockets` does it where no `select` is given: HTTP 400."""
    raise NegotiationError(f"none of {', '.join(offered)} is spoken here")


def _wrong(kind: str, office: Office) -> Any:
    match kind:
        case "expired":
            return office.authority.context("127.0.0.1", days=-1)
        case "stranger":
            return Authority("Nobody knows it").context("127.0.0.1")
        case "old-tls":
            context = office.authority.context("127.0.0.1")
            with warnings.catch_warnings(category=DeprecationWarning, action="ignore"):
                context.minimum_version = ssl.TLSVersion.TLSv1_1
            context.set_ciphers("ALL:@SECLEVEL=0")
            return context
    return office.authority.context("another.example")
