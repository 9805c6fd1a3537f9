"""The request of a figure, a frame and a PDF in a prompt, held against the peer's body of the same prompt.

The peer writes its body with the provider's own SDK; those of OpenAI and Anthropic are installed for the tests. That of
Mistral is held against Mistral's page; `test_requests` has those of the other protocols.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd
import pydantic_ai.messages
import pytest

from jupyter_stream.content.template import Filled
from jupyter_stream.messages import ModelMessagesTypeAdapter, ModelRequest, UserPromptPart
from jupyter_stream.notebook.defaults import VALUE_TOKENS
from jupyter_stream.notebook.values import Values
from tests.field import peer
from tests.field.histories import sent

PDF = b'%PDF-1.4\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n'
WRITTEN = 'What do {{ value }} say?'


def figure(folder: Path) -> Any:
    matplotlib.use('agg')
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(1, 1))
    drawn.subplots().plot([1, 2, 4])
    return drawn


def frame(folder: Path) -> Any:
    return pd.DataFrame({'region': ['north', 'south'], 'sales': [3, 5]})


def pdf(folder: Path) -> Any:
    path = folder / 'report.pdf'
    path.write_bytes(PDF)
    return path


MAKERS: dict[str, Callable[[Path], Any]] = {'a figure': figure, 'a frame': frame, 'a PDF': pdf}


def filled(kind: str, folder: Path) -> Filled:
    """The prompt with the value in it."""
    values = Values('test', {'value': MAKERS[kind](folder)}, VALUE_TOKENS)
    return values.filled(WRITTEN)


def request(kind: str, folder: Path) -> list[Any]:
    return [ModelRequest([UserPromptPart(filled(kind, folder).content())])]


@pytest.mark.parametrize('kind', MAKERS)
@pytest.mark.parametrize('model', ['openai-chat:gpt-5-mini', 'openai:gpt-5-mini', 'anthropic:claude-sonnet-4-5'])
def test_the_body_is_the_peers(kind: str, model: str, tmp_path: Path) -> None:
    messages = request(kind, tmp_path)
    same = pydantic_ai.messages.ModelMessagesTypeAdapter.validate_json(ModelMessagesTypeAdapter.dump_json(messages))

    assert said(peer.ours(model, messages, {}, None)) == said(peer.theirs(model, same, None, None))


def said(body: dict[str, Any]) -> Any:
    """The messages of a body, under the name that the protocol has for them."""
    return body.get('input', body.get('messages'))


def test_mistral_has_image_and_document_urls(tmp_path: Path) -> None:
    """https://docs.mistral.ai/capabilities/vision and …/document_ai/document_qna"""
    for kind, block, head in (
        ('a figure', 'image_url', 'data:image/png;base64,'),
        ('a PDF', 'document_url', 'data:application/pdf;base64,'),
    ):
        content = sent('mistral', request(kind, tmp_path))['messages'][0]['content']
        assert [part['type'] for part in content] == ['text', block, 'text']
        said = content[1][block]
        assert (said if isinstance(said, str) else said['url']).startswith(head)


def test_a_frame_is_one_text_everywhere(tmp_path: Path) -> None:
    content = filled('a frame', tmp_path).content()

    assert isinstance(content, str)
    assert content.startswith('What do <value name="value" type="pandas.DataFrame">')
    assert content.endswith('</value> say?')
