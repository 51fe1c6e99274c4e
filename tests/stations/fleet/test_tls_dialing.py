"""TLS on real sockets: whose certificate is trusted, and which client certificate is shown."""

import asyncio
import contextlib
import datetime
import ipaddress
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from stations.link.dialer import LinkState
from stations.link.opening import tls_context
from stations.link.targets import DialTarget, TlsOptions
from tests.stations.fleet.conftest import until
from tests.stations.fleet.dialers import booted, target
from tests.stations.fleet.sink import Sink


class Authority:
    """A certificate authority of one test run; `issue` gives (certificate, key) as PEM texts."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.pem = self._signed(self.name, self.key, None, authority=True)

    def issue(self, name: str, address: str | None = None, days: int = 1) -> tuple[str, str]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return self._signed(subject, key, address, days), key.private_bytes(*form).decode()

    def _signed(self, subject, key, address, days=1, authority=False) -> str:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=10))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
        )
        if address:
            names = [x509.IPAddress(ipaddress.ip_address(address))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


@pytest.fixture(scope="module")
def trusted() -> Authority:
    return Authority("Trusted CA")


@pytest.fixture(scope="module")
def stranger() -> Authority:
    return Authority("Another CA")


@pytest.fixture
def listening(tmp_path, trusted):
    """listening(...): an open wss:// sink with a certificate of the trusted authority."""

    @contextlib.asynccontextmanager
    async def make(address="127.0.0.1", days=1, clients: Authority | None = None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate, key = trusted.issue("csms", address, days)
        (tmp_path / "cert.pem").write_text(certificate)
        (tmp_path / "key.pem").write_text(key)
        context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=clients.pem)
        sink = Sink()
        sink.tls = context
        async with sink:
            yield sink

    return make


def dial(station, sink, tls: TlsOptions, **more: str) -> None:
    station.target = target(sink, "CP-1", tls=tls, **more)
    station.connect()


async def refused(station) -> str:
    await until(lambda: station.state is LinkState.WAITING and station.backoff.attempt)
    return station.describe()["error"]


async def test_a_csms_of_a_trusted_authority(station, listening, trusted):
    async with listening() as sink:
        dial(station, sink, TlsOptions(ca_pem=trusted.pem))
        connection = await booted(sink)
        cipher = connection.transport.underlying_transport.get_extra_info("cipher")
        assert cipher[1] in ("TLSv1.2", "TLSv1.3")
        assert station.state is LinkState.OPEN


async def test_a_csms_of_an_unknown_authority_is_not_spoken_to(station, listening, stranger):
    async with listening() as sink:
        dial(station, sink, TlsOptions(ca_pem=stranger.pem))
        assert "certificate verify failed" in (await refused(station)).lower()
        assert sink.requests == []


async def test_the_systems_authorities_do_not_know_it_either(station, listening):
    async with listening() as sink:
        dial(station, sink, TlsOptions())
        assert "certificate verify failed" in (await refused(station)).lower()


async def test_without_verification_any_certificate_will_do(station, listening):
    async with listening() as sink:
        dial(station, sink, TlsOptions(verify=False))
        await booted(sink)


@pytest.mark.parametrize(
    ("offered", "word"), [({"address": "127.0.0.9"}, "mismatch"), ({"days": -1}, "expired")]
)
async def test_a_certificate_for_another_host_or_time(
    station, listening, trusted, offered, word
):
    async with listening(**offered) as sink:
        dial(station, sink, TlsOptions(ca_pem=trusted.pem))
        assert word in (await refused(station)).lower()
        assert sink.requests == []


async def test_the_password_travels_inside_tls(station, listening, trusted):
    async with listening() as sink:
        tls = TlsOptions(ca_pem=trusted.pem)
        dial(station, sink, tls, username="CP-1", password="secret")
        connection = await booted(sink)
        assert connection.headers["authorization"].startswith("Basic ")


async def test_a_client_certificate_is_shown(station, listening, trusted):
    certificate, key = trusted.issue("CP-1")
    async with listening(clients=trusted) as sink:
        dial(station, sink, TlsOptions(True, trusted.pem, certificate, key))
        connection = await booted(sink)
        shown = connection.transport.underlying_transport.get_extra_info("peercert")
        assert shown["subject"] == ((("commonName", "CP-1"),),)


async def test_a_client_certificate_of_another_authority(station, listening, trusted, stranger):
    certificate, key = stranger.issue("CP-1")
    async with listening(clients=trusted) as sink:
        dial(station, sink, TlsOptions(True, trusted.pem, certificate, key))
        assert await refused(station)
        assert sink.requests == []


async def test_no_client_certificate_where_one_is_wanted(station, listening, trusted):
    async with listening(clients=trusted) as sink:
        dial(station, sink, TlsOptions(ca_pem=trusted.pem))
        assert await refused(station)
        assert sink.requests == []


async def test_a_plain_csms_behind_a_wss_address(station, sink):
    url = f"wss://127.0.0.1:{sink.port}/ocpp/CP-1"
    station.target = DialTarget(url, "", "", TlsOptions(verify=False), "ocpp1.6")
    station.connect()
    assert await refused(station)


def test_stations_with_the_same_options_share_a_context(trusted):
    one, other = (TlsOptions(ca_pem=trusted.pem) for _ in range(2))
    assert tls_context(one) is tls_context(other)
    assert tls_context(one) is not tls_context(TlsOptions(False, trusted.pem))


async def test_a_half_open_link_and_a_power_cut_inside_tls(station, listening, trusted):
    async with listening() as sink:
        dial(station, sink, TlsOptions(ca_pem=trusted.pem))
        connection = await booted(sink)
        station.consumer.command("half-open", {})
        connection.send('[2,"m-1","ClearCache",{}]')
        await asyncio.sleep(0.2)
        assert not any(message[1] == "m-1" for message in connection.received)
        station.consumer.command("heal", {})
        await until(lambda: any(message[1] == "m-1" for message in connection.received))
        station.consumer.command("power-cut", {})
        await until(lambda: connection.transport.is_disconnected)
        assert connection.closed_with is None
