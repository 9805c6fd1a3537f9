"""B10: Chat Completions marks what a `CachePoint` marks, with the word of the models that know one."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import CachePoint, ModelMessage, ModelRequest, ModelResponse, TextPart, UserPromptPart
from jupyter_stream.models import ModelRequestParameters
from jupyter_stream.profiles import profile
from jupyter_stream.providers import find
from jupyter_stream.wire import openai_chat
from jupyter_stream.wire.base import Target

MARK = {'mode': 'explicit'}


def said(model: str, *messages: ModelMessage) -> list[Any]:
    provider = find('openai-chat')
    assert provider is not None
    target = Target(model, provider, profile(provider, model))
    return openai_chat.encode(target, messages, {}, ModelRequestParameters()).body['messages']


def user(*items: Any) -> ModelRequest:
    return ModelRequest([UserPromptPart(list(items))])


@pytest.mark.parametrize('model', ['gpt-5.6', 'gpt-6-sol'])
def test_b10_a_cache_point_marks_what_stands_before_it(model: str) -> None:
    content = said(model, user('long', CachePoint(), 'short'))[0]['content']
    assert content == [
        {'type': 'text', 'text': 'long', 'prompt_cache_breakpoint': MARK},
        {'type': 'text', 'text': 'short'},
    ]


def test_b10_older_models_know_no_mark() -> None:
    assert said('gpt-5', user('long', CachePoint(), 'short'))[0]['content'] == [
        {'type': 'text', 'text': 'long'},
        {'type': 'text', 'text': 'short'},
    ]


def test_b10_a_cache_point_that_comes_first_marks_what_was_said_before() -> None:
    history = [user('q'), ModelResponse([TextPart('a')]), user(CachePoint(), 'next')]
    assert said('gpt-5.6', *history)[1:] == [
        {'role': 'assistant', 'content': [{'type': 'text', 'text': 'a', 'prompt_cache_breakpoint': MARK}]},
        {'role': 'user', 'content': [{'type': 'text', 'text': 'next'}]},
    ]


def test_b10_a_cache_point_alone_leaves_no_message() -> None:
    history = [user('q'), ModelResponse([TextPart('a')]), user(CachePoint())]
    assert [message['role'] for message in said('gpt-5.6', *history)] == ['user', 'assistant']


def test_b10_a_cache_point_before_everything_is_refused() -> None:
    with pytest.raises(UserError, match='cannot come first'):
        said('gpt-5.6', user(CachePoint(), 'q'))
