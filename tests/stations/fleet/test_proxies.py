"""A link through an HTTP proxy: tunnels, logins, and proxies that answer badly."""

import time

import pytest

from stations.link import proxies
from stations.link.dialer import LinkState
from stations.link.egress import Policy
from stations.link.reaching import Reach
from stations.models import Station
from tests.chargepoint.authority import Authority
from tests.stations.fleet.conftest import until
from tests.stations.fleet.dialers import booted
from tests.stations.fleet.http_proxy import HttpProxy
from tests.stations.fleet.secure_csms import SecureCsms, server_context


@pytest.fixture
async def proxy():
    async with HttpProxy() as proxy:
        yield proxy


@pytest.fixture
def dialing(dialing_row):
    """dialing(url, proxy, password, ...): the dialer of a station behind a proxy."""

    def make(url, proxy, password="", **settings):
        row = Station(identity="CP-1", csms_url=url, **({"proxy_url": proxy.url} | settings))
        row.set_proxy_password(password)
        return dialing_row(row)

    return make


async def failed(dialer) -> str:
    await until(lambda: dialer.backoff.attempt and dialer.state is LinkState.WAITING)
    return dialer.error


async def test_a_tunnel_for_ws(proxy, sink, dialing):
    dialing(sink.url, proxy)
    await booted(sink)
    authority = f"127.0.0.1:{sink.port}"
    assert proxy.heads[0].startswith(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n")
    assert "Authorization" not in proxy.heads[0]


async def test_a_tunnel_for_wss(proxy, dialing, tmp_path):
    """TLS is between station and CSMS: the proxy sees neither the path nor the password."""
    authority = Authority("CSMS root", time.time())
    async with SecureCsms(server_context(tmp_path, authority)) as csms:
        csms.password = b"secret"
        row = {"tls_ca_pem": authority.pem, "username": "CP-1"}
        settings = row | {"password_encrypted": _encrypted("secret")}
        dialing(csms.url, proxy, **settings)
        await until(lambda: csms.requests)
        assert proxy.tunnels == 1 and "ocpp" not in proxy.heads[0]


def _encrypted(password: str) -> str:
    station = Station()
    station.set_password(password)
    return station.password_encrypted


@pytest.mark.parametrize("password", ["s3cret", "p@ss:w/örd%20"])
async def test_a_proxy_that_wants_a_login(password, proxy, sink, dialing):
    proxy.login = ("us er@x", password)
    dialing(sink.url, proxy, password, proxy_username="us er@x")
    connection = await booted(sink)
    assert "Authorization" not in connection.headers  # what is the proxy's stays there
    assert "Proxy-Authorization" not in connection.headers


async def test_a_wrong_login(proxy, sink, dialing):
    proxy.login = ("user", "right")
    dialer = dialing(sink.url, proxy, "wrong-password", proxy_username="user")
    words = await failed(dialer)
    assert "the proxy answered HTTP 407 Proxy Authentication Required" in words
    assert "wrong-password" not in words and not sink.requests


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "the proxy answered HTTP 403 Forbidden"),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "the proxy answered HTTP 502 Bad Gateway"),
        (b"HTTP/1.1 799 Odd\r\n\r\n", "the proxy answered HTTP 799"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "the proxy returned an invalid response"),
        (b"HTTP/1.1 two hundred\r\n\r\n", "the proxy returned an invalid response"),
        (b"", "the proxy closed the connection before replying"),
    ],
)
async def test_a_proxy_that_does_not_let_us_through(answer, words, proxy, sink, dialing):
    proxy.answer = answer
    dialer = dialing(sink.url, proxy)
    assert words in await failed(dialer)
    assert not sink.requests


async def test_a_proxy_whose_answer_has_no_end(proxy, sink, dialing):
    proxy.answer, proxy.holds = b"HTTP/1.1 200 OK\r\nX: " + b"a" * 300_000, True
    assert "headers are too large" in await failed(dialing(sink.url, proxy))


async def test_a_proxy_that_says_nothing(proxy, sink, dialing, kept):
    proxy.answer, proxy.holds = b"HTTP/1.1 200 OK\r\n", True
    assert "no answer in time" in await failed(dialing(sink.url, proxy))


async def test_a_proxy_that_is_not_there(sink, dialing):
    async with HttpProxy() as gone:
        pass
    words = await failed(dialing(sink.url, gone))
    assert f"proxy 127.0.0.1:{gone.port}" in words


async def test_a_csms_behind_it_that_refuses(proxy, sink, dialing):
    sink.status = 503
    words = await failed(dialing(sink.url, proxy))
    assert "the CSMS answered HTTP 503" in words


@pytest.mark.parametrize(
    ("url", "denied", "words"),
    [
        ("ws://bad.test/ocpp", "bad.test", "bad.test is denied"),  # the proxy would look it up
        ("ws://good.test/ocpp", "127.0.0.1", "127.0.0.1 is denied"),  # the proxy itself
        ("ws://169.254.169.254/ocpp", "", "which stations do not reach"),
    ],
)
async def test_a_proxy_is_no_way_around_what_is_denied(url, denied, words, proxy, dialing, queue):
    queue.reach = Reach(Policy.parse("EGRESS_CSMS", [], [denied] if denied else []))
    assert words in await failed(dialing(url, proxy))
    assert not proxy.heads


# --- the rules -------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["", "http://h:3128", "http://h", "http://[::1]:8080/"])
def test_addresses(address):
    assert proxies.check_address(address) == []


@pytest.mark.parametrize(
    "address",
    ["h:3128", "https://h:1", "socks5://h", "http://", "http://h:0", "http://h:99999",
     "http://h/x", "http://h?x", "http://u:p@h", "http://a b", "http://[::1", "http://..", 7],
)  # fmt: skip
def test_what_is_no_address(address):
    assert proxies.check_address(address)


def test_logins_are_checked_by_field():
    assert proxies.check_login("http://h", "u", "p") == {}
    assert set(proxies.check_login("", "u", "p")) == {"proxy_username", "proxy_password"}
    assert set(proxies.check_login("http://h", "", "p")) == {"proxy_username"}
    assert set(proxies.check_login("http://h", "u:v", "")) == {"proxy_username"}
    assert set(proxies.check_login("http://h", "u", "a\nb")) == {"proxy_password"}
