"""What can be asked: the base of every model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from jupyter_stream.checks import checked_settings
from jupyter_stream.messages import ModelMessage, ModelResponse
from jupyter_stream.models._retries import without_retry_parts
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import Profile
from jupyter_stream.settings import ModelSettings, concealed, merge_model_settings
from jupyter_stream.stream import StreamedResponse
from jupyter_stream.usage import RequestUsage

if TYPE_CHECKING:
    from jupyter_stream.providers import Provider

__all__ = ('Model', 'askable_models', 'key_in', 'model_prefixes', 'progress', 'progress_to')

SHORTEST_KEY: Final = 16
"""Characters of a key that is looked for in a prompt, or in what a cassette would keep."""

progress: ContextVar[Callable[[str], None] | None] = ContextVar('jupyter_stream.models.progress', default=None)
"""Where a model reports what it does before it can answer, such as starting a server, a sentence at a time, on the
thread that the request runs on; None where nobody listens."""


@contextmanager
def progress_to(notify: Callable[[str], None]) -> Generator[None]:
    """Inside, the models that are asked report their `progress` to `notify`."""
    before = progress.set(notify)
    try:
        yield
    finally:
        progress.reset(before)


def askable_models(environ: Mapping[str, str]) -> list[str]:
    """The names of all known models of the providers whose key is set in `environ`."""
    from jupyter_stream.providers import find
    from jupyter_stream.providers._known_models import KNOWN_MODELS

    def has_key(prefix: str) -> bool:
        provider = find(prefix)
        return provider is not None and any(environ.get(name, '').strip() for name in provider.key_env)

    askable = {prefix: has_key(prefix) for prefix in {name.partition(':')[0] for name in KNOWN_MODELS}}
    return [name for name in KNOWN_MODELS if askable[name.partition(':')[0]]]


def key_in(text: str, environ: Mapping[str, str]) -> str | None:
    """The variable whose key the text holds, of those that providers read their keys from; None where it holds none."""
    from jupyter_stream.providers import PROVIDERS

    names = dict.fromkeys(name for provider in PROVIDERS for name in provider.key_env)
    return next((name for name in names if _holds(text, environ.get(name, '').strip())), None)


def _holds(text: str, key: str) -> bool:
    """Whether a key is in the text; a short one is a placeholder, as 'none' or 'ollama'."""
    return len(key) >= SHORTEST_KEY and key in text


def model_prefixes(environ: Mapping[str, str]) -> list[str]:
    """What model strings begin with, as `openai-chat:`; first those that can be asked with the keys in `environ`."""
    from jupyter_stream.providers import PROVIDERS

    def lacks_key(provider: Provider) -> bool:
        return provider.key_required and not any(environ.get(name, '').strip() for name in provider.key_env)

    return [f'{prefix}:' for provider in sorted(PROVIDERS, key=lacks_key) for prefix in provider.all_prefixes]


class Model(ABC):
    """A model that answers messages, whole or as a stream.

    Attributes:
        loop_bound: True for a model that must run on its user's own event loop, because it holds the user's async
            function or client. The sync functions then run it there; every other model runs on a loop of our own.
        renders_retry_feedback: True for a model that has its own way of saying a `RetryFeedbackPart`.
    """

    loop_bound: bool = False
    renders_retry_feedback: bool = False

    @property
    def note(self) -> str | None:
        """One line that readers of its answers should see with them; None for most models."""
        return None

    def __init__(self, *, settings: ModelSettings | None = None) -> None:
        self._settings = checked_settings(concealed(settings), '`settings`')

    @property
    def settings(self) -> ModelSettings | None:
        """The model's own settings; those of a request win over them."""
        return self._settings

    @property
    @abstractmethod
    def model_name(self) -> str:
        """The model's name, as the provider knows it."""

    @property
    @abstractmethod
    def system(self) -> str:
        """The provider's name."""

    @property
    def model_id(self) -> str:
        """Provider and model, as in a model string."""
        return f'{self.system}:{self.model_name}'

    @property
    def base_url(self) -> str | None:
        """Where requests go, None for a model that sends none."""
        return None

    @property
    def context_window(self) -> int | None:
        """How many tokens it reads at once, prompt and answer together, where it knows that itself."""
        return None

    @abstractmethod
    async def request(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask, and return the whole response."""

    @asynccontextmanager
    async def request_stream(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: object = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Ask, and yield the response as a stream. Entering waits for the first event.

        `run_context` belongs to agents; it is taken, as theirs pass it, and not looked at.
        """
        raise NotImplementedError(f'{type(self).__name__} answers only as a whole: use `model_request`.')
        yield

    async def count_tokens(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> RequestUsage:
        """Count the tokens of a request without making it; only for models that can."""
        raise NotImplementedError(f'Token counting ahead of the request is not supported by {type(self).__name__}')

    @property
    def profile(self) -> Profile:
        """What is known of the model."""
        return Profile()

    async def __aenter__(self) -> Self:
        """`async with model`: the connections are the event loop's, shared by all models, so nothing is opened here."""
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> bool | None:
        return None

    def prepare_messages(self, messages: Sequence[ModelMessage]) -> list[ModelMessage]:
        """The messages as `request` wants them: `direct` calls it first. No part is a `RetryPromptPart` any more."""
        return without_retry_parts(messages, keep_feedback=self.renders_retry_feedback)

    def prepare_request(
        self, model_settings: ModelSettings | None, model_request_parameters: ModelRequestParameters
    ) -> tuple[ModelSettings | None, ModelRequestParameters]:
        """The settings over the model's own (None when there are none), and the parameters as the model takes them.

        `request` does this by itself: it is for whoever records what is asked.

        Raises:
            UserError: the model cannot do what they ask for.
        """
        return self.merged(model_settings) or None, model_request_parameters

    def merged(self, model_settings: ModelSettings | None) -> ModelSettings:
        """The settings of a request over the model's own."""
        return merge_model_settings(self.settings, model_settings) or ModelSettings()

    def __repr__(self) -> str:
        return f'{type(self).__name__}(model_name={self.model_name!r})'
