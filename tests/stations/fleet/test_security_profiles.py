"""Security profiles 0 to 3 on real sockets: raised by the CSMS, refused, given up, taken over."""

import contextlib
import socket
import ssl
import threading
import time

import pytest

from chargepoint.config import StationConfig
from stations.link.dialer import LinkState
from stations.orders.commands import notify_changed
from tests.chargepoint.authority import Authority
from tests.chargepoint.inside import block
from tests.stations.fleet.conftest import PATIENCE, until
from tests.stations.fleet.dialers import target
from tests.stations.fleet.running import RunningWorker, configure, hot_state, stored_state
from tests.stations.fleet.secure_csms import SecureCsms, server_context

PASSWORD = "a-password-of-tests"


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority("CSMS Root", time.time())


@pytest.fixture(scope="module")
def stranger() -> Authority:
    return Authority("Stranger", time.time())


@pytest.fixture
async def plain():
    async with SecureCsms() as csms:
        yield csms


def aim(station, csms, secure: str = "") -> None:
    """Dial `csms`; profiles 2 and 3 are served at the address `secure`."""
    given = {"EmulatorSecureUrl": secure} if secure else {}
    core = station.consumer.station
    station.consumer.perform(
        core.reconfigure(StationConfig("CP-1", "1.6", configuration=given), time.time())
    )
    station.target = target(csms, "CP-1")
    station.connect()


async def booted(csms, links: int = 1) -> None:
    await until(lambda: len(csms.links) >= links)
    await until(lambda: any(action == "StatusNotification" for action, _ in csms.requests))


async def install(csms, root) -> None:
    use = "CentralSystemRootCertificate"
    answer = await csms.call("InstallCertificate", certificateType=use, certificate=root.pem)
    assert answer == {"status": "Accepted"}


async def raised(csms, profile: str, root: Authority | None = None, certified: bool = False):
    assert await csms.change("AuthorizationKey", PASSWORD) == "Accepted"
    if root is not None:
        await install(csms, root)
    if certified:
        assert await csms.certify(root) == "Accepted"
    assert await csms.change("SecurityProfile", profile) == "Accepted"


async def test_profile_1_sends_the_password_from_the_next_link_on(station, plain):
    aim(station, plain)
    await booted(plain)
    plain.password = PASSWORD.encode()
    await raised(plain, "1")
    await until(lambda: len(plain.links) == 2)
    assert plain.refusals == 0
    assert [action for action, _ in plain.requests].count("BootNotification") == 1


async def test_a_hexadecimal_key_is_sent_as_the_bytes_it_means(station, plain):
    aim(station, plain)
    await booted(plain)
    plain.password = bytes(range(0xF0, 0x100)) + b"tail"
    assert await plain.change("AuthorizationKey", plain.password.hex()) == "Accepted"
    assert await plain.change("SecurityProfile", "1") == "Accepted"
    await until(lambda: len(plain.links) == 2)
    assert plain.refusals == 0


async def test_a_refused_password_is_given_up_for_the_old_one(station, plain):
    aim(station, plain)
    await booted(plain)
    plain.password = PASSWORD.encode()
    await raised(plain, "1")
    await until(lambda: len(plain.links) == 2)
    assert await plain.change("AuthorizationKey", "another-password-1") == "Accepted"
    await until(lambda: len(plain.links) == 3)
    assert plain.refusals == 3
    log = [kind for _, kind, _ in block(station.consumer.station, "security").security_log()]
    assert "FailedToAuthenticateAtCentralSystem" in log


async def test_upwards_from_0_to_3_with_a_link_for_each(station, plain, tmp_path, root):
    context = server_context(tmp_path, root)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(cadata=root.pem)
    async with SecureCsms(context) as secure:
        aim(station, plain, secure.url)
        await booted(plain)
        await raised(plain, "1")
        await until(lambda: len(plain.links) == 2)
        await install(plain, root)
        secure.password = PASSWORD.encode()
        assert await plain.change("SecurityProfile", "2") == "Accepted"
        await until(lambda: secure.links)
        assert secure.subject() is None
        assert await secure.certify(root) == "Accepted"
        secure.password = None
        assert await secure.change("SecurityProfile", "3") == "Accepted"
        await until(lambda: len(secure.links) == 2)
        assert secure.subject() == "CP-1"
        assert "Authorization" not in secure.links[-1].request.headers
        before = secure.links[-1].transport.get_extra_info("peercert")["serialNumber"]
        assert await secure.certify(root) == "Accepted"  # renewed
        await until(lambda: len(secure.links) == 3)
        assert secure.links[-1].transport.get_extra_info("peercert")["serialNumber"] != before


@pytest.mark.parametrize(
    ("fault", "event"),
    [
        ("unknown authority", "InvalidCentralSystemCertificate"),
        ("other host", "InvalidCentralSystemCertificate"),
        ("expired", "InvalidCentralSystemCertificate"),
    ],
)
async def test_a_csms_that_cannot_be_trusted_is_left_for_the_old_link(
    station, plain, tmp_path, root, stranger, fault, event
):
    more = {"other host": {"address": "127.0.0.9"}, "expired": {"days": -1}}.get(fault, {})
    authority = stranger if fault == "unknown authority" else root
    context = server_context(tmp_path, authority, **more)
    async with SecureCsms(context) as secure:
        aim(station, plain, secure.url)
        await booted(plain)
        await raised(plain, "2", root)
        await until(lambda: len(plain.links) == 2)
        await until(lambda: event in plain.events())
        assert not secure.links
        assert block(station.consumer.station, "security").security_profile() == 0


@contextlib.contextmanager
def speaking_tls_1_1(folder, root):
    """A server on a thread, since asyncio closes a failed handshake without the alert of it."""
    context = server_context(folder, root)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.maximum_version = ssl.TLSVersion.TLSv1_1

    def serve():
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                with client, contextlib.suppress(OSError):
                    context.wrap_socket(client, server_side=True).close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"wss://127.0.0.1:{listener.getsockname()[1]}/ocpp"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(PATIENCE)


async def test_a_csms_of_tls_1_1_is_not_spoken_to(station, plain, tmp_path, root):
    with speaking_tls_1_1(tmp_path, root) as url:
        aim(station, plain, url)
        await booted(plain)
        await raised(plain, "2", root)
        await until(lambda: len(plain.links) == 2)
        await until(lambda: "InvalidTLSVersion" in plain.events())


@pytest.mark.parametrize("who", ["nobody", "another authority's"])
async def test_a_client_certificate_that_is_refused(station, plain, tmp_path, root, stranger, who):
    wanted = stranger if who == "another authority's" else root
    async with SecureCsms(server_context(tmp_path, root, clients=wanted)) as secure:
        aim(station, plain, secure.url)
        await booted(plain)
        certified = who != "nobody"
        await raised(plain, "3" if certified else "2", root, certified)
        await until(lambda: len(plain.links) == 2)
        assert not secure.links
        await until(lambda: station.state is LinkState.OPEN)


@pytest.mark.django_db(transaction=True)
async def test_another_worker_goes_on_with_all_of_it(worker, store, tmp_path, root):
    async with SecureCsms() as plain, SecureCsms(server_context(tmp_path, root, root)) as secure:
        await configure(plain, "CP-1", configuration={"EmulatorSecureUrl": secure.url})
        await notify_changed(["CP-1"])
        await booted(plain)
        await raised(plain, "3", root, certified=True)
        await until(lambda: secure.links)
        key = worker.running("CP-1").link_security().key
        await until(lambda: "before" not in str(hot_state(store, "CP-1")["saved"]["security"]))
        await until(lambda: hot_state(store, "CP-1")["connected"])
        raw = store.get("".join(k.decode() for k in store.keys("*state:CP-1")))
        assert b"PRIVATE KEY" not in raw and PASSWORD.encode() not in raw
        await worker.kill()
        heir = RunningWorker()
        try:
            await until(lambda: len(secure.links) == 2)
            assert secure.subject() == "S-1"
            assert heir.running("CP-1").link_security().key == key
            answer = heir.worker.fleet.command("CP-1", "state", {})
            assert "PRIVATE KEY" not in str(answer) and PASSWORD not in str(answer)
        finally:
            await heir.stop()
        assert PASSWORD not in str(await stored_state("CP-1"))
