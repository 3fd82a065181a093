"""Which server addresses may be called: the rules for hosts that users type, before anything is sent.

Only https to public addresses, except where the operator says otherwise (ALLOWED_PRIVATE_HOSTS). Knows no sockets:
names are checked here, the addresses they resolve to by `is_public` when the connection is made.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import httpx2

from scheduling.errors import HostRefused

LONGEST_URL = 8192
_DEFAULT_PORTS = {"https": 443, "http": 80}
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_SUSPICIOUS = re.compile(r"[\s\\\x00-\x1f\x7f]")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_AUTHORITY = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)

# Ways to write an IPv4 address inside an IPv6 one, or addresses that lead nowhere public (IANA special registry).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NEVER = tuple(
    ipaddress.ip_network(block)
    for block in (
        "192.88.99.0/24",  # 6to4 relays
        "::/96",  # IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "64:ff9b:1::/48",  # local NAT64
        "2001::/23",  # Teredo and other protocol assignments
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local
    )
)


@dataclass(frozen=True)
class Target:
    """A checked address. `host` is lower-case ASCII without a final dot or brackets."""

    scheme: str
    host: str
    port: int
    path: str
    allowed_private: bool

    @cached_property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"


class AllowedHosts:
    """The operator's list: `host` (every port) or `host:port`; `[::1]:8443` for IPv6."""

    def __init__(self, entries: Iterable[str]) -> None:
        self._entries = frozenset(_entry(entry) for entry in entries if entry.strip())

    def covers(self, host: str, port: int) -> bool:
        return (host, None) in self._entries or (host, port) in self._entries


def _entry(entry: str) -> tuple[str, int | None]:
    entry = entry.strip().lower()
    if entry.count(":") > 1 and not entry.startswith("["):  # a bare IPv6 address
        return str(ipaddress.ip_address(entry)), None
    host, colon, port = entry.rpartition(":") if not entry.endswith("]") else (entry, "", "")
    if not colon:
        host, port = entry, ""
    if host.startswith("["):
        host = str(ipaddress.ip_address(host.strip("[]")))
    return host.rstrip("."), int(port) if port else None


def checked(url: str, allowed: AllowedHosts, *, plain: bool = False) -> Target:
    """The parts of a URL that may be called; `plain`: also over http, on its own port.

    Raises HostRefused with reason `malformed`, `userinfo`, `scheme` (not https) or `private` (a literal address that is
    not public). A name passes here; what it resolves to is judged when it is connected to.
    """
    scheme, host, port, path = _parts(url)
    address = _literal(host)
    if address is not None:
        host = str(address)
    elif len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise HostRefused("malformed", host[:64])
    is_allowed = allowed.covers(host, port)
    if scheme != "https" and not is_allowed and not (plain and port == _DEFAULT_PORTS["http"]):
        raise HostRefused("scheme", host)
    if address is not None and not is_allowed and not is_public(address):
        raise HostRefused("private", host)
    return Target(scheme, host, port, path, is_allowed)


def _parts(url: str) -> tuple[str, str, int, str]:
    scheme, authority = _SCHEME.match(url), _AUTHORITY.match(url)
    if scheme is not None and scheme[1].lower() not in _DEFAULT_PORTS:
        raise HostRefused("scheme")
    if authority is None or len(url) > LONGEST_URL or _SUSPICIOUS.search(url):
        raise HostRefused("malformed")
    if "@" in authority[1]:
        raise HostRefused("userinfo")
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        raise HostRefused("malformed") from None
    host = parsed.raw_host.decode("ascii").lower().removesuffix(".")
    port = _DEFAULT_PORTS[parsed.scheme] if parsed.port is None else parsed.port
    if not host or "%" in host or not 1 <= port <= 65535:
        raise HostRefused("malformed", host[:64])
    return parsed.scheme, host, port, parsed.raw_path.decode("ascii")


Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _literal(host: str) -> Address | None:
    """The address a host spells out; None for a name.

    A last label that is a number makes it an address to every resolver (`2130706433`, `0x7f.1`, `127.1` are 127.0.0.1),
    so only the four plain decimals pass.
    """
    if ":" not in host and not _NUMBER.fullmatch(host.rpartition(".")[2]):
        return None
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        raise HostRefused("malformed", host[:64]) from None


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could call it: not private, local, shared, reserved, multicast or disguised."""
    if isinstance(address, ipaddress.IPv6Address) and address in _NAT64:
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    if any(address in block for block in _NEVER if block.version == address.version):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)
