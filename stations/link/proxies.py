"""The HTTP proxy of a link: how it is named, and its rules."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

LONGEST = 128  # of a user name and of a password


def proxy_url(address: str, username: str, password: str) -> str:
    """As the client's library takes it: with both in it, in ASCII; "" stays ""."""
    if not address:
        return ""
    host = urlsplit(address).netloc
    if not host.isascii():
        host = host.encode("idna").decode()
    login = f"{quote(username, safe='')}:{quote(password, safe='')}@" if username else ""
    return f"http://{login}{host}"


def check_address(address: object) -> list[str]:
    """What is wrong with a proxy's address: sentences, none where it is empty or
    http://host:port."""
    if not address:
        return []
    sentence = "Write the proxy as http://host:port."
    if not isinstance(address, str) or re.search(r"[\s\x00-\x1f{}\\]", address):
        return [sentence]
    try:
        parts = urlsplit(address)
        usable = parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
        (parts.hostname or "").encode("idna")
    except ValueError:  # UnicodeError too
        usable = False
    if not usable or parts.path not in ("", "/") or parts.query or parts.fragment:
        return [sentence]
    if "@" in parts.netloc:
        return ["Take the user name and password out of the address: they have own fields."]
    return []


def check_login(address: str, username: str, password: str) -> dict[str, list[str]]:
    """{"proxy_username" or "proxy_password": [sentences]}; RFC 7617 as for the CSMS."""
    errors: dict[str, list[str]] = {}
    if ":" in username:
        errors["proxy_username"] = ['Take the ":" out of the user name: it would end it.']
    for name, value in (("proxy_username", username), ("proxy_password", password)):
        if value and not address:
            errors.setdefault(name, []).append("Give the proxy's address too, or clear this.")
        if re.search(r"[\x00-\x1f\x7f]", value):
            errors.setdefault(name, []).append("Take out the control characters.")
        if len(value) > LONGEST:
            errors.setdefault(name, []).append(f"Use at most {LONGEST} characters.")
    if password and not username:
        errors.setdefault("proxy_username", []).append("A password needs a user name.")
    return errors
