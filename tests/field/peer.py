"""The same request written by ours and by the peer, whose SDK sends it to a transport that only listens."""

from __future__ import annotations

import asyncio
import contextlib
import json
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import httpx2
import pydantic_ai.direct
import pydantic_ai.exceptions
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.models.openrouter import OpenRouterModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openrouter import OpenRouterProvider
from pydantic_ai.providers.together import TogetherProvider

from jupyter_stream.models import infer_model
from jupyter_stream.models.http import HTTPModel
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.wire.base import WireRequest

__all__ = ('OURS', 'PEER', 'bodies', 'our_request', 'ours', 'their_request', 'theirs')

_PEERS: dict[str, Callable[[str, Any], Any]] = {
    'anthropic': lambda name, http: AnthropicModel(name, provider=AnthropicProvider(api_key='k', http_client=http)),
    'openai': lambda name, http: OpenAIResponsesModel(name, provider=OpenAIProvider(api_key='k', http_client=http)),
    'openai-chat': lambda name, http: OpenAIChatModel(name, provider=OpenAIProvider(api_key='k', http_client=http)),
    'openrouter': lambda name, http: OpenRouterModel(name, provider=OpenRouterProvider(api_key='k', http_client=http)),
    'together': lambda name, http: OpenAIChatModel(name, provider=TogetherProvider(api_key='k', http_client=http)),
}

Built = Callable[[Any], Any]
"""Makes the same of the vocabulary of either: it is given a namespace with the names of both."""


class _Vocabulary:
    def __init__(self, *modules: str) -> None:
        self._modules = [import_module(name) for name in modules]

    def __getattr__(self, name: str) -> Any:
        return next(getattr(module, name) for module in self._modules if hasattr(module, name))


_PARTS = ('messages', 'native_tools', 'tools')
OURS = _Vocabulary('jupyter_stream.parameters', *(f'jupyter_stream.{name}' for name in _PARTS))
PEER = _Vocabulary('pydantic_ai.models', *(f'pydantic_ai.{name}' for name in _PARTS))


def ours(model: str, messages: Any, settings: Any, parameters: Any) -> dict[str, Any]:
    """The body that we send."""
    return our_request(model, messages, settings, parameters).body


def our_request(model: str, messages: Any, settings: Any, parameters: Any) -> WireRequest:
    """The request that we send."""
    made = infer_model(model, api_key='k')
    assert isinstance(made, HTTPModel)
    wire = import_module(f'jupyter_stream.wire.{made.target.provider.wire}')
    said = made.prepare_messages(messages)
    return wire.encode(made.target, said, settings, parameters or ModelRequestParameters())


def theirs(model: str, messages: Any, settings: Any, parameters: Any) -> dict[str, Any]:
    """The body that the peer sends."""
    return json.loads(their_request(model, messages, settings, parameters).content)


def their_request(model: str, messages: Any, settings: Any, parameters: Any) -> Any:
    """The request that the peer sends; the answer is a refusal, since nobody reads it."""
    sent: list[Any] = []

    def listen(request: Any) -> Any:
        sent.append(request)
        return httpx2.Response(400, json={'error': {'message': 'only listening'}})

    async def ask() -> None:
        prefix, _, name = model.partition(':')
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(listen)) as http:
            await pydantic_ai.direct.model_request(
                _PEERS[prefix](name, http), messages, model_settings=settings, model_request_parameters=parameters
            )

    with warnings.catch_warnings(), contextlib.suppress(pydantic_ai.exceptions.ModelHTTPError):
        warnings.simplefilter('ignore')
        asyncio.run(ask())
    return sent[0]


def bodies(
    model: str, messages: Built, settings: Any = None, parameters: Built | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Our body and the peer's of the same request."""
    asked = [parameters(v) if parameters else None for v in (OURS, PEER)]
    return ours(model, messages(OURS), settings or {}, asked[0]), theirs(model, messages(PEER), settings, asked[1])
