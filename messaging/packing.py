"""How what is kept in MongoDB or Redis is compressed: zstd, by kombu, which Celery brings."""

from __future__ import annotations

from kombu import compression

NAME = "zstd"


def compressed(data: bytes) -> bytes:
    return compression.compress(data, NAME)[0]


def decompressed(data: bytes) -> bytes:
    """Undo `compressed`; also of the Binary that MongoDB gives back."""
    return compression.decompress(bytes(data), NAME)
