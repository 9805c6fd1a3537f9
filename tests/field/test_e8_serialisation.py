"""E8: pydantic's own ways of leaving something out work on our messages as on the peer's."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from pydantic import TypeAdapter

from jupyter_stream.models import ModelRequestParameters
from jupyter_stream.models.http import HTTPModel
from jupyter_stream.native_tools import AbstractNativeTool, CodeExecutionTool, MCPServerTool, WebFetchTool
from jupyter_stream.providers import find

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WAYS: tuple[dict[str, Any], ...] = (
    {},
    {'exclude_defaults': True},
    {'exclude_unset': True},
    {'exclude_none': True},
    {'include': {0: {'usage'}}},
    {'include': {0: {'usage': {'input_tokens'}}}},
    {'include': {0: {'usage': {'details'}}}},
    {'exclude': {0: {'usage': {'details'}}}},
    {'include': {0: {'parts': {0: {'content'}}}}},
    {'exclude': {0: {'parts': {'__all__': {'provider_details'}}}}},
)


def dumped(library: str, mode: str, options: dict[str, Any]) -> Any:
    messages, usage = import_module(f'{library}.messages'), import_module(f'{library}.usage')
    parts = [messages.TextPart('Hi'), messages.ToolCallPart('t', {'a': 1}, tool_call_id='1')]
    used = usage.RequestUsage(input_tokens=3, details={'a': 1})
    response = messages.ModelResponse(parts=parts, usage=used, timestamp=NOW)
    return messages.ModelMessagesTypeAdapter.dump_python([response], mode=mode, **options)


@pytest.mark.parametrize('options', WAYS, ids=str)
@pytest.mark.parametrize('mode', ['python', 'json'])
def test_e8_a_response_is_dumped_as_the_peer_dumps_it(mode: str, options: dict[str, Any]) -> None:
    assert dumped('jupyter_stream', mode, options) == dumped('pydantic_ai', mode, options)


@pytest.mark.parametrize('options', [{'include': {'input_tokens'}}, {'exclude_defaults': True}], ids=str)
def test_e8_a_usage_is_dumped_as_the_peer_dumps_it(options: dict[str, Any]) -> None:
    ours, peers = (import_module(f'{name}.usage').RequestUsage for name in ('jupyter_stream', 'pydantic_ai'))
    assert TypeAdapter(ours).dump_python(ours(input_tokens=3), **options) == TypeAdapter(peers).dump_python(
        peers(input_tokens=3), **options
    )


def test_e8_a_list_of_native_tools_keeps_all_fields() -> None:
    tools = [WebFetchTool(max_uses=2), CodeExecutionTool(optional=True), MCPServerTool(id='x', url='http://y')]
    adapter = TypeAdapter(list[AbstractNativeTool])
    assert adapter.validate_json(adapter.dump_json(tools)) == tools


def test_e8_request_parameters_survive_their_own_dump() -> None:
    adapter, parameters = TypeAdapter(ModelRequestParameters), ModelRequestParameters(native_tools=[WebFetchTool()])
    assert adapter.validate_python(adapter.dump_python(parameters)) == parameters


@pytest.mark.parametrize(
    'options', [{}, {'exclude_defaults': True}, {'exclude_unset': True}, {'exclude_none': True}], ids=str
)
@pytest.mark.parametrize('mode', ['python', 'json'])
@pytest.mark.parametrize('tool', [None, 't'])
@pytest.mark.filterwarnings('ignore::DeprecationWarning')
def test_e8_an_old_retry_is_dumped_as_the_peer_dumps_it(tool: str | None, mode: Any, options: dict[str, Any]) -> None:
    said: list[Any] = []
    for library in ('jupyter_stream', 'pydantic_ai'):
        messages = import_module(f'{library}.messages')
        part = messages.RetryPromptPart('no', tool_name=tool, tool_call_id='1', timestamp=NOW)
        request = messages.ModelRequest([part], timestamp=NOW)
        said.append(messages.ModelMessagesTypeAdapter.dump_python([request], mode=mode, **options))
    assert said[0] == said[1]


def test_e8_the_values_of_headers_are_in_no_pickle() -> None:
    provider = find('ollama')
    assert provider
    model = HTTPModel(provider, 'm', settings={'extra_headers': {'x-mine': 'marked-value'}})
    with pytest.raises(TypeError, match='extra_headers'):
        pickle.dumps(model.settings)
    assert copy.deepcopy(model.settings) == copy.copy(model.settings) == model.settings
    assert 'marked-value' not in repr(copy.deepcopy(model.settings))
