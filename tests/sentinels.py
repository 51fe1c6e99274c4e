"""A master of Redis, a replica and a Sentinel, with passwords, as processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import redis

from benchmarks.processes import Process, free_port, wait_until
from emulator.processes import embedded

SERVICE = "fleet"
PASSWORD, OWN = "of the master", "ofthesentinel"
PATIENCE = 120.0  # seconds; a shared machine may be slow


class Watched:
    """`url` is for REDIS_URL: its first Sentinel is not there, as one of three may be."""

    def __init__(self, directory: Path, master_port: int | None = None, db: int = 0) -> None:
        self.directory = directory
        self.ports = {
            "master": master_port or free_port(), "replica": free_port(), "sentinel": free_port(),
        }  # fmt: skip
        self.processes: dict[str, Process] = {}
        places = f"127.0.0.1:{free_port()},127.0.0.1:{self.ports['sentinel']}"
        self.bare_url = f"redis+sentinel://{places}/{SERVICE}/{db}"
        password = PASSWORD.replace(" ", "%20")
        self.url = f"redis+sentinel://:{password}@{places}/{SERVICE}/{db}?sentinel_password={OWN}"

    def start(self) -> Watched:
        self._server("master")
        self._server("replica", replicaof=f"127.0.0.1 {self.ports['master']}")
        linked = lambda: self.client("replica").info()["master_link_status"] == "up"  # noqa: E731
        wait_until(linked, PATIENCE, "the replica has the master's data")
        self._sentinel()
        return self

    def stop(self) -> None:
        for process in self.processes.values():
            process.stop()

    def client(self, name: str) -> redis.Redis:
        password = OWN if name == "sentinel" else PASSWORD
        return redis.Redis(port=self.ports[name], password=password, socket_timeout=10)

    def master(self) -> int:
        """The port that the Sentinel tells."""
        told = self.client("sentinel").sentinel_get_master_addr_by_name(SERVICE)
        return told[1] if told else 0

    def fail_over(self) -> None:
        """Kill the master; ends when the replica takes writes."""
        self.processes["master"].kill()
        found = lambda: self.master() == self.ports["replica"]  # noqa: E731
        wait_until(found, PATIENCE, "the Sentinel has another master")
        promoted = lambda: self.client("replica").info()["role"] == "master"  # noqa: E731
        wait_until(promoted, PATIENCE, "the replica is the master")

    def come_back(self) -> None:
        """The old master is a replica now."""
        self._server("master")
        demoted = lambda: self.client("master").info()["role"] == "slave"  # noqa: E731
        wait_until(demoted, PATIENCE, "the old master is a replica")

    def _server(self, name: str, **more: str) -> None:
        lines = {"masterauth": f'"{PASSWORD}"', "repl-diskless-sync-delay": "0", **more}
        self._run(name, self._configured(name, lines), "ping")

    def _configured(self, name: str, lines: dict[str, str]) -> list[str]:
        home = self.directory / name
        command = embedded.redis_command(home, self.ports[name])
        file = Path(command[-1])
        written = file.read_text() + f'requirepass "{PASSWORD}"\n'
        written += "".join(f"{key} {value}\n" for key, value in lines.items())
        file.write_text(written)
        return command

    def _sentinel(self) -> None:
        home = self.directory / "sentinel"
        home.mkdir(parents=True, exist_ok=True)
        file = home / "sentinel.conf"
        file.write_text(f"""port {self.ports["sentinel"]}
bind 127.0.0.1
dir "{home}"
requirepass "{OWN}"
sentinel monitor {SERVICE} 127.0.0.1 {self.ports["master"]} 1
sentinel auth-pass {SERVICE} "{PASSWORD}"
sentinel down-after-milliseconds {SERVICE} 1000
sentinel failover-timeout {SERVICE} 5000
""")
        program = embedded.redis_program(home)
        self._run("sentinel", [program, str(file), "--sentinel"], "ping")
        knows = lambda: self._known().get("num-slaves", 0) >= 1  # noqa: E731
        wait_until(knows, PATIENCE, "the Sentinel knows the replica")

    def _known(self) -> dict[str, Any]:
        return self.client("sentinel").sentinel_master(SERVICE)

    def _run(self, name: str, command: list[str], ask: str) -> None:
        log = self.directory / f"{name}.log"
        self.processes[name] = Process(name, command, log, {}).start()

        def answers() -> bool:
            try:
                return bool(getattr(self.client(name), ask)())
            except redis.RedisError:
                return False

        wait_until(answers, PATIENCE, f"{name} answers")
