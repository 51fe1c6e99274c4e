"""By what the stations of a plan are let in: password and client key are kept encrypted, and go
to the addresses that they were given for only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError

from stations.configuration import secrets

# Column -> the field as people know it.
SECRETS = {"password_encrypted": "password", "tls_client_key_encrypted": "tls_client_key_pem"}
PLAIN = ("secure_csms_url", "tls_ca_pem", "tls_client_cert_pem")
COLUMNS = (*PLAIN, *SECRETS)
MOST_PEM = 64 << 10
MOVED = "The CSMS has another address than before: give the {} again, or take it away."
_FILES = {"tls_ca_pem": "ca", "tls_client_cert_pem": "cert", "tls_client_key_encrypted": "key"}


def sealed(field: str, text: str) -> str:
    """For a column. Raises ValidationError."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValidationError({field: ["Give proper Unicode."]}) from error
    if field == "password" and not text.isprintable():
        raise ValidationError({field: ["Give a password without control characters."]})
    return secrets.encrypt(text)


def check(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Sentences by field; values of COLUMNS."""
    found: dict[str, list[str]] = {}
    url = values["secure_csms_url"]
    if url and not url.startswith("wss://"):
        found["secure_csms_url"] = ["Give a wss:// address."]
    for name in ("tls_ca_pem", "tls_client_cert_pem"):
        text = values[name]
        if len(text) > MOST_PEM:
            found[name] = [f"Shorten it to {MOST_PEM} characters."]
        elif text and "-----BEGIN CERTIFICATE-----" not in text:
            found[name] = ["Give certificates as PEM."]
    if bool(values["tls_client_cert_pem"]) != bool(values["tls_client_key_encrypted"]):
        found["tls_client_cert_pem"] = ["A client certificate and its key go together."]
    return found


def moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[str]]:
    """Sentences where secrets that were kept would go to another host; values of COLUMNS and
    csms_url. Who changes a plan need not know them."""
    if _hosts(after) <= _hosts(before):
        return {}
    return {
        field: [MOVED.format(field.replace("_", " "))]
        for column, field in SECRETS.items()
        if after[column] and after[column] == before[column]
    }


def _hosts(values: Mapping[str, Any]) -> set[str]:
    """Scheme, host and port: without TLS is another place."""
    made = set()
    for url in filter(None, (values["csms_url"], values["secure_csms_url"])):
        parts = urlsplit(url)
        made.add(f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}")
    return made


def options(asked: Mapping[str, Any], folder: Path) -> list[str]:
    """Words of `runsuite`; PEMs become files of the folder. asked: of runs before there were any
    it has none. Raises secrets.SecretUnreadable."""
    words = []
    if url := asked.get("secure_csms_url"):
        words += ["--secure-csms", url]
    if password := secrets.decrypt(asked.get("password_encrypted", "")):
        words.append(f"--password={password}")
    for column, option in _FILES.items():
        text = asked.get(column, "")
        if column in SECRETS:
            text = secrets.decrypt(text)
        if text:
            path = folder / f"{option}.pem"
            path.touch(0o600)
            path.write_text(text, "utf-8")
            words += [f"--{option}", path.name]
    return words
