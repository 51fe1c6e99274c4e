"""Security profiles 2 and 3 at the reference CSMS: its certificate, and the stations'."""

from __future__ import annotations

import ssl

import pytest
import websockets

from democsms.office import Office
from democsms.server import Doors, serving


@pytest.fixture
async def secured():
    """(office, address) of a CSMS that listens with TLS only."""
    office = Office(strict=True)
    async with serving(Doors(port=None, tls_port=0), office) as doors:
        yield office, f"wss://127.0.0.1:{doors.tls_port}/CP-1"


def client(office: Office, tmp_path=None, name: str = "") -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=office.authority.root_pem)
    if name:
        file = tmp_path / "client.pem"
        file.write_text("".join(office.authority.client(name)))
        context.load_cert_chain(file)
    return context


def connect(address: str, context: ssl.SSLContext):
    return websockets.connect(address, subprotocols=["ocpp1.6"], ssl=context, proxy=None)


async def test_its_certificate_is_its_own_authoritys(secured):
    office, address = secured
    async with connect(address, client(office)) as socket:
        assert socket.subprotocol == "ocpp1.6"
    with pytest.raises(ssl.SSLCertVerificationError):
        async with connect(address, ssl.create_default_context()):
            pass


async def test_a_certificate_of_the_station_can_be_required(secured, tmp_path):
    office, address = secured
    office.certified.add("CP-1")
    with pytest.raises(websockets.InvalidStatus, match="403"):
        async with connect(address, client(office)):
            pass
    async with connect(address, client(office, tmp_path, "CP-1")):
        pass


async def test_certificates_can_be_wrong_on_purpose(secured):
    office, _ = secured
    for context in (
        office.authority.context("127.0.0.1", days=-1), office.authority.context("another.example")
    ):  # fmt: skip
        async with serving(Doors(port=None, tls_port=0, tls=context), office) as doors:
            with pytest.raises(ssl.SSLCertVerificationError):
                async with connect(f"wss://127.0.0.1:{doors.tls_port}/CP-1", client(office)):
                    pass


async def test_no_subprotocol_of_ours_no_link(secured):
    office, address = secured
    for offered in (["ocpp0.9"], None):
        with pytest.raises(websockets.InvalidStatus, match="400"):
            async with websockets.connect(
                address, subprotocols=offered, ssl=client(office), proxy=None
            ):
                pass
