"""What must hold before anything is started; each refusal is one sentence."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.metadata
import os
import re
import shutil
import socket
from pathlib import Path
from typing import IO

MIN_FREE_MB = 200


class CannotStart(Exception):
    """The sentence to show. Nothing has been left running."""


def check_packages(requirements: Path) -> None:
    """Every package of requirements.txt is installed (the version is pip's business).

    Without the file it is we who are installed, and pip has seen to them.

    Raises CannotStart with the names of those that are not.
    """
    if not requirements.exists():
        return
    names = re.findall(r"^([A-Za-z0-9_.-]+)==", requirements.read_text(), re.MULTILINE)
    missing = []
    for name in names:
        try:
            importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        raise CannotStart(
            f"Package {', '.join(missing)} is missing: start with `make run`, "
            f"or run `pip install -r {requirements.name}`."
        )


def check_disk(directory: Path, min_free_mb: int = MIN_FREE_MB) -> None:
    """The data directory can be written, and there is room.

    Raises CannotStart where it cannot, or fewer than `min_free_mb` MiB are free.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe = directory / f"probe.{os.getpid()}"
        probe.write_bytes(b"\0" * 65536)
        probe.unlink()
    except OSError as error:
        raise CannotStart(
            f"Cannot write to {directory} ({error.strerror}): free some space or set DATA_DIR "
            "to another directory."
        ) from error
    free = shutil.disk_usage(directory).free // 2**20
    if free < min_free_mb:
        raise CannotStart(
            f"The disk of {directory} is full ({free} MB free, {min_free_mb} MB needed): "
            "free some space or set DATA_DIR to another directory."
        )


def keep_private(directory: Path) -> None:
    """Nobody but this user reads what this process and its children write, keys and messages."""
    os.umask(0o077)
    with contextlib.suppress(OSError):  # check_disk says what is wrong
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on a port of this host now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the servers do: a port in TIME_WAIT is free, one that is listened on is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def check_port(port: int, variable: str, purpose: str, host: str = "127.0.0.1") -> None:
    """Raises CannotStart where the port is none or is in use; `variable` is the setting that
    names it, `purpose` says what it is for."""
    if not 0 < port < 65536:
        raise CannotStart(f"{variable}={port} is not a port: choose one from 1 to 65535.")
    if not port_is_free(port, host):
        raise CannotStart(
            f"Port {port} ({purpose}) is in use: stop what uses it, or choose another one with "
            f"{variable}={port + 1} make run."
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def lock_data(directory: Path) -> IO[str]:
    """Hold the data directory for this process; the lock goes when the process does.

    Raises CannotStart where another process holds it.
    """
    file = (directory / "up.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        owner = file.read().strip() or "unknown"
        raise CannotStart(
            f"The emulator already runs on {directory} (process {owner}): stop it first, or set "
            "DATA_DIR to another directory."
        ) from error
    file.seek(0)
    file.truncate()
    file.write(str(os.getpid()))
    file.flush()
    return file
