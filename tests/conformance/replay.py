"""Our side of the comparison: a recorded answer read by our models, a request as our models send it."""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import AsyncIterator, Iterable
from itertools import pairwise
from typing import Any

import httpx

from jupyter_stream.direct import model_request_stream
from jupyter_stream.messages import ModelMessagesTypeAdapter, ModelRequest
from jupyter_stream.models import ModelRequestParameters, infer_model
from jupyter_stream.native_tools import (
    CodeExecutionTool,
    FileSearchTool,
    ImageGenerationTool,
    MCPServerTool,
    WebFetchTool,
    WebSearchTool,
)
from jupyter_stream.output import OutputObjectDefinition
from jupyter_stream.tools import ToolDefinition

from .compare import compared, numbered, plain
from .recordings import Request, Stream

ENVIRONMENT = {
    'AWS_ACCESS_KEY_ID': 'x',
    'AWS_SECRET_ACCESS_KEY': 'x',
    'AWS_DEFAULT_REGION': 'us-east-1',
    'AWS_REGION': 'us-east-1',
    'AZURE_OPENAI_ENDPOINT': 'https://example.openai.azure.com',
    'OPENAI_API_VERSION': '2025-01-01-preview',
    'SNOWFLAKE_ACCOUNT': 'myorg-myaccount',
    'SNOWFLAKE_TOKEN': 'x',
    'NO_PROXY': '*',
}
"""What the peer was told by its environment, and so must be told to ours."""

NATIVE_TOOLS: dict[str, Any] = {
    'code_execution': CodeExecutionTool,
    'file_search': FileSearchTool,
    'image_generation': ImageGenerationTool,
    'mcp_server': MCPServerTool,
    'web_fetch': WebFetchTool,
    'web_search': WebSearchTool,
}


def parameters(row: dict[str, Any]) -> ModelRequestParameters:
    """The request's parameters, from those that differ from the default ones."""
    made: dict[str, Any] = dict(row)
    for name, kind in (('function_tools', 'function'), ('output_tools', 'output')):
        made[name] = [ToolDefinition(**tool, kind=kind) for tool in row.get(name, ())]
    made['native_tools'] = [
        NATIVE_TOOLS[tool['kind']](**{name: value for name, value in tool.items() if name != 'kind'})
        for tool in row.get('native_tools', ())
    ]
    if row.get('output_object'):
        made['output_object'] = OutputObjectDefinition(**row['output_object'])
    return ModelRequestParameters(**made)


class Server(httpx.AsyncBaseTransport):
    """Answers every request alike, in pieces of `size` bytes, and keeps the requests."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes, size: int = 4096) -> None:
        self.status, self.headers, self.body, self.size = status, headers, body, size
        self.asked: list[tuple[str, bytes]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.url.raw_path.decode(), await request.aread()))
        return httpx.Response(self.status, headers=self.headers, stream=_Pieces(self.body, self.size))


class _Pieces(httpx.AsyncByteStream):
    def __init__(self, body: bytes, size: int) -> None:
        self.body, self.size = body, size

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.body), self.size):
            yield self.body[start : start + self.size]


def replayed(recorded: Stream, size: int, base_url: str | None = None) -> dict[str, Any]:
    """What our model makes of the recorded answer, coming in pieces of `size` bytes: `events`, `final` and `error`."""
    with warnings.catch_warnings(action='ignore'):
        return asyncio.run(_replayed(recorded, size, base_url))


async def _replayed(recorded: Stream, size: int, base_url: str | None) -> dict[str, Any]:
    events: list[Any] = []
    error, stream = None, None
    server = Server(recorded.status, recorded.headers, recorded.body, size)
    async with httpx.AsyncClient(transport=server) as client:
        try:
            model = infer_model(recorded.model, api_key='x', base_url=base_url, http_client=client)
            asked = [ModelRequest.user_text_prompt('x')]
            options = parameters(recorded.params)
            async with model_request_stream(model, asked, model_request_parameters=options) as stream:
                async for event in stream:
                    events.append(plain(event))  # An event's part grows on after it was sent.
        except Exception as failure:
            error = {'status_code': getattr(failure, 'status_code', None)}
    return compared(events, stream and plain(stream.get())) | {'error': error}


def sent(recorded: Request) -> dict[str, Any] | None:
    """The path and the body that our model sends, or None where it refuses before anything is sent."""
    server = Server(400, {'content-type': 'application/json'}, b'{"error":{"message":"stop here"}}')
    with warnings.catch_warnings(action='ignore'):
        failure = asyncio.run(_sent(recorded, server))
    if not server.asked:
        if recorded.expected is not None or failure is None:
            raise failure or AssertionError('nothing was sent, and nothing was refused')
        return None
    path, body = server.asked[0]
    return {'path': path, 'body': json.loads(body)}


async def _sent(recorded: Request, server: Server) -> Exception | None:
    async with httpx.AsyncClient(transport=server) as client:
        try:
            model = infer_model(recorded.model, api_key='x', http_client=client)
            messages = ModelMessagesTypeAdapter.validate_python(recorded.messages)
            options = parameters(recorded.params)
            settings = recorded.settings or None
            async with model_request_stream(model, messages, model_settings=settings, model_request_parameters=options):
                return None
        except Exception as failure:
            return failure


def decoded(recorded: Stream, cuts: Iterable[int] = ()) -> tuple[list[Any], str | None]:
    """What the bytes of a recording mean when they come cut at these offsets: events, and how reading them failed."""
    model: Any = infer_model(recorded.model, api_key='x')
    framing = model._wire.Framing()
    decoder = model._wire.Decoder(model.target, parameters(recorded.params), {})
    body = recorded.body
    events: list[Any] = []
    error = None
    marks = [0, *sorted({cut % (len(body) + 1) for cut in cuts}), len(body)]
    try:
        for start, end in pairwise(marks):
            for frame in framing.feed(body[start:end]):
                events += decoder.feed(frame)
        for frame in framing.close():
            events += decoder.feed(frame)
        events += decoder.close()
    except Exception as failure:
        error = repr(failure)
    return numbered(plain([*events, *decoder.parts.parts()])), error
