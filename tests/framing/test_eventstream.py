"""The decoder of AWS event-stream frames against the encoding's rules, its own inverse, and the clock."""

from __future__ import annotations

import base64
import struct
import time
from itertools import pairwise
from typing import Any
from uuid import UUID
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_stream.framing import FramingError, FramingLimitError, TruncatedFrameError
from jupyter_stream.framing.eventstream import EventStreamDecoder, Frame, HeaderValue

from ..conformance.recordings import bytes_of, event_streams, published

TYPES = {2: 'b', 3: 'h', 4: 'i', 5: 'q', 8: 'q'}
EVENT = {':message-type': 'event', ':event-type': 'contentBlockDelta', ':content-type': 'application/json'}


def header(name: str, kind: int, value: bytes) -> bytes:
    return bytes([len(name.encode())]) + name.encode() + bytes([kind]) + value


def sized(value: bytes) -> bytes:
    return struct.pack('>H', len(value)) + value


def written(name: str, value: HeaderValue) -> bytes:
    match value:
        case bool():
            return header(name, 0 if value else 1, b'')
        case int():
            return header(name, 5, struct.pack('>q', value))
        case bytes():
            return header(name, 6, sized(value))
        case str():
            return header(name, 7, sized(value.encode()))
        case UUID():
            return header(name, 9, value.bytes)


def frame(headers: bytes | dict[str, HeaderValue], payload: bytes = b'') -> bytes:
    raw = headers if isinstance(headers, bytes) else b''.join(written(*item) for item in headers.items())
    prelude = struct.pack('>II', 16 + len(raw) + len(payload), len(raw))
    body = prelude + struct.pack('>I', crc32(prelude)) + raw + payload
    return body + struct.pack('>I', crc32(body))


def read(raw: bytes, cuts: list[int] | None = None, **kwargs: int) -> list[tuple[dict[str, HeaderValue], bytes]]:
    """The frames of `raw`, fed in the pieces between `cuts`."""
    decoder = EventStreamDecoder(**kwargs)
    frames: list[Frame] = []
    for start, end in pairwise([0, *sorted(cuts or []), len(raw)]):
        frames += decoder.feed(raw[start:end])
    frames += decoder.close()
    return [(dict(one.headers), one.payload) for one in frames]


def test_a_frame_has_headers_and_a_payload() -> None:
    assert read(frame(EVENT, b'{"a":1}')) == [(EVENT, b'{"a":1}')]


def test_a_frame_is_small() -> None:
    assert not hasattr(Frame({}, b''), '__dict__')


def test_nothing_is_no_frame() -> None:
    assert read(b'') == []


@pytest.mark.parametrize('kind', TYPES)
def test_a_number_is_signed(kind: int) -> None:
    raw = header('n', kind, struct.pack(f'>{TYPES[kind]}', -2))
    assert read(frame(raw)) == [({'n': -2}, b'')]


def test_truth_needs_no_bytes() -> None:
    assert read(frame(header('yes', 0, b'') + header('no', 1, b''))) == [({'yes': True, 'no': False}, b'')]


def test_headers_of_the_same_bytes_are_read_once() -> None:
    first, second = EventStreamDecoder().feed(frame(EVENT, b'1') + frame(EVENT, b'2'))
    assert first.headers is second.headers


HEADERS = st.dictionaries(
    st.text(min_size=1, max_size=20),
    st.one_of(
        st.booleans(), st.integers(-(2**63), 2**63 - 1), st.binary(max_size=99), st.text(max_size=99), st.uuids()
    ),
    max_size=5,
)


@given(frames=st.lists(st.tuples(HEADERS, st.binary(max_size=300)), max_size=5), data=st.data())
def test_what_was_written_is_read_however_it_is_cut(
    frames: list[tuple[dict[str, HeaderValue], bytes]], data: st.DataObject
) -> None:
    raw = b''.join(frame(*one) for one in frames)
    cuts = data.draw(st.lists(st.integers(0, len(raw)), max_size=20))
    assert read(raw, cuts) == frames


# ------------------------------------------------------------------- corruption


@given(at=st.integers(0), bit=st.integers(0, 7))
def test_no_changed_bit_goes_unseen(at: int, bit: int) -> None:
    raw = bytearray(frame(EVENT, b'{"delta":{"text":"Hi"}}'))
    raw[at % len(raw)] ^= 1 << bit
    with pytest.raises(FramingError):
        read(bytes(raw))


@pytest.mark.parametrize('size', range(1, len(frame(EVENT, b'{}'))))
def test_an_end_inside_a_frame_is_an_error(size: int) -> None:
    with pytest.raises(TruncatedFrameError):
        read(frame(EVENT, b'{}')[:size])


@pytest.mark.parametrize('size', [1, 7, 10**6])
def test_the_frames_before_a_corrupt_one_are_handed_out(size: int) -> None:
    raw, decoder = frame(EVENT, b'1') + b'garbage, and more of it', EventStreamDecoder()
    got: list[Frame] = []
    with pytest.raises(FramingError, match='checksum'):
        for at in range(0, len(raw), size):
            got += decoder.feed(raw[at : at + size])
        decoder.close()
    assert [one.payload for one in got] == [b'1']
    for call in (lambda: decoder.feed(frame(EVENT)), decoder.close):
        with pytest.raises(FramingError, match='checksum'):
            call()


@pytest.mark.parametrize(
    ('headers', 'words'),
    [
        (header('a', 0, b'') + header('a', 0, b''), 'twice'),
        (header('a', 10, b''), 'type 10'),
        (header('a', 7, b'\x00\x05abc'), 'too long'),
        (header('a', 6, sized(b'x' * 2**15)), 'too long'),
        (header('a', 5, b'\x00'), 'malformed'),
        (header('a', 7, sized(b'\xff')), 'malformed'),
        (b'\x05ab', 'too long'),
        (b'\x01a', 'malformed'),
    ],
)
def test_malformed_headers_are_an_error(headers: bytes, words: str) -> None:
    with pytest.raises(FramingError, match=words):
        read(frame(headers))


def test_the_longest_value_of_a_header_is_32_767_bytes() -> None:
    longest = b'x' * (2**15 - 1)
    assert read(frame({'a': longest})) == [({'a': longest}, b'')]


@pytest.mark.parametrize('headers', [1, 5, 100])
def test_headers_do_not_reach_beyond_their_frame(headers: int) -> None:
    prelude = struct.pack('>II', 15 + headers, headers)
    with pytest.raises(FramingError, match='longer than the frame'):
        EventStreamDecoder().feed(prelude + struct.pack('>I', crc32(prelude)))


# ----------------------------------------------------------------------- limits


def test_a_large_frame_is_refused_at_its_prelude() -> None:
    prelude = struct.pack('>II', 2**31, 0)
    with pytest.raises(FramingLimitError, match='16,777,216'):
        EventStreamDecoder().feed(prelude + struct.pack('>I', crc32(prelude)))


def test_the_limit_is_of_a_frame_and_not_of_the_stream() -> None:
    one = frame(EVENT, b'x' * 100)
    assert len(read(one * 50, max_event_bytes=len(one))) == 50


def test_what_is_remembered_is_bounded() -> None:
    decoder = EventStreamDecoder()
    decoder.feed(frame({'a': 'x' * 1019}) + frame({'a': 'x' * 1020}))
    for number in range(200):
        decoder.feed(frame({'n': number}))
    assert len(decoder._headers) == 32
    assert max(map(len, decoder._headers)) == 1024


def test_time_is_linear_in_the_bytes_however_they_come() -> None:
    def seconds(size: int) -> float:
        raw, decoder = frame(EVENT, b'x' * size), EventStreamDecoder()
        start = time.thread_time()
        for at in range(0, len(raw), 16):
            decoder.feed(raw[at : at + 16])
        return time.thread_time() - start

    small = min(seconds(2**17) for _ in range(3))
    assert seconds(2**20) < 40 * small


# ------------------------------------------------------------------ cases of our own, and published ones


def outcome(raw: bytes, size: int) -> list[str] | str:
    """The payloads in base64, or that the bytes are refused."""
    try:
        return [base64.b64encode(payload).decode() for _, payload in read(raw, list(range(0, len(raw), size)))]
    except ValueError:
        return 'error'


def differing(rows: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """The names of the cases that are read otherwise than is expected, and the size of the pieces."""
    return [
        (row['name'], size)
        for row in rows
        if row['expected'] in ('ok', 'error')
        for size in (len(bytes_of(row)) or 1, 1, 7)
        if outcome(bytes_of(row), size)
        != ('error' if row['expected'] == 'error' else [frame['payload_base64'] for frame in row['frames']])
    ]


def test_our_own_cases() -> None:
    assert differing(event_streams()) == []


@pytest.mark.shared
def test_the_published_cases() -> None:
    assert len(published('eventstream.json')) == 51
    assert differing(published('eventstream.json')) == []
