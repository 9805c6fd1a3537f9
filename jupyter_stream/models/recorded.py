"""A model whose answers are recorded, and replayed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from jupyter_stream.cassettes import Deck, Mode, cassette, using
from jupyter_stream.messages import ModelMessage, ModelResponse
from jupyter_stream.models.base import Model
from jupyter_stream.models.wrapper import WrapperModel
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.stream import StreamedResponse

__all__ = ('RecordedModel',)


class RecordedModel(WrapperModel):
    """A model with a cassette of its own, whatever is in force around it.

    Args:
        wrapped: a model, or a model string. Where answers may be replayed, its key may be missing.
        path: the cassette, whose name ends with `.jsonl`; or a folder of them.
        mode: `replay`, `record`, `auto` or `off`; see `jupyter_stream.cassette`.
        speed: how much faster than recorded answers are replayed; 0 for at once.
        repeat: whether the last recording of a request comes again when there are no more.

    Raises:
        UserError: there is no such model, mode or speed; or a key is missing that is needed.
    """

    def __init__(
        self,
        wrapped: Model | str,
        path: str | Path,
        mode: Mode | None = None,
        *,
        speed: float | None = None,
        repeat: bool = False,
    ) -> None:
        self.deck: Deck = cassette(path, mode, speed=speed, repeat=repeat).deck()
        with using(self.deck):
            super().__init__(wrapped)

    async def request(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        with using(self.deck):
            return await self.wrapped.request(messages, model_settings, model_request_parameters)

    @asynccontextmanager
    async def request_stream(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: Any = None,
    ) -> AsyncGenerator[StreamedResponse]:
        async with AsyncExitStack() as stack:
            with using(self.deck):  # what answers is settled when it is entered; the reader's own requests are not its
                stream = await stack.enter_async_context(
                    self.wrapped.request_stream(messages, model_settings, model_request_parameters, run_context)
                )
            yield stream
