"""The whole platform by Redis' Sentinels: the master is killed, and the next one takes over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.processes import wait_until
from benchmarks.stack import Stack
from tests.scenarios.platform import PATIENCE, Platform
from tests.sentinels import Watched

from .csms import PythonCsms

pytestmark = pytest.mark.slow
NAMES = [f"WATCHED-{n}" for n in range(5)]


class WatchedStack(Stack):
    def __init__(self, directory: Path, **more) -> None:
        super().__init__(directory, **more)
        self.watched = Watched(directory / "watched", self.redis_port)
        self.env["REDIS_URL"] = self.watched.url

    def start_redis(self) -> None:
        self.processes["redis"] = self.watched.start().processes["master"]

    def stop(self) -> None:
        super().stop()
        self.watched.stop()


@pytest.fixture
def stack(tmp_path) -> Iterator[WatchedStack]:
    parts = ("worker", "celery", "scenarios", "beat", "web")
    with WatchedStack(tmp_path, start=parts) as running:
        yield running


def test_a_change_of_master_costs_no_connection_and_no_message(stack):
    with PythonCsms() as csms:
        own = Platform(stack)
        for name in NAMES:
            own.station(name, csms.url)
        own.connected(*NAMES)
        # What a master that dies has not replicated yet is lost; what is told after it is not.
        stack.watched.fail_over()
        # Its connection lost, kombu's Sentinel transport may end a worker of Celery's: as a
        # supervisor does, it is started again.
        wait_until(lambda: restarted(stack), PATIENCE, "Celery works for the new master", 0.5)

        def goes_on() -> bool:
            status, _ = own.ask("POST", f"stations/{NAMES[0]}/data-transfer",
                                {"vendor_id": "example", "message_id": "after"})  # fmt: skip
            return status < 300

        wait_until(goes_on, PATIENCE, "a command reaches its station", 0.5)
        for name in NAMES:
            own.good("POST", f"stations/{name}/authorize", {"connector": 1, "id_tag": "TAG-1"})
        wait_until(lambda: all(kept(own, name) for name in NAMES), PATIENCE, "the log has it all")
        for name in NAMES:  # nobody had to connect again
            assert own.is_accepted(name)
            assert len({frame.link for frame in csms.wire.frames(name)}) == 1
            assert csms.wire.calls(name, "Authorize")
        health = lambda: own.good("GET", "health")["status"] == "ok"  # noqa: E731
        wait_until(health, PATIENCE, "health has no complaint", 0.5)


def restarted(stack: WatchedStack) -> bool:
    """Whether Celery lives and listens at the new master."""
    if not stack.processes["celery"].alive:
        stack.start_celery()
    listening = stack.watched.client("replica").client_list()
    return any(one["cmd"] == "brpop" for one in listening)


def kept(own: Platform, name: str) -> bool:
    items = own.good("GET", f"messages?stationId={name}&action=Authorize")["items"]
    return {item["kind"] for item in items} >= {"Call", "CallResult"}
