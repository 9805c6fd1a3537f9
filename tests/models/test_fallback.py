"""`FallbackModel`: when the next model is asked and what is said of it, held against the peer's by running both."""

from __future__ import annotations

import asyncio
import pickle
import re
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
import pydantic_ai.models.fallback
import pytest

import jupyter_stream.models.fallback
from jupyter_stream import direct
from jupyter_stream.exceptions import (
    FallbackExceptionGroup,
    ModelAPIError,
    ModelServerError,
    UserError,
)
from jupyter_stream.messages import ModelRequest, ModelResponse, TextPart
from jupyter_stream.models import ModelRequestParameters, infer_model
from jupyter_stream.models.fallback import FallbackModel
from jupyter_stream.models.function import FunctionModel
from jupyter_stream.models.test import TestModel
from jupyter_stream.stream import CompletedStreamedResponse, StreamedResponse

from .conftest import OURS, PEER

FALLBACK = {id(OURS): jupyter_stream.models.fallback, id(PEER): pydantic_ai.models.fallback}
HISTORY = [ModelRequest.user_text_prompt('hi')]


@dataclass
class Says:
    """A model for the test: what it answers, or the error it raises at once or after its first word."""

    text: str = ''
    error: str = ''
    late: bool = False
    more: dict[str, Any] = field(default_factory=dict)

    def model(self, lib: Any, name: str) -> Any:
        return lib.function.FunctionModel(
            partial(self._whole, lib), stream_function=partial(self._stream, lib), model_name=name
        )

    def _raise(self, lib: Any) -> None:
        if self.error == 'api':
            raise lib.exceptions.ModelAPIError('some-model', 'is down')
        if self.error:
            raise {'value': ValueError('bad value'), 'bare': ValueError()}[self.error]

    def _whole(self, lib: Any, messages: Any, info: Any) -> Any:
        self._raise(lib)
        return lib.messages.ModelResponse([lib.messages.TextPart(self.text)], **self.more)

    async def _stream(self, lib: Any, messages: Any, info: Any) -> AsyncIterator[str]:
        if self.late:
            yield 'begun '
        self._raise(lib)
        yield self.text


OK, SECOND = Says('fine'), Says('second')
DOWN, LATE, ODD = Says(error='api'), Says(error='api', late=True), Says(error='value')
FILTERED, CUT = Says('no', more={'finish_reason': 'content_filter'}), Says('cut', more={'finish_reason': 'length'})

Chain = tuple[Any, ...]


def chain(lib: Any, says: Chain, on: Callable[[Any], Any] | None, name: str = 'm') -> Any:
    models = [
        chain(lib, item, None, f'{name}{n}') if isinstance(item, tuple) else item.model(lib, f'{name}{n}')
        for n, item in enumerate(says)
    ]
    return FALLBACK[id(lib)].FallbackModel(*models, **({'fallback_on': on(lib)} if on else {}))


def told(attempts: Any) -> Any:
    """All but the times; our groups name the models where the peer's do not."""
    return [
        (
            a.model_name,
            a.provider_name,
            a.outcome,
            a.error and re.sub(' failed: [^(]*', ' failed ', a.error),
            a.usage and (a.usage.input_tokens, a.usage.output_tokens),
        )
        for a in attempts or ()
    ]


def kinds(error: BaseException) -> Any:
    if isinstance(error, BaseExceptionGroup):
        return type(error).__name__, [kinds(inner) for inner in error.exceptions], told(error.attempts)
    return type(error).__name__, str(error)


async def asked(lib: Any, says: Chain, on: Callable[[Any], Any] | None, streamed: bool) -> Any:
    messages, parameters = [lib.messages.ModelRequest.user_text_prompt('hi')], lib.models.ModelRequestParameters()
    seen: list[str] = []
    try:
        model = chain(lib, says, on)
        names = model.model_name, model.system, model.model_id, model.base_url
        if streamed:
            async with model.request_stream(messages, None, parameters) as stream:
                async for event in stream:
                    seen.append(type(event).__name__)
                response = stream.get()
        else:
            response = await model.request(messages, None, parameters)
    except Exception as error:
        return seen, kinds(error)
    return names, seen, response.text, response.model_name, response.state, told(response.failed_attempts)


def on_error(lib: Any) -> Any:
    return lambda error: 'down' in str(error)


def on_error_later(lib: Any) -> Any:
    async def handler(error: Exception) -> bool:
        return isinstance(error, ValueError)

    return handler


def on_response(lib: Any, later: bool = False) -> Any:
    def handler(response: Any) -> bool:
        return response.text == 'fine'

    async def async_handler(response: Any) -> bool:
        return handler(response)

    for function in (handler, async_handler):
        function.__annotations__['response'] = lib.messages.ModelResponse
    return async_handler if later else handler


class Judge:
    """A condition that is an object."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self, error: Exception) -> bool:
        return self.text in str(error)


def types(*names: str) -> Callable[[Any], Any]:
    return lambda lib: tuple(getattr(lib.exceptions, name) for name in names)


CASES: dict[str, tuple[Chain, Callable[[Any], Any] | None]] = {
    'the first answers': ((OK, SECOND), None),
    'the second answers': ((DOWN, OK), None),
    'the third answers': ((DOWN, DOWN, OK), None),
    'all fail': ((DOWN, DOWN), None),
    'there is one, and it fails': ((DOWN,), None),
    'an error that is not covered': ((ODD, OK), None),
    'an error that is not covered comes second': ((DOWN, ODD, OK), None),
    'an error after the first event': ((LATE, OK), None),
    'a type': ((ODD, OK), lambda lib: ValueError),
    'types': ((ODD, DOWN, OK), lambda lib: (ValueError, lib.exceptions.ModelAPIError)),
    'an error without words': ((Says(error='bare'), OK), lambda lib: [ValueError]),
    'a function of an error': ((DOWN, OK), on_error),
    'a function of an error says no': ((ODD, OK), on_error),
    'an async function of an error': ((ODD, OK), on_error_later),
    'an object': ((DOWN, OK), lambda lib: Judge('down')),
    'a function of a response': ((OK, SECOND), on_response),
    'an async function of a response': ((OK, SECOND), partial(on_response, later=True)),
    'all are rejected': ((OK, OK), on_response),
    'a function of a response does not look at errors': ((DOWN, OK), on_response),
    'all sorts': ((OK, DOWN, ODD, SECOND), lambda lib: [on_response(lib), ValueError, on_error(lib)]),
    'all sorts fail': ((OK, DOWN, ODD), lambda lib: [on_response(lib), ValueError, on_error(lib)]),
    'a refusal, and its error is named': ((FILTERED, OK), types('ContentFilterError')),
    'a refusal, and a wider error is named': ((FILTERED, OK), types('UnexpectedModelBehavior')),
    'cut off, and its error is named': ((CUT, OK), types('OutputTokenLimitExceeded')),
    'cut off, and a narrower error is named': ((CUT, OK), types('IncompleteToolCall')),
    'a chain in a chain answers': (((DOWN, OK), SECOND), None),
    'a chain in a chain fails': (((DOWN, DOWN), SECOND), lambda lib: Exception),
    'a chain in a chain is rejected': (((DOWN, OK), SECOND), lambda lib: [on_response(lib)]),
}


@pytest.mark.parametrize('streamed', [False, True], ids=['whole', 'streamed'])
@pytest.mark.parametrize('case', CASES)
def test_the_same_model_answers_and_the_same_is_said_of_the_others(case: str, streamed: bool):
    says, on = CASES[case]
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        got, want = (asyncio.run(asked(lib, says, on, streamed)) for lib in (OURS, PEER))
    assert got == want


def test_the_peer_is_not_just_as_broken():
    got = asyncio.run(asked(OURS, (DOWN, OK), None, streamed=True))
    assert got[1:] == (
        ['PartStartEvent', 'FinalResultEvent', 'PartEndEvent'],
        'fine',
        'm1',
        'complete',
        [('m0', 'function', 'error', 'ModelAPIError: is down', None)],
    )


def test_a_stream_is_not_judged_and_says_so():
    model = chain(OURS, (OK, SECOND), on_response)
    asked = direct.model_request_stream_sync(model, HISTORY)
    with pytest.warns(UserWarning, match='not applied to a stream'), asked as stream:
        list(stream)
    assert stream.response.text == 'fine'


def test_the_warning_of_a_stream_points_at_who_asked():
    async def main() -> str:
        with pytest.warns(UserWarning, match='not applied') as warned:
            async with chain(OURS, (OK, SECOND), on_response).request_stream(HISTORY, None, ModelRequestParameters()):
                return warned[0].filename

    assert asyncio.run(main()) == __file__


@pytest.mark.parametrize('on', [(), [], 'ModelAPIError', [3], None, KeyboardInterrupt, [str]])
def test_a_condition_that_is_none(on: Any):
    with pytest.raises(UserError, match='`fallback_on`'):
        FallbackModel('test', fallback_on=on)


def test_a_function_whose_annotations_are_not_there():
    def handler(response: Missing) -> bool:  # type: ignore[name-defined]  # noqa: F821
        return True

    with pytest.raises(UserError, match='Missing'):
        FallbackModel('test', fallback_on=handler)


def test_a_partial_and_a_method_judge_responses():
    class Judges:
        def judge(self, response: ModelResponse) -> bool:
            return True

    def handler(word: str, response: ModelResponse) -> bool:
        return response.text == word

    assert len(FallbackModel('test', fallback_on=[Judges().judge, partial(handler, 'x')])._conditions.on_response) == 2


def test_builtins_judge_errors():
    assert len(FallbackModel('test', fallback_on=[callable])._conditions.on_error) == 1


def test_it_is_bound_to_a_loop_when_one_of_its_models_or_conditions_is():
    async def stream(messages: Any, info: Any) -> AsyncIterator[str]:
        yield 'x'

    bound = FunctionModel(stream_function=stream)
    assert not FallbackModel('test', TestModel()).loop_bound
    assert FallbackModel('test', bound).loop_bound
    assert FallbackModel('test', FallbackModel('test', bound)).loop_bound
    assert FallbackModel('test', fallback_on=on_error_later(OURS)).loop_bound


def test_it_works_through_the_synchronous_functions():
    model = chain(OURS, (DOWN, OK), None)
    assert direct.model_request_sync(model, HISTORY).text == 'fine'
    with direct.model_request_stream_sync(model, HISTORY) as stream:
        assert len(list(stream)) == 3
    assert [a.model_name for a in stream.response.failed_attempts or ()] == ['m0']


def test_the_group_names_who_was_asked_and_keeps_it():
    with pytest.raises(FallbackExceptionGroup, match='All models from FallbackModel failed: function:m0, function:m1'):
        direct.model_request_sync(chain(OURS, (DOWN, DOWN), None), HISTORY)
    with pytest.raises(FallbackExceptionGroup) as caught:
        direct.model_request_sync(chain(OURS, (DOWN, Says(error='value')), lambda lib: Exception), HISTORY)
    part = caught.value.subgroup(ValueError)
    assert isinstance(part, FallbackExceptionGroup) and len(part.exceptions) == 1 and len(part.attempts) == 2
    again = pickle.loads(pickle.dumps(part))
    assert (again.message, again.attempts) == (part.message, part.attempts)


def test_a_server_that_fails_is_fallen_back_from():
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(500, json={'error': {'message': 'on fire'}})

    async def main() -> ModelResponse:
        async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as client:
            down = infer_model('openai-chat:gpt-5', api_key='secret-key', http_client=client)
            model = FallbackModel(down, TestModel(), fallback_on=ModelServerError)
            assert model.loop_bound and model.base_url == 'https://api.openai.com/v1'
            async with model.request_stream(HISTORY, {'max_retries': 0}, ModelRequestParameters()) as stream:
                async for _ in stream:
                    pass
                return stream.get()

    response = asyncio.run(main())
    attempt = (response.failed_attempts or [])[0]
    assert response.text == 'success (no tool calls)'
    assert attempt.model_name == 'gpt-5' and 'on fire' in (attempt.error or '')
    assert 'secret-key' not in repr(response)
    assert attempt.duration.total_seconds() > 0


class Hasty(TestModel):
    """Hands out its stream before there is an event in it; then the stream fails."""

    @asynccontextmanager
    async def request_stream(self, *args: Any) -> AsyncGenerator[StreamedResponse]:
        class Failing(CompletedStreamedResponse):
            async def _batches(self) -> AsyncGenerator[Any]:
                raise ModelAPIError('hasty', 'too late')
                yield

        yield Failing(None, ModelResponse([]))


def test_a_stream_is_handed_over_only_with_its_first_event():
    with direct.model_request_stream_sync(FallbackModel(Hasty(), TestModel()), HISTORY) as stream:
        assert len(list(stream)) == 7
    assert [attempt.error for attempt in stream.response.failed_attempts or ()] == ['ModelAPIError: too late']


# ------------------------------------------------------------------ paused answers


def paused(text: str, lib: Any = OURS) -> Says:
    return Says(text, more={'state': 'suspended'})


@pytest.mark.parametrize('second', [OK, DOWN, LATE], ids=['goes on', 'fails', 'fails late'])
def test_a_paused_answer_goes_back_to_the_model_that_gave_it(second: Says):
    async def ask(lib: Any) -> Any:
        seen: list[Any] = []

        class Recording(Says):
            def _whole(self, lib: Any, messages: Any, info: Any) -> Any:
                seen.append((self.text, [type(m).__name__ for m in messages]))
                return super()._whole(lib, messages, info)

        def again(says: Says) -> Recording:
            return Recording(says.text, says.error, says.late, says.more)

        parameters, request = lib.models.ModelRequestParameters(), lib.messages.ModelRequest.user_text_prompt('hi')
        first = chain(lib, (DOWN, paused('wait', lib)), None)
        pause = await first.request([request], None, parameters)
        model = chain(lib, (again(Says('other')), again(second)), None)
        response = await model.request([request, pause], None, parameters)
        return pause.metadata, response.text, response.model_name, seen, told(response.failed_attempts)

    got, want = asyncio.run(ask(OURS)), asyncio.run(ask(PEER))
    assert got == want


def test_a_paused_answer_of_nobody_is_asked_of_the_first():
    answered = chain(OURS, (OK, SECOND), None)
    lost = ModelResponse(
        [TextPart('wait')], state='suspended', metadata={'__pydantic_ai__': {'fallback_model_id': 'x'}}
    )
    assert direct.model_request_sync(answered, [*HISTORY, lost]).model_name == 'm0'


@pytest.mark.parametrize(
    'metadata', [{'of': 'mine'}, {'of': 'mine', '__pydantic_ai__': {'another': 'of theirs'}}], ids=['bare', 'nested']
)
def test_what_else_the_metadata_of_a_paused_answer_says_stays(metadata: dict[str, Any]):
    says = Says('wait', more={'state': 'suspended', 'metadata': metadata})
    kept = direct.model_request_sync(chain(OURS, (says,), None), HISTORY).metadata
    theirs = {**metadata.get('__pydantic_ai__', {}), 'fallback_model_id': 'function:m0'}
    assert kept == {**metadata, '__pydantic_ai__': theirs}
