"""A body is a stream, JSON or a page by its first bytes, however it is cut."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_stream.framing import FramingError, FramingLimitError
from jupyter_stream.framing.body import BodyDecoder, begins_as_stream
from jupyter_stream.framing.eventstream import WHOLE, EventStreamDecoder
from jupyter_stream.framing.sse import BOM, Frame, SSEDecoder

STREAM = b'data: {"a": 1}\n\nevent: e\ndata: 2\n\n'
FRAMES = [Frame(None, '{"a": 1}'), Frame('e', '2')]
JSON = b'{"a":\n 1}'


def read(raw: bytes, size: int, **limits: int) -> list[Any]:
    """The frames of `raw`, fed in pieces of this many bytes."""
    decoder = BodyDecoder(SSEDecoder(), **limits)
    frames: list[Any] = []
    for at in range(0, len(raw), size):
        frames += decoder.feed(raw[at : at + size])
    return [*frames, *decoder.close(), *decoder.pending()]


@pytest.mark.parametrize('size', [1, 2, 3, 1000])
@pytest.mark.parametrize('before', [b'', BOM, b'\n', b'\r\n\n', b': ping\n\n'])
def test_a_stream_is_left_to_its_framing(before: bytes, size: int) -> None:
    assert read(before + STREAM, size) == FRAMES
    assert read(before + STREAM[:-2], size) == FRAMES


@pytest.mark.parametrize('size', [1, 2, 3, 1000])
@pytest.mark.parametrize('before', [b'', BOM, b' \n\t', BOM + b'\r\n'])
def test_json_is_one_frame(before: bytes, size: int) -> None:
    assert read(before + JSON, size) == [Frame(data='{"a":\n 1}')]
    assert read(before + b'[1]', size) == [Frame(data='[1]')]


def test_json_in_place_of_a_binary_stream() -> None:
    decoder = BodyDecoder(EventStreamDecoder())
    assert (decoder.feed(JSON), decoder.is_json) == ([], True)
    [frame] = decoder.close()
    assert (frame.headers[':event-type'], frame.payload) == (WHOLE, JSON)


@pytest.mark.parametrize('size', [1, 1000])
def test_a_page_is_an_error(size: int) -> None:
    with pytest.raises(FramingError):
        read(b'\n<html>', size)


def test_a_page_is_not_read_to_an_end_that_may_never_come() -> None:
    decoder = BodyDecoder(SSEDecoder())
    with pytest.raises(FramingError):
        for _ in range(100):
            decoder.feed(b'<p>' * 1000)


def test_json_has_a_limit() -> None:
    assert read(JSON, 1, max_bytes=len(JSON))
    with pytest.raises(FramingLimitError):
        read(JSON, 1, max_bytes=len(JSON) - 1)


def test_blank_lines_are_not_held_for_ever() -> None:
    assert read(b'\n' * 40_000 + STREAM, 1000) == FRAMES
    assert read(b'', 1) == []


@pytest.mark.parametrize(
    'head', [b': ping', b'data: x', b'data\n', b'event:x', b'id', b'retry: 1', b'\0\0', BOM + b'\ndata:']
)
def test_how_a_stream_begins(head: bytes) -> None:
    assert begins_as_stream(head)


@pytest.mark.parametrize(
    'head', [b'', b'{"data": 1}', b'<data>', b'database', b'identity: x', b'error: x', b' - data:']
)
def test_how_none_begins(head: bytes) -> None:
    assert not begins_as_stream(head)


def test_json_of_16_mib_is_an_answer_and_more_is_not() -> None:
    decoder = BodyDecoder(SSEDecoder())
    assert decoder.feed(b'{' + b' ' * (16 * 2**20 - 2) + b'}') == []
    with pytest.raises(FramingLimitError):
        decoder.feed(b' ')


def test_the_first_byte_is_looked_for_in_16_kib_of_white_space() -> None:
    decoder = BodyDecoder(SSEDecoder())
    assert decoder.feed(b'\n' * 16 * 1024) == [] and decoder.feed(b'{') == [] and decoder.is_json
    decoder = BodyDecoder(SSEDecoder())
    decoder.feed(b'\n' * (16 * 1024 + 1))
    decoder.feed(b'{')
    assert not decoder.is_json
