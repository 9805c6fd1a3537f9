"""An answer that is read from a connection: the request is sent, its head looked at, its frames decoded."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import httpx

from jupyter_stream import transport
from jupyter_stream._secret import Secret, without_frames
from jupyter_stream.exceptions import (
    AgentRunError,
    EmptyStream,
    IncompleteStream,
    ModelAPIError,
    StreamDecodeError,
    StreamLimitError,
    UserError,
    http_error,
    stream_error,
)
from jupyter_stream.exceptions._bodies import read_body, scrub, scrubbed
from jupyter_stream.exceptions._categories import without
from jupyter_stream.framing import FramingError, FramingLimitError, TruncatedFrameError
from jupyter_stream.messages import ModelResponse, ModelResponsePart, ModelResponseStreamEvent
from jupyter_stream.providers import Provider
from jupyter_stream.settings import ModelSettings
from jupyter_stream.stream import StreamedResponse
from jupyter_stream.transport import Deadline, Endpoint, Timeouts
from jupyter_stream.wire.base import Decoder, WireRequest

__all__ = ('HTTPStreamedResponse',)

_HEAD_BYTES: Final = 64 * 1024

_CONTENT: Final = (
    'args_delta',
    'signature_delta',
    'tool_name_delta',
    'citations_delta',
    'provider_details',
    'transcript_delta',
    'audio_chunk',
)
"""What a delta may bring besides `content_delta`."""


class HTTPStreamedResponse(StreamedResponse):
    """An answer that is read from a connection."""

    def __init__(self, decoder: Decoder, framing: Any, provider_url: str, deadline: Deadline) -> None:
        super().__init__(decoder.parameters)
        self.parts = decoder.parts
        self.canonical_system = decoder.target.provider.canonical_system
        self._decoder = decoder
        self._framing = framing
        self._provider_url = provider_url
        self._deadline = deadline
        self._response: httpx.Response | None = None
        self._digest: Callable[[Sequence[ModelResponsePart]], str] | None = None
        self._head = b''
        self._key: Secret | None = None
        self._usage_received = False

    @property
    def model_name(self) -> str:
        return self._decoder.model_name

    @property
    def provider_name(self) -> str | None:
        return self._decoder.target.provider.name

    @property
    def provider_url(self) -> str | None:
        return self._provider_url

    def get(self) -> ModelResponse:
        response = super().get()
        if self._digest is None or not self._finished:
            return response
        return replace(response, history_digest=self._digest(response.parts))

    # ---------------------------------------------------------------- opening

    async def open(
        self, client: httpx.AsyncClient, wanted: WireRequest, endpoint: Endpoint, settings: ModelSettings
    ) -> None:
        """Send the request and look at the answer's head.

        Raises:
            ModelHTTPError: the provider refused the request, as the status of its answer says.
            ModelConnectionError: the provider could not be reached, or did not answer.
            ModelAPIError: the answer is not a stream of events.
        """
        self._digest = wanted.digest
        self._key = endpoint.key
        name = self._decoder.target.model_name
        error: BaseException | None
        try:
            request = _build(client, wanted, endpoint, self._decoder.target.provider, settings)
            if endpoint.sign is not None:
                endpoint.sign(request)
            self._response = await self._deadline.wait(client.send(request, stream=True, follow_redirects=False))
        except httpx.HTTPError as cause:
            error = transport.connection_error(cause, name)
        except httpx.InvalidURL as cause:
            error = UserError(f'The base URL is no valid URL: {scrub(str(cause), self._secrets())}.')
        except Exception as failure:
            error = without_frames(failure)
        else:
            error = await self._refusal(self._response)
        if error is not None:
            raise error
        if self._response is not None and (header := self._decoder.response_id_header) is not None:
            self._decoder.provider_response_id = self._response.headers.get(header)

    async def _refusal(self, response: httpx.Response) -> AgentRunError | None:
        """The error that an answer's head announces, None for a stream.

        It is not raised here: a verbose traceback would show the body, and there are servers that send the key back.
        """
        kind = response.headers.get('content-type', '').split(';')[0].strip().lower()
        if response.is_success and kind not in ('text/html', 'application/json'):
            return None
        body = await transport.read_error_body(response, self._deadline, self._decoder.target.model_name)
        return self._no_stream(body, kind) if response.is_success else self._http_error(response, body)

    def _http_error(self, response: httpx.Response, body: bytes) -> ModelAPIError:
        provider = self._decoder.target.provider
        return http_error(
            response.status_code,
            self._decoder.target.model_name,
            body,
            response.headers,
            provider.title,
            secrets=self._secrets(),
            hint=scrub(_hint(response, provider) or '', self._secrets()) or None,
        )

    def _no_stream(self, body: bytes, kind: str) -> AgentRunError:
        """A 200 whose body is no stream: the provider's error, or the page of somebody in between."""
        if not body.strip():
            return EmptyStream()
        name, said, secrets = self._decoder.target.model_name, read_body(body), self._secrets()
        if said.message and body.lstrip()[:1] == b'{':
            return stream_error(name, body, self._decoder.target.provider.title, secrets=secrets)
        what = f'The answer is {kind or "no stream of events"}, not text/event-stream'
        begins = _excerpt(scrub(body.decode(errors='replace'), secrets))
        return ModelAPIError(name, f'{what}; it begins: {begins!r}.', body=scrubbed(said.body, secrets))

    def _secrets(self) -> tuple[str, ...]:
        return (self._key.reveal(),) if self._key else ()

    # ---------------------------------------------------------------- reading

    async def _batches(self) -> AsyncGenerator[list[ModelResponseStreamEvent]]:
        if self._response is None:
            return
        decoder, framing, deadline = self._decoder, self._framing, self._deadline
        async for data in transport.read(self._response, deadline, decoder.target.model_name):
            if not decoder.offset and len(self._head) < _HEAD_BYTES:
                self._head += data
            events: list[ModelResponseStreamEvent] = []
            try:
                for frame in framing.feed(data):
                    events += decoder.feed(frame)
                    if decoder.terminal:
                        break
            except Exception as failure:
                error = self._typed(failure)
            else:
                error = None
            if any(map(_brings_content, events)):
                deadline.content()
            self._learn()
            if events or error:
                yield events
            if error:
                raise error
            if decoder.terminal:
                break
        yield self._end()
        await self.close_stream()

    def _end(self) -> list[ModelResponseStreamEvent]:
        """The bytes have ended, or what they say has."""
        events: list[ModelResponseStreamEvent] = []
        try:
            for frame in () if self._decoder.terminal else self._framing.close():
                events += self._decoder.feed(frame)
            events += self._decoder.close()
        except EmptyStream:
            if self._begins_as_a_page():
                raise self._no_stream(self._head, '') from None
            raise
        except FramingError as failure:
            raise self._typed(failure) from None
        self._learn()
        return events

    def _learn(self) -> None:
        """What the answer has said of itself so far."""
        decoder = self._decoder
        if self._usage is not decoder.usage:
            self._usage = decoder.usage
            self._usage_received = self._usage_received or decoder.usage.has_values()
        self.finish_reason = decoder.finish_reason
        self.provider_response_id = decoder.provider_response_id
        self.provider_details = decoder.provider_details
        self.state = 'suspended' if decoder.suspended else 'complete'

    def _begins_as_a_page(self) -> bool:
        """Whether nothing of the protocol has come, but JSON or HTML."""
        return not self._decoder.offset and self._head.lstrip()[:1] in (b'{', b'<')

    def _typed(self, failure: Exception) -> Exception:
        name = self._decoder.target.model_name
        if isinstance(failure, FramingLimitError):
            return StreamLimitError(name, str(failure))
        if isinstance(failure, FramingError) and self._begins_as_a_page():
            return self._no_stream(self._head, '')
        if isinstance(failure, TruncatedFrameError):
            return IncompleteStream(name)
        if isinstance(failure, FramingError):
            return StreamDecodeError(name, str(failure), offset=self._decoder.offset)
        return failure

    def presentable(self, error: Exception) -> Exception:
        """Without the secrets in its words, and without the frames of the readers, which hold what was sent."""
        return without_frames(without(error, self._secrets()))

    async def close_stream(self) -> None:
        if self._response is not None:
            await self._response.aclose()


def _build(
    client: httpx.AsyncClient, wanted: WireRequest, endpoint: Endpoint, provider: Provider, settings: ModelSettings
) -> httpx.Request:
    """The request with its key, which goes straight into the headers and into no variable."""
    body = _as_json(wanted.body)
    return client.build_request(
        wanted.method,
        endpoint.base_url + wanted.path,
        params={**provider.query, **wanted.query} or None,
        content=body if wanted.method == 'POST' else None,
        timeout=Timeouts.of(settings).httpx(),
        # A protocol's own headers come last: where the user has a say in them, `encode` has already merged that in.
        headers=_lowered(
            {
                'content-type': 'application/json',
                'accept': 'text/event-stream',
                'accept-encoding': 'identity',
                **provider.headers,
                **(provider.auth(endpoint.key.reveal()) if endpoint.key else {}),
                **endpoint.headers,
                **(settings.get('extra_headers') or {}),
                **wanted.headers,
            }
        ),
    )


def _as_json(body: object) -> bytes:
    """The body as it is sent.

    Raises:
        UserError: something in it is no JSON, such as a number that is none, half a character, an object.
    """
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(',', ':')).encode()
    except (TypeError, ValueError, RecursionError) as error:
        what = str(error)
    raise UserError(f'The request cannot be written as JSON ({what}): pass plain dicts, lists, texts and numbers.')


def _brings_content(event: ModelResponseStreamEvent) -> bool:
    """Whether the answer went on: an empty delta says no more than a ping."""
    if event.event_kind != 'part_delta':
        return True
    delta = event.delta
    return bool(getattr(delta, 'content_delta', None)) or any(getattr(delta, name, None) for name in _CONTENT)


def _lowered(headers: dict[str, str]) -> dict[str, str]:
    """The same with each name once, however it is spelt; the last one counts."""
    return {name.lower(): value for name, value in headers.items()}


def _hint(response: httpx.Response, provider: Provider) -> str | None:
    if response.status_code == 401 and provider.key_env:
        return f'The key came from `{provider.key_env[0]}` or `api_key=…`: check it.'
    if response.status_code in (404, 405):
        return f'The address asked was {_address(response.request.url)}: check the model name and the base URL.'
    if response.is_redirect:
        return 'Redirects are not followed, so that neither prompt nor key goes elsewhere: check the base URL.'
    return None


def _address(url: httpx.URL) -> str:
    """Without a user and a query, which may hold a key."""
    return f'{url.scheme}://{(url.netloc + url.raw_path.partition(b"?")[0]).decode("ascii")}'


def _excerpt(text: str) -> str:
    return ' '.join(text.split())[:200]
