"""Files over real HTTP, HTTPS, FTP and FTPS on loopback: there, back, broken, given up."""

import asyncio
import contextlib
import gc
import hashlib
import os
import ssl

import pytest
from aiohttp import web

from chargepoint.effects import BAD_MESSAGE, DENIED, DONE, FAILED, UNSUPPORTED, Download, Upload
from stations.files.transferring import Limits
from stations.files.transfers import Transfers
from stations.link.targets import TlsOptions
from tests.stations.fleet.conftest import until
from tests.stations.fleet.file_servers import FtpFiles, HttpFiles
from tests.stations.fleet.test_tls_dialing import Authority

CONTENT = b"version: 2.1.0\n" + os.urandom(300_000)
LOG = b"what the station has to say\n" * 10_000


class Asker:
    """A consumer, as far as transfers know it."""

    identity = "CP-1"

    def __init__(self) -> None:
        self.outcomes = []

    def transfer_ended(self, outcome) -> None:
        self.outcomes.append(outcome)


@pytest.fixture
def asker():
    return Asker()


@pytest.fixture
async def transfers():
    limits = Limits(connect=2, quiet=0.5, seconds=5, at_once=3, size=1_000_000)
    made = Transfers(limits, lambda upload, path: path.write_bytes(LOG))
    yield made
    await made.close()


@pytest.fixture
async def http():
    async with HttpFiles() as server:
        server.files["/fw-2.1.0.bin"] = CONTENT
        yield server


@pytest.fixture(scope="module")
def authority():
    return Authority("Files CA")


@pytest.fixture
def pem(tmp_path, authority):
    """Certificate and key of 127.0.0.1 in one file."""
    path = tmp_path / "server.pem"
    path.write_text("".join(authority.issue("files", "127.0.0.1")))
    return path


async def fetch(transfers, asker, url, tls=None, digest="sha256"):
    asker.outcomes.clear()
    transfers.start(asker, Download("t-1", url, digest), tls)
    await until(lambda: asker.outcomes)
    assert len(transfers) == 0
    return asker.outcomes[-1]


async def send(transfers, asker, url, tls=None):
    asker.outcomes.clear()
    upload = Upload("t-2", url, "CP-1-diagnostics.log", "DiagnosticsLog", None, None, {})
    transfers.start(asker, upload, tls)
    await until(lambda: asker.outcomes)
    return asker.outcomes[-1]


def is_whole(outcome):
    return (outcome.result, outcome.size, outcome.digest, outcome.head) == (
        DONE, len(CONTENT), hashlib.sha256(CONTENT).digest(), CONTENT[:512]
    )  # fmt: skip


# --- downloads -----------------------------------------------------------------------------------


async def test_a_file_by_http(transfers, asker, http):
    assert is_whole(await fetch(transfers, asker, f"{http.url}/fw-2.1.0.bin"))


async def test_a_checksum_by_md5(transfers, asker, http):
    outcome = await fetch(transfers, asker, f"{http.url}/fw-2.1.0.bin", digest="md5")
    assert outcome.digest == hashlib.md5(CONTENT).digest()


async def test_a_redirection_is_followed(transfers, asker, http):
    async def moved(request):
        if request.path == "/old":
            raise web.HTTPFound("/new")
        return web.Response(body=CONTENT)

    http.answer = moved
    assert is_whole(await fetch(transfers, asker, f"{http.url}/old"))


async def test_what_is_sent_compressed_is_taken_as_it_is(transfers, asker, http):
    async def compressed(request):
        return web.Response(body=CONTENT, headers={"Content-Encoding": "gzip"})

    http.answer = compressed
    assert is_whole(await fetch(transfers, asker, f"{http.url}/x"))


@pytest.mark.parametrize(
    ("status", "result"),
    [(404, FAILED), (500, FAILED), (401, DENIED), (403, DENIED), (400, BAD_MESSAGE)],
)
async def test_a_server_that_refuses(transfers, asker, http, status, result):
    http.status = status
    outcome = await fetch(transfers, asker, f"{http.url}/fw-2.1.0.bin")
    assert outcome.result == result and str(status) in outcome.words


async def test_a_file_that_breaks_off_is_not_whole(transfers, asker, http):
    async def short(request):
        answer = web.StreamResponse(headers={"Content-Length": str(len(CONTENT))})
        await answer.prepare(request)
        await answer.write(CONTENT[:1000])
        request.transport.close()
        return answer

    http.answer = short
    assert (await fetch(transfers, asker, f"{http.url}/x")).result == FAILED


async def test_a_server_that_falls_silent(transfers, asker, http):
    http.hold.clear()
    assert (await fetch(transfers, asker, f"{http.url}/fw-2.1.0.bin")).result == FAILED


@pytest.mark.parametrize("told", [True, False], ids=["announced", "streamed"])
async def test_a_file_that_is_too_large(transfers, asker, http, told):
    async def large(request):
        headers = {"Content-Length": "2000000"} if told else {}
        answer = web.StreamResponse(headers=headers)
        await answer.prepare(request)
        for _ in range(20):
            await answer.write(bytes(100_000))
        return answer

    http.answer = large
    outcome = await fetch(transfers, asker, f"{http.url}/x")
    assert outcome.result == FAILED and "more than" in outcome.words


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/x", "ftp://127.0.0.1:1/x", "sftp://127.0.0.1/x", "http://[/x"]
)
async def test_nobody_is_there(transfers, asker, url):
    outcome = await fetch(transfers, asker, url)
    assert outcome.result == FAILED and outcome.words


async def test_a_file_by_ftp(transfers, asker, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "fw-2.bin").write_bytes(CONTENT)
    with FtpFiles(tmp_path) as ftp:
        assert is_whole(await fetch(transfers, asker, f"{ftp.url}/new/fw-2.bin"))


async def test_ftp_without_the_file_or_the_password(transfers, asker, tmp_path):
    with FtpFiles(tmp_path) as ftp:
        assert (await fetch(transfers, asker, f"{ftp.url}/none")).result == FAILED
        wrong = ftp.url.replace("s%25cret", "guess")
        outcome = await fetch(transfers, asker, f"{wrong}/none")
    assert outcome.result == DENIED and "guess" not in outcome.words


async def test_a_file_by_ftps(transfers, asker, tmp_path, pem, authority):
    (tmp_path / "fw.bin").write_bytes(CONTENT)
    with FtpFiles(tmp_path, pem) as ftp:
        tls = TlsOptions(ca_pem=authority.pem)
        assert is_whole(await fetch(transfers, asker, f"{ftp.url}/fw.bin", tls))
        stranger = TlsOptions(ca_pem=Authority("Stranger").pem)
        outcome = await fetch(transfers, asker, f"{ftp.url}/fw.bin", stranger)
    assert outcome.result == FAILED and "certificate" in outcome.words.lower()


async def test_a_file_by_https_from_who_is_trusted(transfers, asker, pem, authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    async with HttpFiles(context) as server:
        server.files["/fw"] = CONTENT
        tls = TlsOptions(ca_pem=authority.pem)
        assert is_whole(await fetch(transfers, asker, f"{server.url}/fw", tls))
        outcome = await fetch(transfers, asker, f"{server.url}/fw")
    assert outcome.result == FAILED and "certificate" in outcome.words.lower()


# --- uploads -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "path"),
    [("/logs/", "/logs/CP-1-diagnostics.log"), ("", "/CP-1-diagnostics.log"), ("/a/b", "/a/b")],
)
async def test_a_log_is_put_there(transfers, asker, http, asked, path):
    url = http.url.replace("//", "//box:s%25cret@") + asked
    outcome = await send(transfers, asker, url)
    assert (outcome.result, outcome.size) == (DONE, len(LOG))
    assert http.uploaded == {path: LOG}
    assert http.requests[-1][2].startswith("Basic ")


async def test_a_server_without_put_gets_a_post(transfers, asker, http):
    http.methods = ("POST",)
    assert (await send(transfers, asker, f"{http.url}/logs/")).result == DONE
    assert http.uploaded == {"/logs/CP-1-diagnostics.log": LOG}


@pytest.mark.parametrize(
    ("status", "result"),
    [(403, DENIED), (501, UNSUPPORTED), (415, BAD_MESSAGE), (507, FAILED), (302, FAILED)],
)
async def test_an_upload_that_is_refused(transfers, asker, http, status, result):
    http.status = status
    assert (await send(transfers, asker, f"{http.url}/logs/")).result == result


async def test_logs_by_ftp_to_a_directory_or_a_file(transfers, asker, tmp_path):
    (tmp_path / "logs").mkdir()
    with FtpFiles(tmp_path) as ftp:
        for place in ("/logs/", "/logs", "/own.log", ""):
            assert (await send(transfers, asker, ftp.url + place)).result == DONE
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.log")}
    assert names == {"logs/CP-1-diagnostics.log", "own.log", "CP-1-diagnostics.log"}
    assert (tmp_path / "own.log").read_bytes() == LOG


async def test_logs_by_ftps(transfers, asker, tmp_path, pem, authority):
    with FtpFiles(tmp_path, pem) as ftp:
        tls = TlsOptions(ca_pem=authority.pem)
        assert (await send(transfers, asker, f"{ftp.url}/", tls)).result == DONE
    assert (tmp_path / "CP-1-diagnostics.log").read_bytes() == LOG


async def test_an_ftp_server_that_lets_nobody_write(transfers, asker, tmp_path):
    with FtpFiles(tmp_path, may="elr") as ftp:
        assert (await send(transfers, asker, f"{ftp.url}/")).result == DENIED


# --- many, given up, none left -------------------------------------------------------------------


async def test_a_stopped_transfer_is_not_heard_of(transfers, asker, http):
    http.hold.clear()
    transfers.start(asker, Download("t-1", f"{http.url}/fw-2.1.0.bin"), None)
    await until(lambda: http.busy)
    transfers.stop(asker, "t-1")
    transfers.stop(asker, "t-1")
    http.hold.set()
    await until(lambda: not http.busy)
    assert asker.outcomes == [] and len(transfers) == 0


async def test_so_many_at_once_and_no_more(transfers, http):
    http.hold.clear()
    askers = [Asker() for _ in range(20)]
    for number, one in enumerate(askers):
        transfers.start(one, Download(f"t-{number}", f"{http.url}/fw-2.1.0.bin"), None)
    await until(lambda: http.busy == 3)
    await asyncio.sleep(0.1)
    waiting, seconds = transfers.backlog()
    assert waiting == 17 and seconds >= 0.1
    transfers.stop_all(askers[-1])
    await until(lambda: transfers.backlog()[0] == 16)
    http.hold.set()
    askers.pop()
    await until(lambda: all(one.outcomes for one in askers))
    assert transfers.backlog() == (0, 0.0)
    assert http.most_busy == 3
    assert all(is_whole(one.outcomes[0]) for one in askers)


def descriptors() -> set[str]:
    """What is open in this process, by names that no two files or sockets share."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the one of the listing
            found.add(os.readlink(f"/proc/self/fd/{name}"))
    return found


async def test_nothing_is_left_behind(transfers, asker, http, tmp_path):
    others = descriptors()
    with FtpFiles(tmp_path) as ftp:

        async def some() -> None:
            await send(transfers, asker, f"{http.url}/logs/")
            await send(transfers, asker, f"{ftp.url}/")
            await fetch(transfers, asker, f"{http.url}/fw-2.1.0.bin")
            transfers.start(asker, Download("t-9", f"{ftp.url}/none"), None)
            await asyncio.sleep(0.05)
            transfers.stop_all(asker)

        def left() -> tuple[int, int]:
            gc.collect()
            return len(descriptors() - others), len(asyncio.all_tasks())

        await some()
        await asyncio.sleep(0.3)
        files, tasks = left()
        for _ in range(5):
            await some()
        await until(lambda: left()[0] <= files and left()[1] <= tasks)


async def test_closing_ends_what_is_under_way(transfers, asker, http):
    http.hold.clear()
    for number in range(5):
        transfers.start(asker, Download(f"t-{number}", f"{http.url}/fw-2.1.0.bin"), None)
    await until(lambda: http.busy)
    await transfers.close()
    assert asker.outcomes == [] and len(transfers) == 0
