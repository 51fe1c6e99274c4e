"""Where links and transfers may lead.

Addresses that nobody may dial are judged by the pure function alone. Whoever dials here dials
loopback: 127.0.0.2 stands for what is denied, so that a fault would be seen by a server of ours.
"""

import pytest
from django.core.checks.registry import registry

from chargepoint.effects import DONE, FAILED
from stations.checks import egress_can_be_read
from stations.files.transferring import Limits
from stations.files.transfers import Transfers
from stations.link.dialer import LinkState
from stations.link.dialing import DialQueue
from stations.link.egress import Policy
from stations.link.reaching import Reach
from stations.link.targets import DialTarget
from tests.stations.fleet.conftest import until
from tests.stations.fleet.dialers import booted, make_dialer
from tests.stations.fleet.file_servers import FtpFiles, HttpFiles
from tests.stations.fleet.test_transfers import LOG, Asker, fetch, send

OPEN = Policy()
SHARED = Policy.parse("EGRESS_CSMS", ["csms.lab", "10.7.0.0/16"], ["inside", ".corp", "bad.test"])
ONLY = Policy.parse("EGRESS_CSMS", ["203.0.113.0/24", ".example.com"], ["any"])

# --- the pure function -------------------------------------------------------------------------


@pytest.mark.parametrize("policy", [OPEN, SHARED, ONLY])
@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "fd00:ec2::254",
        "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192",
        "::ffff:169.254.169.254", "::ffff:a9fe:a9fe",  # mapped
        "::169.254.169.254",  # compatible
        "2002:a9fe:a9fe::1",  # 6to4
        "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "64:ff9b:1:a9fe:a9:fe00::",  # NAT64
        "2001:0:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:5601:5601",  # Teredo
        "2001:db8::5efe:a9fe:a9fe", "2001:db8::200:5efe:a9fe:a9fe",  # ISATAP
        "not-an-address", "2852039166", "",
    ],
)  # fmt: skip
def test_metadata_and_link_local_addresses_are_refused_by_default(policy, address):
    assert policy.refusal("innocent.example", address)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.2", "8.8.8.8", "2001:db8::1"]
)
def test_ones_own_machine_and_network_are_open_by_default(address):
    assert OPEN.refusal("localhost", address) == ""


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "::1", "::", "10.0.0.1", "172.31.255.255",
        "192.168.0.1", "100.64.0.1", "fd12::1", "fec0::1", "224.0.0.1", "255.255.255.255",
        "::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::10.0.0.1", "::ffff:0:0",
    ],
)  # fmt: skip
def test_inside_means_every_way_inside(address):
    assert "EGRESS_CSMS_DENY has inside" in SHARED.refusal("x.example", address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1", "64:ff9b::808:808", "172.32.0.1"])
def test_the_internet_is_not_inside(address):
    assert SHARED.refusal("x.example", address) == ""


def test_what_is_allowed_goes_before_what_is_denied():
    assert SHARED.refusal("x.example", "10.7.3.4") == ""
    assert SHARED.refusal("csms.lab", "10.1.2.3") == ""
    assert SHARED.refusal("CSMS.Lab.", "10.1.2.3") == ""
    assert SHARED.refusal("evil-csms.lab", "10.1.2.3")
    assert ONLY.refusal("x.test", "203.0.113.9") == "" == ONLY.refusal("a.example.com", "8.8.8.8")
    assert ONLY.refusal("example.com", "8.8.8.8") and ONLY.refusal("x.test", "8.8.8.8")


def test_an_allowed_name_opens_no_metadata_and_an_allowed_network_does():
    assert SHARED.refusal("csms.lab", "169.254.169.254")
    opened = Policy.parse("EGRESS_CSMS", ["169.254.7.0/24"], [])
    assert opened.refusal("x", "169.254.7.1") == "" and opened.refusal("x", "169.254.8.1")


@pytest.mark.parametrize("host", ["a.corp", "A.B.CORP.", "bad.test"])
def test_a_denied_name_is_denied_wherever_it_leads(host):
    assert "denied" in SHARED.refusal(host, "8.8.8.8")
    assert "denied" in SHARED.refusal_of_host(host)


def test_a_proxy_is_asked_for_no_address_that_is_denied():
    assert SHARED.refusal_of_host("169.254.169.254") and SHARED.refusal_of_host("127.0.0.1")
    assert OPEN.refusal_of_host("metadata.google.internal")
    assert SHARED.refusal_of_host("x.example") == "" == SHARED.refusal_of_host("8.8.8.8")


def test_a_setting_that_cannot_be_read_is_told_at_the_start(settings):
    settings.EGRESS_TRANSFERS_DENY = ["10.0.0.0/99"]
    assert egress_can_be_read in registry.get_checks()
    assert [error.id for error in egress_can_be_read()] == ["stations.E001"]
    settings.EGRESS_TRANSFERS_DENY = ["10.0.0.0/8", "inside", ".corp", "a-b.test", "::/0"]
    assert egress_can_be_read() == []


# --- who dials asks it -------------------------------------------------------------------------


class Names:
    """A resolver that counts; each name has a list of answers, of which the last stays."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = {name.replace("_", "."): given for name, given in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        from stations.link.reaching import resolved

        self.asked.append(host)
        if host not in self.answers:
            return await resolved(host, port)
        given = self.answers[host]
        return given.pop(0) if len(given) > 1 else given[0]


DENY = Policy.parse("EGRESS_TRANSFERS", [], ["127.0.0.2"])
WORDS = "127.0.0.2 is denied (EGRESS_TRANSFERS_DENY has 127.0.0.2)"


@pytest.fixture
def names():
    return Names(
        good_test=[["127.0.0.1"]],
        bad_test=[["127.0.0.2"]],
        both_test=[["127.0.0.2", "127.0.0.1"]],
        turning_test=[["127.0.0.1"], ["127.0.0.2"]],
    )


@pytest.fixture
async def transfers(names):
    limits = Limits(connect=2, quiet=2, seconds=5)
    made = Transfers(limits, lambda _, path: path.write_bytes(LOG), Reach(DENY, names))
    yield made
    await made.close()


@pytest.fixture
async def inside():
    """A server at 127.0.0.2, which nobody may ask anything."""
    async with HttpFiles(host="127.0.0.2") as server:
        server.files["/secret"] = b"x"
        yield server
        assert server.requests == []


@pytest.mark.parametrize("host", ["127.0.0.2", "bad.test", "0x7f000002", "[::ffff:127.0.0.2]"])
async def test_a_file_is_not_fetched_from_inside(transfers, inside, host):
    asker = Asker()
    outcome = await fetch(transfers, asker, f"http://{host}:{inside.port}/secret")
    assert outcome.result == FAILED and "is denied (EGRESS_TRANSFERS_DENY" in outcome.words
    outcome = await send(transfers, asker, f"http://{host}:{inside.port}/secret")
    assert outcome.result == FAILED and "is denied (EGRESS_TRANSFERS_DENY" in outcome.words


@pytest.mark.parametrize("host", ["2130706434", "127.2"])
async def test_other_forms_of_an_address_lead_nowhere_else(transfers, inside, host):
    outcome = await fetch(transfers, Asker(), f"http://{host}:{inside.port}/secret")
    assert outcome.result == FAILED


@pytest.mark.parametrize("host", ["127.0.0.2", "bad.test"])
async def test_a_redirection_does_not_lead_inside(transfers, inside, host):
    from aiohttp import web

    async with HttpFiles() as server:

        async def moved(request):
            raise web.HTTPFound(f"http://{host}:{inside.port}/secret")

        server.answer = moved
        outcome = await fetch(transfers, Asker(), f"http://good.test:{server.port}/fw")
    assert (outcome.result, outcome.words) == (FAILED, WORDS)


async def test_a_refusal_is_the_same_whether_a_port_is_open_or_not(transfers, inside):
    asker = Asker()
    opened = await fetch(transfers, asker, f"http://127.0.0.2:{inside.port}/")
    closed = await fetch(transfers, asker, "http://127.0.0.2:1/")
    assert opened == closed


async def test_of_several_addresses_those_that_may_be_are_dialled(transfers, inside):
    async with HttpFiles() as server:
        server.files["/fw"] = b"version: 1"
        assert (
            await fetch(transfers, Asker(), f"http://both.test:{server.port}/fw")
        ).result == DONE


async def test_the_address_that_was_judged_is_the_one_dialled(transfers, names, tmp_path):
    (tmp_path / "fw").write_bytes(b"version: 1")
    with FtpFiles(tmp_path) as server:
        url = server.url.replace("127.0.0.1", "turning.test") + "/fw"
        assert (await fetch(transfers, Asker(), url)).result == DONE
    assert names.asked == ["turning.test"]


async def test_ftp_asks_too(transfers, tmp_path):
    for host in ("127.0.0.2", "bad.test"):
        outcome = await fetch(transfers, Asker(), f"ftp://{host}:2121/fw")
        assert (outcome.result, outcome.words) == (FAILED, WORDS)


@pytest.fixture
async def linked(sink, names, kept):
    """A function that dials a host by the policy; the sink is at 127.0.0.1 and has its port."""
    queue = DialQueue(timeout=2, reach=Reach(DENY, names))
    made = []

    def dial(host: str):
        dialer = make_dialer("CP-1", sink, queue, kept)
        port = sink.url.rpartition(":")[2].partition("/")[0]
        dialer.target = DialTarget(f"ws://{host}:{port}/ocpp/CP-1", "", "", None, "ocpp1.6")
        made.append(dialer)
        dialer.connect()
        return dialer

    yield dial
    for dialer in made:
        dialer.disconnect()
        dialer.drop()
    await queue.close()


@pytest.mark.parametrize("host", ["127.0.0.2", "bad.test", "0x7f000002", "2130706434", "127.2"])
async def test_a_link_does_not_lead_inside_and_says_why(linked, sink, host):
    dialer = linked(host)
    await until(lambda: dialer.state is LinkState.WAITING)
    assert dialer.error == WORDS and not sink.connections


@pytest.mark.parametrize("host", ["good.test", "both.test", "turning.test", "127.0.0.1", "127.1"])
async def test_a_link_that_may_be_is_made(linked, sink, names, host):
    linked(host)
    connection = await booted(sink)
    assert connection.headers["Host"].partition(":")[0] == host
    assert names.asked in ([host], [])
