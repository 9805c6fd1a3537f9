"""Hugging Face where it differs from Chat Completions; the recordings are in `tests/conformance`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_stream import profiles, providers
from jupyter_stream.exceptions import IncompleteStream, ModelOverloadedError, UnsupportedSettingWarning, UserError
from jupyter_stream.framing.sse import Frame
from jupyter_stream.messages import (
    AudioUrl,
    ImageUrl,
    ModelRequest,
    ModelResponse,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from jupyter_stream.output import OutputObjectDefinition
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.huggingface import Decoder, encode, fetchable

LLAMA = 'meta-llama/Llama-3.3-70B-Instruct'
ASK = ModelRequest.user_text_prompt('hi')
ADD = ToolDefinition(name='add', parameters_json_schema={'type': 'object', 'properties': {}}, strict=True)
CITY = ToolDefinition(name='city', description='A city', parameters_json_schema={'type': 'object', 'properties': {}})


def target(model: str = LLAMA) -> Target:
    provider = providers.find('huggingface')
    assert provider is not None
    return Target(model, provider, profiles.profile(provider, model))


# ------------------------------------------------------------------------ decode


def chunk(delta: dict[str, Any] | None = None, reason: str | None = None, **more: Any) -> dict[str, Any]:
    choices = [{'index': 0, 'delta': delta or {}, 'finish_reason': reason}]
    return {'id': 'c1', 'model': 'm-1', 'created': 1_700_000_000, 'choices': choices, **more}


def run(*chunks: Any) -> Decoder:
    decoder = Decoder(target(), ModelRequestParameters(), {})
    for item in chunks:
        decoder.feed(Frame(None, json.dumps(item)))
    decoder.close()
    return decoder


@pytest.mark.parametrize('field', ['reasoning', 'reasoning_content'])
def test_thinking_is_not_dropped(field: str) -> None:
    found = run(chunk({field: 'h'}), chunk({field: 'm'}), chunk({'content': 'Hi'}, 'stop')).parts.parts()
    assert found == [ThinkingPart('hm', id=field, provider_name='huggingface'), TextPart('Hi')]


def test_thinking_in_tags_has_no_id() -> None:
    assert run(chunk({'content': '<think>hm</think>ok'}, 'stop')).parts.parts() == [ThinkingPart('hm'), TextPart('ok')]


def test_text_goes_on_in_the_same_part_after_a_call() -> None:
    call = {'index': 0, 'id': 'a', 'function': {'name': 'f', 'arguments': '{}'}}
    found = run(
        chunk({'content': 'one '}), chunk({'tool_calls': [call]}), chunk({'content': 'two'}, 'stop')
    ).parts.parts()
    assert [getattr(part, 'content', None) for part in found] == ['one two', None]


@pytest.mark.parametrize(
    ('raw', 'reason'), [('eos_token', 'stop'), ('stop_sequence', 'stop'), ('tool_calls', 'tool_call'), ('new', None)]
)
def test_finish_reasons(raw: str, reason: str | None) -> None:
    decoder = run(chunk({'content': 'a'}, raw))
    assert decoder.finish_reason == reason
    assert decoder.provider_details is not None and decoder.provider_details['finish_reason'] == raw


def test_usage_is_what_all_providers_count_alike() -> None:
    details = {'prompt_tokens_details': {'cached_tokens': 1}, 'cached_tokens': 0}
    usage = run(chunk({'content': 'a'}, 'stop', usage={'prompt_tokens': 3, 'completion_tokens': 2, **details})).usage
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens) == (3, 2, 1)
    assert usage.details == {}


def test_an_overloaded_server_in_mid_stream() -> None:
    with pytest.raises(ModelOverloadedError, match='Model is busy') as caught:
        run(chunk({'content': 'a'}), {'error': 'Model is busy', 'error_type': 'overloaded'})
    assert caught.value.in_stream


def test_an_answer_without_a_finish_reason_is_incomplete() -> None:
    with pytest.raises(IncompleteStream):
        run(chunk({'content': 'a'}))


# ------------------------------------------------------------------------ encode


def body(*history: Any, model: str = LLAMA, parameters: Any = None, **settings: Any) -> Any:
    wanted = ModelRequestParameters(**(parameters or {}))
    return encode(target(model), history or [ASK], settings, wanted).body  # type: ignore[arg-type]


def test_a_plain_body_says_null_for_what_there_is_not() -> None:
    assert body(max_tokens=9) == {
        'model': LLAMA,
        'stream': True,
        'max_tokens': 9,
        'tools': [],
        'messages': [{'role': 'user', 'content': 'hi', 'name': None, 'tool_calls': None}],
    }


def test_calls_and_returns() -> None:
    call = ModelResponse(parts=[ThinkingPart('hm', id='reasoning'), ToolCallPart('add', '{}', tool_call_id='a')])
    result = ModelRequest(parts=[ToolReturnPart('add', 'ok', tool_call_id='a')])
    answer, returned = body(ASK, call, result)['messages'][1:]
    assert answer['content'] == '<think>\nhm\n</think>'
    assert answer['tool_calls'][0]['function'] == {'name': 'add', 'arguments': '{}', 'description': None}
    assert returned == {'role': 'tool', 'tool_call_id': 'a', 'content': 'ok', 'reasoning': None, 'tool_calls': None}


def test_tools() -> None:
    found = body(parameters={'function_tools': [ADD, CITY]}, tool_choice=['add'])
    add, city = (tool['function'] for tool in found['tools'])
    assert not {'description', 'strict'} & set(add)
    assert city['description'] == 'A city'
    assert found['tool_choice'] == {'function': {'name': 'add'}}


def test_images_and_no_other_file() -> None:
    image = ImageUrl('https://example.com/a.png', vendor_metadata={'detail': 'low'})
    [message] = body(ModelRequest(parts=[UserPromptPart(['look', image])]))['messages']
    assert message['content'] == [
        {'type': 'text', 'text': 'look', 'image_url': None},
        {'type': 'image_url', 'image_url': {'url': image.url}, 'text': None},
    ]
    assert [fetchable(target(), ImageUrl(image.url, force_download=force)) for force in (False, True)] == [False, True]
    with pytest.raises(UserError, match='no files but images'):
        body(ModelRequest(parts=[UserPromptPart([AudioUrl('https://example.com/a.mp3')])]))


def test_settings_that_can_not_be_honoured() -> None:
    with pytest.warns(UnsupportedSettingWarning, match='service_tier, parallel_tool_calls'):
        found = body(parameters={'function_tools': [ADD]}, parallel_tool_calls=False, service_tier='flex')
    assert not {'parallel_tool_calls', 'service_tier'} & set(found)
    assert 'user' not in body(openai_user='me')
    with pytest.warns(UnsupportedSettingWarning, match='thinking'):
        assert not {'reasoning_effort', 'thinking'} & set(body(model='moonshotai/Kimi-K3', thinking='high'))
    assert body(extra_body={'top_k': 3})['top_k'] == 3


def test_the_answer_can_not_be_held_to_a_schema() -> None:
    output = OutputObjectDefinition({'type': 'object', 'properties': {}}, name='Answer')
    with pytest.raises(UserError, match='Native structured output'):
        body(model='Qwen/Qwen3.5-27B', parameters={'output_mode': 'native', 'output_object': output})


def test_a_provider_may_be_named_after_the_model() -> None:
    found = providers.resolve('huggingface:deepseek-ai/DeepSeek-R1:together', env={'HF_TOKEN': 'k'})
    assert (found.model_name, found.base_url) == (
        'deepseek-ai/DeepSeek-R1:together',
        'https://router.huggingface.co/v1',
    )
