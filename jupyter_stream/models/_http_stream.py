"""An answer that is read from a connection: the request is sent, its head looked at, its frames decoded."""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx

from jupyter_stream import transport
from jupyter_stream._secret import Secret, without_frames
from jupyter_stream.exceptions import (
    AgentRunError,
    EmptyStream,
    IncompleteStream,
    ModelAPIError,
    ModelAuthenticationError,
    StreamDecodeError,
    StreamLimitError,
    UserError,
    http_error,
    stream_error,
)
from jupyter_stream.exceptions._bodies import filtered_prompt, read_body, scrub, scrubbed
from jupyter_stream.exceptions._categories import category_of, located, without
from jupyter_stream.framing import FramingError, FramingLimitError, TruncatedFrameError
from jupyter_stream.framing.body import BodyDecoder, begins_as_stream
from jupyter_stream.messages import ModelResponse, ModelResponsePart, ModelResponseStreamEvent
from jupyter_stream.models.base import SHORTEST_KEY, key_in
from jupyter_stream.providers import Provider
from jupyter_stream.settings import ModelSettings
from jupyter_stream.stream import FINISH_GRACE, StreamedResponse
from jupyter_stream.stream.marks import Marks
from jupyter_stream.transport import Allowance, Deadline, Endpoint, Timeouts
from jupyter_stream.wire.base import Decoder, WireRequest
from jupyter_stream.wire.decoding import WRONG_TYPE

if TYPE_CHECKING:
    from jupyter_stream.cassettes.tape import Tape

__all__ = ('HTTPStreamedResponse',)

E = TypeVar('E', bound=BaseException)

_HEAD_BYTES: Final = 64 * 1024

_LAST_PORT: Final = 65535

_CONTENT: Final = (
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

    def __init__(
        self, decoder: Decoder, framing: BodyDecoder, provider_url: str, deadline: Deadline, allowance: Allowance
    ) -> None:
        super().__init__(decoder.parameters)
        self.parts = decoder.parts
        self.canonical_system = decoder.target.provider.canonical_system
        self._decoder = decoder
        self._framing = framing
        self._provider_url = provider_url
        self._deadline = deadline
        self._allowance = allowance
        self._response: httpx.Response | None = None
        self._digest: Callable[[Sequence[ModelResponsePart]], str] | None = None
        self._head = b''
        self._secrets: Callable[[], tuple[str, ...]] = tuple[str, ...]
        self._key: Secret | None = None
        self._usage_received = False
        self._has_content = False
        self._filtered: dict[str, Any] | None = None

    @property
    def model_name(self) -> str:
        name: Any = self._decoder.model_name
        return name if isinstance(name, str) else self._decoder.target.model_name

    @property
    def provider_name(self) -> str | None:
        return self._decoder.target.provider.name

    @property
    def provider_url(self) -> str | None:
        return self._provider_url

    @property
    def marks(self) -> Marks:
        self._marks.last = self._deadline.content_at
        return super().marks

    def get(self) -> ModelResponse:
        response = super().get()
        if self._digest is None or not self._finished:
            return response
        return replace(response, history_digest=self._digest(response.parts))

    # ---------------------------------------------------------------- opening

    async def open(
        self,
        client: httpx.AsyncClient,
        wanted: WireRequest,
        endpoint: Endpoint,
        settings: ModelSettings,
        tape: Tape | None = None,
    ) -> None:
        """Send the request, by a cassette's tape where there is one, and look at the answer's head.

        Raises:
            ModelHTTPError: the provider refused the request, as the status of its answer says.
            ModelConnectionError: the provider could not be reached, or did not answer.
            ModelAPIError: the answer is not a stream of events.
        """
        self._digest = wanted.digest
        name = self._decoder.target.model_name
        own = settings.get('extra_headers') or {}
        self._secrets = lambda: _secrets(endpoint, own, {})
        self._key = endpoint.key
        try:
            request = _build(client, wanted, endpoint, self._decoder.target.provider, own, settings)
            request.extensions['trace'] = self._marks.on_trace
            if endpoint.sign is not None:
                endpoint.sign(request)
            self._secrets = lambda: _secrets(endpoint, own, request.headers)
            request.url = transport.ShownWithout(request.url, self._secrets())
            if not 0 <= (request.url.port or 0) <= _LAST_PORT:  # asyncio would raise a group of errors
                raise httpx.InvalidURL(f'there is no port {request.url.port}')
            if tape is None:
                sent = client.send(request, stream=True, follow_redirects=False)
            else:
                sent = tape.send(client, request, partial(_unfit, endpoint))
            self._response = await self._deadline.wait(sent)
        except httpx.HTTPError as cause:
            error = self.presentable(transport.connection_error(cause, name))
        except httpx.InvalidURL as cause:
            error = UserError(f'The base URL is no valid URL: {scrub(str(cause), self._secrets())}.')
        except (UserError, AgentRunError) as failure:
            error = self.presentable(failure)
        except BaseException as failure:  # also a cancellation: the frames of httpx hold all headers
            error = without_frames(failure)
        else:
            self._marks.answered = time.perf_counter()
            error = transport.header_error(self._response, name) or await self._refusal(self._response)
        if error is not None:
            raise self._located(error)
        if self._response is not None and (header := self._decoder.response_id_header) is not None:
            self._decoder.provider_response_id = self._response.headers.get(header)

    async def _refusal(self, response: httpx.Response) -> AgentRunError | None:
        """The error that an answer's status announces; None for a success, and for a prompt that a filter has stopped.

        It is not raised here: a verbose traceback would show the body, and there are servers that send the key back.
        """
        if response.is_success:
            return None
        body = await transport.read_error_body(response, self._deadline, self._decoder.target.model_name)
        if response.status_code == 400:
            self._filtered = filtered_prompt(read_body(body))
        return None if self._filtered is not None else self._http_error(response, body)

    def _http_error(self, response: httpx.Response, body: bytes) -> ModelAPIError:
        provider = self._decoder.target.provider
        is_refused = category_of(response.status_code, read_body(body)) is ModelAuthenticationError
        hint = _hint(response, provider, self._key, is_refused=is_refused)
        return http_error(
            response.status_code,
            self._decoder.target.model_name,
            body,
            response.headers,
            provider.title,
            secrets=self._secrets(),
            hint=scrub(hint or '', self._secrets()) or None,
            bare=self._decoder.bare_errors,
        )

    def _no_stream(self) -> AgentRunError:
        """A 200 whose body is no answer: the provider's error, or the words of somebody in between."""
        body, label = self._head, self._response.headers.get('content-type', '') if self._response else ''
        kind = label.split(';')[0].strip().lower()
        name, said, secrets = self._decoder.target.model_name, read_body(body), self._secrets()
        if said.message and body.lstrip()[:1] == b'{':
            return stream_error(
                name, body, self._decoder.target.provider.title, secrets=secrets, bare=self._decoder.bare_errors
            )
        is_labelled = kind in ('text/html', 'application/json')
        what = f'The answer is {kind if is_labelled else "no stream of events"}, not text/event-stream'
        begins = _excerpt(scrub(body.decode(errors='replace'), secrets))
        return ModelAPIError(name, f'{what}; it begins: {begins!r}.', body=scrubbed(said.body, secrets))

    # ---------------------------------------------------------------- reading

    async def _batches(self) -> AsyncGenerator[list[ModelResponseStreamEvent]]:
        if self._response is None:
            return
        if self._filtered is not None:
            self.finish_reason, self.provider_details = 'content_filter', scrubbed(self._filtered, self._secrets())
            return
        decoder, framing, deadline = self._decoder, self._framing, self._deadline
        body = transport.read(self._response, deadline, decoder.target.model_name, self._allowance)
        async for data in body:
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
            self._rearm(events)
            self._learn()
            if events or error:
                yield events
            if error:
                raise error
            if decoder.terminal:
                break
        yield self._end()
        if decoder.terminal:
            await transport.drain(body)
        await self.close_stream()

    def _rearm(self, events: list[ModelResponseStreamEvent]) -> None:
        """Wait anew where the answer went on, and only for its end mark where the provider said why it ended."""
        size = sum(map(_content_size, events))
        goes_on = size > 0
        if goes_on:
            self._allowance.content(size)
        self._has_content = self._has_content or goes_on
        if self._decoder.complete and (goes_on or not self._deadline.is_finished):
            self._deadline.finished(FINISH_GRACE)
        elif goes_on:
            self._deadline.content()

    def _end(self) -> list[ModelResponseStreamEvent]:
        """The bytes have ended, or what they say has."""
        decoder = self._decoder
        events: list[ModelResponseStreamEvent] = []
        is_cut = False
        try:
            for frame in () if decoder.terminal else self._framing.close():
                events += decoder.feed(frame)
            last, is_cut = self._last_event()
            events += last
            events += decoder.close()
        except (EmptyStream, StreamDecodeError) as failure:
            if is_cut:
                raise IncompleteStream(decoder.target.model_name) from None
            if self._is_no_stream():
                raise self._no_stream() from None
            raise failure from None
        except FramingError as failure:
            raise self._typed(failure) from None
        except WRONG_TYPE:
            message = 'The end of the answer does not fit what came before it: a field has the wrong type.'
            raise StreamDecodeError(decoder.target.model_name, message, offset=decoder.offset) from None
        self._learn()
        return events

    def _last_event(self) -> tuple[list[ModelResponseStreamEvent], bool]:
        """What the event says that no delimiter ends, and whether it is cut: then it says nothing.

        Many servers close the connection right behind their last event. One that is cut leaves it to what came before
        whether the answer is whole.
        """
        events: list[ModelResponseStreamEvent] = []
        try:
            for frame in () if self._decoder.terminal else self._framing.pending():
                events += self._decoder.feed(frame)
        except (StreamDecodeError, TruncatedFrameError):
            return events, True
        return events, False

    def _learn(self) -> None:
        """What the answer has said of itself so far."""
        decoder = self._decoder
        if self._usage is not decoder.usage:
            self._usage = decoder.usage
            self._usage_received = self._usage_received or decoder.usage.has_values()
        self.finish_reason = decoder.finish_reason
        name: object = decoder.provider_response_id
        self.provider_response_id = name if isinstance(name, str) else None
        self.provider_details = decoder.provider_details
        self.state = 'suspended' if decoder.suspended else 'complete'

    def _is_no_stream(self) -> bool:
        """Whether nothing of the protocol has come, but something else: JSON, a page, a text."""
        if self._framing.is_json:
            return not len(self._decoder.parts)
        return not self._decoder.offset and bool(self._head.strip()) and not begins_as_stream(self._head)

    def _typed(self, failure: Exception) -> Exception:
        name = self._decoder.target.model_name
        if isinstance(failure, FramingLimitError):
            return StreamLimitError(name, f'{failure} Raise max_event_bytes to read it all the same.')
        if isinstance(failure, FramingError) and self._is_no_stream():
            return self._no_stream()
        if isinstance(failure, TruncatedFrameError):
            return IncompleteStream(name)
        if isinstance(failure, FramingError):
            return StreamDecodeError(name, str(failure), offset=self._decoder.offset)
        return failure

    def presentable(self, error: Exception) -> Exception:
        """Without the secrets in its words, and without the frames of the readers, which hold what was sent."""
        return without_frames(without(self._located(error), self._secrets()))

    def _located(self, error: E) -> E:
        response = self._response
        return located(
            error,
            self._decoder.target.provider.title,
            status=response.status_code if response else None,
            headers=response.headers if response else None,
            has_content=self._has_content,
        )

    async def close_stream(self) -> None:
        if self._response is not None:
            await self._response.aclose()


def _unfit(endpoint: Endpoint, data: bytes) -> str | None:
    """Why bytes must not be kept in a cassette: they hold a key, that of the request or another known one."""
    text = data.decode(errors='replace')
    name = key_in(text, os.environ)
    if name is not None:
        return f'it holds the key that {name} is set to'
    holds = any(len(secret) >= SHORTEST_KEY and secret in text for secret in endpoint.secrets())
    return 'it holds the key of the request' if holds else None


def _secrets(endpoint: Endpoint, own: Mapping[str, str], sent: Mapping[str, str]) -> tuple[str, ...]:
    return (*endpoint.secrets(), *transport.header_secrets(own, sent), *transport.proxy_secrets())


def _build(
    client: httpx.AsyncClient,
    wanted: WireRequest,
    endpoint: Endpoint,
    provider: Provider,
    own: Mapping[str, str],
    settings: ModelSettings,
) -> httpx.Request:
    """The request with its key and the user's own headers, whose values go into no variable."""
    body = _as_json(wanted.body)
    return client.build_request(
        wanted.method,
        endpoint.base_url + wanted.path,
        params={**provider.query, **endpoint.parameters(), **wanted.query} or None,
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
                **endpoint.authorization(),
                **own,
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


def _content_size(event: ModelResponseStreamEvent) -> int:
    """How much the answer went on: an empty delta says no more than a ping."""
    if event.event_kind == 'part_start':
        content: Any = getattr(event.part, 'content', None)
        return 1 + (len(content) if isinstance(content, str) else len(getattr(content, 'data', b'')))
    if event.event_kind != 'part_delta':
        return 1
    delta = event.delta
    content = getattr(delta, 'content_delta', None) or getattr(delta, 'args_delta', None)
    if isinstance(content, str):
        return len(content)
    return int(bool(content) or any(getattr(delta, name, None) for name in _CONTENT))


def _lowered(headers: dict[str, str]) -> dict[str, str]:
    """The same with each name once, however it is spelt; the last one counts."""
    return {name.lower(): value for name, value in headers.items()}


def _hint(response: httpx.Response, provider: Provider, key: Secret | None, *, is_refused: bool) -> str | None:
    if is_refused:
        return _where_the_key_came_from(provider, key)
    if response.status_code in (404, 405):
        return f'The address asked was {_address(response.request.url)}: check the model name and the base URL.'
    if response.is_redirect:
        return 'Redirects are not followed, so that neither prompt nor key goes elsewhere: check the base URL.'
    return None


def _where_the_key_came_from(provider: Provider, key: Secret | None) -> str | None:
    variable = ' or '.join(f'`{name}`' for name in provider.key_env)
    if key is None:
        return f'No key was sent: set {variable} or pass `api_key=…`.' if variable else None
    if key.source:
        return f'The key came from `{key.source}`: check it.'
    return f'The key came from `api_key=…`{f", not from {variable}" if variable else ""}: check it.'


def _address(url: httpx.URL) -> str:
    """Without a user and a query, which may hold a key."""
    return f'{url.scheme}://{(url.netloc + url.raw_path.partition(b"?")[0]).decode("ascii")}'


def _excerpt(text: str) -> str:
    return ' '.join(text.split())[:200]
