"""A proper answer in each of the nine protocols, for the rows that hold in all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from jupyter_stream.models import Model, infer_model
from tests.conformance import committed

__all__ = ('KEY', 'NINE', 'Answer')

KEY: Final = 'sk-test-0123456789abcdef'


@dataclass(frozen=True)
class Answer:
    """One protocol's answer, as bytes of its stream.

    Attributes:
        name: the protocol, as the folder of conformance data calls it.
        model: a model string.
        content_type: of the body.
        body: all of it.
        text: what it says.
        end_mark: what `body` ends with after the finish reason; nothing where that is the end itself.
    """

    name: str
    model: str
    content_type: str
    body: bytes
    text: str
    end_mark: bytes

    def model_at(self, url: str, **options: Any) -> Model:
        """The model behind this address."""
        return infer_model(self.model, api_key=KEY, base_url=url, **options)


def _answer(name: str, stream: str, end: bytes = b'') -> Answer:
    row = next(row for row in committed.streams(name) if row['id'] == stream)
    text = ''.join(part['content'] for part in row['golden']['final']['parts'] if part['part_kind'] == 'text')
    body = row['body']
    cut = body.rindex(end) if end else len(body)
    if name == 'bedrock-converse':  # the mark stands inside a frame that begins with its size
        cut = next(at for at in range(cut, 0, -1) if int.from_bytes(body[at : at + 4]) == len(body) - at)
    return Answer(name, row['model'], row['headers']['content-type'], body, text, body[cut:])


NINE: Final = (
    _answer('openai-chat', 'cerebras-cached_and_reasoning_usage', b'data: [DONE]'),
    _answer('openai-responses', 'openai-responses-text'),
    _answer('anthropic', 'anthropic-cache_usage', b'event: message_stop'),
    _answer('google', 'google-gla-text'),
    _answer('bedrock-converse', 'bedrock-converse-cache_usage', b':event-type\x07\x00\x08metadata'),
    _answer('groq', 'groq-cached_and_reasoning_usage', b'data: [DONE]'),
    _answer('mistral', 'mistral-no_usage', b'data: [DONE]'),
    _answer('cohere', 'cohere-finish_STOP_SEQUENCE'),
    _answer('huggingface', 'huggingface-text', b'data: [DONE]'),
)
