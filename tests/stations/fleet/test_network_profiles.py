"""2.x stations on real sockets: moved to another CSMS, from ws to wss, and back when it is dead."""

import ssl
import time

import pytest

from chargepoint.config import StationConfig
from chargepoint.versions import make_station
from stations.link.dialer import Dialer, LinkState
from stations.orders.commands import notify_changed
from stations.worker.clock import Clock, Deadlines
from stations.worker.consumers import ChargePointConsumer, Host
from tests.chargepoint.authority import Authority
from tests.chargepoint.inside import block
from tests.stations.fleet.conftest import until
from tests.stations.fleet.dialers import NoSnapshots, QuickBackoff, target
from tests.stations.fleet.running import RunningWorker, configure, hot_state, stored_state
from tests.stations.fleet.secure_csms import SecureCsms, server_context

PASSWORD = "a-password-of-tests"
QUICK = {
    "OCPPCommCtrlr.RetryBackOffWaitMinimum": "1", "OCPPCommCtrlr.RetryBackOffRandomRange": "0",
    "OCPPCommCtrlr.RetryBackOffRepeatTimes": "0",
    "OCPPCommCtrlr.NetworkProfileConnectionAttempts": "2",
}  # fmt: skip


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority("CSMS Root", time.time())


@pytest.fixture(params=["2.0.1", "2.1"])
def version(request):
    return request.param


@pytest.fixture
async def plain(version):
    async with SecureCsms(subprotocol=f"ocpp{version}") as csms:
        yield csms


@pytest.fixture
async def station(plain, version, queue, kept):
    """The dialer of a 2.x station that is dialing the plain CSMS."""
    clock = Clock()
    host = Host(clock, Deadlines(clock), kept, NoSnapshots())
    config = StationConfig("CP-1", version, configuration=QUICK, csms_url=plain.url)
    consumer = ChargePointConsumer(make_station(config, None, clock.now()), host, epoch=1)
    there = target(plain, "CP-1", subprotocol=f"ocpp{version}")
    dialer = Dialer(consumer, there, queue)
    dialer.backoff = QuickBackoff()
    dialer.connect()
    await booted(plain)
    yield dialer
    dialer.disconnect()
    dialer.drop()


async def booted(csms, times: int = 1) -> None:
    def done() -> bool:
        actions = [action for action, _ in csms.requests]
        return actions.count("BootNotification") >= times and "StatusNotification" in actions

    await until(done)


async def set_profile(csms, url: str, security: int = 0, **more) -> None:
    data = {
        "ocppVersion": "OCPP20", "ocppTransport": "JSON", "ocppCsmsUrl": url,
        "messageTimeout": 30, "securityProfile": security, "ocppInterface": "Wired0", **more,
    }  # fmt: skip
    answer = await csms.call("SetNetworkProfile", configurationSlot=2, connectionData=data)
    assert answer == {"status": "Accepted"}


async def set_first(csms, order: str = "2,1") -> None:
    status = await csms.set_variable("OCPPCommCtrlr", "NetworkConfigurationPriority", order)
    assert status == "RebootRequired"


async def reset(csms) -> None:
    assert await csms.call("Reset", type="Immediate") == {"status": "Accepted"}


async def install(csms, root) -> None:
    use = "CSMSRootCertificate"
    answer = await csms.call("InstallCertificate", certificateType=use, certificate=root.pem)
    assert answer == {"status": "Accepted"}


async def reasons(csms) -> list[str]:
    return [payload["reason"] for action, payload in csms.requests if action == "BootNotification"]


async def test_from_ws_to_wss_by_a_network_profile_and_a_reset(
    station, plain, version, tmp_path, root
):
    context = server_context(tmp_path, root)
    async with SecureCsms(context, f"ocpp{version}") as secure:
        secure.password = PASSWORD.encode()
        await install(plain, root)
        assert await plain.set_variable("SecurityCtrlr", "BasicAuthPassword", PASSWORD) == (
            "Accepted"
        )
        await set_profile(plain, secure.url, security=2)
        await set_first(plain)
        await reset(plain)
        await booted(secure)
        assert secure.refusals == 0 and len(plain.links) == 1
        assert secure.links[0].request.path == "/ocpp/CP-1"
        assert await reasons(secure) == ["RemoteReset"]
        assert block(station.consumer.station, "security").security_profile() == 2


async def test_a_new_place_that_is_dead_is_given_up_for_the_old_one(station, plain, root):
    await install(plain, root)
    await plain.set_variable("SecurityCtrlr", "BasicAuthPassword", PASSWORD)
    async with SecureCsms() as gone:
        url = gone.url.replace("ws://", "wss://")
    await set_profile(plain, url, security=2)
    await set_first(plain)
    await reset(plain)
    await until(lambda: len(plain.links) == 2)
    await booted(plain, 2)
    assert station.state is LinkState.OPEN
    assert station.consumer.station.snapshot()["network"]["slot"] == 1


async def test_a_csms_of_an_authority_that_is_not_known_is_given_up(
    station, plain, version, tmp_path, root
):
    context = server_context(tmp_path, Authority("Stranger", time.time()))
    async with SecureCsms(context, f"ocpp{version}") as secure:
        await install(plain, root)
        await plain.set_variable("SecurityCtrlr", "BasicAuthPassword", PASSWORD)
        await set_profile(plain, secure.url, security=2)
        await set_first(plain)
        await reset(plain)
        await until(lambda: "InvalidCsmsCertificate" in plain.events())
        assert not secure.links


@pytest.mark.parametrize(("spoken", "links"), [("ocpp1.6", 0), (None, 2)])
async def test_a_csms_of_another_version_is_given_up(station, plain, spoken, links):
    async with SecureCsms(subprotocol=spoken) as older:
        await set_profile(plain, older.url)
        await set_first(plain)
        await reset(plain)
        await until(lambda: len(plain.links) == 2)
        assert len(older.links) == links  # it refuses, or we do for want of a common subprotocol
        assert older.requests == []


async def test_up_to_profile_3_with_a_certificate_and_its_renewal(
    station, plain, version, tmp_path, root
):
    context = server_context(tmp_path, root)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=root.pem)
    async with SecureCsms(context, f"ocpp{version}") as secure:
        await install(plain, root)
        assert await plain.certify(root) == "Accepted"
        await set_profile(plain, secure.url, security=3)
        await set_first(plain)
        await reset(plain)
        await booted(secure)
        assert secure.subject() == "CP-1"
        assert "Authorization" not in secure.links[-1].request.headers
        before = secure.links[-1].transport.get_extra_info("peercert")["serialNumber"]
        assert await secure.certify(root) == "Accepted"
        await until(lambda: len(secure.links) == 2)
        assert secure.links[-1].transport.get_extra_info("peercert")["serialNumber"] != before


async def test_a_password_is_changed_refused_and_given_up(station, plain):
    async with SecureCsms(subprotocol=plain.subprotocol) as other:
        other.password = PASSWORD.encode()
        await plain.set_variable("SecurityCtrlr", "BasicAuthPassword", PASSWORD)
        await set_profile(plain, other.url, security=1)
        await set_first(plain)
        await reset(plain)
        await booted(other)
        other.password = b"the-next-password-1"
        status = await other.set_variable(
            "SecurityCtrlr", "BasicAuthPassword", "the-next-password-1"
        )
        assert status == "Accepted"
        await until(lambda: len(other.links) == 2)
        assert other.refusals == 0
        status = await other.set_variable(
            "SecurityCtrlr", "BasicAuthPassword", "not-what-it-takes-1"
        )
        assert status == "Accepted"
        await until(lambda: len(other.links) == 3)
        assert other.refusals == 2
        log = [kind for _, kind, _ in block(station.consumer.station, "security").security_log()]
        assert "FailedToAuthenticateAtCsms" in log


@pytest.mark.parametrize("version", ["2.1"])  # 2.0.1 has no identity in a profile
async def test_2_1_gives_the_profiles_identity_and_password(station, plain):
    async with SecureCsms(subprotocol="ocpp2.1") as other:
        other.username, other.password = b"OTHER-1", PASSWORD.encode()
        more = {"identity": "OTHER-1", "basicAuthPassword": PASSWORD}
        await set_profile(plain, other.url, security=1, **more)
        await set_first(plain)
        await reset(plain)
        await booted(other)
        assert other.refusals == 0
        assert other.links[0].request.path == "/ocpp/OTHER-1"


@pytest.mark.django_db(transaction=True)
async def test_another_worker_goes_on_by_the_profile(worker, store, plain, version):
    async with SecureCsms(subprotocol=plain.subprotocol) as other:
        other.password = PASSWORD.encode()
        given = {**QUICK, "SecurityCtrlr.SecurityProfile": "0"}
        await configure(plain, "CP-1", ocpp_version=version, configuration=given)
        await notify_changed(["CP-1"])
        await booted(plain)
        await plain.set_variable("SecurityCtrlr", "BasicAuthPassword", PASSWORD)
        await set_profile(plain, other.url, security=1)
        await set_first(plain)
        await reset(plain)
        await booted(other)
        await until(lambda: hot_state(store, "CP-1")["connected"])
        await until(lambda: hot_state(store, "CP-1").get("network", {}).get("slot") == 2)
        await until(lambda: hot_state(store, "CP-1")["registration"] == "Accepted")
        raw = store.get("".join(k.decode() for k in store.keys("*state:CP-1")))
        assert PASSWORD.encode() not in raw
        await worker.kill()
        heir = RunningWorker()
        try:
            await until(lambda: len(other.links) == 2)
            assert len(plain.links) == 1 and other.refusals == 0
            answer = heir.worker.fleet.command("CP-1", "state", {})
            assert PASSWORD not in str(answer)
            assert answer["result"]["network"]["url"] == other.url
        finally:
            await heir.stop()
        assert PASSWORD not in str(await stored_state("CP-1"))
