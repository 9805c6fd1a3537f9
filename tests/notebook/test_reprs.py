"""How messages, events and usage show themselves in a shell: the Markdown, and that it can do nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_stream.messages import (
    BinaryContent,
    CachePoint,
    FinalResultEvent,
    ImageUrl,
    ModelRequest,
    ModelResponse,
    PartDeltaEvent,
    PartEndEvent,
    PartStartEvent,
    RetryFeedbackPart,
    SystemPromptPart,
    TextPart,
    TextPartDelta,
    ThinkingPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
    ToolReturnPart,
    UserPromptPart,
)
from jupyter_stream.messages._tools import RetryInfo
from jupyter_stream.notebook import reprs
from jupyter_stream.notebook.bundle import final_bundle
from jupyter_stream.notebook.reprs import describe
from jupyter_stream.usage import RequestUsage

from .kernels import Kernel

HOSTILE = '<img src=x onerror=alert(1)> [x](javascript:alert(1)) ![y](https://evil.example/p.png)'


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    reprs.register(shell)
    yield shell
    reprs.unregister(shell)
    InteractiveShell.clear_instance()


def markdown(shell: InteractiveShell, value: Any) -> str:
    data, _ = shell.display_formatter.format(value)  # type: ignore[union-attr]
    assert data['text/plain'] == repr(value)
    assert set(data) == {'text/markdown', 'text/plain'}
    return data['text/markdown']


def test_registering_imports_nothing() -> None:
    code = (
        'import sys\nfrom IPython.core.interactiveshell import InteractiveShell\n'
        'from jupyter_stream.notebook.reprs import register\nregister(InteractiveShell())\n'
        'print([name for name in ("pydantic", "httpx", "jupyter_stream.messages") if name in sys.modules])'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == '[]'


def test_a_response_shows_as_its_answer(shell: InteractiveShell) -> None:
    response = ModelResponse(parts=[TextPart('Hello **world**'), ToolCallPart('f', '{"a": 1}')])
    assert markdown(shell, response) == final_bundle(response)[0]['text/markdown']
    assert markdown(shell, ModelResponse(parts=[])) == '*The answer is empty.*'


def test_a_request_shows_who_said_what(shell: InteractiveShell) -> None:
    request = ModelRequest(
        parts=[
            SystemPromptPart('Be kind.'),
            UserPromptPart('Hello,\n\n- world'),
            ToolReturnPart('weather', {'degrees': 25}, 'c1'),
            ToolReturnPart('weather', 'no such `town`', 'c2', outcome='failed'),
            RetryFeedbackPart('Shorter!', retry=RetryInfo('model_retry')),
        ],
        instructions='Be brief.',
    )
    assert markdown(shell, request) == (
        '**Instructions**\n\n> Be brief.\n\n'
        '**System**\n\n> Be kind.\n\n'
        '**User**\n\n> Hello,\n>\n> - world\n\n'
        '**Tool result** `weather`\n\n```json\n{\n  "degrees": 25\n}\n```\n\n'
        '**Tool result** `weather` (failed)\n\n```json\nno such `town`\n```\n\n'
        '**Please try again**\n\n> Shorter!'
    )


def test_a_users_pictures_are_shown_and_what_is_elsewhere_is_only_named(shell: InteractiveShell) -> None:
    content = [
        'Look:',
        BinaryContent(b'\x89PNG', media_type='image/png'),
        BinaryContent(b'<svg/>', media_type='image/svg+xml'),
        ImageUrl('https://user:secret@pictures.example/cat.png?key=secret#secret'),
        CachePoint(),
    ]
    shown = markdown(shell, ModelRequest(parts=[UserPromptPart(content)]))
    assert shown == (
        '**User**\n\n> Look:\n\n> ![image](data:image/png;base64,iVBORw==)\n\n'
        '> *A file: `image/svg+xml, 6 bytes`.*\n\n> *image-url: `https://pictures.example/cat.png`*'
    )


def test_what_stands_after_an_open_fence_is_not_part_of_it(shell: InteractiveShell) -> None:
    request = ModelRequest(parts=[UserPromptPart('```py\nx'), SystemPromptPart('Be kind.')])
    assert markdown(shell, request) == '**User**\n\n> ```py\n> x\n> ```\n\n**System**\n\n> Be kind.'


@pytest.mark.parametrize(
    ('event', 'shown'),
    [
        (PartStartEvent(index=0, part=TextPart('Hel')), '**part_start** · 0 · text · `"Hel"`'),
        (PartStartEvent(index=0, part=TextPart('')), '**part_start** · 0 · text'),
        (PartDeltaEvent(index=0, delta=TextPartDelta('l\no ')), '**part_delta** · 0 · text · `"l\\no "`'),
        (PartDeltaEvent(index=0, delta=TextPartDelta('a `b`')), '**part_delta** · 0 · text · ``"a `b`"``'),
        (
            PartDeltaEvent(index=1, delta=ThinkingPartDelta(content_delta='Hm')),
            '**part_delta** · 1 · thinking · `"Hm"`',
        ),
        (
            PartDeltaEvent(index=2, delta=ToolCallPartDelta(tool_name_delta='f', args_delta={'a': 1})),
            '**part_delta** · 2 · tool_call · `"f{\\"a\\": 1}"`',
        ),
        (PartStartEvent(index=2, part=ToolCallPart('f', '{')), '**part_start** · 2 · tool-call · `"f {"`'),
        (PartEndEvent(index=0, part=TextPart('Hello')), '**part_end** · 0 · text · `5 characters`'),
        (FinalResultEvent(tool_name=None, tool_call_id=None), '**final_result**'),
        (FinalResultEvent(tool_name='f', tool_call_id='c'), '**final_result** · tool-call · `f`'),
    ],
)
def test_an_event_is_a_line(shell: InteractiveShell, event: Any, shown: str) -> None:
    assert markdown(shell, event) == shown


def test_a_long_delta_is_cut_and_a_signature_is_not_shown() -> None:
    assert len(describe(PartDeltaEvent(index=0, delta=TextPartDelta('x' * 5000))).text) == 160
    signed = describe(PartDeltaEvent(index=0, delta=ThinkingPartDelta(signature_delta='c2VjcmV0')))
    assert 'c2VjcmV0' not in signed.text


def test_usage_is_a_small_table(shell: InteractiveShell) -> None:
    usage = RequestUsage(
        input_tokens=1234,
        cache_read_tokens=1000,
        output_tokens=55,
        output_reasoning_tokens=5,
        details={'odd|name': 3, 'none': 0},
        web_searches=2,
        cost=Decimal('0.00123'),
    )
    assert markdown(shell, usage).split('\n')[2:] == [
        '| tokens in | 1,234 |',
        '| … read from the cache | 1,000 |',
        '| tokens out | 55 |',
        '| … of thinking | 5 |',
        '| `odd¦name` | 3 |',
        '| `web_searches` | 2 |',
        '| cost | $0.0012 |',
    ]
    assert markdown(shell, RequestUsage()) == '*The provider did not say what was used.*'


@pytest.mark.parametrize(
    'value',
    [
        ModelResponse(parts=[TextPart(HOSTILE)]),
        ModelRequest(parts=[UserPromptPart(HOSTILE), SystemPromptPart(HOSTILE)], instructions=HOSTILE),
        ModelRequest(
            parts=[UserPromptPart([HOSTILE, ImageUrl(f'https://x.example/{HOSTILE}', media_type='image/png')])]
        ),
        ModelRequest(
            parts=[ToolReturnPart(HOSTILE, HOSTILE, 'c1'), ToolReturnPart('f', [HOSTILE, '```\n' + HOSTILE], 'c')]
        ),
        PartStartEvent(index=0, part=ToolCallPart(HOSTILE, HOSTILE)),
        PartDeltaEvent(index=0, delta=TextPartDelta('`' + HOSTILE)),
        PartDeltaEvent(index=0, delta=TextPartDelta('```\n' + HOSTILE + '\n\n' + HOSTILE)),
        FinalResultEvent(tool_name=HOSTILE, tool_call_id='c'),
        RequestUsage(details={HOSTILE: 1, '`' + HOSTILE: 2}),
    ],
)
def test_nothing_of_it_can_do_anything(shell: InteractiveShell, value: Any) -> None:
    from markdown_it import MarkdownIt

    html = MarkdownIt('commonmark', {'html': True}).enable('table').render(markdown(shell, value))
    assert '<img' not in html.replace('<img src="data:', '')
    assert 'href="javascript' not in html
    assert 'onerror' in html, 'it is shown'


def test_the_peers_classes_look_the_same(shell: InteractiveShell) -> None:
    peer = pytest.importorskip('pydantic_ai.messages')
    usage = import_module('pydantic_ai.usage')
    assert markdown(shell, peer.ModelResponse(parts=[peer.TextPart('Hello **world**')])) == 'Hello **world**'
    assert markdown(shell, peer.ModelRequest.user_text_prompt('Hi')) == '**User**\n\n> Hi'
    delta = peer.PartDeltaEvent(index=0, delta=peer.TextPartDelta('x'))
    assert markdown(shell, delta) == '**part_delta** · 0 · text · `"x"`'
    assert '| tokens in | 3 |' in markdown(shell, usage.RequestUsage(input_tokens=3))


def test_what_the_user_has_registered_stays(shell: InteractiveShell) -> None:
    reprs.unregister(shell)
    formatter: Any = shell.display_formatter.formatters['text/markdown']  # type: ignore[union-attr]
    formatter.for_type(RequestUsage, lambda usage: 'mine')
    reprs.register(shell)
    assert markdown(shell, RequestUsage()) == 'mine'
    reprs.unregister(shell)
    assert markdown(shell, RequestUsage()) == 'mine'


def test_unregistering_leaves_nothing(shell: InteractiveShell) -> None:
    values = [RequestUsage(), ModelResponse(parts=[]), PartStartEvent(index=0, part=TextPart('a'))]
    for value in values:
        markdown(shell, value)
    reprs.unregister(shell)
    for value in values:
        assert set(shell.display_formatter.format(value)[0]) == {'text/plain'}  # type: ignore[union-attr]


@pytest.mark.timeout(120)
def test_in_a_kernel_a_value_at_the_end_of_a_cell_is_shown_so(kernel: Kernel) -> None:
    kernel.run('from jupyter_stream.notebook.reprs import register\nregister(get_ipython())')
    (output,) = kernel.run('from jupyter_stream.messages import *\nModelRequest.user_text_prompt("Hi")').outputs()
    assert output['kind'] == 'execute_result'
    assert output['data']['text/markdown'] == '**User**\n\n> Hi'
    assert output['data']['text/plain'].startswith('ModelRequest(')
