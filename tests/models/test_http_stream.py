"""The head of an answer and of its request, as one HTTP exchange shows them. Real sockets are in `tests/faults`."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import httpx
import pytest

from jupyter_stream.exceptions import EmptyStream, ModelAPIError, ModelHTTPError
from jupyter_stream.messages import (
    BinaryContent,
    FilePart,
    ModelRequest,
    ModelResponse,
    PartDeltaEvent,
    PartEndEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
)
from jupyter_stream.models import infer_model
from jupyter_stream.models._http_stream import _content_size
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings

CHUNK = b'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"ok"},"finish_reason":"stop"}]}\n\n'
WHOLE = CHUNK + b'data: [DONE]\n\n'
SSE = 'text/event-stream'


def ask(
    body: bytes = WHOLE, kind: str = SSE, status: int = 200, **settings: Any
) -> tuple[httpx.Request, ModelResponse]:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(status, headers={'content-type': kind, 'location': 'http://else'}, content=body)

    async def once() -> ModelResponse:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            model = infer_model('openai-chat:m', api_key='sk-secret-secret', http_client=client)
            history = [ModelRequest.user_text_prompt('Hi')]
            return await model.request(history, cast(ModelSettings, settings), ModelRequestParameters())

    response = asyncio.run(once())
    return sent[0], response


def test_a_header_of_the_users_takes_the_place_of_ours_however_it_is_spelt() -> None:
    request, response = ask(extra_headers={'Authorization': 'Bearer mine', 'ACCEPT': 'text/x'})
    assert request.headers.get_list('authorization') == ['Bearer mine']
    assert request.headers.get_list('accept') == ['text/x']
    names = [name.lower() for name, _ in request.headers.raw]
    assert names.count(b'authorization') == names.count(b'accept') == 1
    assert response.text == 'ok'


@pytest.mark.parametrize('kind', ['application/json', 'application/json; charset=utf-8', 'Application/JSON', SSE])
def test_a_json_error_in_a_200_is_the_providers_error(kind: str) -> None:
    with pytest.raises(ModelAPIError, match='no credit left') as raised:
        ask(b' {"error": {"message": "no credit left for sk-secret-secret"}}', kind)
    assert 'sk-secret-secret' not in str(raised.value) + repr(raised.value.body)


@pytest.mark.parametrize('kind', ['text/html', SSE])
def test_a_page_in_a_200_is_shown_by_its_beginning(kind: str) -> None:
    with pytest.raises(ModelAPIError, match=r'not text/event-stream; it begins: .<html> Log in') as raised:
        ask(b'<html>\n  Log in' + b'x' * 999 + b'</html>', kind)
    assert 'x' * 100 in str(raised.value) and 'x' * 200 not in str(raised.value)


def test_nothing_at_all_in_a_200_is_an_empty_stream() -> None:
    with pytest.raises(EmptyStream):
        ask(b' \n', 'application/json')


def test_a_redirect_says_why_it_is_not_followed() -> None:
    with pytest.raises(ModelHTTPError, match='Redirects are not followed'):
        ask(b'', SSE, 307)


def test_a_refused_key_says_where_it_came_from() -> None:
    with pytest.raises(ModelHTTPError, match='`api_key=…`, not from `OPENAI_API_KEY`'):
        ask(b'{}', 'application/json', 401)


@pytest.mark.parametrize(
    ('event', 'brings'),
    [
        (PartStartEvent(index=0, part=TextPart('')), True),
        (PartEndEvent(index=0, part=TextPart('a')), True),
        (PartDeltaEvent(index=0, delta=TextPartDelta(content_delta='a')), True),
        (PartDeltaEvent(index=0, delta=TextPartDelta(content_delta='')), False),
        (PartDeltaEvent(index=0, delta=ThinkingPartDelta(signature_delta='s')), True),
        (PartDeltaEvent(index=0, delta=ThinkingPartDelta(content_delta='')), False),
        (PartDeltaEvent(index=0, delta=ToolCallPartDelta(args_delta='{')), True),
        (PartDeltaEvent(index=0, delta=ToolCallPartDelta(args_delta='')), False),
    ],
)
def test_what_keeps_an_answer_from_being_idle(event: Any, brings: bool) -> None:
    assert (_content_size(event) > 0) is brings


@pytest.mark.parametrize(
    ('event', 'size'),
    [
        (PartStartEvent(index=0, part=TextPart('abc')), 4),
        (PartStartEvent(index=0, part=FilePart(BinaryContent(b'abcde', media_type='image/png'))), 6),
        (PartStartEvent(index=0, part=ToolCallPart('f')), 1),
        (PartEndEvent(index=0, part=TextPart('abc')), 1),
        (PartDeltaEvent(index=0, delta=TextPartDelta(content_delta='abc')), 3),
        (PartDeltaEvent(index=0, delta=ToolCallPartDelta(args_delta='{"a"')), 4),
        (PartDeltaEvent(index=0, delta=ToolCallPartDelta(args_delta={'a': 'bcd'})), 1),
        (PartDeltaEvent(index=0, delta=ThinkingPartDelta(signature_delta='abc')), 1),
    ],
)
def test_how_much_an_event_leaves_to_be_read_for_it(event: Any, size: int) -> None:
    """The characters of a delta or bytes of a file, and one for each beginning and end."""
    assert _content_size(event) == size
