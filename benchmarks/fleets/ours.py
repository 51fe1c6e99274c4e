"""Our stations as a user has them: `manage.py up`, its own stores, log and live stream on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.console import Console, station_fields
from benchmarks.fleets.trial import EVERY
from benchmarks.processes import ROOT, _die_with_parent, free_port, wait_until
from benchmarks.stack import ADMIN
from benchmarks.trees import Cost, platform_costs

START_PATIENCE = 120.0
STOP_PATIENCE = 60.0
# Of the environment of whoever measures: nothing that leads to other stores or other defaults.
HIDDEN = ("MONGODB_", "REDIS_", "DJANGO_", "DATA_DIR", "PYTEST_", "JOURNAL_DIR")
REGISTER = {"meter_sample_interval": EVERY, "measurands": ["Energy.Active.Import.Register"]}


class Platform:
    """`order_by`: what gives the order, of an `Order`'s kinds."""

    name = "ours, the whole platform"

    def __init__(self, order: Callable[[Platform], None] | None = None) -> None:
        self._order = order or by_console
        self._folder = tempfile.TemporaryDirectory(prefix="ocpp-fleet-")
        self.directory = Path(self._folder.name)
        self.names: list[str] = []
        self.popen: subprocess.Popen | None = None
        self._console: Console | None = None
        hidden = {key for key in os.environ if key.startswith(HIDDEN)}
        self.port = free_port()
        self.options = ["--no-seed", "--no-demo-csms"]
        self.env = {key: value for key, value in os.environ.items() if key not in hidden} | {
            "DATA_DIR": str(self.directory / "data"),
            "PORT": str(self.port),
            "FLOWER_PORT": str(free_port()),
            "DJANGO_SUPERUSER_USERNAME": ADMIN[0],
            "DJANGO_SUPERUSER_PASSWORD": ADMIN[1],
            "DJANGO_SETTINGS_MODULE": "emulator.settings",
            "PYTHONUNBUFFERED": "1",
        }

    # --- a Fleet -----------------------------------------------------------------------------

    def launch(self, url: str, stations: int) -> None:
        self.names = [f"FLEET-{number:05}" for number in range(stations)]
        self.up()
        more = REGISTER | {"default_id_tag": "BENCH"}
        self.console.create(
            [station_fields(name, url, **more) for name in self.names], running=False
        )

    def order(self) -> None:
        self._order(self)

    def costs(self, memory: bool = False) -> dict[str, Cost]:
        return platform_costs(self.popen.pid, memory)

    def close(self) -> None:
        if self._console is not None:
            self._console.close()
        self.down()
        self._folder.cleanup()

    # --- its platform ------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def console(self) -> Console:
        if self._console is None:
            self._console = Console(self.env, self.directory / "console.log")
        return self._console

    def up(self) -> None:
        with (self.directory / "up.log").open("ab") as log:
            log.truncate(0)
            self.popen = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--no-docs", *self.options],
                cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=_die_with_parent,
            )  # fmt: skip
        wait_until(self._ready, START_PATIENCE, "the platform is ready", 0.1)

    def _ready(self) -> bool:
        said = (self.directory / "up.log").read_text()
        if self.popen.poll() is not None:
            raise AssertionError(f"manage.py up ended ({self.popen.returncode}):\n{said}")
        return re.search(r"^Ready", said, re.MULTILINE) is not None

    def down(self) -> None:
        if self.popen is None or self.popen.poll() is not None:
            return
        self.popen.send_signal(signal.SIGINT)
        try:
            self.popen.wait(STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()


def by_console(platform: Platform) -> None:
    """As the admin's action and the API do, without their HTTP request."""
    platform.console.ask("running", identities=platform.names, running=True)
