"""Secrets that are made at first use and kept in a file of this user's alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def kept(path: Path, size: int = 50) -> str:
    """The secret in the file, made of `size` random bytes if there is none.

    Processes that start together agree: it is written to a file of its own and put in place by
    link(), which fails if another was first.
    """
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    own = path.with_name(f"{path.name}.{os.getpid()}")
    write_private(own, secrets.token_urlsafe(size))
    try:
        os.link(own, path)
    except FileExistsError:
        pass
    finally:
        own.unlink()
    return path.read_text().strip()


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read, whatever the umask and whatever was there."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(descriptor, 0o600)
        file.write(text)


def from_environment(name: str) -> str:
    """The variable's value, else what is in the file that NAME_FILE names (a Docker secret)."""
    if given := os.environ.get(name):
        return given
    file = os.environ.get(f"{name}_FILE")
    return Path(file).read_text().strip() if file else ""
