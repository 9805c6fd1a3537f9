"""The rules of stream events: hand-written cases, and random ones held against the peer's."""

from __future__ import annotations

import dataclasses
import itertools
import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jupyter_stream.exceptions import UnexpectedModelBehavior
from jupyter_stream.messages import (
    BinaryImage,
    Citation,
    FilePart,
    FinalResultEvent,
    NativeToolReturnPart,
    PartDeltaEvent,
    PartEndEvent,
    PartStartEvent,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    WebCitationSource,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.stream.parts import PartsManager
from jupyter_stream.tools import ToolDefinition

TAGS = ('<think>', '</think>')


def shape(events: list[Any]) -> list[Any]:
    """A short spelling of events, for reading."""
    out: list[Any] = []
    grown = lambda value: getattr(value, 'content', None) or getattr(value, 'args', None)  # noqa: E731
    for e in events:
        match e:
            case PartStartEvent():
                out.append(('start', e.index, e.part.part_kind, e.previous_part_kind))
            case PartDeltaEvent():
                out.append(('delta', e.index, getattr(e.delta, 'content_delta', None) or e.delta.args_delta))
            case PartEndEvent():
                out.append(('end', e.index, grown(e.part), e.next_part_kind))
            case FinalResultEvent():
                out.append(('final', e.tool_name, e.tool_call_id))
    return out


def grown(parts: PartsManager) -> list[tuple[str, str]]:
    parts.finish()
    return [(p.part_kind, p.content) for p in parts.parts()]  # type: ignore[union-attr]


def test_a_text_starts_grows_and_ends() -> None:
    parts = PartsManager()
    parts.text('a', 'He')
    parts.text('a', 'llo')
    parts.finish()
    assert shape(parts.take()) == [
        ('start', 0, 'text', None), ('final', None, None), ('delta', 0, 'llo'), ('end', 0, 'Hello', None),
    ]  # fmt: skip
    assert parts.parts() == [TextPart('Hello')]
    assert parts.take() == []


def test_a_new_part_ends_the_one_before() -> None:
    parts = PartsManager()
    parts.thinking('t', 'hm', signature='s')
    parts.text('a', 'Hi')
    parts.finish()
    assert shape(parts.take()) == [
        ('start', 0, 'thinking', None), ('end', 0, 'hm', 'text'),
        ('start', 1, 'text', 'thinking'), ('final', None, None), ('end', 1, 'Hi', None),
    ]  # fmt: skip


def test_events_already_handed_out_do_not_change() -> None:
    parts = PartsManager()
    parts.text('a', 'one')
    start = parts.take()[0]
    parts.text('a', ' two', provider_name='p', provider_details={'x': 1})
    assert parts.parts() == [TextPart('one two', provider_name='p', provider_details={'x': 1})]
    assert isinstance(start, PartStartEvent) and start.part == TextPart('one')


def test_key_none_means_the_latest_part_of_that_type() -> None:
    parts = PartsManager()
    parts.text(None, 'a')
    parts.text(None, 'b')
    parts.thinking(None, 'c')
    parts.text(None, 'd')
    assert grown(parts) == [('text', 'ab'), ('thinking', 'c'), ('text', 'd')]


def test_a_delta_for_another_kind_of_part_is_refused() -> None:
    parts = PartsManager()
    parts.text('a', 'x')
    with pytest.raises(UnexpectedModelBehavior, match='part 0, which is a text part'):
        parts.thinking('a', 'y')
    with pytest.raises(UnexpectedModelBehavior, match='tool call'):
        parts.tool_call('a', name='f')
    with pytest.raises(UnexpectedModelBehavior, match='nothing in it'):
        parts.thinking('b')


def test_a_tool_call_is_hidden_until_it_has_a_name() -> None:
    parts = PartsManager()
    parts.tool_call(0, args='{"a"', tool_call_id='c1')
    assert parts.take() == [] and parts.parts() == []
    parts.tool_call(0, name='f')
    parts.tool_call(0, args=':1}')
    parts.finish()
    assert shape(parts.take()) == [
        ('start', 0, 'tool-call', None), ('delta', 0, ':1}'), ('end', 0, '{"a":1}', None),
    ]  # fmt: skip
    assert parts.parts() == [ToolCallPart('f', '{"a":1}', 'c1')]


@pytest.mark.parametrize(
    ('said', 'call'),
    [
        ({'name': 'g'}, ToolCallPart('fg', '{}', 'c1')),
        ({'tool_call_id': 'c2'}, ToolCallPart('f', '{}', 'c2')),
        ({'provider_name': 'p'}, ToolCallPart('f', '{}', 'c1', provider_name='p')),
        ({'provider_details': {'a': 1}}, ToolCallPart('f', '{}', 'c1', provider_details={'a': 1})),
    ],
)
def test_what_a_delta_says_of_a_call_beside_its_arguments_is_kept(said: dict[str, Any], call: ToolCallPart) -> None:
    parts = PartsManager()
    parts.tool_call(0, name='f', args='{', tool_call_id='c1')
    parts.tool_call(0, args='}', **said)
    assert parts.parts() == [call]


def test_a_delta_of_arguments_alone_makes_no_new_call() -> None:
    parts = PartsManager()
    parts.tool_call(0, name='f', args='{', tool_call_id='c1')
    call = parts._growing[0].part
    parts.tool_call(0, args='}')
    assert parts._growing[0].part is call


def test_a_nameless_call_before_another_part_does_not_shift_the_indices() -> None:
    parts = PartsManager()
    parts.tool_call(0, args='{')
    parts.text('a', 'Hi')
    parts.tool_call(0, name='f', args='}')
    parts.finish()
    starts = [(e.index, e.part.part_kind) for e in parts.take() if isinstance(e, PartStartEvent)]
    assert starts == [(0, 'text'), (1, 'tool-call')]
    assert [p.part_kind for p in parts.parts()] == ['text', 'tool-call']


def test_interleaved_calls_go_to_the_right_parts() -> None:
    parts = PartsManager()
    parts.tool_call(0, name='f', args='{', tool_call_id='a')
    parts.tool_call(1, name='g', args='[', tool_call_id='b')
    parts.tool_call(0, args='}')
    parts.tool_call(1, args=']')
    parts.finish()
    assert parts.parts() == [ToolCallPart('f', '{}', 'a'), ToolCallPart('g', '[]', 'b')]
    ends = [e.index for e in parts.take() if isinstance(e, PartEndEvent)]
    assert ends == [0, 1], 'part 0 ends when part 1 starts, and has no second end'


def test_a_piece_without_a_key_goes_on_with_the_latest_call_alone() -> None:
    parts = PartsManager()
    parts.tool_call(None, name='f', args='{"a"', tool_call_id='1')
    parts.tool_call(None, args=': 1}')
    parts.tool_call(None, name='g', args='{', tool_call_id='2')
    parts.tool_call(None, args='}')
    parts.text(None, 'so')
    parts.tool_call(None, args='lost without a name')
    parts.finish()
    calls = [part for part in parts.parts() if isinstance(part, ToolCallPart)]
    assert [(call.tool_name, call.args) for call in calls] == [('f', '{"a": 1}'), ('g', '{}')]


def test_a_first_piece_without_a_key_has_nothing_to_go_on_with() -> None:
    parts = PartsManager()
    parts.tool_call(None, args='{')
    parts.tool_call(None, name='f', tool_call_id='1')
    assert [(part.tool_name, part.args) for part in parts.parts() if isinstance(part, ToolCallPart)] == [('f', '{')]


def test_text_and_object_arguments_are_not_mixed() -> None:
    parts = PartsManager()
    parts.tool_call(0, name='f', args={'a': 1})
    parts.tool_call(0, args={'b': 2})
    assert parts.parts()[0].args == {'a': 1, 'b': 2}  # type: ignore[union-attr]
    with pytest.raises(UnexpectedModelBehavior):
        parts.tool_call(0, args='{')
    nameless = PartsManager()
    nameless.tool_call(0, args={'a': 1})
    with pytest.raises(UnexpectedModelBehavior, match='both as text and as an object'):
        nameless.tool_call(0, args='{')


def test_the_final_result_is_the_output_tool_or_the_image() -> None:
    tool = ToolDefinition(name='out', kind='output')
    parts = PartsManager(ModelRequestParameters(output_tools=[tool], allow_text_output=False))
    parts.text('a', 'thinking aloud')
    parts.tool_call(0, name='other')
    parts.tool_call(1, name='out', tool_call_id='c')
    assert [e for e in shape(parts.take()) if e[0] == 'final'] == [('final', 'out', 'c')]
    image = PartsManager(ModelRequestParameters(allow_text_output=False, allow_image_output=True))
    image.part(None, FilePart(BinaryImage(b'x', media_type='image/png')))
    assert image.final_result_event == FinalResultEvent(tool_name=None, tool_call_id=None)


def test_parts_that_never_grow_have_no_end_and_a_whole_part_replaces_its_kind() -> None:
    parts = PartsManager()
    parts.part('r', NativeToolReturnPart('web_search', 'x', 'c'))
    parts.part('r', NativeToolReturnPart('web_search', 'y', 'c'))
    parts.part('r', TextPart('z'))
    parts.finish()
    assert [e[:3] for e in shape(parts.take()) if e[0] != 'final'] == [
        ('start', 0, 'builtin-tool-return'), ('start', 0, 'builtin-tool-return'), ('start', 1, 'text'), ('end', 1, 'z'),
    ]  # fmt: skip


def test_a_whole_part_takes_the_place_of_what_has_grown() -> None:
    parts = PartsManager()
    for piece in ('a', 'b'):
        parts.text('k', piece)
    parts.part('k', TextPart('whole'))
    assert parts.parts() == [TextPart('whole')]


def test_a_reserved_part_keeps_its_place_and_is_announced_when_it_is_whole() -> None:
    parts = PartsManager()
    empty, whole = (NativeToolReturnPart('web_search', content, 'c') for content in (None, 'found'))
    parts.reserve('r', empty)
    assert parts.take() == [] and parts.parts() == [empty]
    parts.text('a', 'Hi')
    parts.part('r', whole)
    starts = [(e.index, e.part.part_kind) for e in parts.take() if isinstance(e, PartStartEvent)]
    assert starts == [(1, 'text'), (0, 'builtin-tool-return')]
    assert parts.parts() == [whole, TextPart('Hi')]


def test_a_delta_names_the_provider_only_where_it_is_another_one() -> None:
    parts = PartsManager()
    for provider in ('pq', ''.join('pq'), 'q'):  # equal, and not the same object
        parts.thinking('t', 'x', provider_name=provider)
        parts.text('a', 'y', provider_name=provider)
        parts.tool_call('c', name='' if parts.parts()[2:] else 'f', args='z', provider_name=provider)
    deltas = [e.delta.provider_name for e in parts.take() if isinstance(e, PartDeltaEvent)]
    assert deltas == [None] * 3 + ['q'] * 3
    assert [part.provider_name for part in parts.parts()] == ['q'] * 3


def test_citations_and_details_alone_belong_to_the_text_that_grows() -> None:
    parts, one = PartsManager(), Citation([WebCitationSource('https://a')])
    parts.text('a', 'x')
    parts.text('a', 'y', citations=[one])
    parts.text('a', 'z', provider_details={'b': 1})
    assert parts.parts() == [TextPart('xyz', citations=[one], provider_details={'b': 1})]


def test_a_delta_of_thinking_that_says_nothing_is_none() -> None:
    parts = PartsManager()
    parts.thinking('t', 'x')
    parts.take()
    parts.thinking('t', None)
    assert parts.take() == []
    parts.thinking('t', None, provider_name='q')
    assert [event.event_kind for event in parts.take()] == ['part_delta']
    assert parts.parts() == [ThinkingPart('x', provider_name='q')]


def test_leading_white_space_is_dropped_where_asked() -> None:
    parts = PartsManager(ignore_leading_whitespace=True)
    for piece in ('\n', ' ', 'a', ' '):
        parts.text('k', piece)
    assert grown(parts) == [('text', 'a ')]


THOUGHT = '\n <think>1 < 2 </thin k> ü</think>\nSo <think> is a tag, 1 </think> <thi> 2<'


@given(st.lists(st.integers(0, len(THOUGHT)), max_size=12))
def test_think_tags_are_found_wherever_the_deltas_cut_them(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(THOUGHT)]
    pieces = [THOUGHT[a:b] for a, b in itertools.pairwise(edges)]
    assume('<think>' not in pieces)
    parts = PartsManager(thinking_tags=TAGS)
    for piece in pieces:
        parts.text('k', piece)
    said = [p for p in grown(parts) if p[1].strip()]
    assert said == [('thinking', '1 < 2 </thin k> ü'), ('text', '\nSo <think> is a tag, 1 </think> <thi> 2<')]


def test_in_mid_text_a_tag_counts_only_as_a_delta_of_its_own() -> None:
    parts = PartsManager(thinking_tags=TAGS)
    for piece in ('hi ', '<think>', 'hmm', '</think>', 'so'):
        parts.text('k', piece)
    assert grown(parts) == [('text', 'hi '), ('thinking', 'hmm'), ('text', 'so')]


def test_half_a_tag_is_text_once_the_stream_breaks() -> None:
    parts = PartsManager(thinking_tags=TAGS)
    parts.text('k', ' <thi')
    assert [p.content for p in parts.parts()] == [' ']  # type: ignore[union-attr]
    parts.flush()
    assert [p.content for p in parts.parts()] == [' <thi']  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ('beside', 'kinds'),
    [({}, []), ({'citations': [Citation([WebCitationSource('https://a')])]}, [['part_delta']])],
)
def test_a_delta_that_is_held_back_is_one_for_what_it_brings_beside_its_content(
    beside: dict[str, Any], kinds: list[list[str]]
) -> None:
    parts = PartsManager(thinking_tags=TAGS)
    parts.text('k', ' ')
    parts.take()
    parts.text('k', '<thi', **beside)
    assert [[event.event_kind] for event in parts.take()] == kinds


@given(st.text(alphabet='ab\U0001f600é', min_size=1))
def test_surrogate_pairs_are_joined_over_deltas(text: str) -> None:
    """JSON may spell one character as two escapes, and a provider may put them into two deltas."""
    units = text.encode('utf-16-le')
    parts = PartsManager()
    for at in range(0, len(units), 2):
        parts.text('k', units[at : at + 2].decode('utf-16-le', 'surrogatepass'))
    assert grown(parts) == [('text', text)]


@pytest.mark.parametrize('kind', ['text', 'thinking'])
def test_half_a_character_waits_for_ascii_too(kind: str) -> None:
    parts = PartsManager()
    for piece in ('a\ud83d', 'b', 'é'):
        getattr(parts, kind)('k', piece)
    assert grown(parts) == [(kind, 'a\ufffdbé')]


def test_a_whole_part_is_made_of_whole_characters() -> None:
    parts = PartsManager()
    parts.part('k', TextPart('\ud83d\ude42 \ud83d'))
    assert grown(parts) == [('text', '🙂 \ufffd')]


def test_surrogate_pairs_are_joined_in_arguments_too() -> None:
    parts = PartsManager()
    parts.tool_call('c', name='f', args='"\ud83d', tool_call_id='c')
    parts.tool_call('c', args='\ude00"')
    assert parts.parts() == [ToolCallPart('f', '"\U0001f600"', 'c')]


def test_a_lone_surrogate_becomes_the_replacement_character() -> None:
    parts = PartsManager()
    parts.text('k', 'a\ud83d')
    parts.thinking('t', '\udc00')
    parts.tool_call('c', name='f', args='"\ud83d')
    parts.finish()
    text, thinking, call = parts.parts()
    assert text == TextPart('a\ufffd') and thinking == ThinkingPart('\ufffd')
    assert isinstance(call, ToolCallPart) and call.args == '"\ufffd'


# ------------------------------------------------------------ against the peer

_pieces = st.one_of(
    st.tuples(st.just('text'), st.sampled_from(['a', 'b', None]), st.sampled_from(['', 'x', 'yz '])),
    st.tuples(st.just('thinking'), st.sampled_from(['t', None]), st.sampled_from(['', 'hm'])),
    st.tuples(st.just('signature'), st.sampled_from(['t']), st.sampled_from(['s1', 's2'])),
    st.tuples(st.just('call'), st.sampled_from([0, 1]), st.sampled_from(['f', 'g'])),
    st.tuples(st.just('args'), st.sampled_from([0, 1]), st.sampled_from(['', '{', '}'])),
)


@given(st.lists(_pieces, max_size=14))
def test_any_sequence_of_deltas_gives_the_events_of_the_peer(pieces: list[Any]) -> None:
    from pydantic_ai._parts_manager import ModelResponsePartsManager
    from pydantic_ai.models import ModelRequestParameters as PeerParameters

    named: set[int] = set()
    ours, theirs, expected = PartsManager(), ModelResponsePartsManager(PeerParameters()), []
    for kind, key, value in pieces:
        if kind == 'text':
            ours.text(key, value)
            expected += theirs.handle_text_delta(vendor_part_id=key, content=value)
        elif kind == 'thinking':
            ours.thinking(key, value)
            expected += theirs.handle_thinking_delta(vendor_part_id=key, content=value)
        elif kind == 'signature':
            ours.thinking(key, signature=value)
            expected += theirs.handle_thinking_delta(vendor_part_id=key, signature=value)
        elif kind == 'call':
            named.add(key)
            ours.tool_call(key, name=value, tool_call_id=f'id{key}')
            expected += theirs.handle_tool_call_delta_events(
                vendor_part_id=key, tool_name=value, tool_call_id=f'id{key}'
            )
        elif key in named:
            ours.tool_call(key, args=value)
            expected += theirs.handle_tool_call_delta_events(vendor_part_id=key, args=value)
    got = [e for e in ours.take() if isinstance(e, PartStartEvent | PartDeltaEvent)]
    assert [plain(e) for e in got] == [plain(e) for e in expected]
    assert [plain(p) for p in ours.parts()] == [plain(p) for p in theirs.get_parts()]


def plain(value: Any) -> Any:
    out = dataclasses.asdict(value)
    out.pop('previous_part_kind', None)  # the peer's manager leaves it to its stream
    return json.loads(json.dumps(out, default=str))
