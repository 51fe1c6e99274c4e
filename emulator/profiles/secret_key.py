"""The key that signs sessions and encrypts station passwords."""

from __future__ import annotations

from pathlib import Path

from emulator.profiles import secret_files


def secret_key(directory: Path) -> str:
    """DJANGO_SECRET_KEY or its _FILE, else the one in the data directory, made at first use."""
    given = secret_files.from_environment("DJANGO_SECRET_KEY")
    return given or secret_files.kept(directory / "secret_key")
