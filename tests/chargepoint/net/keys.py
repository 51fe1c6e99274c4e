"""Private keys and serial numbers that a station makes, the same ones in each replay."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec


class Source:
    """Numbers from a seed."""

    def __init__(self, seed: str) -> None:
        self.seed, self.count = seed, 0

    def number(self) -> int:
        self.count += 1
        made = blake2b(f"{self.seed} {self.count}".encode(), digest_size=16).digest()
        return int.from_bytes(made) + 1


@contextmanager
def repeatable(source: Source) -> Iterator[None]:
    key = lambda curve, backend=None: ec.derive_private_key(source.number(), curve)  # noqa: E731
    with (
        patch.object(ec, "generate_private_key", key),
        patch.object(x509, "random_serial_number", source.number),
    ):
        yield
