"""Four ways of reading one stream to its end, for every wire protocol.

Each is a function of an address that makes whatever can be made once, and returns what reads one stream and counts the
characters of its text. A way that is not installed raises ImportError.
"""

# The vendors' SDKs are in an environment of their own, where the type checker does not look.
# pyright: reportMissingImports=false

import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx

Read = Callable[[], Awaitable[int]]

PROMPT = 'Write a long answer.'
MESSAGES = [{'role': 'user', 'content': PROMPT}]

AWS: dict[str, Any] = {
    'aws_access_key_id': 'none',
    'aws_secret_access_key': 'none',
    'region_name': 'us-east-1',
}
"""boto3 refuses to send an API key where there is no TLS."""

BASE_PATHS = {'openai-chat': '/v1', 'openai-responses': '/v1', 'huggingface': '/v1'}
"""What a base URL ends with where a provider's own does."""


def base_url(server: str, protocol: str) -> str:
    return f'{server}/{protocol}{BASE_PATHS.get(protocol, "")}'


# -------------------------------------------------------------- httpx + json


def chat_text(chunk: Any) -> str:
    return ''.join(choice['delta'].get('content') or '' for choice in chunk['choices'])


def responses_text(event: Any) -> str:
    return event['delta'] if event['type'] == 'response.output_text.delta' else ''


def anthropic_text(event: Any) -> str:
    return event['delta']['text'] if event['type'] == 'content_block_delta' else ''


def google_text(chunk: Any) -> str:
    return ''.join(part['text'] for part in chunk['candidates'][0]['content']['parts'])


def cohere_text(event: Any) -> str:
    return event['delta']['message']['content']['text'] if event['type'] == 'content-delta' else ''


def bedrock_text(event: Any) -> str:
    return event['delta']['text'] if 'delta' in event else ''


TEXTS: dict[str, Callable[[Any], str]] = {
    'openai-responses': responses_text,
    'anthropic': anthropic_text,
    'google': google_text,
    'cohere': cohere_text,
    'bedrock': bedrock_text,
}
"""How the text is taken out of a parsed event, where it is not Chat Completions' way."""


def raw(protocol: str, url: str) -> Read:
    """The floor: one `json.loads` for each of httpx' lines, or for each frame, and nothing made of it but its text."""
    text_of = TEXTS.get(protocol, chat_text)
    payloads = frames if protocol == 'bedrock' else data_lines
    client = httpx.AsyncClient(trust_env=False)

    async def read() -> int:
        text: list[str] = []
        async with client.stream('POST', url, json=MESSAGES) as response:
            async for payload in payloads(response):
                text.append(text_of(json.loads(payload)))
        return len(''.join(text))

    return read


async def data_lines(response: httpx.Response) -> AsyncIterator[str]:
    async for line in response.aiter_lines():
        if line.startswith('data: ') and line != 'data: [DONE]':
            yield line[6:]


async def frames(response: httpx.Response) -> AsyncIterator[bytes]:
    """The payloads of AWS's frames, no checksum looked at."""
    held = b''
    async for data in response.aiter_bytes():
        held += data
        at = 0
        while len(held) - at >= 12:
            size, headers = struct.unpack_from('>II', held, at)
            if len(held) - at < size:
                break
            yield held[at + 12 + headers : at + size - 4]
            at += size
        held = held[at:]


# ------------------------------------------------------------ jupyter_stream


def recorded(protocol: str, url: str) -> Read:
    """The same as a span and in metrics, by an SDK that sends them nowhere."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.trace import TracerProvider

    from jupyter_stream.models.instrumented import InstrumentationSettings

    settings = InstrumentationSettings(tracer_provider=TracerProvider(), meter_provider=MeterProvider())
    return ours(protocol, url, settings)


def ours(protocol: str, url: str, instrument: Any = None) -> Read:
    """Every event iterated, then the response."""
    from jupyter_stream.direct import model_request_stream
    from jupyter_stream.messages import ModelRequest, TextPart
    from jupyter_stream.models import infer_model

    model = infer_model(f'{protocol}:bench', base_url=url, api_key='none')

    async def read() -> int:
        messages = [ModelRequest.user_text_prompt(PROMPT)]
        async with model_request_stream(model, messages, instrument=instrument) as stream:
            async for _ in stream:
                pass
        return sum(len(part.content) for part in stream.get().parts if isinstance(part, TextPart))

    return read


# --------------------------------------------------------------- pydantic_ai


def peer(protocol: str, url: str) -> Read:
    """The same with the peer."""
    from pydantic_ai.direct import model_request_stream
    from pydantic_ai.messages import ModelRequest, TextPart

    model = peer_model(protocol, url)

    async def read() -> int:
        async with model_request_stream(model, [ModelRequest.user_text_prompt(PROMPT)]) as stream:
            async for _ in stream:
                pass
        return sum(len(part.content) for part in stream.get().parts if isinstance(part, TextPart))

    return read


def peer_model(protocol: str, url: str) -> Any:
    match protocol:
        case 'openai-chat' | 'openai-responses':
            from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
            from pydantic_ai.providers.openai import OpenAIProvider

            kind = OpenAIChatModel if protocol == 'openai-chat' else OpenAIResponsesModel
            return kind('bench', provider=OpenAIProvider(base_url=url, api_key='none'))
        case 'anthropic':
            from pydantic_ai.models.anthropic import AnthropicModel
            from pydantic_ai.providers.anthropic import AnthropicProvider

            return AnthropicModel('bench', provider=AnthropicProvider(base_url=url, api_key='none'))
        case 'google':
            from pydantic_ai.models.google import GoogleModel
            from pydantic_ai.providers.google import GoogleProvider

            return GoogleModel('bench', provider=GoogleProvider(base_url=url, api_key='none'))
        case 'mistral':
            from pydantic_ai.models.mistral import MistralModel
            from pydantic_ai.providers.mistral import MistralProvider

            return MistralModel('bench', provider=MistralProvider(base_url=url, api_key='none'))
        case 'cohere':
            from cohere import AsyncClientV2
            from pydantic_ai.models.cohere import CohereModel
            from pydantic_ai.providers.cohere import CohereProvider

            return CohereModel('bench', provider=CohereProvider(cohere_client=AsyncClientV2('none', base_url=url)))
        case 'groq':
            from pydantic_ai.models.groq import GroqModel
            from pydantic_ai.providers.groq import GroqProvider

            return GroqModel('bench', provider=GroqProvider(base_url=url, api_key='none'))
        case 'huggingface':
            from pydantic_ai.models.huggingface import HuggingFaceModel
            from pydantic_ai.providers.huggingface import HuggingFaceProvider

            return HuggingFaceModel('bench', provider=HuggingFaceProvider(base_url=url, api_key='none'))
        case _:
            from pydantic_ai.models.bedrock import BedrockConverseModel
            from pydantic_ai.providers.bedrock import BedrockProvider

            return BedrockConverseModel('bench', provider=BedrockProvider(base_url=url, **AWS))


# -------------------------------------------------------------- vendors' SDKs


def openai_chat_sdk(url: str) -> Read:
    from openai import AsyncOpenAI

    client = AsyncOpenAI(base_url=url, api_key='none')

    async def read() -> int:
        stream = await client.chat.completions.create(model='bench', messages=MESSAGES, stream=True)  # type: ignore
        return sum([len(choice.delta.content or '') async for chunk in stream for choice in chunk.choices])

    return read


def openai_responses_sdk(url: str) -> Read:
    from openai import AsyncOpenAI

    client = AsyncOpenAI(base_url=url, api_key='none')

    async def read() -> int:
        stream = await client.responses.create(model='bench', input=PROMPT, stream=True)
        return sum([len(event.delta) async for event in stream if event.type == 'response.output_text.delta'])

    return read


def anthropic_sdk(url: str) -> Read:
    from anthropic import AsyncAnthropic

    client = AsyncAnthropic(base_url=url, api_key='none')

    async def read() -> int:
        stream: Any = await client.messages.create(model='bench', max_tokens=9, messages=MESSAGES, stream=True)  # type: ignore
        return sum([len(event.delta.text) async for event in stream if event.type == 'content_block_delta'])

    return read


def google_sdk(url: str) -> Read:
    from google.genai import Client as GoogleClient

    client = GoogleClient(api_key='none', http_options={'base_url': url})  # type: ignore

    async def read() -> int:
        stream = await client.aio.models.generate_content_stream(model='bench', contents=PROMPT)
        return sum([len(chunk.text or '') async for chunk in stream])

    return read


def mistral_sdk(url: str) -> Read:
    from mistralai.client import Mistral

    client = Mistral(api_key='none', server_url=url)

    async def read() -> int:
        stream = await client.chat.stream_async(model='bench', messages=MESSAGES)  # type: ignore
        return sum([len(choice.delta.content or '') async for event in stream for choice in event.data.choices])

    return read


def cohere_sdk(url: str) -> Read:
    from cohere import AsyncClientV2

    client = AsyncClientV2('none', base_url=url)

    async def read() -> int:
        stream: Any = client.chat_stream(model='bench', messages=MESSAGES)  # type: ignore
        return sum([len(event.delta.message.content.text) async for event in stream if event.type == 'content-delta'])

    return read


def groq_sdk(url: str) -> Read:
    from groq import AsyncGroq

    client = AsyncGroq(base_url=url, api_key='none')

    async def read() -> int:
        stream = await client.chat.completions.create(model='bench', messages=MESSAGES, stream=True)  # type: ignore
        return sum([len(choice.delta.content or '') async for chunk in stream for choice in chunk.choices])

    return read


def huggingface_sdk(url: str) -> Read:
    from huggingface_hub import AsyncInferenceClient

    client = AsyncInferenceClient(base_url=url, api_key='none')

    async def read() -> int:
        stream = await client.chat_completion(model='bench', messages=MESSAGES, stream=True)
        return sum([len(choice.delta.content or '') async for chunk in stream for choice in chunk.choices])

    return read


def bedrock_sdk(url: str) -> Read:
    import boto3

    client: Any = boto3.client('bedrock-runtime', endpoint_url=url, **AWS)  # type: ignore

    async def read() -> int:
        messages = [{'role': 'user', 'content': [{'text': PROMPT}]}]
        return sum(blocking(client.converse_stream(modelId='bench', messages=messages)['stream']))

    def blocking(stream: Any) -> Iterator[int]:
        for event in stream:
            if 'contentBlockDelta' in event:
                yield len(event['contentBlockDelta']['delta']['text'])

    return read


SDKS: dict[str, Callable[[str], Read]] = {
    'openai-chat': openai_chat_sdk,
    'openai-responses': openai_responses_sdk,
    'anthropic': anthropic_sdk,
    'google': google_sdk,
    'mistral': mistral_sdk,
    'cohere': cohere_sdk,
    'groq': groq_sdk,
    'huggingface': huggingface_sdk,
    'bedrock': bedrock_sdk,
}

WAYS: dict[str, Callable[[str, str], Read]] = {
    'httpx + json': raw,
    'jupyter_stream.direct': ours,
    'instrument=…': recorded,
    'pydantic_ai.direct': peer,
    "the vendor's SDK": lambda protocol, url: SDKS[protocol](url),
}
