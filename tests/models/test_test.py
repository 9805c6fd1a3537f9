"""`TestModel` held against the peer's: the same data, the same events, the same sentences when it is used wrongly."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pydantic_ai.models.test
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import ModelRequest, ModelResponse, TextPart
from jupyter_stream.models import ModelRequestParameters, infer_model
from jupyter_stream.models._sample import sample
from jupyter_stream.models.test import TestModel
from jupyter_stream.native_tools import WebSearchTool

Same = Callable[..., dict[str, Any]]

PERSON = {
    'type': 'object',
    'properties': {'name': {'type': 'string'}, 'age': {'type': 'integer', 'minimum': 18}, 'nick': {'type': 'string'}},
    'required': ['name', 'age'],
}
WEATHER = {'name': 'weather', 'parameters_json_schema': PERSON}
CLOCK = {'name': 'clock', 'description': 'The time.'}
ANSWER = {'name': 'answer', 'kind': 'output', 'parameters_json_schema': PERSON}
OTHER = {'name': 'other', 'kind': 'output'}
WRAPPED = {'name': 'wrapped', 'kind': 'output', 'outer_typed_dict_key': 'response'}

SCHEMAS: list[Any] = [
    {},
    {'const': None},
    {'const': 'x', 'type': 'integer'},
    {'enum': ['a', 'b', 'c']},
    {'enum': [], 'type': 'boolean'},
    {'examples': [{'x': 1}, 2], 'type': 'string'},
    {'type': 'null'},
    {'type': 'boolean'},
    {'type': 'string'},
    {'type': 'string', 'minLength': 3},
    {'type': 'string', 'minLength': 0},
    {'type': 'string', 'maxLength': 0},
    {'type': 'string', 'format': 'date'},
    {'type': 'string', 'format': 'uri'},
    {'type': 'integer', 'minimum': 5, 'maximum': 5},
    {'type': 'integer', 'minimum': 5, 'maximum': 7},
    {'type': 'integer', 'minimum': 5.0, 'maximum': 7.0},
    {'type': 'integer', 'minimum': 1.5, 'maximum': 3.5},
    {'type': 'integer', 'exclusiveMinimum': 5, 'exclusiveMaximum': 8},
    {'type': 'integer', 'exclusiveMinimum': 5, 'exclusiveMaximum': 7},
    {'type': 'integer', 'minimum': 5, 'exclusiveMaximum': 8},
    {'type': 'integer', 'exclusiveMinimum': 5, 'maximum': 8},
    {'type': 'integer', 'minimum': 5, 'exclusiveMinimum': 6, 'maximum': 8},
    {'type': 'integer', 'minimum': 5},
    {'type': 'integer', 'maximum': 5},
    {'type': 'integer', 'exclusiveMaximum': 5},
    {'type': 'number'},
    {'type': 'number', 'minimum': 1, 'maximum': 2},
    {'type': 'number', 'minimum': 1, 'maximum': 1},
    {'type': 'number', 'exclusiveMinimum': 1, 'maximum': 2},
    {'type': 'number', 'minimum': 0, 'exclusiveMinimum': 1, 'maximum': 4, 'exclusiveMaximum': 3},
    {'type': 'number', 'exclusiveMinimum': 1},
    {'type': 'number', 'minimum': 1},
    {'type': 'number', 'exclusiveMaximum': 1},
    {'type': 'number', 'maximum': 1},
    {'type': 'array'},
    {'type': 'array', 'items': {'type': 'integer'}},
    {'type': 'array', 'items': True, 'maxItems': 0},
    {'type': 'array', 'items': False},
    {'type': 'array', 'items': {'type': 'string'}, 'minItems': 3, 'uniqueItems': True},
    {'type': 'array', 'minItems': 2},
    {'type': 'array', 'prefixItems': [{'type': 'string'}, True, {'type': 'null'}]},
    {'type': 'array', 'prefixItems': [{'type': 'string'}] * 4, 'maxItems': 2},
    {'type': 'array', 'prefixItems': [{'type': 'string'}] * 4, 'maxItems': 2, 'minItems': 3},
    {'type': 'array', 'prefixItems': [{'type': 'integer'}], 'items': {'type': 'null'}, 'minItems': 4},
    {'type': 'array', 'prefixItems': [{'type': 'integer'}] * 4, 'maxItems': 1.5},
    {'type': 'array', 'items': [{'type': 'string'}, {'type': 'integer'}], 'minItems': 3},
    {'type': 'object'},
    PERSON,
    {
        'type': 'object',
        'properties': {'additionalProperty': {}},
        'required': ['additionalProperty'],
        'additionalProperties': True,
    },
    {'type': 'object', 'additionalProperties': {'type': 'integer'}},
    {'type': 'object', 'additionalProperties': False, 'required': ['absent']},
    {'anyOf': [{'type': 'string'}, {'type': 'null'}, PERSON]},
    {'oneOf': [PERSON, {'type': 'null'}, True]},
    {'oneOf': [{'type': 'string'}], 'type': 'integer'},
    {'$defs': {'P': PERSON}, '$ref': '#/$defs/P'},
    {'$defs': {'a/b': {'type': 'integer'}}, '$ref': '#/$defs/a/b'},
    {'type': 'object', 'properties': {'a/b': {'enum': [1, 2]}, 'c': {'$ref': '#/properties/a~1b'}}, 'required': ['c']},
    {'anyOf': [{'type': 'boolean'}, {'$ref': '#/anyOf/0'}]},
    {
        '$defs': {
            'Cat': {
                'type': 'object',
                'properties': {'kind': {'const': 'cat', 'default': 'cat'}, 'lives': {'type': 'integer'}},
            },
            'Dog': {
                'type': 'object',
                'properties': {'kind': {'const': 'dog'}, 'age': {'type': 'number'}},
                'required': ['age'],
            },
        },
        'oneOf': [{'$ref': '#/$defs/Cat'}, {'$ref': '#/$defs/Dog'}],
        'discriminator': {'propertyName': 'kind'},
    },
]

numbers = st.integers(-3, 6) | st.sampled_from([0.5, 2.0, 3.25])
leaves = st.sampled_from(
    [{}, True, {'type': 'null'}, {'type': 'boolean'}, {'const': 1}, {'enum': ['a', 'b']}]
) | st.one_of(
    st.fixed_dictionaries(
        {'type': st.just('string')}, optional={'minLength': st.integers(0, 3), 'maxLength': st.integers(0, 3)}
    ),
    st.fixed_dictionaries(
        {'type': st.sampled_from(['integer', 'number'])},
        optional=dict.fromkeys(('minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'), numbers),
    ),
)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=3)
    names = st.sampled_from(['a', 'b', 'additionalProperty'])
    return st.one_of(
        several.map(lambda options: {'anyOf': options}),
        st.fixed_dictionaries({'oneOf': several}, optional={'discriminator': st.just({'propertyName': 'a'})}),
        st.fixed_dictionaries(
            {'type': st.just('object'), 'properties': st.dictionaries(names, inner), 'required': st.lists(names)},
            optional={'additionalProperties': inner},
        ),
        st.fixed_dictionaries(
            {'type': st.just('array')},
            optional={
                'items': inner | several,
                'prefixItems': several,
                'uniqueItems': st.booleans(),
                'minItems': st.integers(0, 3),
                'maxItems': st.integers(0, 3),
            },
        ),
    )


def peer_sample(schema: Any, seed: int) -> Any:
    return pydantic_ai.models.test._JsonSchemaTestData(schema, seed).generate()


@pytest.mark.parametrize('seed', [0, 1, 2, 7, 100, 94 * 95])
@pytest.mark.parametrize('schema', SCHEMAS, ids=str)
def test_samples_are_the_peers(schema: Any, seed: int):
    got = sample(schema, seed)
    assert (got, type(got)) == (peer_sample(schema, seed), type(peer_sample(schema, seed)))


@given(
    st.recursive(leaves, nested, max_leaves=6).filter(lambda schema: isinstance(schema, dict)), st.integers(0, 10_000)
)
def test_samples_of_any_schema_are_the_peers(schema: Any, seed: int):
    try:
        want = peer_sample(schema, seed)
    except ZeroDivisionError:
        return  # bounds that exclude one another, by way of a float
    assert repr(sample(schema, seed)) == repr(want)


def test_a_schema_beyond_json():
    assert sample({'type': ['string', 'null']}, 1) is None
    with pytest.raises(UserError, match="type 'date'"):
        sample({'type': 'date'})
    with pytest.raises(UserError, match='#/nowhere'):
        sample({'$ref': '#/nowhere'})


@pytest.mark.parametrize(
    ('model', 'parameters'),
    [
        ({}, {}),
        ({'model_name': 'other'}, {}),
        ({'custom_output_text': 'The capital of France is Paris.'}, {}),
        ({'custom_output_text': 'Paris'}, {}),
        ({'custom_output_text': 'ab'}, {}),
        ({'custom_output_text': ''}, {}),
        ({'custom_output_text': ' two  spaces \n'}, {'function_tools': []}),
        ({}, {'function_tools': [WEATHER, CLOCK]}),
        ({'seed': 3}, {'function_tools': [WEATHER]}),
        ({'call_tools': ['clock']}, {'function_tools': [WEATHER, CLOCK]}),
        ({'call_tools': ['clock', 'weather', 'clock']}, {'function_tools': [WEATHER, CLOCK, {'name': 'clock__2'}]}),
        ({'call_tools': ['clock', 'clock', 'clock__2']}, {'function_tools': [CLOCK, {'name': 'clock__2'}]}),
        ({'call_tools': []}, {'function_tools': [WEATHER]}),
        ({'call_tools': ['absent']}, {'function_tools': [WEATHER]}),
        ({}, {'output_tools': [ANSWER]}),
        ({}, {'output_tools': [ANSWER], 'output_mode': 'tool'}),
        ({}, {'output_tools': [ANSWER], 'output_mode': 'tool', 'allow_text_output': False}),
        ({}, {'output_tools': [ANSWER], 'output_mode': 'auto'}),
        ({'seed': 1}, {'output_tools': [ANSWER, OTHER], 'output_mode': 'auto'}),
        ({}, {'output_tools': [ANSWER], 'function_tools': [CLOCK], 'output_mode': 'auto'}),
        ({}, {'allow_text_output': False}),
        ({'custom_output_args': {'name': 'Ada', 'when': {1, 2}}}, {'output_tools': [ANSWER], 'output_mode': 'tool'}),
        ({'custom_output_args': 5}, {'output_tools': [WRAPPED], 'output_mode': 'tool'}),
        ({'custom_output_args': [1], 'seed': 1}, {'output_tools': [WRAPPED, OTHER], 'output_mode': 'tool'}),
        ({'custom_output_args': {'a': 1}, 'custom_output_text': 'x'}, {}),
        ({'custom_output_text': 'x'}, {'output_tools': [ANSWER], 'output_mode': 'tool'}),
        ({}, {'output_mode': 'native'}),
        ({}, {'allow_image_output': True}),
        ({}, {'function_tools': [{'name': 'later', 'kind': 'external'}]}),
    ],
    ids=str,
)
def test_answers_are_the_peers(same: Same, model: dict[str, Any], parameters: dict[str, Any]):
    same(lambda lib: lib.test.TestModel(**model), **parameters)


def after_tools(lib: Any) -> list[Any]:
    m = lib.messages
    calls = [m.ToolCallPart('weather', {'city': 'Rome'}, 'c1'), m.ToolCallPart('clock', '{"a": 1}', 'c2')]
    returns = [m.ToolReturnPart('weather', {'degrees': 21}, 'c1'), m.ToolReturnPart('clock', 'noon, about', 'c2')]
    return [
        m.ModelRequest(
            [m.SystemPromptPart('Be brief.'), m.UserPromptPart(['What: "now"?', m.ImageUrl('https://x.y/z.png')])]
        ),
        m.ModelResponse([m.ThinkingPart('Let me see.'), m.TextPart('I look.'), *calls]),
        m.ModelRequest(
            [*returns, m.UserPromptPart([m.BinaryContent(b'12345', media_type='image/png'), m.TextContent(' ')])]
        ),
    ]


def retried(lib: Any) -> list[Any]:
    m = lib.messages
    returns = [
        m.ToolReturnPart('weather', 'No such city.', 'c1', outcome='retried'),
        m.ToolReturnPart('answer', 'Again.', 'c2', outcome='retried'),
    ]
    return [m.ModelRequest.user_text_prompt('hi'), m.ModelResponse([m.TextPart('x')]), m.ModelRequest(returns)]


def test_the_second_answer_tells_what_the_tools_returned(same: Same):
    found = same(lambda lib: lib.test.TestModel(), after_tools, function_tools=[WEATHER, CLOCK])
    assert found['whole']['parts'][0]['content'] == '{"weather":{"degrees":21},"clock":"noon, about"}'


@pytest.mark.parametrize('model', [{}, {'custom_output_args': {'name': 'Ada'}}], ids=str)
def test_tools_that_ask_for_another_try_are_called_again(same: Same, model: dict[str, Any]):
    found = same(
        lambda lib: lib.test.TestModel(**model),
        retried,
        function_tools=[WEATHER],
        output_tools=[ANSWER],
        output_mode='tool',
    )
    assert [part['tool_name'] for part in found['whole']['parts']] == ['weather', 'answer']


def test_names_and_repr_are_the_peers():
    for made in (
        {},
        {'seed': 3, 'model_name': 'x'},
        {'settings': {'temperature': 0.5}, 'custom_output_args': {'a': 1}},
    ):
        assert repr(TestModel(**made)) == repr(pydantic_ai.models.test.TestModel(**made))
    assert infer_model('test') == TestModel() != TestModel(seed=1)
    assert TestModel().loop_bound is False


def ask(model: TestModel, **parameters: Any) -> ModelResponse:
    messages = [ModelRequest.user_text_prompt('hi')]
    return asyncio.run(model.request(messages, None, ModelRequestParameters(**parameters)))


def test_the_last_parameters_are_those_that_applied():
    model = TestModel()
    ask(model, output_mode='auto')
    assert model.last_model_request_parameters == ModelRequestParameters(
        output_mode='tool', allow_text_output=False, tool_visibility={}
    )


def test_wrong_use_is_told_in_a_sentence():
    with pytest.raises(UserError, match='No output tools provided'):
        ask(TestModel(custom_output_args={}))
    with pytest.raises(UserError, match='does not support built-in tools'):
        ask(TestModel(), native_tools=[WebSearchTool()])
    with pytest.raises(UserError, match='last message is a response'):
        asyncio.run(TestModel().request([ModelResponse([TextPart('x')])], None, ModelRequestParameters()))


def test_a_cancelled_stream_keeps_what_had_come():
    async def run() -> tuple[ModelResponse, int]:
        model, seen = TestModel(custom_output_text='one two three'), 0
        async with model.request_stream(
            [ModelRequest.user_text_prompt('hi')], None, ModelRequestParameters()
        ) as stream:
            async for event in stream:
                seen += 1
                if event.event_kind == 'part_delta':
                    await stream.cancel()
            return stream.get(), seen

    response, seen = asyncio.run(run())
    assert (response.text, response.state, seen) == ('one ', 'interrupted', 3)


def test_made_up_ids_look_like_the_peers():
    model = TestModel()
    messages = [ModelRequest.user_text_prompt('hi'), *retried_ours()]
    response = asyncio.run(model.request(messages, None, parameters_with_weather()))
    assert re.fullmatch('pyd_ai_[0-9a-f]{32}', response.tool_calls[0].tool_call_id)


def retried_ours() -> list[Any]:
    from types import SimpleNamespace

    import jupyter_stream.messages

    return retried(SimpleNamespace(messages=jupyter_stream.messages))


def parameters_with_weather() -> ModelRequestParameters:
    from jupyter_stream.tools import ToolDefinition

    return ModelRequestParameters(function_tools=[ToolDefinition(name='weather')])
