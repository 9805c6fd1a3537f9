"""A model that passes everything on to another: the base of models that add something on the way."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

from jupyter_stream.messages import ModelMessage, ModelResponse
from jupyter_stream.models import infer_model
from jupyter_stream.models.base import Model
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import Profile
from jupyter_stream.settings import ModelSettings
from jupyter_stream.stream import StreamedResponse
from jupyter_stream.usage import RequestUsage

__all__ = ('WrapperModel',)


class WrapperModel(Model):
    """Does what `wrapped` does; a subclass overrides what it changes.

    Attributes and methods that are not a model's own are looked up on `wrapped`.

    Args:
        wrapped: a model, or a model string.
    """

    wrapped: Model

    def __init__(self, wrapped: Model | str) -> None:
        super().__init__()
        self.wrapped = infer_model(wrapped)

    @property
    def loop_bound(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether `wrapped` is; asked anew each time, since `wrapped` may be replaced."""
        return self.wrapped.loop_bound

    @property
    def settings(self) -> ModelSettings | None:
        return self.wrapped.settings

    @property
    def model_name(self) -> str:
        return self.wrapped.model_name

    @property
    def system(self) -> str:
        return self.wrapped.system

    @property
    def model_id(self) -> str:
        return self.wrapped.model_id

    @property
    def note(self) -> str | None:
        return self.wrapped.note

    @property
    def context_window(self) -> int | None:
        return self.wrapped.context_window

    @property
    def base_url(self) -> str | None:
        return self.wrapped.base_url

    @property
    def profile(self) -> Profile:
        return self.wrapped.profile

    async def count_tokens(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> RequestUsage:
        return await self.wrapped.count_tokens(messages, model_settings, model_request_parameters)

    async def __aenter__(self) -> Self:
        await self.wrapped.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> bool | None:
        return await self.wrapped.__aexit__(exc_type, exc_val, exc_tb)

    def prepare_messages(self, messages: Sequence[ModelMessage]) -> list[ModelMessage]:
        return self.wrapped.prepare_messages(messages)

    def prepare_request(
        self, model_settings: ModelSettings | None, model_request_parameters: ModelRequestParameters
    ) -> tuple[ModelSettings | None, ModelRequestParameters]:
        return self.wrapped.prepare_request(model_settings, model_request_parameters)

    async def request(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        return await self.wrapped.request(messages, model_settings, model_request_parameters)

    @asynccontextmanager
    async def request_stream(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: object = None,
    ) -> AsyncGenerator[StreamedResponse]:
        async with self.wrapped.request_stream(
            messages, model_settings, model_request_parameters, run_context
        ) as stream:
            yield stream

    def __getattr__(self, name: str) -> Any:
        # Unpickling and copying ask for attributes before `wrapped` is there.
        if name == 'wrapped':
            raise AttributeError(name)
        return getattr(self.wrapped, name)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.wrapped == self.wrapped

    def __repr__(self) -> str:
        return f'{type(self).__qualname__}(model_name={self.model_name!r}, wrapped={self.wrapped!r})'
