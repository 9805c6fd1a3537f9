"""`WrapperModel` does what the model in it does, and a subclass changes only what it overrides."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pydantic_ai.models.wrapper
import pytest

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import ModelMessage, ModelRequest, ModelResponse, TextPart
from jupyter_stream.models import ModelRequestParameters, StreamedResponse
from jupyter_stream.models.function import FunctionModel
from jupyter_stream.models.test import TestModel
from jupyter_stream.models.wrapper import WrapperModel
from jupyter_stream.settings import ModelSettings

HISTORY = [ModelRequest.user_text_prompt('hi')]


class Louder(WrapperModel):
    """Says everything in capitals; streams as the wrapped model does."""

    async def request(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        response = await super().request(messages, model_settings, model_request_parameters)
        return ModelResponse([TextPart((response.text or '').upper())])


class Counted(WrapperModel):
    """Counts the streams that are open."""

    open = 0

    @asynccontextmanager
    async def request_stream(self, *args: Any) -> AsyncGenerator[StreamedResponse]:
        async with super().request_stream(*args) as stream:
            self.open += 1
            yield stream
            self.open -= 1


async def both(model: WrapperModel) -> tuple[str | None, str | None]:
    whole = await model.request(HISTORY, None, ModelRequestParameters())
    async with model.request_stream(HISTORY, None, ModelRequestParameters()) as stream:
        async for _ in stream:
            pass
        return whole.text, stream.get().text


def test_requests_are_passed_on():
    assert asyncio.run(both(WrapperModel(TestModel(custom_output_text='one two')))) == ('one two', 'one two')
    assert asyncio.run(both(Louder(TestModel(custom_output_text='one two')))) == ('ONE TWO', 'one two')


def test_a_subclass_may_wrap_the_stream():
    model = Counted('test')
    assert asyncio.run(both(model)) == ('success (no tool calls)',) * 2
    assert model.open == 0


def test_settings_and_parameters_reach_the_wrapped_model():
    seen: list[Any] = []

    def function(messages: Any, info: Any) -> ModelResponse:
        seen.append(info)
        return ModelResponse([TextPart('x')])

    model = WrapperModel(FunctionModel(function, settings={'temperature': 0.5}))
    asyncio.run(model.request(HISTORY, {'seed': 1}, ModelRequestParameters(allow_text_output=False)))
    assert seen[0].model_settings == {'temperature': 0.5, 'seed': 1}
    assert seen[0].allow_text_output is False


def test_it_has_the_names_of_the_wrapped_model():
    inner = TestModel(model_name='inner', settings={'temperature': 0.5})
    model = WrapperModel(inner)
    for name in ('model_name', 'system', 'model_id', 'base_url', 'settings', 'loop_bound', 'call_tools', 'seed'):
        assert getattr(model, name) == getattr(inner, name)
    with pytest.raises(AttributeError, match='nothing'):
        _ = model.nothing


def test_it_is_bound_to_a_loop_when_the_wrapped_model_is():
    async def function(messages: Any, info: Any) -> ModelResponse:
        return ModelResponse([])

    model = WrapperModel('test')
    assert model.loop_bound is False
    model.wrapped = FunctionModel(function)
    assert model.loop_bound is True


def test_repr_and_equality_are_the_peers():
    assert repr(WrapperModel('test')) == repr(pydantic_ai.models.wrapper.WrapperModel('test'))
    assert WrapperModel('test') == WrapperModel('test') != WrapperModel(TestModel(seed=1))
    assert WrapperModel('test') != Louder('test')


def test_a_name_is_looked_up():
    assert WrapperModel('test').wrapped == TestModel()
    with pytest.raises(UserError, match='no-such-model'):
        WrapperModel('no-such-model')


def test_it_can_be_copied_and_pickled():
    model = WrapperModel(TestModel(seed=3))
    assert copy.deepcopy(model) == pickle.loads(pickle.dumps(model)) == model
