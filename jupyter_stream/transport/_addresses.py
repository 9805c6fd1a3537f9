"""Which network addresses a download may go to. Pure: no name is looked up here.

An address that is not public may be a service that trusts whoever can reach it: the kernel's own server, a router, the
store where a cloud keeps a machine's credentials. IPv6 has many ways of writing an IPv4 address inside another one, and
some network on the way may translate any of them, so an address is as dangerous as what it holds.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, Literal

__all__ = ('Reach', 'is_loopback', 'reach')

Reach = Literal['public', 'private', 'metadata']
"""'metadata' is where clouds hand out credentials; it is refused even to who allows local addresses."""

Address = IPv4Address | IPv6Address

_METADATA: Final = frozenset(
    map(
        ip_address,
        (
            '169.254.169.254',  # AWS, Azure, Google Cloud and most others
            '169.254.170.2',  # AWS: tasks of ECS
            '169.254.170.23',  # AWS: pods of EKS
            '169.254.42.42',  # Scaleway
            '169.254.0.23',  # Tencent Cloud
            '168.63.129.16',  # Azure: the wire server
            '100.100.100.200',  # Alibaba Cloud
            '192.0.0.192',  # Oracle Cloud
            'fd00:ec2::254',  # AWS
            'fd00:ec2::23',  # AWS: pods of EKS
            'fd00:42::42',  # Scaleway
            'fd20:ce::254',  # Google Cloud
        ),
    )
)

_NOT_PUBLIC: Final[tuple[IPv4Network | IPv6Network, ...]] = tuple(
    map(
        ip_network,
        (
            '100.64.0.0/10',  # RFC 6598: shared by the customers of a provider
            '192.0.0.0/24',  # RFC 6890: protocol assignments, a few of them global, none a web server
            '192.88.99.0/24',  # RFC 7526: 6to4 relays
            '198.18.0.0/15',  # RFC 2544: benchmarks
            '2001::/23',  # RFC 2928: Teredo and other assignments
            '64:ff9b:1::/48',  # RFC 8215: translation inside one network
            'fec0::/10',  # RFC 3879: site-local
        ),
    )
)
"""What `ipaddress` calls global in one Python and not in another, or what is global and leads elsewhere."""

_LOOPBACK_NAMES: Final = frozenset(
    {
        'localhost',
        'localhost4',
        'localhost6',
        'localhost.localdomain',
        'localhost4.localdomain4',
        'localhost6.localdomain6',
        'ip6-localhost',
        'ip6-loopback',
    }
)
"""RFC 6761, and the names that distributions put into `/etc/hosts`."""

_COMPATIBLE: Final = IPv6Network('::/96')
_TRANSLATED: Final = IPv6Network('64:ff9b::/96')
_LOCALLY_TRANSLATED: Final = IPv6Network('64:ff9b:1::/48')
_PREFIX_LENGTHS: Final = (32, 40, 48, 56, 64, 96)
_ISATAP: Final = frozenset({0x00005EFE, 0x02005EFE})


def reach(address: str) -> Reach:
    """What kind of address this is, itself or by the IPv4 address inside it.

    Raises:
        ValueError: it is no address. A zone (`%eth0`) is not part of one that can be public: 'private'.
    """
    bare, zone, _ = address.partition('%')
    whole = ip_address(bare)
    embedded = list(_embedded(whole))
    if whole in _METADATA or any(one in _METADATA for one in (*embedded, *_may_hold(whole))):
        return 'metadata'
    return 'private' if zone or not all(map(_is_public, embedded or [whole])) else 'public'


def is_loopback(host: str) -> bool:
    """Whether the host of an `httpx.URL` is this machine, however it is written.

    Names are those of RFC 6761 §6.3 and of `/etc/hosts`, addresses 127.0.0.0/8 (RFC 1122 §3.2.1.3), ::1, those of IPv6
    that stand for one, and the unspecified address, which connects to this machine.
    """
    name = host.strip('[]').rstrip('.').lower().partition('%')[0]
    if name in _LOOPBACK_NAMES or name.endswith('.localhost'):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        address = _short_form(name)
    return address is not None and any(one.is_loopback or one.is_unspecified for one in (address, *_embedded(address)))


def _short_form(name: str) -> IPv4Address | None:
    """127.1, 0x7f000001, 2130706433, 0177.0.0.1: what the system's resolver takes for an IPv4 address."""
    try:
        return IPv4Address(socket.inet_aton(name))
    except OSError:
        return None


def _is_public(address: Address) -> bool:
    if not address.is_global or address.is_multicast:
        return False
    return not any(address in network for network in _NOT_PUBLIC if network.version == address.version)


def _embedded(address: Address) -> Iterator[Address]:
    """The IPv4 address that an IPv6 one stands for, and itself where it can also be reached as it is."""
    if not isinstance(address, IPv6Address):
        return
    bits = int(address)
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    elif address in _TRANSLATED or address in _COMPATIBLE:
        yield IPv4Address(bits & 0xFFFFFFFF)
    elif address.sixtofour is not None:
        yield from (address.sixtofour, address)
    elif (bits >> 32) & 0xFFFFFFFF in _ISATAP:
        yield from (IPv4Address(bits & 0xFFFFFFFF), address)
    elif address in _LOCALLY_TRANSLATED:
        yield from (_translated(bits, 48), address)


def _translated(bits: int, length: int) -> IPv4Address:
    """RFC 6052: the IPv4 address stands behind a prefix of this length, and leaves out the byte after the 64th bit."""
    octets = bits.to_bytes(16)
    return IPv4Address((octets[:8] + octets[9:])[length // 8 :][:4] if length < 96 else octets[12:])


def _may_hold(address: Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that a network may make of an IPv6 one, wherever they can stand in it.

    A network may translate under a prefix of its own, of any length of RFC 6052; a Teredo address (RFC 4380) names a
    relay in clear and its client with every bit turned.
    """
    if not isinstance(address, IPv6Address):
        return
    yield from (_translated(int(address), length) for length in _PREFIX_LENGTHS)
    if address.teredo is not None:
        yield from address.teredo
