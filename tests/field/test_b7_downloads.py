"""B7: sounds and documents that Chat Completions takes only as bytes are downloaded, guarded, and sent."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from jupyter_stream import wire
from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    AudioUrl,
    DocumentUrl,
    ImageUrl,
    ModelRequest,
    UserPromptPart,
    VideoUrl,
)
from jupyter_stream.models import ModelRequestParameters, infer_model
from jupyter_stream.models._downloads import downloaded
from jupyter_stream.profiles import profile
from jupyter_stream.providers import find
from jupyter_stream.transport.fetch import Fetched
from jupyter_stream.wire.base import Target

SERVED = {'mp3': 'audio/mpeg', 'wav': 'application/octet-stream', 'pdf': 'application/pdf', 'txt': 'text/plain'}


def content(model: str, file: Any) -> tuple[list[str], Any]:
    """The addresses that are asked for, and the file's part of the request."""
    prefix, _, name = model.partition(':')
    provider = find(prefix)
    assert provider is not None
    target, protocol, asked = Target(name, provider, profile(provider, name)), wire.protocol(provider.wire), []

    async def get(url: str, *, allow_local: bool) -> Fetched:
        asked.append(url)
        return Fetched(b'x', SERVED.get(url.rpartition('.')[2]))

    history = [ModelRequest([UserPromptPart([file])])]
    messages = asyncio.run(downloaded(history, partial(protocol.fetchable, target), get))
    body = protocol.encode(target, messages, {}, ModelRequestParameters()).body
    return asked, body.get('messages', body.get('input'))[0]['content'][0]


@pytest.mark.parametrize(
    ('model', 'file', 'sent'),
    [
        ('openai-chat:gpt-5', AudioUrl('https://x.test/a.mp3'), {'data': 'eA==', 'format': 'mp3'}),
        ('openai-chat:gpt-5', AudioUrl('https://x.test/a.wav'), {'data': 'eA==', 'format': 'wav'}),
        (
            'alibaba:qwen-omni',
            AudioUrl('https://x.test/a.mp3'),
            {'data': 'data:audio/mpeg;base64,eA==', 'format': 'mp3'},
        ),
    ],
)
def test_b7_a_sound_is_downloaded_and_sent(model: str, file: AudioUrl, sent: Any) -> None:
    assert content(model, file) == ([file.url], {'type': 'input_audio', 'input_audio': sent})


def test_b10_a_sound_that_must_be_downloaded_is_a_file_in_responses() -> None:
    file = {'type': 'input_file', 'file_data': 'data:audio/mpeg;base64,eA==', 'filename': 'filename.mp3'}
    forced = AudioUrl('https://x.test/a.mp3', force_download=True)
    assert content('openai:gpt-5', forced) == ([forced.url], file)
    by_address = {'type': 'input_file', 'file_url': forced.url}
    assert content('openai:gpt-5', AudioUrl(forced.url)) == ([], by_address)


@pytest.mark.parametrize('model', ['openai-chat:gpt-5', 'ollama:qwen3', 'deepseek:deepseek-chat'])
def test_b7_a_document_is_downloaded_and_sent(model: str) -> None:
    file = {'file_data': 'data:application/pdf;base64,eA==', 'filename': 'filename.pdf'}
    assert content(model, DocumentUrl('https://x.test/a.pdf')) == (
        ['https://x.test/a.pdf'],
        {'type': 'file', 'file': file},
    )


def test_b7_a_text_is_downloaded_and_stands_in_the_prompt_also_where_documents_are_refused() -> None:
    for model in ('openai-chat:gpt-5', 'azure:gpt-5'):
        asked, part = content(model, DocumentUrl('https://x.test/a.txt', identifier='n'))
        assert asked == ['https://x.test/a.txt']
        assert part['text'] == '-----BEGIN FILE id="n" type="text/plain"-----\nx\n-----END FILE id="n"-----'


def test_b7_a_file_goes_by_its_address_where_that_is_taken() -> None:
    assert content('openrouter:a/m', DocumentUrl('https://x.test/a.pdf'))[0] == []
    assert content('openai-chat:gpt-5', ImageUrl('https://x.test/a.png'))[0] == []


@pytest.mark.parametrize(
    ('model', 'file'),
    [
        ('azure:gpt-5', DocumentUrl('https://x.test/a.pdf', force_download=True)),
        ('openai-chat:gpt-5', VideoUrl('https://x.test/a.mp4', force_download=True)),
    ],
)
def test_b7_what_is_refused_is_not_downloaded_first(model: str, file: Any) -> None:
    provider = find(model.partition(':')[0])
    assert provider is not None
    target = Target('gpt-5', provider, profile(provider, 'gpt-5'))
    assert not wire.protocol(provider.wire).fetchable(target, file)
    with pytest.raises(UserError, match='takes no'):
        content(model, file)


def test_b7_a_private_address_is_refused() -> None:
    model = infer_model('openai-chat:m', api_key='x', base_url='http://127.0.0.1:9/v1')
    messages = [ModelRequest([UserPromptPart([AudioUrl('http://127.0.0.1:1/a.mp3')])])]
    with pytest.raises(UserError, match='not a public address'):
        asyncio.run(model.request(messages, None, ModelRequestParameters()))
