"""Each protocol holds all that `WireProtocol` promises, and is loaded alone."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import get_args

import pytest

from jupyter_stream.messages import ImageUrl
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import profile
from jupyter_stream.providers import PROVIDERS, WireName
from jupyter_stream.wire import protocol
from jupyter_stream.wire.base import Decoder, Target, WireProtocol

NAMES: tuple[WireName, ...] = get_args(WireName)

MEMBERS = {name for name in vars(WireProtocol) if not name.startswith('_')}


def target(name: WireName) -> Target:
    row = next(row for row in PROVIDERS if row.wire == name)
    return Target('a-vision-model', row, profile(row, 'a-vision-model'))


def test_every_protocol_is_served_by_a_provider() -> None:
    assert len(NAMES) == 9
    assert {row.wire for row in PROVIDERS} == set(NAMES)


@pytest.mark.parametrize('name', NAMES)
def test_a_protocol_satisfies_the_interface(name: WireName) -> None:
    wire = protocol(name)
    assert {'Decoder', 'Framing', 'encode', 'fetchable', 'resolved'} == MEMBERS == set(wire.__all__)  # type: ignore[attr-defined]
    assert list(inspect.signature(wire.encode).parameters) == ['target', 'messages', 'settings', 'parameters']
    framing = wire.Framing()
    assert list(framing.feed(b'')) == list(framing.close()) == []
    decoder = wire.Decoder(target(name), ModelRequestParameters(), {})
    assert isinstance(decoder, Decoder)
    assert {'response_id_header', 'end_marker'} <= set(dir(decoder))


@pytest.mark.parametrize('name', NAMES)
def test_a_file_is_downloaded_where_the_user_wants_it(name: WireName) -> None:
    fetchable = protocol(name).fetchable
    assert fetchable(target(name), ImageUrl('https://x/cat.png', force_download=True)) is True
    assert fetchable(target(name), 'https://x/cat.png') is False


def test_only_the_protocol_that_is_asked_for_is_loaded() -> None:
    code = (
        'import sys\nfrom jupyter_stream.wire import protocol\nprotocol("anthropic")\n'
        'print(sorted({m.split(".")[2] for m in sys.modules if m.startswith("jupyter_stream.wire.")}))'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True, timeout=60)
    assert 'anthropic' in done.stdout
    assert not any(repr(name) in done.stdout for name in NAMES if name != 'anthropic')
