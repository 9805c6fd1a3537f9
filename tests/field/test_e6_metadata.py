"""E6: addresses where clouds hand out credentials are never reached, however they are written."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Address, IPv6Address

import pytest
from pydantic_ai import _ssrf

from jupyter_stream.exceptions import UserError
from jupyter_stream.transport._addresses import reach
from jupyter_stream.transport.fetch import fetch

METADATA = ('169.254.169.254', '169.254.0.23', '169.254.170.2', '168.63.129.16', '100.100.100.200')


def teredo(server: str, client: str) -> str:
    hidden = int(IPv4Address(client)) ^ 0xFFFFFFFF
    return str(IPv6Address(0x20010000 << 96 | int(IPv4Address(server)) << 64 | hidden))


def translated(prefix: str, length: int, address: str) -> str:
    """As RFC 6052 section 2.2 draws it."""
    octets = bytearray(IPv6Address(prefix).packed)
    places = [place for place in range(length // 8, 16) if place != 8 or length == 96][:4]
    for place, octet in zip(places, IPv4Address(address).packed, strict=True):
        octets[place] = octet
    return str(IPv6Address(bytes(octets)))


@pytest.mark.parametrize('address', [*METADATA, 'fd00:42::42', 'fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254'])
def test_e6_the_addresses_themselves(address: str) -> None:
    assert reach(address) == 'metadata'
    if ':' not in address:
        assert reach(f'::ffff:{address}') == reach(f'64:ff9b::{address}') == 'metadata'


@pytest.mark.parametrize('address', METADATA)
def test_e6_inside_teredo(address: str) -> None:
    assert reach(teredo('65.54.227.120', address)) == 'metadata'
    assert reach(teredo(address, '8.8.8.8')) == 'metadata'
    assert reach(teredo('65.54.227.120', '8.8.8.8')) == 'private'


@pytest.mark.parametrize('length', [32, 40, 48, 56, 64, 96])
@pytest.mark.parametrize('prefix', ['2001:db8::', '64:ff9b:1::', '2606:4700::'])
def test_e6_under_a_prefix_of_any_length(prefix: str, length: int) -> None:
    assert reach(translated(prefix, length, '169.254.0.23')) == 'metadata'


def test_e6_all_that_pydantic_ai_knows() -> None:
    known = _ssrf._CLOUD_METADATA_IPV4 | _ssrf._CLOUD_METADATA_IPV6  # pyright: ignore[reportPrivateUsage]
    assert {str(address) for address in known if reach(str(address)) != 'metadata'} == set()


@pytest.mark.parametrize('address', ['169.254.0.23', 'fd00:42::42', teredo('65.54.227.120', '169.254.169.254')])
def test_e6_also_where_local_addresses_are_allowed(address: str) -> None:
    host = f'[{address}]' if ':' in address else address
    with pytest.raises(UserError, match='not a public address'):
        asyncio.run(fetch(f'http://{host}/latest', allow_local=True))
