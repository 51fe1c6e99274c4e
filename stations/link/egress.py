"""Where a station's links and transfers may lead: a pure function of a host and an address.

An address is judged, never a name alone: what is asked is the address that is dialled next. An
IPv6 address that carries an IPv4 one (RFC 4291, 6052, 3056, 4380, 5214) is judged as both.
docs/decisions/0023-egress.md tells why it is so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


# 0.0.0.0 and :: reach the machine itself on Linux.
LOOPBACK = _networks("127.0.0.0/8", "0.0.0.0/8", "::1/128", "::/128")
# RFC 1918, 6598 (carriers' own), 4193 and the site-local ones that RFC 3879 took back.
PRIVATE = _networks(
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "fec0::/10"
)
LINK_LOCAL = _networks("169.254.0.0/16", "fe80::/10")
# Where the machines of AWS, Google, Azure, Alibaba, Oracle and others ask who they are.
METADATA = _networks(
    "169.254.169.254/32", "fd00:ec2::254/128", "fd20:ce::254/128", "168.63.129.16/32",
    "100.100.100.200/32", "192.0.0.192/32",
)  # fmt: skip
# Multicast, broadcast and what is set aside: no server of the public Internet is there.
RESERVED = _networks("224.0.0.0/4", "240.0.0.0/4", "192.0.0.0/24", "198.18.0.0/15", "ff00::/8")
NAMED: dict[str, tuple[Network, ...]] = {
    "loopback": LOOPBACK,
    "private": PRIVATE,
    "link-local": LINK_LOCAL,
    "metadata": METADATA,
    "reserved": RESERVED,
    "inside": LOOPBACK + PRIVATE + LINK_LOCAL + METADATA + RESERVED,
    "any": _networks("0.0.0.0/0", "::/0"),
}
ALWAYS_DENIED = ("metadata", "link-local")
METADATA_HOSTS = frozenset({"metadata.google.internal", "metadata.goog"})

_NAT64 = _networks("64:ff9b::/96", "64:ff9b:1::/48")
_COMPATIBLE = ip_network("::/96")
_ISATAP = (0x00005EFE, 0x02005EFE)


class Refused(OSError):
    """The policy forbids this destination. The text is for people and tells no port's state."""


@dataclass(frozen=True, slots=True)
class Rules:
    """One list of a setting: networks with the words by which it names them, and hosts."""

    networks: tuple[tuple[Network, str], ...] = ()
    hosts: frozenset[str] = frozenset()
    suffixes: tuple[str, ...] = ()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> Rules:
        """Networks (10.0.0.0/8, one address), words of NAMED, hosts, ".domain" for all below it.

        Raises ValueError with the sentence to show.
        """
        networks: list[tuple[Network, str]] = []
        hosts, suffixes = set(), []
        for entry in entries:
            if entry in NAMED:
                networks += [(network, entry) for network in NAMED[entry]]
            elif (network := _network(entry)) is not None:
                networks.append((network, entry))
            elif not _is_name(entry.removeprefix(".")):
                raise ValueError(
                    f'"{entry}" is no network (10.0.0.0/8), no host and none of {", ".join(NAMED)}.'
                )
            elif entry.startswith("."):
                suffixes.append(plain_host(entry))
            else:
                hosts.add(plain_host(entry))
        return cls(tuple(networks), frozenset(hosts), tuple(suffixes))

    def network_of(self, address: Address) -> str:
        """What names the address, in the setting's words; "" if nothing does."""
        for network, words in self.networks:
            if address.version == network.version and address in network:
                return words
        return ""

    def host_of(self, host: str) -> str:
        """The rule that names this host: itself or the end of its name; "" where none does."""
        if host in self.hosts:
            return host
        return next((end for end in self.suffixes if host.endswith(end)), "")


@dataclass(frozen=True, slots=True)
class Policy:
    """What `allow` names may be reached, then nothing that `deny` names, then everything.

    Metadata and link-local addresses are denied always, and allowed by a network alone: who
    answers for an allowed host's name could point it there. `setting`: for the words.
    """

    setting: str = "EGRESS"
    allow: Rules = Rules()
    deny: Rules = Rules()

    @classmethod
    def parse(cls, setting: str, allow: Iterable[str], deny: Iterable[str]) -> Policy:
        return cls(setting, Rules.parse(allow), Rules.parse(deny))

    def refusal(self, host: str, address: str) -> str:
        """Why `address`, to which `host` resolves, must not be dialled; "" if it may be."""
        host = plain_host(host)
        try:
            seen = _readings(ip_address(address.partition("%")[0]))
        except ValueError:
            return f"{address} is not an address"
        return next(filter(None, (self._judged(host, one, address) for one in seen)), "")

    def refusal_of_host(self, host: str) -> str:
        """The same of a host whose address is another's to find (a proxy's); "" if it may be."""
        try:
            ip_address(host)
        except ValueError:
            return self._by_name(plain_host(host))
        return self.refusal(host, host)

    def _judged(self, host: str, address: Address, shown: str) -> str:
        if self.allow.network_of(address):
            return ""
        always = _ALWAYS.network_of(address)
        if always:
            return f"{shown} is a {always} address, which stations do not reach"
        if refused := self._by_name(host):
            return refused
        if self.allow.host_of(host):
            return ""
        named = self.deny.network_of(address)
        return f"{shown} is denied ({self.setting}_DENY has {named})" if named else ""

    def _by_name(self, host: str) -> str:
        if self.allow.host_of(host):
            return ""
        if host in METADATA_HOSTS:
            return f"{host} tells a cloud's metadata, which stations do not reach"
        named = self.deny.host_of(host)
        return f"{host} is denied ({self.setting}_DENY has {named})" if named else ""


OPEN = Policy()  # but for what is denied always


def plain_host(host: str) -> str:
    """A name as it is compared: lower case, in ASCII, without the root's dot."""
    host = host.rstrip(".").lower()
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host


def _network(entry: str) -> Network | None:
    try:
        return ip_network(entry, strict=False)
    except ValueError:
        return None


def _is_name(text: str) -> bool:
    return bool(text) and all(sign.isalnum() or sign in "-._" for sign in text)


_ALWAYS = Rules.parse(ALWAYS_DENIED)


@lru_cache(maxsize=1024)
def _readings(address: Address) -> tuple[Address, ...]:
    """The address, and the IPv4 addresses to which a kernel or a gateway would carry it on."""
    if address.version == 4:
        return (address,)
    if address.ipv4_mapped is not None:  # the kernel dials IPv4
        return (address.ipv4_mapped,)
    return (address, *_carried(address))


def _carried(address: IPv6Address) -> Iterator[IPv4Address]:
    number = int(address)
    last = IPv4Address(number & 0xFFFFFFFF)
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if (address in _COMPATIBLE and number > 1) or (number >> 32) & 0xFFFFFFFF in _ISATAP:
        yield last
    if any(address in network for network in _NAT64):
        yield last
        # RFC 6052, 2.2: below a /48 the IPv4 address stands around bits 64 to 71.
        if address in _NAT64[1]:
            yield IPv4Address((number >> 64 & 0xFFFF) << 16 | number >> 40 & 0xFFFF)
