"""The same request from ours and from the peer, to one server on loopback, each with its own recorder."""

from __future__ import annotations

import asyncio
import runpy
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pydantic_ai.direct
import pydantic_ai.messages
import pydantic_ai.models
import pydantic_ai.models.instrumented
import pydantic_ai.tools

import jupyter_stream.direct
import jupyter_stream.messages
import jupyter_stream.models
import jupyter_stream.models.instrumented
import jupyter_stream.tools

from .recorder import Recorder, answering

__all__ = ('KEY', 'MODELS', 'OURS', 'PEER', 'PROMPT', 'Answer', 'Case', 'built', 'kind_of', 'recorded', 'sent')

OURS: Any = SimpleNamespace(
    direct=jupyter_stream.direct,
    messages=jupyter_stream.messages,
    models=jupyter_stream.models,
    instrumented=jupyter_stream.models.instrumented,
    tools=jupyter_stream.tools,
)
PEER: Any = SimpleNamespace(
    direct=pydantic_ai.direct,
    messages=pydantic_ai.messages,
    models=pydantic_ai.models,
    instrumented=pydantic_ai.models.instrumented,
    tools=pydantic_ai.tools,
)
KEY = 'zq-UNGUESSABLE-0123456789'
PROMPT = 'What is the capital of France?'

_BENCHMARKS = runpy.run_path(str(Path(__file__).parents[2] / 'benchmarks' / 'streams.py'))
MODELS: Mapping[str, str] = {
    'openai-chat': 'gpt-4o',
    'openai-responses': 'gpt-4o',
    'anthropic': 'claude-sonnet-4-5',
    'google': 'gemini-2.5-flash',
    'mistral': 'mistral-large-latest',
    'cohere': 'command-a-03-2025',
    'groq': 'openai/gpt-oss-120b',
    'huggingface': 'Qwen/Qwen3-32B',
    'bedrock': 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
}
"""By protocol a model that has a price, where there is one."""

_BASES = {'openai-chat': '/v1', 'openai-responses': '/v1', 'huggingface': '/v1'}


def sent(protocol: str, deltas: int = 5) -> list[bytes]:
    """The events of a whole answer, as they are sent."""
    name = MODELS[protocol].encode()
    return [event.replace(b'"bench"', b'"%s"' % name) for event in _BENCHMARKS['STREAMS'][protocol](deltas)]


def kind_of(protocol: str) -> str:
    return _BENCHMARKS['CONTENT_TYPES'].get(protocol, 'text/event-stream')


def built(lib: Any, protocol: str, url: str) -> Any:
    """The model of one of the two, at this address."""
    url += _BASES.get(protocol, '')
    name = MODELS[protocol]
    if lib is OURS:
        return jupyter_stream.models.infer_model(f'{protocol}:{name}', api_key=KEY, base_url=url)
    return _peers(protocol, name, url)


def _peers(protocol: str, name: str, url: str) -> Any:
    match protocol:
        case 'openai-chat' | 'openai-responses':
            from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
            from pydantic_ai.providers.openai import OpenAIProvider

            kind = OpenAIChatModel if protocol == 'openai-chat' else OpenAIResponsesModel
            return kind(name, provider=OpenAIProvider(base_url=url, api_key=KEY))
        case 'anthropic':
            from pydantic_ai.models.anthropic import AnthropicModel
            from pydantic_ai.providers.anthropic import AnthropicProvider

            return AnthropicModel(name, provider=AnthropicProvider(base_url=url, api_key=KEY))
        case 'google':
            from pydantic_ai.models.google import GoogleModel
            from pydantic_ai.providers.google import GoogleProvider

            return GoogleModel(name, provider=GoogleProvider(base_url=url, api_key=KEY))
        case 'mistral':
            from pydantic_ai.models.mistral import MistralModel
            from pydantic_ai.providers.mistral import MistralProvider

            return MistralModel(name, provider=MistralProvider(base_url=url, api_key=KEY))
        case 'cohere':
            from cohere import AsyncClientV2
            from pydantic_ai.models.cohere import CohereModel
            from pydantic_ai.providers.cohere import CohereProvider

            return CohereModel(name, provider=CohereProvider(cohere_client=AsyncClientV2(KEY, base_url=url)))
        case 'groq':
            from pydantic_ai.models.groq import GroqModel
            from pydantic_ai.providers.groq import GroqProvider

            return GroqModel(name, provider=GroqProvider(base_url=url, api_key=KEY))
        case 'huggingface':
            from pydantic_ai.models.huggingface import HuggingFaceModel
            from pydantic_ai.providers.huggingface import HuggingFaceProvider

            return HuggingFaceModel(name, provider=HuggingFaceProvider(base_url=url, api_key=KEY))
        case _:
            from pydantic_ai.models.bedrock import BedrockConverseModel
            from pydantic_ai.providers.bedrock import BedrockProvider

            provider = BedrockProvider(
                base_url=url, aws_access_key_id='none', aws_secret_access_key='none', region_name='us-east-1'
            )
            return BedrockConverseModel(name, provider=provider)


@dataclass
class Answer:
    """What the server says."""

    content: bytes
    kind: str = 'text/event-stream'
    status: int = 200
    holds: bool = False
    """Whether it stays open after these bytes."""


@dataclass
class Case:
    """A request: how its history is made of one library's classes, its settings, its parameters and the options."""

    history: Callable[[Any], list[Any]] = lambda lib: [lib.messages.ModelRequest.user_text_prompt(PROMPT)]
    settings: Mapping[str, Any] = field(default_factory=dict)
    parameters: Callable[[Any], Any] = lambda lib: lib.models.ModelRequestParameters()
    options: Mapping[str, Any] = field(default_factory=dict)
    read: Callable[[Any], Any] | None = None
    """An async function of the stream, inside its block; without it, all is read."""

    way: str = 'stream'
    recorder: Callable[[], Recorder] = Recorder


def recorded(lib: Any, protocol: str, answer: Answer, case: Case) -> tuple[Recorder, BaseException | None]:
    """What one of the two records of the request, and what it raises."""
    recorder = case.recorder()
    with answering(**vars(answer)) as url, warnings.catch_warnings():
        warnings.simplefilter('ignore')
        settings = lib.instrumented.InstrumentationSettings(**recorder.providers, **case.options)
        model = built(lib, protocol, url)
        try:
            _WAYS[case.way](lib, model, case, settings)
        except BaseException as error:
            return recorder, error
    return recorder, None


def _arguments(lib: Any, model: Any, case: Case, settings: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    said = {'max_retries': 0, **case.settings}
    return (model, case.history(lib)), {
        'model_settings': said,
        'model_request_parameters': case.parameters(lib),
        'instrument': settings,
    }


def _stream(lib: Any, model: Any, case: Case, settings: Any) -> None:
    asked, named = _arguments(lib, model, case, settings)

    async def ask() -> None:
        async with lib.direct.model_request_stream(*asked, **named) as stream:
            await (case.read or everything)(stream)

    asyncio.run(ask())


def _whole(lib: Any, model: Any, case: Case, settings: Any) -> None:
    asked, named = _arguments(lib, model, case, settings)
    asyncio.run(lib.direct.model_request(*asked, **named))


def _stream_sync(lib: Any, model: Any, case: Case, settings: Any) -> None:
    asked, named = _arguments(lib, model, case, settings)
    with lib.direct.model_request_stream_sync(*asked, **named) as stream:
        for _ in stream:
            pass


def _whole_sync(lib: Any, model: Any, case: Case, settings: Any) -> None:
    asked, named = _arguments(lib, model, case, settings)
    lib.direct.model_request_sync(*asked, **named)


_WAYS: Mapping[str, Callable[[Any, Any, Case, Any], None]] = {
    'stream': _stream,
    'stream_sync': _stream_sync,
    'whole': _whole,
    'whole_sync': _whole_sync,
}


async def everything(stream: Any) -> None:
    async for _ in stream:
        pass
