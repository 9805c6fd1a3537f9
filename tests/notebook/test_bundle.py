"""What stays in the notebook."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from jupyter_stream.messages import (
    BinaryContent,
    Citation,
    DocumentCitationSource,
    FilePart,
    ModelResponse,
    NativeToolReturnPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    WebCitationSource,
)
from jupyter_stream.notebook.bundle import final_bundle
from jupyter_stream.usage import RequestUsage


def markdown(*parts: Any, **more: Any) -> str:
    return final_bundle(ModelResponse(parts=list(parts)), **more)[0]['text/markdown']


def plain(*parts: Any, **more: Any) -> str:
    return final_bundle(ModelResponse(parts=list(parts)), **more)[0]['text/plain']


def test_a_text_is_its_markdown_and_its_words() -> None:
    data, _ = final_bundle(ModelResponse(parts=[TextPart('**Hello** <b> \\(x+1\\)')]))
    assert data == {'text/markdown': '**Hello** &lt;b> $x+1$', 'text/plain': '**Hello** <b> \\(x+1\\)'}


def test_what_thinking_opens_stays_inside_the_fold() -> None:
    text = '```\ncode </details>'
    assert markdown(ThinkingPart(text), TextPart('So.')).endswith('code </details>\n```\n\n</details>\n\nSo.')
    assert markdown(ThinkingPart('</details><script>')).count('</details>') == 1
    assert markdown(ThinkingPart(' ')) == '*The answer is empty.*'


def test_sources_stand_below_the_text_each_once() -> None:
    page = WebCitationSource('https://example.org/a b>', title='A [page] <b>')
    paper = DocumentCitationSource(document_id='7')
    cited = TextPart('It is so.', citations=[Citation([page]), Citation([page, paper])])
    assert markdown(cited) == 'It is so.\n\n*Sources*\n\n1. [A \\[page\\] &lt;b>](https://example.org/ab)\n2. 7'
    assert plain(cited) == 'It is so.\n[1] A [page] <b> https://example.org/a b>\n[2] 7'


def test_thinking_is_folded_before_the_answer() -> None:
    assert markdown(ThinkingPart('First,\n\n<b>'), TextPart('So.')) == (
        '<details><summary>Thinking</summary>\n\nFirst,\n\n&lt;b>\n\n</details>\n\nSo.'
    )
    assert plain(ThinkingPart('First'), TextPart('So.')) == 'So.'


def test_a_tool_call_is_a_heading_and_its_arguments() -> None:
    call = ToolCallPart('look_up', '{"q":"<b>"}', tool_call_id='a')
    assert markdown(call) == '**Tool call** `look_up`\n\n```json\n{\n  "q": "<b>"\n}\n```'
    assert plain(call) == '[tool call] look_up({"q":"<b>"})'
    assert '**Tool result** `look_up`' in markdown(NativeToolReturnPart('look_up', {'a': 1}))


def test_arguments_and_names_end_neither_fence_nor_code() -> None:
    shown = markdown(ToolCallPart('a`<b>', '```\n<img src=x>\n```', tool_call_id='a'))
    assert shown == '**Tool call** `a__b_`\n\n````json\n```\n<img src=x>\n```\n````'


def test_a_fence_that_was_left_open_swallows_nothing() -> None:
    shown = markdown(TextPart('```py\nx = 1'), mark='interrupted')
    assert shown == '```py\nx = 1\n```\n\n*Stopped. What came is kept.*'


def test_a_picture_is_in_the_text_and_another_file_is_named() -> None:
    assert markdown(FilePart(BinaryContent(b'abc', media_type='image/png'))) == '![image](data:image/png;base64,YWJj)'
    other = FilePart(BinaryContent(b'abc', media_type='image/svg+xml'))
    assert markdown(other) == '*A file: `image/svg+xml`, 3 bytes.*'
    assert plain(other) == '[file] image/svg+xml, 3 bytes'


@pytest.mark.parametrize(
    ('response', 'more', 'words'),
    [
        ({}, {'mark': 'interrupted'}, 'Stopped'),
        ({}, {'mark': 'incomplete', 'error': ConnectionError('secret')}, 'connection broke'),
        ({}, {'error': ConnectionError()}, 'connection broke'),
        ({'state': 'interrupted'}, {}, 'Stopped'),
        ({'state': 'incomplete'}, {}, 'incomplete'),
        ({'finish_reason': 'length'}, {}, 'token limit'),
        ({'finish_reason': 'content_filter'}, {}, 'content filter'),
        ({'finish_reason': 'error'}, {}, 'failed'),
        ({'finish_reason': 'stop'}, {}, None),
        ({'finish_reason': 'tool_call'}, {}, None),
    ],
)
def test_a_line_says_why_an_answer_is_not_whole(
    response: dict[str, Any], more: dict[str, Any], words: str | None
) -> None:
    data, _ = final_bundle(ModelResponse(parts=[TextPart('So far')], **response), **more)
    for text in data.values():
        first, *rest = text.split('\n\n')
        assert first == 'So far'
        assert len(rest) == (words is not None)
        assert words is None or words in rest[0]
    assert 'secret' not in json.dumps(data)


def test_what_to_know_of_the_model_stands_below_its_answer() -> None:
    response = ModelResponse(parts=[TextPart('2 + 2 = 5')], metadata={'note': 'A toy.'})
    data, _ = final_bundle(response)
    assert data == {'text/markdown': '2 + 2 = 5\n\n*A toy.*', 'text/plain': '2 + 2 = 5\n\n[A toy.]'}
    assert 'A toy' not in final_bundle(ModelResponse(parts=[], metadata={'note': 'A toy.'}))[0]['text/plain']


def test_what_is_known_of_the_model_already_is_in_the_metadata_alone() -> None:
    known = ModelResponse(parts=[TextPart('2 + 2 = 5')], metadata={'note': 'A toy.', 'is_noted': True})
    data, metadata = final_bundle(known)
    assert data == {'text/markdown': '2 + 2 = 5', 'text/plain': '2 + 2 = 5'}
    assert metadata['jupyter_stream']['note'] == 'A toy.'


def test_without_a_word_it_says_so() -> None:
    assert plain(mark='interrupted', error=KeyboardInterrupt()) == '[Stopped before an answer came.]'
    assert plain(mark='incomplete') == '[No answer came.]'
    assert plain(mark='incomplete', error=ValueError()) == '', 'the error says why'
    assert plain(TextPart(''), mark='interrupted') == '[Stopped before an answer came.]'
    assert plain(ThinkingPart('Hm'), mark='interrupted') == '[Stopped. What came is kept.]', 'a thought came'


@pytest.mark.parametrize('parts', [[], [TextPart(' \n')], [ThinkingPart('Hm, hm.')]], ids=['none', 'blank', 'thought'])
@pytest.mark.parametrize(
    ('reason', 'words'),
    [
        (None, 'The answer is empty.'),
        ('stop', 'The answer is empty.'),
        ('length', 'The answer is empty: the token limit was reached before it began.'),
        ('content_filter', 'The answer is empty: the content filter of the provider stopped it.'),
        ('error', 'The model failed before an answer came.'),
    ],
)
def test_an_empty_answer_says_so_and_why(parts: list[Any], reason: Any, words: str) -> None:
    data, _ = final_bundle(ModelResponse(parts=parts, model_name='m', finish_reason=reason))
    *_, said, last = data['text/markdown'].split('\n\n')
    assert (said, last) == (f'*{words}*', '*— m*')
    assert data['text/plain'] == f'[{words}]\n\n— m'


def test_a_call_alone_is_no_empty_answer() -> None:
    assert 'empty' not in markdown(ToolCallPart('f', '{}', tool_call_id='a'))


def test_the_metadata_says_how_the_answer_came_to_be_and_no_secret() -> None:
    response = ModelResponse(
        parts=[TextPart('Hi')],
        model_name='m',
        provider_name='p',
        provider_response_id='r',
        finish_reason='stop',
        usage=RequestUsage(input_tokens=3, output_tokens=4, details={'extra': 5}),
    )
    settings = {
        'temperature': 0.0,
        'max_tokens': 7,
        'stop_sequences': ['a'],
        'extra_headers': {'authorization': 'Bearer sk-1'},
        'extra_body': {'user': 'sk-2'},
        'x_api_key': 'sk-3',
        'session_token': 'sk-4',
        'x': {'password': 'sk-5'},
        'timeout': object(),
        'top_p': None,
    }
    _, metadata = final_bundle(response, settings=settings)
    assert metadata == {
        'jupyter_stream': {
            'model': 'm',
            'provider': 'p',
            'settings': {'temperature': 0.0, 'max_tokens': 7, 'stop_sequences': ['a']},
            'usage': {'input_tokens': 3, 'output_tokens': 4, 'details': {'extra': 5}},
            'finish_reason': 'stop',
            'state': 'complete',
        }
    }
    assert json.loads(json.dumps(metadata)) == metadata


def test_the_same_answer_gives_the_same_bundle_at_any_time() -> None:
    one, other = (
        final_bundle(ModelResponse(parts=[TextPart('Hi')], timestamp=datetime(year, 1, 1))) for year in (2025, 2026)
    )
    assert one == other
    assert final_bundle(ModelResponse(parts=[]), elapsed=1.5)[1]['jupyter_stream']['elapsed'] == 1.5


def test_control_characters_do_not_reach_the_plain_text() -> None:
    assert plain(TextPart('a\x1b[31mb')) == 'a␛[31mb'
