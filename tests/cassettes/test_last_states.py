"""What nbval gets to see: each output once, as the saved notebook has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from jupyter_stream.cassettes.last_states import LastStates, last_states


def message(kind: str, **content: Any) -> dict[str, Any]:
    return {'msg_type': kind, 'parent_header': {'msg_id': 'cell'}, 'content': content}


def shows(text: str, display: str | None = None, kind: str = 'display_data') -> dict[str, Any]:
    transient = {'display_id': display} if display else {}
    return message(kind, data={'text/plain': text}, metadata={}, transient=transient)


def prints(text: str) -> dict[str, Any]:
    return message('stream', name='stdout', text=text)


def takes(msg_id: str) -> dict[str, Any]:
    return message('comm_msg', data={'method': 'update', 'state': {'msg_id': msg_id}})


BUSY, IDLE = (message('status', execution_state=state) for state in ('busy', 'idle'))


def texts(messages: list[Any]) -> list[str]:
    """What the outputs say."""
    contents = [
        each['content'] for each in messages if each['msg_type'] in ('stream', 'display_data', 'execute_result')
    ]
    return [content.get('text') or content['data']['text/plain'] for content in contents]


@pytest.mark.parametrize(
    ('sent', 'seen'),
    [
        pytest.param([prints('a'), shows('b')], ['a', 'b'], id='nothing-changes'),
        pytest.param([shows('a', 'x'), shows('b', 'x', 'update_display_data')], ['b'], id='updated'),
        pytest.param([shows('a', 'x'), shows('b', 'y', 'update_display_data')], ['a'], id='another-is-updated'),
        pytest.param([shows('b', 'x', 'update_display_data')], [], id='one-of-an-earlier-cell-is-updated'),
        pytest.param(
            [shows('a', 'x'), shows('a', 'x'), shows('b', 'x', 'update_display_data')], ['b', 'b'], id='shown-twice'
        ),
        pytest.param([prints('a'), message('clear_output', wait=False)], [], id='cleared'),
        pytest.param([prints('a'), message('clear_output', wait=True)], ['a'], id='not-cleared-until-more-comes'),
        pytest.param(
            [prints('a'), message('clear_output', wait=True), shows('b'), shows('c')], ['b', 'c'], id='replaced'
        ),
        pytest.param([takes('cell'), prints('a'), takes(''), prints('b')], ['b'], id='in-an-output-widget'),
        pytest.param(
            [prints('a'), takes('cell'), message('clear_output', wait=False), takes('')],
            ['a'],
            id='a-widget-is-cleared',
        ),
        pytest.param([shows('a', None, 'execute_result')], ['a'], id='a-result'),
    ],
)
def test_each_output_is_seen_once_in_its_last_state(sent: list[Any], seen: list[str]) -> None:
    assert texts(last_states(sent)) == seen


def test_what_is_no_output_is_handed_on_in_its_place() -> None:
    error = message('error', ename='E', evalue='', traceback=[])
    sent = [BUSY, message('execute_input', code=''), takes('cell'), error, takes(''), IDLE]

    assert last_states(sent) == sent


def test_a_cell_is_held_back_until_the_kernel_is_idle() -> None:
    cells = [BUSY, shows('a', 'x'), shows('b', 'x', 'update_display_data'), IDLE, BUSY, shows('c'), IDLE]
    coming = iter(cells)
    read = LastStates(lambda stream, timeout: next(coming))

    first = [read('iopub', timeout=5) for _ in range(3)]

    assert texts(first) == ['b']
    assert first[-1] == IDLE
    assert list(coming) == cells[4:]


def test_that_nothing_comes_is_told_and_loses_nothing() -> None:
    def messages() -> Iterator[Any]:
        yield from [shows('a'), None, IDLE]

    coming = messages()

    def read(stream: str, timeout: float | None) -> Any:
        found = next(coming)
        if found is None:
            raise TimeoutError
        return found

    told = LastStates(read)
    with pytest.raises(TimeoutError):
        told('iopub')

    assert [told('iopub'), told('iopub')] == [shows('a'), IDLE]


def test_other_channels_are_read_as_they_are() -> None:
    read = LastStates(lambda stream, timeout: message('execute_reply', stream=stream))

    assert read('shell', timeout=1)['content'] == {'stream': 'shell'}
