"""One request as OpenTelemetry sees it: the span while it is open, and the metrics after it.

The names are those of the conventions for generative models (https://opentelemetry.io/docs/specs/semconv/gen-ai/), the
choice among them that of `pydantic_ai`, so that a dashboard made for the one shows the other. OpenTelemetry itself is
imported when a span is opened; before, nothing here needs it.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast
from urllib.parse import urlsplit

from jupyter_stream.messages import BaseToolCallPart, ModelMessage, ModelRequestAttempt, ModelResponse
from jupyter_stream.messages._otel import jsonable
from jupyter_stream.models._otel_messages import as_json, chat_messages, input_messages, system_instructions
from jupyter_stream.models._otel_settings import InstrumentationSettings
from jupyter_stream.models._retries import without_retry_parts
from jupyter_stream.models.base import Model
from jupyter_stream.native_tools import AbstractNativeTool, MCPServerTool
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings

if TYPE_CHECKING:
    from opentelemetry.trace import Span
    from pydantic import TypeAdapter

__all__ = ('Attributes', 'RequestSpan', 'open_request', 'request_span')

Attributes: TypeAlias = dict[str, Any]

_OPERATION: Final = 'chat'
_BAGGAGE: Final = ('gen_ai.agent.name', 'gen_ai.agent.call.id', 'gen_ai.conversation.id')
"""What a caller further up may have said of the request, in OpenTelemetry's baggage."""

_SETTINGS: Final = ('max_tokens', 'top_p', 'seed', 'temperature', 'presence_penalty', 'frequency_penalty')
_CODE_HINTS: Final = ('code_arg_name', 'code_arg_language')
_WITHHELD: Final = '[REDACTED]'

_open: ContextVar[RequestSpan | None] = ContextVar('jupyter_stream.models.request_span', default=None)

_log = logging.getLogger(__name__)


def open_request(model_name: str) -> RequestSpan | None:
    """The span of the request around this code, if it is recorded and says that it asks this model."""
    span = _open.get()
    return span if span is not None and span.asks(model_name) else None


@contextmanager
def request_span(
    settings: InstrumentationSettings,
    model: Model,
    messages: Sequence[ModelMessage],
    model_settings: ModelSettings | None,
    parameters: ModelRequestParameters,
    attributes: Mapping[str, Any],
) -> Generator[RequestSpan]:
    """Open the span of a request to `model`, and record its metrics after it.

    An error that leaves the block marks the span; that the caller stops, or goes, does not.
    """
    from opentelemetry.trace import SpanKind

    span = settings.tracer.start_span(
        f'{_OPERATION} {model.model_name}',
        kind=SpanKind.CLIENT,
        attributes={'gen_ai.operation.name': _OPERATION, **_from_baggage(), **attributes},
    )
    request = RequestSpan(span, settings, messages)
    try:
        with _current(request), _errors_of(request):
            request.describe(model, model_settings, parameters)
            yield request
    finally:
        span.end()
        request.record_metrics()


@contextmanager
def _current(request: RequestSpan) -> Generator[None]:
    """Make it the current span, of OpenTelemetry and of ours.

    A stream may be left in another task than it was entered in. So nothing is reset by its token, which belongs to the
    task that entered; and where another span is current by now, that stays.
    """
    from opentelemetry import context, trace

    around, before = _open.get(), context.get_current()
    _open.set(request)
    context.attach(trace.set_span_in_context(request.span))
    try:
        yield
    finally:
        if _open.get() is request:
            _open.set(around)
        if trace.get_current_span() is request.span:
            context.attach(before)


@contextmanager
def _errors_of(request: RequestSpan) -> Generator[None]:
    try:
        yield
    except Exception as error:
        mark_failed(request.span, error, include_content=request.settings.include_content, escaped=False)
        raise


def mark_failed(span: Span, error: Exception, *, include_content: bool, escaped: bool) -> None:
    """Record the error on the span; its words, which may quote what was asked, only where contents are recorded."""
    from opentelemetry.trace import Status, StatusCode

    if not span.is_recording():
        return
    if include_content:
        span.record_exception(error, escaped=escaped)
    else:
        kind = type(error)
        name = kind.__qualname__ if kind.__module__ == 'builtins' else f'{kind.__module__}.{kind.__qualname__}'
        span.add_event('exception', {'exception.type': name, 'exception.escaped': str(escaped)})
    description = f'{type(error).__name__}: {error}' if include_content else None
    span.set_status(Status(StatusCode.ERROR, description))


class RequestSpan:
    """The span of one request: described at its start, finished with what came.

    Attributes:
        span: OpenTelemetry's own.
        settings: what may be recorded, and where.
    """

    def __init__(self, span: Span, settings: InstrumentationSettings, messages: Sequence[ModelMessage]) -> None:
        self.span = span
        self.settings = settings
        self._messages = messages
        self._parameters = ModelRequestParameters()
        self._said: Attributes = {}
        self._outcome: tuple[ModelResponse, float | None, float | None] | None = None

    def asks(self, model_name: str) -> bool:
        """Whether it is recorded, and says that it asks this model."""
        return self.span.is_recording() and self._said.get('gen_ai.request.model') == model_name

    def describe(self, model: Model, model_settings: ModelSettings | None, parameters: ModelRequestParameters) -> None:
        """Say what is asked, of whom and how.

        Raises:
            UserError: the model cannot be asked like this.
        """
        applied, self._parameters = model.prepare_request(model_settings, parameters)
        self._said = _of_model(model)
        schema: Attributes = {}
        if self.settings.include_model_request_parameters:
            self._said |= self._recorded_parameters(self._parameters)
            schema = {'model_request_parameters': {'type': 'object'}}
        if tools := _tool_definitions(self._parameters):
            self._said['gen_ai.tool.definitions'] = as_json(tools)
        self._set(self._said | {'logfire.json_schema': _logfire_schema(schema)} | _of_settings(applied))
        self.span.update_name(f'{_OPERATION} {model.model_name}')

    def _set(self, attributes: Attributes) -> None:
        self.span.set_attributes(attributes)

    def _recorded_parameters(self, parameters: ModelRequestParameters) -> Attributes:
        recorded = _plain(parameters)
        if not self.settings.include_content and not _withhold_texts(recorded):
            return {}
        return {'model_request_parameters': as_json(recorded)}

    # ------------------------------------------------------- several models in a row

    def answered_by(
        self, model: Model, model_settings: ModelSettings | None, parameters: ModelRequestParameters
    ) -> None:
        """Say which of several models answered, or failed in a way that no other one was asked."""
        with suppress(Exception):  # a model that cannot be described did answer all the same
            _, prepared = model.prepare_request(model_settings, parameters)
            said = _of_model(model)
            if self.settings.include_model_request_parameters:
                said |= self._recorded_parameters(prepared)
            self._said |= said
            self._set(said)

    def attempt_failed(
        self, model: Model, attempt: ModelRequestAttempt, failure: Exception | ModelResponse, index: int
    ) -> None:
        """Record an attempt after which another model was asked, as a span of its own below this one."""
        from opentelemetry.trace import Status, StatusCode, set_span_in_context

        with suppress(Exception):  # no reason not to ask the next model
            start = int(attempt.timestamp.timestamp() * 1e9)
            attributes = _of_model(model) | {'pydantic_ai.model_request.attempt': index}
            if isinstance(failure, ModelResponse):
                attributes |= _of_response(failure, failure.model_name, _cost(failure))
            span = self.settings.tracer.start_span(
                f'model request attempt {model.model_name}',
                context=set_span_in_context(self.span),
                attributes=attributes,
                start_time=start,
            )
            try:
                if isinstance(failure, Exception):
                    mark_failed(span, failure, include_content=self.settings.include_content, escaped=True)
                else:
                    span.set_status(Status(StatusCode.ERROR, 'Response rejected by `fallback_on`'))
            finally:
                span.end(start + round(attempt.duration.total_seconds() * 1e9))

    # ------------------------------------------------------------------------ the end

    def finish(self, response: ModelResponse, time_to_first_chunk: float | None = None) -> None:
        """Say what came, whole or in part. It fails silently: an answer is not lost over its trace.

        Args:
            response: the answer as far as it came.
            time_to_first_chunk: seconds from the request to the first event of a stream.
        """
        try:
            self._finish(response, time_to_first_chunk)
        except Exception as error:
            _log.warning('The trace of a request is incomplete, since recording it failed: %s', type(error).__name__)

    def _finish(self, response: ModelResponse, time_to_first_chunk: float | None) -> None:
        cost = _cost(response)  # looked up in tables
        self._outcome = response, cost, time_to_first_chunk
        if not self.span.is_recording():
            return
        _hint_at_code(response, self._parameters)
        self._set(self._contents(response) | _of_response(response, self._response_model(response), cost))
        if time_to_first_chunk is not None:
            self._set({'gen_ai.client.operation.time_to_first_chunk': time_to_first_chunk})
        self.span.update_name(f'{_OPERATION} {self._said["gen_ai.request.model"]}')

    def _contents(self, response: ModelResponse) -> Attributes:
        """The messages; without their contents they still tell the form of the exchange."""
        sent = without_retry_parts(self._messages, keep_feedback=False)
        found: Attributes = {
            'gen_ai.input.messages': as_json(input_messages(sent, self.settings)),
            'gen_ai.output.messages': as_json(chat_messages([response], self.settings)),
            **self.settings.system_instructions_attributes(system_instructions(sent, self._parameters)),
        }
        types = {name: {'type': 'array'} for name in found}
        if self.settings.include_model_request_parameters:
            types['model_request_parameters'] = {'type': 'object'}
        return {**found, 'logfire.json_schema': _logfire_schema(types)}

    def _response_model(self, response: ModelResponse) -> str | None:
        return response.model_name or self._said.get('gen_ai.request.model')

    def record_metrics(self) -> None:
        """After the span, so that a backend which makes metrics of spans does not count twice."""
        if self._outcome is None:
            return
        response, cost, time_to_first_chunk = self._outcome
        named = {
            'gen_ai.provider.name': self._said.get('gen_ai.provider.name'),
            'gen_ai.system': self._said.get('gen_ai.system'),
            'gen_ai.request.model': self._said.get('gen_ai.request.model'),
            'gen_ai.response.model': self._response_model(response),
        }
        attributes = {name: value for name, value in named.items() if value is not None}
        self.settings.record_metrics(
            response, cost, {'gen_ai.operation.name': _OPERATION, **attributes}, time_to_first_chunk
        )


# ---------------------------------------------------------------------- attributes


def _from_baggage() -> Attributes:
    from opentelemetry.baggage import get_baggage

    return {name: value for name in _BAGGAGE if (value := get_baggage(name)) is not None}


def _of_model(model: Model) -> Attributes:
    return {
        'gen_ai.provider.name': model.system,
        'gen_ai.system': model.system,  # its name until 2025, which backends still read
        'gen_ai.request.model': model.model_name,
        **_of_server(model.base_url),
    }


def _of_server(base_url: str | None) -> Attributes:
    """Host and port only: the rest of an address may hold what is secret."""
    try:
        parts = urlsplit(base_url or '')
        found = {'server.address': parts.hostname, 'server.port': parts.port}
    except ValueError:
        return {}
    return {name: value for name, value in found.items() if value}


def _of_settings(settings: ModelSettings | None) -> Attributes:
    said = cast('Mapping[str, Any]', settings or {})
    return {f'gen_ai.request.{name}': said[name] for name in _SETTINGS if isinstance(said.get(name), int | float)}


def _of_response(response: ModelResponse, model_name: str | None, cost: float | None) -> Attributes:
    found: Attributes = {
        'gen_ai.response.model': model_name,
        'gen_ai.response.id': response.provider_response_id,
        'gen_ai.response.finish_reasons': [response.finish_reason] if response.finish_reason is not None else None,
        'operation.cost': cost,
    }
    said = {name: value for name, value in found.items() if value is not None}
    return {**response.usage.opentelemetry_attributes(), **said}


def _cost(response: ModelResponse) -> float | None:
    """US dollars by the provider's word, else by the tables of the extra `prices`; None where nothing can be said."""
    if response.usage.cost is not None:
        return float(response.usage.cost)
    with suppress(Exception):  # an unknown model, no package, a table that does not fit
        return float(response.cost().total_price)
    return None


def _tool_definitions(parameters: ModelRequestParameters) -> list[Attributes]:
    """The tools that the model is shown, as the conventions have them."""
    return [
        {'type': 'function', 'name': tool.name}
        | ({'description': tool.description} if tool.description else {})
        | ({'parameters': tool.parameters_json_schema} if tool.parameters_json_schema else {})
        for tool in (*parameters.function_tools, *parameters.output_tools)
        if parameters.visibility_of(tool.name) != 'withheld'
    ]


def _logfire_schema(properties: Mapping[str, Any]) -> str:
    """Which attributes are JSON, by which Logfire shows them as what they are."""
    return as_json({'type': 'object', 'properties': properties})


def _hint_at_code(response: ModelResponse, parameters: ModelRequestParameters) -> None:
    """Note on calls which argument is code, where the tool's definition says so, for whoever shows the trace."""
    for part in response.parts:
        tool = parameters.tool_defs.get(part.tool_name) if isinstance(part, BaseToolCallPart) else None
        metadata = tool.metadata if tool is not None else None
        if hints := {name: metadata[name] for name in _CODE_HINTS if metadata and metadata.get(name)}:
            vars(part)['otel_metadata'] = hints


# ---------------------------------------------------------------------- parameters


def _plain(parameters: ModelRequestParameters) -> Any:
    """The parameters as JSON has them; the address and the keys of MCP servers are left out."""
    shown = replace(parameters, native_tools=[_without_keys(tool) for tool in parameters.native_tools])
    try:
        return _parameters_adapter().dump_python(shown, mode='json')
    except Exception:  # a definition that holds something of the user's own
        return jsonable(shown)


@cache
def _parameters_adapter() -> TypeAdapter[ModelRequestParameters]:
    from pydantic import TypeAdapter

    return TypeAdapter(ModelRequestParameters)


def _without_keys(tool: AbstractNativeTool) -> AbstractNativeTool:
    if not isinstance(tool, MCPServerTool):
        return tool
    return replace(
        tool,
        url=_WITHHELD,
        authorization_token=None if tool.authorization_token is None else _WITHHELD,
        headers=None if tool.headers is None else dict.fromkeys(tool.headers, _WITHHELD),
    )


def _withhold_texts(recorded: Any) -> bool:
    """Take the words of the instructions out, in place. False where they cannot be told from the rest."""
    if not isinstance(recorded, dict):
        return False
    found = cast('dict[str, Any]', recorded)
    for part in found.get('instruction_parts') or ():
        part.pop('content', None)
    if found.get('prompted_output_template') is not None:
        found['prompted_output_template'] = None
    return True
