"""The harness's means: its proxy, its clock, its disk, its answers."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.processes import ROOT, wait_until
from chaos.answers import Answers
from chaos.clock import WallClock
from chaos.proxy import BLACK_HOLE, HELD, OPEN, REFUSING, Proxy
from chargepoint.wire import schemas

PATIENCE = 60.0


class Echo:
    """A server that says everything again, and a proxy before it."""

    async def __aenter__(self) -> Echo:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.proxy = Proxy(self.server.sockets[0].getsockname()[1])
        await self.proxy.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.proxy.set(REFUSING)
        self.server.close()

    async def _serve(self, reader, writer) -> None:
        while data := await reader.read(1000):
            writer.write(data)

    async def dial(self):
        return await asyncio.open_connection("127.0.0.1", self.proxy.port)


async def say(link, text: bytes) -> None:
    link[1].write(text)
    await link[1].drain()


async def hear(link, seconds: float = PATIENCE) -> bytes:
    return await asyncio.wait_for(link[0].read(1000), seconds)


async def nothing_comes(link) -> bool:
    reading = asyncio.ensure_future(link[0].read(1000))
    done, _ = await asyncio.wait([reading], timeout=0.2)
    if not done:
        reading.cancel()
    return not done


async def is_reset(link) -> bool:
    try:
        return await hear(link) == b""
    except ConnectionError:
        return True


async def test_a_proxy_forwards_both_ways_and_resets():
    async with Echo() as echo:
        link = await echo.dial()
        await say(link, b"hello")
        assert await hear(link) == b"hello"
        assert echo.proxy.reset() == 1
        assert await is_reset(link)


async def test_what_is_held_comes_later():
    async with Echo() as echo:
        link = await echo.dial()
        await say(link, b"one")
        assert await hear(link) == b"one"
        await echo.proxy.set(HELD)
        await say(link, b"two")
        assert await nothing_comes(link)
        await echo.proxy.set(OPEN)
        assert await hear(link) == b"two"


async def test_what_was_said_into_a_link_that_was_given_up_is_lost_with_it():
    came = []
    async with Echo() as echo:
        link = await echo.dial()
        await say(link, b"one")
        await hear(link)
        server = next(iter(echo.proxy._pipes)).ends[1][0]
        await echo.proxy.set(HELD)
        await say(link, b"two")
        link[1].close()
        await link[1].wait_closed()
        await echo.proxy.set(OPEN)
        with pytest.raises((ConnectionError, AssertionError)):
            came.append(await asyncio.wait_for(server.read(1000), PATIENCE))
            assert came[-1]
    assert b"two" not in came


async def test_a_black_hole_swallows_and_resets_what_it_harmed():
    async with Echo() as echo:
        harmed, quiet = await echo.dial(), await echo.dial()
        for link in (harmed, quiet):
            await say(link, b"one")
            assert await hear(link) == b"one"
        await echo.proxy.set(BLACK_HOLE)
        await say(harmed, b"two")
        assert await nothing_comes(harmed)
        await echo.proxy.set(OPEN)
        assert await is_reset(harmed)
        await say(quiet, b"three")
        assert await hear(quiet) == b"three"


async def test_a_proxy_that_refuses():
    async with Echo() as echo:
        await echo.proxy.set(REFUSING)
        assert await is_reset(await echo.dial())


def test_the_wall_clock_jumps_in_flight_and_sleeps_last_as_long_as_they_should(tmp_path: Path):
    clock = WallClock(tmp_path)
    if clock.missing:
        pytest.skip(clock.missing)
    script = (
        "import sys, time\n"
        "for line in sys.stdin:\n"
        "    began = time.monotonic(); time.sleep(0.05)\n"
        "    print(time.time(), time.monotonic() - began, flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, **clock.env},
    )  # fmt: skip

    def off() -> float:
        process.stdin.write("\n")
        process.stdin.flush()
        wall, slept = map(float, process.stdout.readline().split())
        assert slept >= 0.05
        return wall - time.time()

    try:
        for jump in (0, 3600, -3600, 0):
            clock.jump(jump)
            wait_until(lambda jump=jump: abs(off() - jump) < 60, PATIENCE, f"a clock {jump} s off")
    finally:
        process.kill()
        process.wait()


def test_a_small_disk_is_full_and_empty_again_and_goes_away_with_its_process(tmp_path: Path):
    script = (
        "import sys; from pathlib import Path; from chaos.disk import SmallDisk\n"
        "disk = SmallDisk(Path(sys.argv[1]))\n"
        "if disk.missing: print(disk.missing); sys.exit(3)\n"
        "assert disk.fill() > 1e6\n"
        "try: (disk.place / 'more').write_bytes(bytes(4096)); sys.exit('there was room')\n"
        "except OSError: pass\n"
        "disk.free(); (disk.place / 'more').write_bytes(bytes(4096))\n"
    )
    place = tmp_path / "disk"
    done = subprocess.run(
        [sys.executable, "-c", script, str(place)], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode == 3:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stderr
    assert list(place.iterdir()) == []  # nothing is mounted here, and nothing was written below


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_what_the_csms_answers_is_valid(version: str):
    answers, answered = Answers(), 0
    event = {"idToken": {"idToken": "T", "type": "Central"}}
    for action in schemas.actions(version):
        answer = answers.to("S", version, action, event)
        if answer is not None:
            assert schemas.check(version, action, answer, True) is None, action
            answered += 1
    assert answered > 10


def test_a_start_that_is_asked_again_is_the_same_transaction():
    answers = Answers()
    first = answers.to("S", "1.6", "StartTransaction", {"meterStart": 1})
    assert answers.to("S", "1.6", "StartTransaction", {"meterStart": 1}) == first
    assert answers.to("S", "1.6", "StartTransaction", {"meterStart": 2}) != first
    assert answers.to("T", "1.6", "StartTransaction", {"meterStart": 1}) != first
