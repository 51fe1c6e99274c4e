"""Where files are: which addresses a station can use, and what a file's name and version are."""

from urllib.parse import unquote, urlsplit

import re2

# FileTransferProtocolEnumType, by scheme.
PROTOCOLS = {"ftp": "FTP", "ftps": "FTPS", "http": "HTTP", "https": "HTTPS"}
SUPPORTED = ",".join(PROTOCOLS.values())
LONGEST_VERSION = 50  # firmwareVersion is a CiString50Type

# By RE2, whose time is linear: names and files are a peer's.
_STATED = re2.compile(rb"(?im)^\W*(?:firmware[ _-]?)?version\W{0,4}?[:=\s]\s*([\w.+-]{1,50})")
_NUMBERED = re2.compile(r"[0-9]+(?:\.[0-9]+)+(?:[-+_][0-9A-Za-z]+(?:\.[0-9A-Za-z]+)*)?")
LONGEST_NAME = 255  # of a file, as file systems have it; of a longer one the end counts
LONGEST_URL = 2048  # more is no address, and would be saved with each snapshot
_ENDINGS = frozenset({".bin", ".fw", ".gz", ".hex", ".img", ".tar", ".tgz", ".txt", ".xz", ".zip"})


def refusal(url: str) -> str:
    """Why a file cannot be fetched from or sent to this address, "" if it can."""
    if len(url) > LONGEST_URL:
        return f"an address has at most {LONGEST_URL} characters"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"no address: {error}"
    if parts.scheme.lower() not in PROTOCOLS:
        return f"{parts.scheme or 'no scheme'}: only {SUPPORTED} are supported"
    return "" if host else "the address names no host"


def version_of(head: bytes, url: str, digest: bytes) -> str:
    """The version that a firmware file brings: what it says, what it is called, or what it is.

    1. A line "version: 2.1.0" (or "version=...", "firmware-version ...") in its first bytes.
    2. The number in its name: fw-2.1.0.bin brings 2.1.0, ev_3.4-rc1.tar.gz 3.4-rc1.
    3. Else the beginning of its SHA-256, so that the same file is always the same version.
    """
    stated = _STATED.search(head)
    if stated:
        return stated[1].decode("ascii", "ignore")
    name = file_name(url)
    while (dot := name.rfind(".")) > 0 and name[dot:].lower() in _ENDINGS:
        name = name[:dot]
    numbered = _NUMBERED.search(name)
    return numbered[0][:LONGEST_VERSION] if numbered else f"build-{digest.hex()[:8]}"


def file_name(url: str) -> str:
    """The last part of the address's path, or the last LONGEST_NAME characters of it."""
    return unquote(urlsplit(url[:LONGEST_URL]).path).rsplit("/", 1)[-1][-LONGEST_NAME:]
