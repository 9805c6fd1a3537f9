"""What may be recorded of a request, and where: the settings, with OpenTelemetry's own instruments in them.

The package `opentelemetry-api` is imported when the first settings are made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, Self, get_args

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import ModelMessage, ModelResponse
from jupyter_stream.models._otel_messages import ChatMessage, as_json, chat_messages
from jupyter_stream.usage import RequestUsage

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter, MeterProvider
    from opentelemetry.trace import Tracer, TracerProvider

__all__ = ('InstrumentationSettings', 'InstrumentationVersion')

InstrumentationVersion = Literal[5, 6]

SCOPE: Final = 'jupyter-stream'
"""Who says so, in a trace."""

_MISSING: Final = (
    'Tracing needs the package opentelemetry-api, which is not installed: run `pip install "jupyter-stream[otel]"`, '
    'or leave `instrument` off.'
)

# The buckets that the conventions advise:
# https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/
_TOKEN_BUCKETS: Final = [float(4**power) for power in range(14)]
_FIRST_CHUNK_BUCKETS: Final = [0.01 * 2**power for power in range(14)]


@dataclass(init=False)
class InstrumentationSettings:
    """What is recorded of a request, and where.

    The field `tracer`, and the attribute `meter`, are made of the providers that are given.

    Args:
        tracer_provider: where spans go; None for the one that is set for the whole process.
        meter_provider: where metrics go; None for the one that is set for the whole process.
        include_binary_content: record the bytes of files too, in base64.
        include_content: record what is asked and answered: prompts, texts, instructions, arguments and results of
            tools, and the words of errors, which may quote them. Without it the form of the exchange is recorded.
        include_model_request_parameters: record the parameters of the request, with every tool's definition.
        version: the form of what is recorded. 6 gives the results of tools the role `tool`, as the conventions have it,
            5 the role `user`.
        use_aggregated_usage_attribute_names: for whoever records the sum of several requests, see
            `aggregated_usage_attributes`.

    Raises:
        UserError: `opentelemetry-api` is not installed, or there is no such version.
    """

    tracer: Tracer = field(repr=False)
    include_binary_content: bool = True
    include_content: bool = True
    include_model_request_parameters: bool = True
    version: InstrumentationVersion = 5
    use_aggregated_usage_attribute_names: bool = True

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        include_binary_content: bool = True,
        include_content: bool = True,
        include_model_request_parameters: bool = True,
        version: InstrumentationVersion = 5,
        use_aggregated_usage_attribute_names: bool = True,
    ) -> None:
        if version not in get_args(InstrumentationVersion):
            raise UserError(
                f'`version` is {version!r:.40}, and there are 5 and 6 (`pydantic_ai` calls its 2, 3 and 4 deprecated): '
                'leave it out for 5.'
            )
        self.tracer, self.meter = _tracer_and_meter(tracer_provider, meter_provider)
        self.include_binary_content = include_binary_content
        self.include_content = include_content
        self.include_model_request_parameters = include_model_request_parameters
        self.version = version
        self.use_aggregated_usage_attribute_names = use_aggregated_usage_attribute_names
        self._tokens = _histogram(
            self.meter,
            'gen_ai.client.token.usage',
            '{token}',
            'Measures number of input and output tokens used',
            _TOKEN_BUCKETS,
        )
        self._cost = _histogram(self.meter, 'operation.cost', '{USD}', 'Monetary cost')
        self._first_chunk = _histogram(
            self.meter,
            'gen_ai.client.operation.time_to_first_chunk',
            's',
            'Time from issuing a streaming request to the first chunk being surfaced to the consumer',
            _FIRST_CHUNK_BUCKETS,
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Itself: where spans go has locks and connections, and `%config` copies deep whatever it is given."""
        return self

    def messages_to_otel_messages(self, messages: Iterable[ModelMessage]) -> list[ChatMessage]:
        """The messages as a span has them; each is a dict with `role`, `parts` and perhaps `finish_reason`."""
        return chat_messages(messages, self)

    def system_instructions_attributes(self, instructions: str | None) -> dict[str, str]:
        """The instructions as an attribute of a span; none where contents are not recorded."""
        if not (instructions and self.include_content):
            return {}
        return {'gen_ai.system_instructions': as_json([{'type': 'text', 'content': instructions}])}

    def aggregated_usage_attributes(self, usage: RequestUsage) -> dict[str, int]:
        """The sum of several requests as attributes of a span around theirs.

        They have names of their own, unless `use_aggregated_usage_attribute_names` is off, so that a backend which adds
        up the spans does not count twice.
        """
        counts = usage.opentelemetry_attributes()
        if not self.use_aggregated_usage_attribute_names:
            return counts
        return {name.replace('gen_ai.usage.', 'gen_ai.aggregated_usage.', 1): count for name, count in counts.items()}

    def record_metrics(
        self,
        response: ModelResponse,
        cost: float | None,
        attributes: Mapping[str, Any],
        time_to_first_chunk: float | None = None,
    ) -> None:
        """Record tokens, US dollars and seconds of one request; what is not known is left out."""
        for kind, tokens in (('input', response.usage.input_tokens), ('output', response.usage.output_tokens)):
            if tokens:
                self._tokens.record(tokens, {**attributes, 'gen_ai.token.type': kind})
        if cost is not None:
            self._cost.record(cost, attributes)
        if time_to_first_chunk is not None:
            self._first_chunk.record(time_to_first_chunk, attributes)


def _tracer_and_meter(
    tracer_provider: TracerProvider | None, meter_provider: MeterProvider | None
) -> tuple[Tracer, Meter]:
    from jupyter_stream import __version__

    try:
        from opentelemetry.metrics import get_meter_provider
        from opentelemetry.trace import get_tracer_provider
    except ImportError as error:
        raise UserError(_MISSING) from error
    tracer = (tracer_provider or get_tracer_provider()).get_tracer(SCOPE, __version__)
    return tracer, (meter_provider or get_meter_provider()).get_meter(SCOPE, __version__)


def _histogram(meter: Meter, name: str, unit: str, description: str, buckets: Sequence[float] | None = None) -> Any:
    create: Any = partial(meter.create_histogram, name, unit=unit, description=description)
    try:
        return create(explicit_bucket_boundaries_advisory=buckets) if buckets else create()
    except TypeError:  # a provider of the time before this parameter
        return create()
