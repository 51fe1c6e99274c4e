"""The key that signs sessions and encrypts station passwords."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def secret_key(directory: Path) -> str:
    """DJANGO_SECRET_KEY, else the one in the data directory, made at first use.

    Processes that start together agree: the key is written to a file of its own and put in place
    by link(), which fails if another was first.
    """
    if given := os.environ.get("DJANGO_SECRET_KEY"):
        return given
    path = directory / "secret_key"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    directory.mkdir(parents=True, exist_ok=True)
    own = directory / f"secret_key.{os.getpid()}"
    descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(50))
    try:
        os.link(own, path)
    except FileExistsError:
        pass
    finally:
        own.unlink()
    return path.read_text().strip()
