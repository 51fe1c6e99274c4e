"""Secrets at rest: Fernet with a key derived from settings.SECRET_KEY."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


class SecretUnreadable(Exception):
    """The stored value was encrypted under another SECRET_KEY, or is damaged."""


@lru_cache(maxsize=4)
def _fernet(secret_key: str) -> Fernet:
    # The label keeps this key apart from whatever else Django derives from SECRET_KEY.
    raw = hashlib.sha256(b"stations.secrets:" + secret_key.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(raw))


def encrypt(text: str) -> str:
    """Ciphertext for a column; "" stays "" (nothing is kept).

    Surrogates stand for bytes that are no UTF-8 (PEP 383). Raises UnicodeEncodeError for others.
    """
    if not text:
        return ""
    return _fernet(settings.SECRET_KEY).encrypt(text.encode(errors="surrogateescape")).decode()


def decrypt(stored: str) -> str:
    """The text of `encrypt`; "" stays "". Raises SecretUnreadable."""
    if not stored:
        return ""
    try:
        plain = _fernet(settings.SECRET_KEY).decrypt(stored.encode())
        return plain.decode(errors="surrogateescape")
    except InvalidToken as error:
        raise SecretUnreadable(
            "A stored secret cannot be read: SECRET_KEY has changed. Set it again."
        ) from error
