"""Which addresses are public: by hand, and by the published cases of the shared folder."""

from __future__ import annotations

import pytest

from jupyter_stream.transport._addresses import is_loopback, reach

from ..conformance.recordings import addresses


@pytest.mark.parametrize(
    ('address', 'kind'),
    [
        ('8.8.8.8', 'public'),
        ('2606:4700:4700::1111', 'public'),
        ('127.0.0.1', 'private'),
        ('10.1.2.3', 'private'),
        ('172.31.255.255', 'private'),
        ('0.0.0.0', 'private'),
        ('255.255.255.255', 'private'),
        ('240.0.0.1', 'private'),
        ('224.0.0.1', 'private'),
        ('::', 'private'),
        ('::1', 'private'),
        ('fe80::1%eth0', 'private'),
        ('2606:4700:4700::1111%1', 'private'),
        ('2002:7f00:1::', 'private'),
        ('64:ff9b::8.8.8.8', 'public'),
        ('64:ff9b::10.0.0.1', 'private'),
        ('::8.8.8.8', 'public'),
        ('::10.0.0.1', 'private'),
        ('2002:808:808::', 'public'),
        # ISATAP (RFC 5214): the IPv4 address stands behind 0:5efe, or 200:5efe where it is a global one.
        ('2606:4700::5efe:10.0.0.1', 'private'),
        ('2606:4700::200:5efe:10.0.0.1', 'private'),
        ('2606:4700::200:5efe:8.8.8.8', 'public'),
        ('2606:4700::10.0.0.1', 'public'),
        ('64:ff9b:1:808:8:800::', 'private'),
        ('100.64.0.1', 'private'),
        ('192.0.0.9', 'private'),
        ('192.88.99.1', 'private'),
        ('198.18.0.1', 'private'),
        ('2001:1::1', 'private'),
        ('fec0::1', 'private'),
        ('ff0e::1', 'private'),
        ('169.254.169.254', 'metadata'),
        ('169.254.169.254%1', 'metadata'),
        ('64:ff9b:1:a9fe:a9:fe00::', 'metadata'),
        ('2002:a9fe:a9fe::', 'metadata'),
        ('::ffff:169.254.169.254', 'metadata'),
        ('2001:db8:64::a9fe:a9fe', 'metadata'),
        ('2001:db8:64::a9fe:aa17', 'metadata'),
        # RFC 6052: the places of 169.254.169.254 behind a prefix of 32, 40, 48, 56 and 64 bits.
        ('2606:4700:a9fe:a9fe::', 'metadata'),
        ('2606:4700:64a9:fea9:fe::', 'metadata'),
        ('2606:4700:64:a9fe:a9:fe00::', 'metadata'),
        ('2606:4700:64:64a9:fe:a9fe::', 'metadata'),
        ('2606:4700:64:64:a9:fea9:fe00::', 'metadata'),
    ],
)
def test_reach(address: str, kind: str) -> None:
    assert reach(address) == kind


@pytest.mark.parametrize(
    ('host', 'is_ours'),
    [
        *((host, True) for host in ('localhost', 'LOCALHOST.', 'a.localhost', 'ip6-loopback', '127.0.0.1', '127.1')),
        *((host, True) for host in ('0x7f000001', '0177.0.0.1', '::1', '[::1]', '::1%lo', '0.0.0.0', '::')),
        *((host, True) for host in ('::ffff:127.0.0.9', '64:ff9b::127.0.0.1')),
        *((host, False) for host in ('example.com', 'localhost.example.com', '128.0.0.1', '8.8.8.8', 'fe80::1', '')),
    ],
)
def test_what_is_this_machine(host: str, is_ours: bool) -> None:
    assert is_loopback(host) is is_ours


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(ValueError):
        reach('example.com')


@pytest.mark.shared
def test_the_published_cases() -> None:
    rows = addresses('private', 'public', 'metadata', 'not-metadata')
    assert len(rows) > 60
    wrong = []
    for row in rows:
        kind = reach(row['value'])
        right = kind != 'metadata' if row['expect'] == 'not-metadata' else kind == row['expect']
        # An address that leads to metadata is private too.
        right = right or (row['expect'] == 'private' and kind == 'metadata')
        wrong += [] if right else [(row['value'], row['expect'], kind)]
    assert wrong == []
