"""The event-stream decoder against the standard's rules, a naive whole-text reader, and the clock."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_stream.framing import FramingError, FramingLimitError
from jupyter_stream.framing.sse import Frame, SSEDecoder

from ..conformance.recordings import bytes_of, event_sources, published

OPENAI = (
    'data: {"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Grüße '
    '\U0001f30d"}}]}\n\n'
    'data: {"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    ': keep-alive\n\n'
    'data: [DONE]\n\n'
).encode()
ANTHROPIC = (
    'event: message_start\ndata: {"type":"message_start"}\n\nevent: ping\ndata: {"type": "ping"}\n\n'
    'id: 7\r\nretry: 1500\r\nevent: content_block_delta\r\ndata: {"text":"a\u2028b\u0085c"}\r\n\r\n'
).encode()


def read(raw: bytes, cuts: list[int] | None = None, **kwargs: int) -> list[Frame]:
    """The frames of `raw`, fed in the pieces between `cuts`."""
    decoder = SSEDecoder(**kwargs)
    frames: list[Frame] = []
    for start, end in pairwise([0, *sorted(cuts or []), len(raw)]):
        frames += decoder.feed(raw[start:end])
    return frames + decoder.close()


def in_pieces(raw: bytes, size: int) -> list[Frame]:
    return read(raw, list(range(size, len(raw), size)))


def whole_text(raw: bytes) -> list[Frame]:
    """The standard's algorithm on the whole text at once, with no thought of speed."""
    frames: list[Frame] = []
    event, data, last_id, retry = '', '', None, None
    for line in re.split('\r\n|\r|\n', raw.decode('utf-8', 'replace').removeprefix('\ufeff'))[:-1]:
        name, colon, value = line.partition(':')
        value = value[1:] if value[:1] == ' ' else value
        match name:
            case '' if not colon:
                if data:
                    frames.append(Frame(event or None, data[:-1], last_id, retry))
                event = data = ''
            case 'data':
                data += value + '\n'
            case 'event':
                event = value
            case 'id' if '\0' not in value:
                last_id = value
            case 'retry' if re.fullmatch('[0-9]{1,18}', value):
                retry = int(value)
            case _:
                pass
    return frames


line_ends = st.sampled_from([b'\n', b'\r', b'\r\n'])
names = st.sampled_from([b'data', b'event', b'id', b'retry', b'', b'Data', b' data', b'data ', b'other'])
values = st.sampled_from(
    [
        b'',
        b' ',
        b'  two',
        b'{"a": 1}',
        b'a:b',
        b'12',
        b'1x',
        '\u0663'.encode(),
        b'9' * 18,
        b'9' * 19,
        b'n\0l',
        b'\xff',
        b'\xf0\x9f\x98',
        '😀'.encode(),
    ]
) | st.binary(max_size=6)
lines = st.builds(
    lambda name, colon, value, end: name + colon + value + end,
    names,
    st.sampled_from([b':', b': ', b'']),
    values,
    line_ends,
)
one_line_events = st.builds(lambda value, end: b'data: ' + value + end * 2, values, line_ends)
pieces = lines | line_ends | one_line_events | st.binary(max_size=4) | st.just(b'\xef\xbb\xbf')
streams = st.lists(pieces, max_size=12).map(b''.join) | st.sampled_from([OPENAI, ANTHROPIC])


@given(streams, st.data())
def test_any_cut_gives_the_frames_of_the_whole_text(raw: bytes, data: st.DataObject):
    cuts = data.draw(st.lists(st.integers(0, len(raw)), max_size=8))
    assert read(raw) == read(raw, cuts) == whole_text(raw)


@given(streams, st.integers(1, 24), st.data())
def test_the_limit_does_not_depend_on_the_cut(raw: bytes, limit: int, data: st.DataObject):
    def outcome(cuts: list[int]) -> tuple[list[Frame], bool]:
        decoder, frames = SSEDecoder(max_event_bytes=limit), list[Frame]()
        try:
            for start, end in pairwise([0, *sorted(cuts), len(raw)]):
                frames += decoder.feed(raw[start:end])
            decoder.close()
        except FramingLimitError:
            return frames, True
        return frames, False

    cuts = data.draw(st.lists(st.integers(0, len(raw)), max_size=8))
    assert outcome([]) == outcome(cuts) == outcome(list(range(len(raw))))


@pytest.mark.parametrize('size', [1, 2, 3, 7, 10_000])
def test_a_recorded_stream(size: int):
    *chunks, done = in_pieces(OPENAI, size)
    assert [frame.event for frame in chunks] == [None, None]
    assert 'Grüße \U0001f30d' in chunks[0].data
    assert done == Frame(None, '[DONE]')


@pytest.mark.parametrize(
    ('raw', 'frames'),
    [
        (b'data: one\ndata: two\n\n', [Frame(None, 'one\ntwo')]),
        (b'data:x\n\ndata:  x\n\n', [Frame(None, 'x'), Frame(None, ' x')]),
        (b'data\n\n', [Frame(None, '')]),
        (b'data\ndata\n\n', [Frame(None, '\n')]),
        (b'event: ping\n\ndata: x\n\n', [Frame(None, 'x')]),
        (b'event: ping\ndata: x\n\ndata: y\n\n', [Frame('ping', 'x'), Frame(None, 'y')]),
        (b'event: ping\nevent:\ndata: x\n\n', [Frame(None, 'x')]),
        (b'event: ping\ndata: x\ndata: y\n\n', [Frame('ping', 'x\ny')]),
        (b'event: \ndata: x\n\n', [Frame(None, 'x')]),
        (b': a comment\n\n:\n\ndata: x\n:data: y\n\n', [Frame(None, 'x')]),
        (b'data: x\n\n\n\n\ndata: y\n\n', [Frame(None, 'x'), Frame(None, 'y')]),
        (b'\n\n\ndata: x\n\n', [Frame(None, 'x')]),
        (b'data: cut', []),
        (b'data: cut\n', []),
        (b'data: a\n\ndata: cut\n', [Frame(None, 'a')]),
        (b'', []),
    ],
)
def test_fields_and_events(raw: bytes, frames: list[Frame]):
    assert read(raw) == in_pieces(raw, 1) == frames


def test_a_frame_is_small():
    assert not hasattr(Frame(), '__dict__')


def test_id_and_retry_belong_to_the_stream():
    raw = b'data: a\n\nid: 1\nretry: 3000\ndata: b\n\ndata: c\n\n'
    raw += b'id\nretry: 1.5\ndata: d\n\nid: 2\0\nretry: -1\n\ndata: e\n\n'
    assert [(frame.id, frame.retry) for frame in read(raw)] == [
        (None, None),
        ('1', 3000),
        ('1', 3000),
        ('', 3000),
        ('', 3000),
    ]


def test_retry_takes_ascii_digits_only_and_never_fails():
    raw = 'retry: \u0663\nretry: {}\ndata: x\n\n'.format('9' * 5000).encode()
    assert read(raw) == [Frame(None, 'x')]
    assert [read(b'retry: ' + b'9' * digits + b'\ndata: x\n\n')[0].retry for digits in (18, 19)] == [10**18 - 1, None]


@pytest.mark.parametrize('end', [b'\n', b'\r', b'\r\n'])
@pytest.mark.parametrize('size', [1, 2, 5, 100])
def test_the_three_line_ends(end: bytes, size: int):
    assert in_pieces(end.join([b'data: x', b'data: y', b'', b'data: z', b'', b'']), size) == [
        Frame(None, 'x\ny'),
        Frame(None, 'z'),
    ]


def test_a_cr_ends_its_line_without_waiting_for_an_lf():
    decoder = SSEDecoder()
    assert decoder.feed(b'data: x\r\r') == [Frame(None, 'x')]
    assert decoder.feed(b'') == []
    assert decoder.feed(b'\ndata: y\r\n\r') == [Frame(None, 'y')]


def test_line_ends_of_other_standards_are_text():
    raw = 'data: a\u2028b\u2029c\u0085d\x0b\x0ce\n\n'.encode()
    assert in_pieces(raw, 1) == [Frame(None, 'a\u2028b\u2029c\u0085d\x0b\x0ce')]


@pytest.mark.parametrize('size', [1, 2, 100])
def test_one_byte_order_mark_is_dropped(size: int):
    assert in_pieces(b'\xef\xbb\xbfdata: x\n\n', size) == [Frame(None, 'x')]
    assert in_pieces(b'\xef\xbb\xbf\xef\xbb\xbfdata: x\n\n', size) == []
    assert in_pieces(b'data: x\n\n\xef\xbb\xbfdata: y\n\n', size) == [Frame(None, 'x')]
    assert in_pieces(b'\xef\xbbdata: x\n\n', size) == []


def test_invalid_utf8_becomes_replacement_characters():
    assert read(b'data: a\xffb\xf0\x9f\n\n') == [Frame(None, 'a\ufffdb\ufffd')]


def test_events_before_a_fault_are_handed_out_first():
    decoder = SSEDecoder(max_event_bytes=20)
    assert decoder.feed(b'data: x\n\ndata: ' + b'y' * 20 + b'\n\ndata: z\n\n') == [Frame(None, 'x')]
    for call in (lambda: decoder.feed(b'data: a\n\n'), decoder.close):
        with pytest.raises(FramingLimitError, match='larger than 20 bytes'):
            call()


def test_the_limit_counts_all_lines_of_an_event():
    assert issubclass(FramingLimitError, FramingError) and issubclass(FramingError, ValueError)
    event = b'data: 5\n' * 3 + b'\n'
    assert read(event * 5, max_event_bytes=21) == [Frame(None, '5\n5\n5')] * 5
    with pytest.raises(FramingLimitError):
        read(event, max_event_bytes=20)


def test_comments_without_end_are_not_an_event():
    assert read(b': still here\n' * 100 + b'data: x\n\n', max_event_bytes=20) == [Frame(None, 'x')]


@pytest.mark.parametrize('chunk', [64 * 2**10, 64 * 2**20])
def test_an_endless_line_is_refused_at_the_limit(chunk: int):
    decoder, fed = SSEDecoder(), 0
    with pytest.raises(FramingLimitError, match='16,777,216'):
        while True:
            fed += chunk
            decoder.feed(b'x' * chunk)
    assert fed <= max(chunk, 16 * 2**20 + chunk)


def seconds(size: int, raw: bytes) -> float:
    start = time.process_time()
    in_pieces(raw, size)
    return time.process_time() - start


@pytest.mark.parametrize(
    ('size', 'raw'),
    [
        (1, b'data: ' + b'x' * 50_000),
        (1, b'data: x\n' * 6_000),
        (64, b'data: ' + b'x' * 2_000_000),
        (2**30, b'data: x\n' * 50_000),
        (2**30, b'\r' * 100_000),
    ],
)
def test_time_is_linear(size: int, raw: bytes):
    once = min(seconds(size, raw) for _ in range(3))
    assert min(seconds(size, raw * 8) for _ in range(2)) < 8 * 3 * once + 0.05


# ------------------------------------------------------------------ cases of our own, and published ones


def differing(rows: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """The names of the cases that are read otherwise than is expected, and the size of the pieces."""
    return [
        (row['name'], size)
        for row in rows
        for size in (len(bytes_of(row)) or 1, 1, 2, 3, 7)
        if [(frame.event or 'message', frame.data) for frame in in_pieces(bytes_of(row), size)]
        != [(event.get('event') or 'message', event['data']) for event in row['expected']]
    ]


def test_our_own_cases() -> None:
    assert differing(event_sources()) == []


@pytest.mark.shared
def test_the_published_cases() -> None:
    assert len(published('sse.json')) == 150
    assert differing(published('sse.json')) == []
