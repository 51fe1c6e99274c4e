"""Basic authentication sends the bytes that the operator or the CSMS has given."""

import base64

import pytest

from stations.link.dialer import LinkState
from stations.models import Station
from tests.stations.fleet.conftest import until
from tests.stations.fleet.dialers import dialer_of_row
from tests.stations.fleet.secure_csms import SecureCsms

KEY = bytes.fromhex("fffe00010a0d7f80c328e28228f09f92a9edA0")  # no UTF-8, control characters


@pytest.mark.parametrize(
    ("given", "encoding", "sent"),
    [
        (KEY.hex(), "hex", KEY),
        (KEY.hex().upper(), "hex", KEY),
        (base64.b64encode(KEY).decode(), "base64", KEY),
        ("pässwörd", "text", "pässwörd".encode()),
        ("0123456789abcdef0123456789abcdef", "text", b"0123456789abcdef0123456789abcdef"),
    ],
)
@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_the_bytes_that_the_operator_gave(version, given, encoding, sent, queue, kept):
    async with SecureCsms(subprotocol=f"ocpp{version}") as csms:
        csms.password = sent
        row = Station(identity="CP-1", csms_url=csms.url, ocpp_version=version)
        row.set_password(given, encoding)
        dialer = dialer_of_row(row, queue, kept)
        dialer.connect()
        await until(lambda: csms.links or csms.refusals)
        await until(lambda: dialer.state is LinkState.OPEN)
        dialer.drop()
        assert not csms.refusals


async def test_bytes_of_the_operator_give_way_to_bytes_of_the_csms(queue, kept):
    """Whitepaper, A01 and section 3: AuthorizationKey is the bytes in hexadecimal digits."""
    async with SecureCsms() as csms:
        csms.password = KEY
        row = Station(identity="CP-1", csms_url=csms.url)
        row.set_password(KEY.hex(), "hex")
        dialer = dialer_of_row(row, queue, kept)
        dialer.connect()
        await until(lambda: csms.requests)
        new = bytes(range(0xEC, 0x100))
        assert await csms.change("AuthorizationKey", new.hex()) == "Accepted"
        csms.password = new
        await until(lambda: len(csms.links) == 2)
        dialer.drop()
        assert not csms.refusals
