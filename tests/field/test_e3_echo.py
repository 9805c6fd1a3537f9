"""E3: a key that a server sends back in its stream is shown by no error, not in a message and not in a frame."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from jupyter_stream.direct import model_request
from jupyter_stream.exceptions import AgentRunError
from jupyter_stream.models import infer_model
from jupyter_stream.settings import ModelSettings

from .test_e2_headers import ASK, KEY, PROTOCOLS, locals_of

ECHOES = {
    'not JSON': f'data: {{"key": "{KEY}"\n\n',
    'no object': f'data: ["{KEY}"]\n\n',
    'wrong types': 'data: ' + json.dumps(
        {
            'type': 'content_block_start', 'index': {}, 'choices': [[KEY]], 'candidates': KEY, 'output_index': [],
            'item': KEY, 'content_block': KEY, 'delta': KEY, 'key': KEY,
        }
    ) + '\n\n',
    'an error': 'event: error\ndata: ' + json.dumps({'type': 'error', 'error': {'message': KEY, 'type': KEY}}) + '\n\n',
    'cut off': f'data: {{"choices": [{{"index": 0, "delta": {{"content": "{KEY}"}}}}]}}\n\n',
    'cut in an event': f': {KEY}\n\ndata: {{"choices": [{{"delta": "{KEY}',
    'too large': f': {KEY}\n\ndata: {KEY * 700_000}',
}  # fmt: skip


class Breaks(httpx.AsyncByteStream):
    """A body whose connection breaks behind it."""

    def __init__(self, body: str) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body.encode()
        raise httpx.ReadError('reset')


@pytest.mark.parametrize('what', ECHOES)
@pytest.mark.parametrize('name', PROTOCOLS)
@pytest.mark.parametrize('breaks', [False, True])
def test_e3_no_error_shows_a_key_that_came_in_the_stream(name: str, what: str, breaks: bool) -> None:
    body = Breaks(ECHOES[what]) if breaks else ECHOES[what].encode()
    kwargs = {'stream' if breaks else 'content': body}
    transport = httpx.MockTransport(
        lambda request: httpx.Response(200, headers={'content-type': 'text/event-stream'}, **kwargs)  # type: ignore
    )
    model = infer_model(
        name, api_key=KEY, base_url='http://127.0.0.1:9', http_client=httpx.AsyncClient(transport=transport)
    )
    with pytest.raises(AgentRunError) as caught:
        asyncio.run(model_request(model, ASK, model_settings=ModelSettings(max_retries=0)))
    error = caught.value
    assert KEY not in str(error) + repr(error) + repr(vars(error))
    assert KEY not in locals_of(error)
