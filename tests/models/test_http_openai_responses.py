"""What the Responses protocol asks of the way a request is sent: a GET to listen on, a fingerprint on the answer."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import httpx

from jupyter_stream.messages import ModelMessage, ModelRequest, ModelResponse
from jupyter_stream.models import infer_model
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings

ASK = ModelRequest.user_text_prompt('Hi')
AGAIN = ModelRequest.user_text_prompt('Again')


def stream(*events: dict[str, Any]) -> bytes:
    return b''.join(b'data: ' + json.dumps(event).encode() + b'\n\n' for event in events)


def snapshot(kind: str, status: str, **more: Any) -> dict[str, Any]:
    return {'type': f'response.{kind}', 'response': {'id': 'resp_1', 'model': 'm', 'status': status, **more}}


TEXT = {
    'type': 'response.output_text.delta',
    'item_id': 'msg_1',
    'content_index': 0,
    'delta': 'ok',
    'sequence_number': 4,
}
WHOLE = stream(snapshot('created', 'in_progress'), TEXT, snapshot('completed', 'completed'))
WAITS = stream(snapshot('created', 'queued', background=True), TEXT)


def ask(body: bytes, messages: list[ModelMessage], **settings: Any) -> tuple[httpx.Request, ModelResponse]:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, headers={'content-type': 'text/event-stream'}, content=body)

    async def once() -> ModelResponse:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            model = infer_model('openai:gpt-4o', api_key='x', http_client=client)
            return await model.request(messages, cast(ModelSettings, settings), ModelRequestParameters())

    response = asyncio.run(once())
    return sent[0], response


def test_an_answer_that_may_be_gone_on_from_knows_its_history() -> None:
    _, plain = ask(WHOLE, [ASK])
    assert plain.history_digest is None
    _, first = ask(WHOLE, [ASK], openai_previous_response_id='auto')
    assert first.history_digest
    request, _ = ask(WHOLE, [ASK, first, AGAIN], openai_previous_response_id='auto')
    body = json.loads(request.content)
    assert (body['previous_response_id'], len(body['input'])) == ('resp_1', 1)


def test_a_background_answer_is_listened_to_until_its_end() -> None:
    request, waits = ask(WAITS, [ASK], openai_background=True)
    assert json.loads(request.content)['background'] is True
    assert (waits.state, waits.finish_reason) == ('suspended', None)
    rest = stream({**TEXT, 'sequence_number': 5}, snapshot('completed', 'completed', background=True))
    more = {'openai_include_web_search_sources': True, 'openai_include_file_search_results': True}
    request, done = ask(rest, [ASK, waits], **more)
    assert (request.method, request.content) == ('GET', b'')
    assert request.url.path == '/v1/responses/resp_1'
    assert request.url.params.multi_items() == [
        ('stream', 'true'),
        ('starting_after', '4'),
        ('include[]', 'web_search_call.action.sources'),
        ('include[]', 'file_search_call.results'),
    ]
    assert (done.state, done.finish_reason, done.text) == ('complete', 'stop', 'ok')
