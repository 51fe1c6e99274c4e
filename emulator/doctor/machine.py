"""What the machine gives: room on disks, open files, ports."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import shutil
import socket
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from emulator.doctor.findings import Area, Finding, megabytes
from emulator.monitoring import limits
from emulator.processes import preflight, services

DISKS, FILES, PORTS = map(Area, ("disks", "open files", "ports"))
FILES_BESIDE = 300  # open files of a worker that are no station's: stores, journals, transfers
PORT_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
ANSWER_LIMIT = 2.0  # seconds


def disks() -> Iterator[Finding]:
    for name in ("DATA_DIR", "JOURNAL_DIR"):
        folder: Path = getattr(settings, name)
        place = next(p for p in (folder, *folder.parents) if p.exists())  # made at the first start
        if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
            yield DISKS.error(
                f"{name}, {folder}, cannot be written.",
                f"Give it to the user that runs the emulator, or set {name} to another folder.",
            )
            continue
        free = shutil.disk_usage(place).free
        if free < limits.DISK_FREE:
            yield DISKS.error(
                f"The disk of {name}, {folder}, is nearly full: {megabytes(free)} are free.",
                "Make room, or lower MESSAGE_RETENTION_DAYS.",
            )
        elif name == "JOURNAL_DIR" and free < settings.JOURNAL_BYTES + limits.DISK_FREE:
            yield DISKS.warning(
                f"A journal may grow to {megabytes(settings.JOURNAL_BYTES)} while Redis is away, "
                f"and {megabytes(free)} are free in {folder}.",
                "Make room, or lower JOURNAL_BYTES.",
            )
        else:
            yield DISKS.ok(f"{name}: {megabytes(free)} are free in {folder}.")


def open_files(stations: int, workers: Iterable[dict[str, Any]] = ()) -> Iterator[Finding]:
    """stations: that shall run; workers: what living workers told, see stations/worker/vitals.py.

    A living worker of this machine is asked for its own limit; else ours stands for it.
    """
    lines = list(workers)
    here = [line for line in lines if line["id"].startswith(f"{socket.gethostname()}-")]
    most = -(-stations // max(1, len(lines)))
    told = [(f"worker {line['id']}", limit_of(line["pid"]), most) for line in here]
    told = [row for row in told if row[1]] or [("a process of this shell", own_limit(), most)]
    for who, allowed, number in told:
        if allowed < number + FILES_BESIDE:
            yield FILES.error(
                f"{number} stations a worker need as many connections, and {who} may have "
                f"{allowed} open files.",
                "Raise the limit (LimitNOFILE= of the service, `ulimit -n`, ulimits of compose) "
                "or start more workers.",
            )
        else:
            yield FILES.ok(f"{who} may have {allowed} open files for {number} stations.")
    yield from _local_ports(stations if not lines else most * max(1, len(here)))


def own_limit() -> int:
    """The hard limit: a worker raises its soft one to it."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return 2**31 if hard == resource.RLIM_INFINITY else hard


def limit_of(pid: int) -> int:
    """Open files that a process may have; 0 where it is not known."""
    with contextlib.suppress(OSError):
        found = re.search(r"^Max open files +(\S+)", Path(f"/proc/{pid}/limits").read_text(), re.M)
        if found and found[1] == "unlimited":
            return 2**31
        return int(found[1]) if found else 0
    return 0


def _local_ports(stations: int) -> Iterator[Finding]:
    try:
        first, last = map(int, PORT_RANGE.read_text().split())
    except (OSError, ValueError):
        return
    if stations > last - first + 1:
        yield PORTS.warning(
            f"{stations} stations of this machine share {last - first + 1} local ports, if their "
            "CSMS has one address and port.",
            'Widen the range (sysctl net.ipv4.ip_local_port_range="1024 65535"), spread the '
            "workers over machines, or give the CSMS more addresses.",
        )


def ports() -> Iterator[Finding]:
    """The web's: free, ours, or somebody else's."""
    try:
        options = services.Options.from_environment()
    except ValueError as error:
        yield PORTS.error(str(error), "Give it a port from 1 to 65535.")
        return
    if not 0 < options.port < 65536:
        yield PORTS.error(
            f"PORT={options.port} is not a port.", "Choose one from 1 to 65535, 8000 for example."
        )
    elif preflight.port_is_free(options.port, options.host):
        yield PORTS.ok(f"Port {options.port} is free: no web process of ours listens on it.")
    elif answers_as_ours(options.web_address):
        yield PORTS.ok(f"The web process answers on {options.web_address}.")
    else:
        yield PORTS.error(
            f"Port {options.port} of {options.host} is in use, and not by a web process of ours.",
            f"Stop what uses it, or choose another one: PORT={options.port + 1}.",
        )


def answers_as_ours(address: str) -> bool:
    """Whether /api/health below this URL is of an emulator; a store that is away counts too."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{address}/api/health", timeout=ANSWER_LIMIT) as answer:
            text = answer.read(4096)
    except urllib.error.HTTPError as refusal:  # 503 while a store is away
        text = refusal.read(4096)
    except (OSError, ValueError):
        return False
    try:
        return "status" in json.loads(text)
    except (ValueError, TypeError):
        return False
