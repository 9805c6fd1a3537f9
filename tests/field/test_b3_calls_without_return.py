"""B3: a call that has no return gets one that says that it was not run, before what is said next."""

from __future__ import annotations

import pytest

from jupyter_stream.messages import ModelRequest, ModelResponse, TextPart, ToolCallPart, ToolReturnPart, UserPromptPart
from jupyter_stream.providers import WireName
from jupyter_stream.wire.sendable import NOT_RUN, Takes, sendable

from .histories import PROTOCOLS, prompt, text, turns

FIRST = ToolCallPart('sh', {'c': 'ls'}, 'call00001')
SECOND = ToolCallPart('sh', {'c': 'pwd'}, 'call00002')


@pytest.mark.parametrize('name', PROTOCOLS)
def test_b3_a_prompt_instead_of_a_return(name: WireName) -> None:
    said = turns(name, [prompt('q'), ModelResponse([FIRST]), prompt('never mind')])
    written = text(said)
    assert written.count(NOT_RUN) == 1
    assert written.index(NOT_RUN) < written.index('never mind')


@pytest.mark.parametrize('name', PROTOCOLS)
def test_b3_one_of_two_calls_has_its_return(name: WireName) -> None:
    after = ModelRequest([ToolReturnPart('sh', 'file', 'call00001'), UserPromptPart('go on')])
    written = text(turns(name, [prompt('q'), ModelResponse([FIRST, SECOND]), after]))
    assert written.count(NOT_RUN) == 1
    assert written.index(NOT_RUN) < written.index('go on')


@pytest.mark.parametrize('name', PROTOCOLS)
def test_b3_another_answer_instead_of_a_return(name: WireName) -> None:
    history = [prompt('q'), ModelResponse([FIRST]), ModelResponse([TextPart('done')]), prompt('w')]
    assert text(turns(name, history)).count(NOT_RUN) == 1


def test_b3_ids_that_come_again_count_for_their_own_answer() -> None:
    returned = ModelRequest([ToolReturnPart('sh', 'file', 'call00001')])
    history = [prompt('q'), ModelResponse([FIRST]), prompt('w'), ModelResponse([FIRST]), returned]
    assert text([repr(part) for one in sendable(history, Takes()) for part in one.parts]).count(NOT_RUN) == 1


def test_b3_calls_that_may_still_be_run_stay_open() -> None:
    suspended = [prompt('q'), ModelResponse([FIRST], state='suspended'), prompt('w')]
    for history in (suspended, [prompt('q'), ModelResponse([FIRST])]):
        assert all(one is other for one, other in zip(sendable(history, Takes()), history, strict=True))
