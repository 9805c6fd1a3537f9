"""One HTTP model that drives any wire protocol.

The protocol is a module of `wire`, the provider a row of a table; what is here is the way of one request: encode it,
send it, read frames until there is content, and try again only as long as there was none.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib import import_module
from itertools import count
from typing import Any, Final, cast

import httpx

from jupyter_stream import models, transport
from jupyter_stream._error_bodies import read_body
from jupyter_stream._secret import Secret
from jupyter_stream.exceptions import (
    AgentRunError,
    EmptyStream,
    IncompleteStream,
    ModelAPIError,
    StreamDecodeError,
    StreamLimitError,
    http_error,
    stream_error,
)
from jupyter_stream.framing import FramingError, FramingLimitError, TruncatedFrameError
from jupyter_stream.messages import ModelMessage, ModelResponse, ModelResponsePart, ModelResponseStreamEvent
from jupyter_stream.models._downloads import downloaded, forced
from jupyter_stream.models.base import Model
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import profile
from jupyter_stream.providers import Provider
from jupyter_stream.settings import ModelSettings
from jupyter_stream.stream import StreamedResponse
from jupyter_stream.transport import Deadline, Endpoint, Timeouts
from jupyter_stream.wire.base import Decoder, Target, WireProtocol, WireRequest

__all__ = ('HTTPModel', 'HTTPStreamedResponse')

_HEAD_BYTES: Final = 64 * 1024
DEFAULT_MAX_RETRIES: Final = 2

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


class HTTPModel(Model):
    """A model behind HTTP.

    Args:
        provider: the row of `jupyter_stream.providers`.
        model_name: the model's name, as the provider knows it.
        api_key: the key; it is shown nowhere.
        base_url: where the provider is.
        http_client: a client of the user's own. It belongs to the event loop it was made on.
        settings: defaults for every request.
    """

    renders_retry_feedback = True

    def __init__(
        self,
        provider: Provider,
        model_name: str,
        *,
        api_key: Secret | str | None = None,
        base_url: str | None = None,
        http_client: httpx.AsyncClient | None = None,
        settings: ModelSettings | None = None,
    ) -> None:
        super().__init__(settings=settings)
        self.target = Target(model_name, provider, profile(provider, model_name))
        self.loop_bound = http_client is not None
        self._key = Secret(api_key) if isinstance(api_key, str) and api_key else api_key or None
        self._base_url = base_url
        self._http_client = http_client
        self._wire = cast(WireProtocol, import_module(f'jupyter_stream.wire.{provider.wire}'))

    @property
    def model_name(self) -> str:
        return self.target.model_name

    @property
    def system(self) -> str:
        return self.target.provider.name

    @property
    def base_url(self) -> str | None:
        return self._base_url

    async def _endpoint(self) -> Endpoint:
        """Where this attempt goes; a model whose server has to be started first overrides it."""
        return Endpoint((self._base_url or '').rstrip('/'), self._key)

    async def request(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask, and return the whole response. It is streamed all the same: there is one way of reading an answer."""
        async with self.request_stream(messages, model_settings, model_request_parameters) as stream:
            async for _ in stream:
                pass
            return stream.get()

    @asynccontextmanager
    async def request_stream(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> AsyncGenerator[StreamedResponse]:
        models.check_allow_model_requests()
        settings = self.merged(model_settings)
        deadline = Deadline(self.model_name, Timeouts.of(settings))
        messages = await deadline.wait(downloaded(messages, self._is_fetched))
        wanted = self._wire.encode(self.target, messages, settings, model_request_parameters)
        stream = await self._open(wanted, settings, model_request_parameters, deadline)
        try:
            yield stream
        finally:
            await stream.aclose()

    async def _open(
        self,
        wanted: WireRequest,
        settings: ModelSettings,
        parameters: ModelRequestParameters,
        deadline: Deadline,
    ) -> HTTPStreamedResponse:
        """A stream that has its first event; attempts that fail before that are made again."""
        retries = settings.get('max_retries')
        retries = DEFAULT_MAX_RETRIES if retries is None else retries
        for attempt in count(1):
            deadline.attempt()
            endpoint = await deadline.wait(self._endpoint())
            decoder = self._wire.Decoder(self.target, parameters, settings)
            stream = HTTPStreamedResponse(decoder, self._wire.Framing(), endpoint.base_url, deadline)
            stream.metadata = {'note': self.note} if self.note else None
            try:
                await stream.open(self._client(), wanted, endpoint, settings)
                await stream.peek()
                return stream
            except ModelAPIError as failure:
                error = failure
            except BaseException:
                await stream.aclose()
                raise
            await stream.aclose()
            wait = transport.retry_wait(error, attempt, retries)
            if wait is None:
                if attempt > 1:
                    error.add_note(f'{attempt} attempts were made.')
                raise error
            await deadline.sleep(wait)
        raise AssertionError('unreachable')

    def _is_fetched(self, part: Any) -> bool:
        """Whether a file has to be downloaded, since the provider does not take it by its address."""
        return getattr(self._wire, 'fetchable', forced)(self.target, part)

    def _client(self) -> httpx.AsyncClient:
        return self._http_client or transport.client_for_this_loop()


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
            ModelHTTPError: its status says no.
            ModelConnectionError: there is none.
            ModelAPIError: it is no stream.
        """
        self._digest = wanted.digest
        request = _build(client, wanted, endpoint, self._decoder.target.provider, settings)
        if endpoint.sign is not None:
            endpoint.sign(request)
        name = self._decoder.target.model_name
        try:
            self._response = await self._deadline.wait(client.send(request, stream=True, follow_redirects=False))
        except httpx.HTTPError as cause:
            error = transport.connection_error(cause, name)
        else:
            await self._check(self._response, endpoint)
            if (header := self._decoder.response_id_header) is not None:
                self._decoder.provider_response_id = self._response.headers.get(header)
            return
        raise error

    async def _check(self, response: httpx.Response, endpoint: Endpoint) -> None:
        kind = response.headers.get('content-type', '').split(';')[0].strip().lower()
        if not response.is_success:
            body = await transport.read_error_body(response, self._deadline, self._decoder.target.model_name)
            raise self._http_error(response, body, endpoint)
        if kind in ('text/html', 'application/json'):
            body = await transport.read_error_body(response, self._deadline, self._decoder.target.model_name)
            raise self._no_stream(body, kind)

    def _http_error(self, response: httpx.Response, body: bytes, endpoint: Endpoint) -> ModelAPIError:
        provider = self._decoder.target.provider
        return http_error(
            response.status_code,
            self._decoder.target.model_name,
            body,
            response.headers,
            provider.title,
            secrets=(endpoint.key.reveal(),) if endpoint.key else (),
            hint=_hint(response, provider),
        )

    def _no_stream(self, body: bytes, kind: str) -> AgentRunError:
        """A 200 whose body is no stream: the provider's error, or the page of somebody in between."""
        if not body.strip():
            return EmptyStream('The provider answered with nothing at all.')
        name, said = self._decoder.target.model_name, read_body(body)
        if said.message and body.lstrip()[:1] == b'{':
            return stream_error(name, body, self._decoder.target.provider.title)
        what = f'The answer is {kind or "no stream of events"}, not text/event-stream'
        return ModelAPIError(name, f'{what}; it begins: {_excerpt(body)!r}.', body=said.body)

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

    async def close_stream(self) -> None:
        if self._response is not None:
            await self._response.aclose()


def _build(
    client: httpx.AsyncClient, wanted: WireRequest, endpoint: Endpoint, provider: Provider, settings: ModelSettings
) -> httpx.Request:
    """The request with its key, which goes straight into the headers and into no variable."""
    body = json.dumps(wanted.body, ensure_ascii=False, separators=(',', ':')).encode()
    return client.build_request(
        wanted.method,
        endpoint.base_url + wanted.path,
        params={**provider.query, **wanted.query} or None,
        content=body if wanted.method == 'POST' else None,
        timeout=Timeouts.of(settings).httpx(),
        # What a protocol says of itself has taken in what the user says of it.
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
    if response.is_redirect:
        return 'Redirects are not followed, so that neither prompt nor key goes elsewhere: check the base URL.'
    return None


def _excerpt(body: bytes) -> str:
    return ' '.join(body.decode(errors='replace').split())[:200]
