"""URLs that a provider does not take: fetched, and put in as bytes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    BinaryContent,
    BinaryImage,
    DocumentUrl,
    ImageUrl,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolReturnPart,
    UserPromptPart,
)
from jupyter_stream.models import infer_model
from jupyter_stream.models._downloads import downloaded
from jupyter_stream.models.base import Model
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.transport.fetch import Fetched

asked: list[tuple[str, bool]] = []


async def get(url: str, *, allow_local: bool) -> Fetched:
    asked.append((url, allow_local))
    return Fetched(url.encode(), None if url.endswith('.pdf') else 'image/webp')


def put(*messages: Any, wanted: Any = lambda part: True) -> Any:
    asked.clear()
    return asyncio.run(downloaded(messages, wanted, get))


def test_files_take_the_place_of_their_urls() -> None:
    image = ImageUrl('http://x/cat', vendor_metadata={'detail': 'low'}, force_download='allow-local')
    document = DocumentUrl('http://x/a.pdf')
    prompt = ModelRequest(parts=[UserPromptPart(['See', image, document])])
    answer = ModelResponse(parts=[TextPart('ok')])
    returned = ModelRequest(parts=[ToolReturnPart('look', image, 'c')])
    new = put(prompt, answer, returned)
    text, cat, pdf = new[0].parts[0].content
    assert text == 'See' and new[1] is answer
    assert isinstance(cat, BinaryImage) and cat.media_type == 'image/webp' and cat.vendor_metadata == {'detail': 'low'}
    assert cat.identifier == image.identifier
    assert isinstance(pdf, BinaryContent) and pdf.media_type == 'application/pdf' and pdf.data == b'http://x/a.pdf'
    assert new[2].parts[0].content == cat
    assert prompt.parts[0].content[1] is image, 'the history is not changed'
    assert asked[0] == ('http://x/cat', True) and asked[1] == ('http://x/a.pdf', False)


def test_nothing_wanted_is_nothing_copied() -> None:
    messages = (ModelRequest(parts=[UserPromptPart(['x', ImageUrl('http://x/cat.png')])]),)
    assert put(*messages, wanted=lambda part: False)[0] is messages[0] and asked == []


def test_a_private_address_is_refused_before_anything_is_sent() -> None:
    async def main(model: Model) -> None:
        message = ModelRequest(parts=[UserPromptPart([ImageUrl('http://127.0.0.1:1/cat.png', force_download=True)])])
        await model.request([message], None, ModelRequestParameters())

    model = infer_model('openai-chat:m', api_key='x', base_url='http://127.0.0.1:9/v1')
    with pytest.raises(UserError, match='not a public address'):
        asyncio.run(main(model))
