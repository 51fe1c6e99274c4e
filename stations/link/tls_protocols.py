"""TLS versions and ciphers of a link: the rules for them, and setting them."""

from __future__ import annotations

import re
import ssl

VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
USUAL = "1.2"  # whitepaper A00.FR.314, 2.0.1 A00.FR.314: no older ones
LONGEST_LIST = 500
_ITEM = re.compile(r"[A-Za-z0-9_+=@-]+\Z")


def set_protocols(context: ssl.SSLContext, lowest: str, highest: str, ciphers: str) -> None:
    """Raises ssl.SSLError for a list of which OpenSSL knows nothing."""
    lowest = lowest or USUAL
    context.minimum_version = VERSIONS[lowest]
    if highest:
        context.maximum_version = VERSIONS[highest]
    if lowest < USUAL and "@SECLEVEL" not in ciphers:
        # OpenSSL 3 has the signatures of TLS 1.0 and 1.1 at this level only.
        ciphers = f"{ciphers or 'DEFAULT'}:@SECLEVEL=0"
    if ciphers:
        context.set_ciphers(ciphers)


def check_protocols(lowest: object, highest: object, ciphers: object) -> dict[str, list[str]]:
    """{field: [sentences]} for tls_min_version, tls_max_version and tls_ciphers."""
    errors: dict[str, list[str]] = {}
    for name, version in (("tls_min_version", lowest), ("tls_max_version", highest)):
        if version and version not in VERSIONS:
            errors[name] = [f"Choose one of {', '.join(VERSIONS)}, or leave it empty."]
    if errors:
        return errors
    if highest and highest < (lowest or USUAL):
        sentence = f"Choose at least TLS {lowest or USUAL}, or allow an older one as the lowest."
        errors["tls_max_version"] = [sentence]
    elif ciphers and (sentence := _fault_of(ciphers, lowest)):
        errors["tls_ciphers"] = [sentence]
    return errors


def _fault_of(ciphers: object, lowest: str) -> str:
    if not isinstance(ciphers, str) or len(ciphers) > LONGEST_LIST:
        return f"Give a text of at most {LONGEST_LIST} characters."
    if lowest == "1.3":
        return "Clear this or allow TLS 1.2: the suites of TLS 1.3 cannot be chosen."
    for item in ciphers.split(":"):
        if item.startswith("TLS_"):
            return f"Take out {item}: the suites of TLS 1.3 cannot be chosen."
        if not _is_known(item):
            return f'OpenSSL knows no "{item[:60]}": separate the names by ":".'
    return "" if _is_accepted(ciphers) else "No cipher is left by this list."


def _is_known(item: str) -> bool:
    """OpenSSL passes over an unknown name in silence, so each is asked for by itself."""
    name = item.lstrip("!-+")
    if not _ITEM.match(name):
        return False
    if item.startswith("@"):
        return _is_accepted(f"DEFAULT:{item}")
    return _is_accepted(f"{name}:@SECLEVEL=0")


def _is_accepted(ciphers: str) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).set_ciphers(ciphers)
    except ssl.SSLError:
        return False
    return True
