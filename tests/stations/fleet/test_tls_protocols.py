"""TLS versions and ciphers of a station, as real TLS servers see them."""

import contextlib
import socket
import ssl
import threading
import time
import warnings

import pytest

from stations.link.tls_protocols import check_protocols
from stations.models import Station
from tests.chargepoint.authority import Authority
from tests.chargepoint.inside import block
from tests.stations.fleet.conftest import until
from tests.stations.fleet.dialers import booted
from tests.stations.fleet.secure_csms import server_context
from tests.stations.fleet.sink import Sink

AES256, CHACHA = "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"
OLD = "DEFAULT:@SECLEVEL=0"
V = ssl.TLSVersion


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("CSMS root", time.time())


def _context(folder, authority, lowest=V.TLSv1_2, highest=V.TLSv1_3, ciphers=""):
    context = server_context(folder, authority)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = lowest, highest
    if ciphers:
        context.set_ciphers(ciphers)
    return context


@pytest.fixture
def listening(tmp_path, authority):
    """listening(lowest, highest, ciphers): an open wss:// sink that takes these."""

    @contextlib.asynccontextmanager
    async def make(*protocols):
        sink = Sink()
        sink.tls = _context(tmp_path, authority, *protocols)
        async with sink:
            yield sink

    return make


@pytest.fixture
def dialing(authority, dialing_row):
    """dialing(sink, tls_...=...): the dialer of a station with these settings."""

    def make(sink, **settings):
        row = Station(
            identity="CP-1", csms_url=sink.url, tls_ca_pem=authority.pem,
            configuration={"EmulatorSecurityEvents": "true"}, **settings,
        )  # fmt: skip
        return dialing_row(row)

    return make


def agreed(connection):
    return connection.transport.underlying_transport.get_extra_info("ssl_object")


def told(dialer) -> str:
    """The kind of failure that became a security event."""
    vault = block(dialer.consumer.station, "security").vault
    return vault.told if vault else ""


@pytest.mark.parametrize(
    ("server", "station", "version"),
    [
        ((V.TLSv1_2, V.TLSv1_3), {}, "TLSv1.3"),
        ((V.TLSv1_2, V.TLSv1_3), {"tls_max_version": "1.2"}, "TLSv1.2"),
        ((V.TLSv1_2, V.TLSv1_2), {}, "TLSv1.2"),
        ((V.TLSv1_2, V.TLSv1_3), {"tls_min_version": "1.3"}, "TLSv1.3"),
        ((V.TLSv1_1, V.TLSv1_1), {"tls_min_version": "1.1"}, "TLSv1.1"),
        (
            (V.TLSv1, V.TLSv1_3), {"tls_min_version": "1.0", "tls_max_version": "1.0"}, "TLSv1",
        ),
    ],
)  # fmt: skip
async def test_the_version_of_a_link(server, station, version, listening, dialing):
    old = OLD if server[0] < V.TLSv1_2 else ""
    async with listening(*server, old) as sink:
        dialing(sink, **station)
        assert agreed(await booted(sink)).version() == version


class BlockingServer:
    """A TLS server on blocking sockets, which tells its alert before it closes; asyncio's does not.

    `refusals`: handshakes that came to nothing.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context, self.refusals = context, 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"wss://127.0.0.1:{self._listener.getsockname()[1]}/ocpp"
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "BlockingServer":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                link, _ = self._listener.accept()
                link.settimeout(5)
                try:
                    self.context.wrap_socket(link, server_side=True).close()
                except OSError:
                    self.refusals += 1
                    link.close()


@pytest.fixture
def refusing(tmp_path, authority):
    """refusing(lowest, highest, ciphers): a BlockingServer that takes these."""
    return lambda *protocols: BlockingServer(_context(tmp_path, authority, *protocols))


@pytest.mark.parametrize(
    ("server", "station"),
    [
        ((V.TLSv1_2, V.TLSv1_2), {"tls_min_version": "1.3"}),
        ((V.TLSv1_3, V.TLSv1_3), {"tls_max_version": "1.2"}),
        ((V.TLSv1_1, V.TLSv1_1, OLD), {}),
    ],
)
async def test_no_version_in_common(server, station, refusing, dialing):
    """2.0.1 A00.FR.314 and the security event InvalidTLSVersion."""
    with refusing(*server) as csms:
        dialer = dialing(csms, **station)
        await until(lambda: told(dialer))
        assert told(dialer) == "version" and "VERSION" in dialer.error.upper()
        assert csms.refusals
        dialer.drop()


@pytest.mark.parametrize("cipher", [AES256, CHACHA])
async def test_the_cipher_of_a_link(cipher, listening, dialing):
    async with listening() as sink:
        dialing(sink, tls_max_version="1.2", tls_ciphers=cipher)
        assert agreed(await booted(sink)).cipher()[0] == cipher


async def test_no_cipher_in_common(refusing, dialing):
    with refusing(V.TLSv1_2, V.TLSv1_2, AES256) as csms:
        dialer = dialing(csms, tls_ciphers=CHACHA)
        await until(lambda: told(dialer))
        assert told(dialer) == "cipher" and dialer.error
        assert csms.refusals
        dialer.drop()


# --- the rules -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [("", "", ""), ("1.2", "1.2", ""), ("", "1.3", f"{AES256}:{CHACHA}"), ("1.0", "1.1", ""),
     ("", "", "ECDHE+AESGCM:!aNULL:@STRENGTH"), ("", "", "HIGH:-SHA1"), ("1.1", "", "DEFAULT")],
)  # fmt: skip
def test_settings_that_go_together(settings):
    assert check_protocols(*settings) == {}


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        (("1.4", "", ""), "tls_min_version"),
        (("", "SSLv3", ""), "tls_max_version"),
        (("1.3", "1.2", ""), "tls_max_version"),
        (("", "1.1", ""), "tls_max_version"),
        (("", "", "NONSENSE"), "tls_ciphers"),
        (("", "", f"{AES256}:NONSENSE"), "tls_ciphers"),
        (("", "", f"{AES256}::"), "tls_ciphers"),
        (("", "", "TLS_AES_128_GCM_SHA256"), "tls_ciphers"),
        (("", "", f"{AES256}:!ALL"), "tls_ciphers"),
        (("", "", "@SECLEVEL=9"), "tls_ciphers"),
        (("", "", "a" * 501), "tls_ciphers"),
        (("", "", "Ä"), "tls_ciphers"),
        (("", "", "a\x00b"), "tls_ciphers"),
        (("1.3", "", AES256), "tls_ciphers"),
        (("", "", ["x"]), "tls_ciphers"),
    ],
)
def test_settings_that_do_not_are_named(settings, field):
    assert set(check_protocols(*settings)) == {field}


def test_they_need_tls():
    row = Station(identity="CP-1", csms_url="ws://h", tls_min_version="1.3", tls_ciphers="HIGH")
    assert {"tls_min_version", "tls_ciphers"} <= set(row.problems())
