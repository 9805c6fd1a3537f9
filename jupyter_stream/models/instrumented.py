"""Spans and metrics of requests, by OpenTelemetry: `instrument=True`, and what may be recorded.

The package `opentelemetry-api` is the extra `otel`, and it is imported when the first `InstrumentationSettings` is
made. Where spans and metrics go is the business of an SDK: configure one, or call `logfire.configure()`. The spans are
those of `pydantic_ai`: one of the kind CLIENT for each request, from before it is sent to when its stream is left.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, cast

from jupyter_stream.checks import kind_of
from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import ModelMessage, ModelResponse
from jupyter_stream.models import KnownModelName
from jupyter_stream.models._otel_settings import InstrumentationSettings, InstrumentationVersion
from jupyter_stream.models._telemetry import request_span
from jupyter_stream.models.base import Model
from jupyter_stream.models.wrapper import WrapperModel
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.stream import StreamedResponse

__all__ = (
    'Instrument',
    'InstrumentationSettings',
    'InstrumentationVersion',
    'InstrumentedModel',
    'instrument_all',
    'instrument_model',
    'settings_of',
)

Instrument: TypeAlias = InstrumentationSettings | bool | None
"""What `instrument=…` takes: settings, True for the usual ones, False for no trace, None for what `instrument_all`
said."""

_for_all: InstrumentationSettings | None = None


def instrument_all(instrument: InstrumentationSettings | bool = True) -> None:
    """What `instrument=None` means from now on, in this process: settings, True for the usual ones, False for none.

    Raises:
        UserError: it is none of these, or OpenTelemetry is not installed.
    """
    global _for_all
    _for_all = settings_of(instrument)


def settings_of(instrument: Instrument) -> InstrumentationSettings | None:
    """The settings that are meant; None where nothing is recorded.

    Raises:
        UserError: it is none of these, or OpenTelemetry is not installed.
    """
    if instrument is None:
        return _for_all
    if isinstance(instrument, InstrumentationSettings):
        return instrument
    if not isinstance(cast(object, instrument), bool):
        raise UserError(
            f'`instrument` must be True, False, None or an InstrumentationSettings, not {kind_of(instrument)}.'
        )
    return InstrumentationSettings() if instrument else None


def instrument_model(model: Model, instrument: Instrument) -> Model:
    """The model with spans and metrics around its requests; itself where nothing is to be recorded, or already is.

    Raises:
        UserError: `instrument` is none of these, or OpenTelemetry is not installed.
    """
    settings = settings_of(instrument)
    return model if settings is None or isinstance(model, InstrumentedModel) else InstrumentedModel(model, settings)


class InstrumentedModel(WrapperModel):
    """Asks `wrapped`, and records each request as a span and in metrics.

    Args:
        wrapped: a model, or a model string.
        options: what is recorded, and where; the usual settings without it.
        attributes: what else each span says, by name.

    Raises:
        UserError: OpenTelemetry is not installed.
    """

    def __init__(
        self,
        wrapped: Model | KnownModelName | str,
        options: InstrumentationSettings | None = None,
        *,
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(wrapped)
        self.instrumentation_settings = options or InstrumentationSettings()
        self._attributes = dict(attributes or {})

    async def request(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        asked = (messages, model_settings, model_request_parameters)
        with request_span(self.instrumentation_settings, self.wrapped, *asked, self._attributes) as span:
            response = await self.wrapped.request(*asked)
            span.finish(response)
            return response

    @asynccontextmanager
    async def request_stream(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: object = None,
    ) -> AsyncGenerator[StreamedResponse]:
        asked = (messages, model_settings, model_request_parameters)
        with request_span(self.instrumentation_settings, self.wrapped, *asked, self._attributes) as span:
            stream: StreamedResponse | None = None
            began = time.perf_counter()
            try:
                async with self.wrapped.request_stream(*asked, run_context) as stream:
                    yield stream
            finally:
                if stream is not None:
                    span.finish(stream.get(), stream.time_to_first_chunk(began))
