"""Several models in a row: the next one is asked when one fails."""

from __future__ import annotations

import inspect
import time
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias, cast

from jupyter_stream.exceptions import (
    ContentFilterError,
    FallbackExceptionGroup,
    IncompleteToolCall,
    ModelAPIError,
    OutputTokenLimitExceeded,
    UserError,
)
from jupyter_stream.messages import FinishReason, ModelMessage, ModelRequestAttempt, ModelResponse
from jupyter_stream.models import KnownModelName, infer_model
from jupyter_stream.models._telemetry import RequestSpan, open_request
from jupyter_stream.models.base import Model
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.stream import StreamedResponse

__all__ = ('ExceptionHandler', 'FallbackModel', 'FallbackOn', 'ResponseHandler', 'ResponseRejected')

ExceptionHandler: TypeAlias = Callable[[Exception], bool] | Callable[[Exception], Awaitable[bool]]
"""Says whether the next model is asked after an error."""

ResponseHandler: TypeAlias = Callable[[ModelResponse], bool] | Callable[[ModelResponse], Awaitable[bool]]
"""Says whether the next model is asked after a response; its first parameter is annotated as `ModelResponse`."""

Condition: TypeAlias = type[Exception] | ExceptionHandler | ResponseHandler
FallbackOn: TypeAlias = Condition | Sequence[Condition]

_METADATA_KEY: Final = '__pydantic_ai__'
_PIN_KEY: Final = 'fallback_model_id'
"""Where a paused response says which model goes on with it; the names by which histories are exchanged."""


class ResponseRejected(Exception):
    """Counts the answers that `fallback_on` rejected; stands for them in a `FallbackExceptionGroup`."""

    def __init__(self, rejected_count: int) -> None:
        super().__init__(f'{rejected_count} model response(s) rejected by fallback_on handler')
        self.args = (rejected_count,)
        self.rejected_count = rejected_count

    def __str__(self) -> str:
        return f'{self.rejected_count} model response(s) rejected by fallback_on handler'


class FallbackModel(Model):
    """Asks the first model, and the next one when it fails.

    A stream falls back on what goes wrong until its first event; a later error is raised, since what has come cannot
    be taken back. The answer tells in `failed_attempts` who was asked before. A response that the provider paused
    (`state='suspended'`) goes back to the model that gave it; if that one fails, the chain starts anew without it.

    Each model has its own settings, retries and timeouts. Those of a request win over the settings of each.

    Args:
        default_model: asked first; a model or a model string.
        fallback_models: asked one after the other, each when the one before it has failed.
        fallback_on: when to go on: a type of exceptions; a function of an exception; a function of a response, which
            is one whose first parameter is annotated as `ModelResponse`; or a sequence of these. The functions may be
            asynchronous. `ContentFilterError` stands also for a response with `finish_reason='content_filter'`,
            `OutputTokenLimitExceeded` for one with 'length'. Responses are judged only when they are not streamed.

    Raises:
        UserError: `fallback_on` is empty, or not of these.
    """

    models: list[Model]

    def __init__(
        self,
        default_model: Model | KnownModelName | str,
        *fallback_models: Model | KnownModelName | str,
        fallback_on: FallbackOn = (ModelAPIError,),
    ) -> None:
        super().__init__()
        self.models = [infer_model(model) for model in (default_model, *fallback_models)]
        self._conditions = _Conditions.of(fallback_on)

    @property
    def loop_bound(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether one of the models is, or a condition that is asynchronous."""
        return self._conditions.loop_bound or any(model.loop_bound for model in self.models)

    @property
    def model_name(self) -> str:
        return f'fallback:{",".join(model.model_name for model in self.models)}'

    @property
    def system(self) -> str:
        return f'fallback:{",".join(model.system for model in self.models)}'

    @property
    def model_id(self) -> str:
        return f'fallback:{",".join(model.model_id for model in self.models)}'

    @property
    def base_url(self) -> str | None:
        """Where the first model's requests go."""
        return self.models[0].base_url

    def prepare_messages(self, messages: Sequence[ModelMessage]) -> list[ModelMessage]:
        """The messages as they are: each model prepares them for itself."""
        return list(messages)

    def prepare_request(
        self, model_settings: ModelSettings | None, model_request_parameters: ModelRequestParameters
    ) -> tuple[ModelSettings | None, ModelRequestParameters]:
        """Both as they are, for the same reason."""
        return model_settings, model_request_parameters

    async def request(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask one model after the other.

        Raises:
            FallbackExceptionGroup: all failed.
            Exception: one failed in a way that `fallback_on` doesn't cover.
        """
        chain = _Chain(self._conditions, open_request(self.model_name))
        asked = (model_settings, model_request_parameters)
        for model, history in self._candidates(messages):
            attempt = _Attempt(model)
            try:
                response = await model.request(
                    model.prepare_messages(history), model_settings, model_request_parameters
                )
            except Exception as error:
                if await chain.covers(attempt, error):
                    continue
                chain.answered_by(model, *asked)
                raise
            if not await chain.covers(attempt, response):
                response = replace(response, failed_attempts=chain.with_own(response.failed_attempts))
                _pin(response, model)
                chain.answered_by(model, *asked)
                return response
        raise chain.exhausted()

    @asynccontextmanager
    async def request_stream(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: object = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Ask one model after the other, until one has a first event. Raises what `request` does."""
        if self._conditions.on_response:
            warnings.warn(
                'The functions of a response in `fallback_on` are not applied to a stream: its answer is taken as it '
                'is. Use `model_request` to have answers judged.',
                UserWarning,
                stacklevel=3,
            )
        chain = _Chain(self._conditions, open_request(self.model_name))
        asked = (model_settings, model_request_parameters)
        for model, history in self._candidates(messages):
            attempt = _Attempt(model)
            async with AsyncExitStack() as stack:
                try:
                    stream = await stack.enter_async_context(
                        model.request_stream(
                            model.prepare_messages(history), model_settings, model_request_parameters, run_context
                        )
                    )
                    await stream.peek()
                except Exception as error:
                    if await chain.covers(attempt, error):
                        continue
                    chain.answered_by(model, *asked)
                    raise
                chain.answered_by(model, *asked)
                stream.failed_attempts = chain.with_own(stream.failed_attempts)
                yield stream
                _pin(stream, model)  # whether it is paused is known at its end
                return
        raise chain.exhausted()

    def _candidates(self, messages: Sequence[ModelMessage]) -> Iterator[tuple[Model, Sequence[ModelMessage]]]:
        """The models to ask, and with what: first the one that goes on with a paused response."""
        pinned = self._pinned(messages)
        if pinned is not None:
            yield pinned, messages
            messages = messages[:-1]
        for model in self.models:
            yield model, messages

    def _pinned(self, messages: Sequence[ModelMessage]) -> Model | None:
        last = messages[-1] if messages else None
        if not isinstance(last, ModelResponse) or last.state != 'suspended':
            return None
        model_id = _kept(last).get(_PIN_KEY)
        return next((model for model in self.models if model.model_id == model_id), None)

    def __repr__(self) -> str:
        return f'{type(self).__qualname__}(models={self.models!r})'


def _pin(answer: ModelResponse | StreamedResponse, model: Model) -> None:
    """Have a paused answer say who goes on with it."""
    if answer.state == 'suspended':
        answer.metadata = {**(answer.metadata or {}), _METADATA_KEY: {**_kept(answer), _PIN_KEY: model.model_id}}


def _kept(answer: ModelResponse | StreamedResponse) -> dict[str, Any]:
    kept: Any = (answer.metadata or {}).get(_METADATA_KEY)
    return cast('dict[str, Any]', kept) if isinstance(kept, dict) else {}


# ------------------------------------------------------------------ one request's way down the models


class _Attempt:
    """A model that is being asked, and since when."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._timestamp = datetime.now(tz=UTC)
        self._start = time.perf_counter()

    def failed(self, failure: Exception | ModelResponse) -> ModelRequestAttempt:
        rejected = failure if isinstance(failure, ModelResponse) else None
        return ModelRequestAttempt(
            model_name=(rejected and rejected.model_name) or self.model.model_name,
            provider_name=(rejected and rejected.provider_name) or self.model.system,
            outcome='rejected' if rejected else 'error',
            error=_description(failure) if isinstance(failure, Exception) else None,
            timestamp=self._timestamp,
            duration=timedelta(seconds=time.perf_counter() - self._start),
            usage=rejected.usage if rejected else None,
        )


def _description(error: Exception) -> str:
    return f'{type(error).__name__}: {error}' if str(error) else type(error).__name__


@dataclass
class _Chain:
    """The failures so far, which the span of the request is told of, if there is one."""

    conditions: _Conditions
    span: RequestSpan | None
    errors: list[Exception] = field(default_factory=list[Exception])
    rejected: int = 0
    attempts: list[ModelRequestAttempt] = field(default_factory=list[ModelRequestAttempt])

    async def covers(self, attempt: _Attempt, outcome: Exception | ModelResponse) -> bool:
        """Whether this is a failure after which the next model is asked; it is noted if so."""
        if not await self.conditions.match(outcome):
            return False
        if isinstance(outcome, ModelResponse):
            self.rejected += 1
            self.attempts += outcome.failed_attempts or []
        else:
            self.errors.append(outcome)
            self.attempts += outcome.attempts if isinstance(outcome, FallbackExceptionGroup) else []
        failed = attempt.failed(outcome)
        self.attempts.append(failed)
        if self.span is not None:
            self.span.attempt_failed(attempt.model, failed, outcome, len(self.attempts) - 1)
        return True

    def answered_by(
        self, model: Model, model_settings: ModelSettings | None, parameters: ModelRequestParameters
    ) -> None:
        """This model's answer, or its error, is that of the request."""
        if self.span is not None:
            self.span.answered_by(model, model_settings, parameters)

    def with_own(self, own: Sequence[ModelRequestAttempt] | None) -> list[ModelRequestAttempt] | None:
        """The failed attempts so far, before those that the answer itself has."""
        return [*self.attempts, *(own or ())] or None

    def exhausted(self) -> FallbackExceptionGroup:
        """The error when there is no model left."""
        errors = [*self.errors, *([ResponseRejected(self.rejected)] if self.rejected else [])]
        names = ', '.join(f'{attempt.provider_name}:{attempt.model_name}' for attempt in self.attempts)
        group = FallbackExceptionGroup(f'All models from FallbackModel failed: {names}', errors)
        group.attempts = self.attempts
        return group


# ------------------------------------------------------------------ when to go on


@dataclass
class _Conditions:
    """What `fallback_on` says, by what it looks at."""

    types: tuple[type[Exception], ...] = ()
    on_error: list[Callable[[Exception], Any]] = field(default_factory=list[Callable[[Exception], Any]])
    on_response: list[Callable[[ModelResponse], Any]] = field(default_factory=list[Callable[[ModelResponse], Any]])

    @classmethod
    def of(cls, fallback_on: object) -> _Conditions:
        conditions = cls()
        if isinstance(fallback_on, Sequence) and not isinstance(fallback_on, str):
            for item in cast('Sequence[object]', fallback_on):
                conditions._add(item)
        else:
            conditions._add(cast(object, fallback_on))
        if not (conditions.types or conditions.on_error or conditions.on_response):
            raise UserError(
                '`fallback_on` is empty, so that only the first model would be asked: name exceptions to fall back on.'
            )
        return conditions

    def _add(self, item: object) -> None:
        if isinstance(item, type):
            if not issubclass(item, Exception):
                raise UserError(
                    f'`fallback_on` has the class {item.__name__}, which is no exception: give exceptions or functions.'
                )
            self.types += (item,)
        elif not callable(item):
            raise UserError(f'`fallback_on` has {item!r:.200}: give exceptions or functions.')
        elif _first_parameter(item) is ModelResponse:
            self.on_response.append(item)
        else:
            self.on_error.append(item)

    @property
    def loop_bound(self) -> bool:
        return any(_is_async(function) for function in (*self.on_error, *self.on_response))

    async def match(self, outcome: Exception | ModelResponse) -> bool:
        if isinstance(outcome, ModelResponse):
            return outcome.finish_reason in self._named_reasons() or await _any(self.on_response, outcome)
        return isinstance(outcome, self.types) or await _any(self.on_error, outcome)

    def _named_reasons(self) -> set[FinishReason]:
        """The reasons to finish that the types of exceptions name: only an agent raises these of a response."""
        return {
            reason
            for kind in self.types
            for named, reason in _FINISHED.items()
            if issubclass(kind, named) and not issubclass(kind, IncompleteToolCall)
        }


_FINISHED: Final[dict[type[Exception], FinishReason]] = {
    ContentFilterError: 'content_filter',
    OutputTokenLimitExceeded: 'length',
}


async def _any(functions: Sequence[Callable[[Any], Any]], outcome: Exception | ModelResponse) -> bool:
    for function in functions:
        said = function(outcome)
        if await said if inspect.isawaitable(said) else said:
            return True
    return False


def _first_parameter(function: Callable[..., Any]) -> Any:
    """The annotation of the first parameter; None when nothing can be known of it."""
    try:
        parameters = inspect.signature(function, eval_str=True).parameters
    except NameError as error:
        raise UserError(
            f'The annotations of {function!r:.200} in `fallback_on` cannot be read ({error}): '
            'import what they name at run time, not under TYPE_CHECKING.'
        ) from None
    except (TypeError, ValueError):  # a builtin
        return None
    first = next(iter(parameters.values()), None)
    return first and first.annotation


def _is_async(function: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, '__call__', None))  # noqa: B004
