"""What a request of each protocol holds for a figure, a frame and a PDF in its prompt."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from jupyter_stream.content import content_of
from jupyter_stream.messages import ModelRequest, UserPromptPart
from jupyter_stream.models import ModelRequestParameters
from jupyter_stream.profiles import profile
from jupyter_stream.providers import find
from jupyter_stream.wire.base import Target

from .values import figure, sales, written

MODELS = (
    'openai-chat:gpt-5-mini',
    'openai-responses:gpt-5-mini',
    'anthropic:claude-sonnet-4-5',
    'google:gemini-2.5-flash',
    'bedrock:anthropic.claude-sonnet-4-5-20250929-v1:0',
)


def parts_of(model: str, content: list[Any]) -> list[dict[str, Any]]:
    """The pieces of the user's message, as the protocol of a model has them."""
    prefix, _, name = model.partition(':')
    provider = find(prefix)
    assert provider is not None
    target = Target(name, provider, profile(provider, name))
    messages = [ModelRequest([UserPromptPart(['Look:', *content])])]
    encode = import_module(f'jupyter_stream.wire.{provider.wire}').encode
    body = json.loads(json.dumps(encode(target, messages, {}, ModelRequestParameters()).body))
    (message,) = body.get('messages') or body.get('input') or body.get('contents')
    return message.get('content') or message['parts']


PICTURE: dict[str, Callable[[str], Any]] = {
    'openai-chat': lambda data: {'type': 'image_url', 'image_url': {'url': f'data:image/png;base64,{data}'}},
    'openai-responses': lambda data: {
        'type': 'input_image', 'image_url': f'data:image/png;base64,{data}', 'detail': 'auto',
    },
    'anthropic': lambda data: {
        'type': 'image', 'source': {'type': 'base64', 'media_type': 'image/png', 'data': data},
    },
    # Its base64 is that of URLs, as Google's own library writes it.
    'google': lambda data: {
        'inlineData': {'mime_type': 'image/png', 'data': data.replace('+', '-').replace('/', '_')},
    },
    'bedrock': lambda data: {'image': {'format': 'png', 'source': {'bytes': data}}},
}  # fmt: skip

DOCUMENT: dict[str, Callable[[str], Any]] = {
    'openai-chat': lambda data: {
        'type': 'file', 'file': {'file_data': f'data:application/pdf;base64,{data}', 'filename': 'filename.pdf'},
    },
    'openai-responses': lambda data: {
        'type': 'input_file', 'file_data': f'data:application/pdf;base64,{data}', 'filename': 'filename.pdf',
    },
    'anthropic': lambda data: {
        'type': 'document', 'source': {'type': 'base64', 'media_type': 'application/pdf', 'data': data},
    },
    'google': lambda data: {'inlineData': {'mime_type': 'application/pdf', 'data': data}},
    'bedrock': lambda data: {'document': {'name': 'Document 1', 'format': 'pdf', 'source': {'bytes': data}}},
}  # fmt: skip


def said(part: dict[str, Any]) -> str:
    return part.get('text') or part['content']


@pytest.mark.parametrize('model', MODELS)
def test_a_figure(model: str) -> None:
    text, image = content_of(figure(), name='fig')
    _, told, shown = parts_of(model, [text, image])
    assert said(told) == text
    assert "title 'Sales'" in said(told)
    assert shown == PICTURE[model.partition(':')[0]](base64.b64encode(image.data).decode())  # type: ignore[union-attr]


@pytest.mark.parametrize('model', MODELS)
def test_a_frame(model: str) -> None:
    (text,) = content_of(sales(), name='df')
    _, told = parts_of(model, [text])
    assert said(told) == text
    assert '| id | shop | price | day | tags |' in said(told)


@pytest.mark.parametrize('model', MODELS)
def test_a_pdf(model: str, tmp_path: Path) -> None:
    text, document = content_of(written(tmp_path, 'paper.pdf', b'%PDF-1.7 and so on'), name='paper')
    _, told, shown = parts_of(model, [text, document])
    assert said(told) == text
    assert 'File paper.pdf' in said(told)
    assert shown == DOCUMENT[model.partition(':')[0]](base64.b64encode(document.data).decode())  # type: ignore[union-attr]
