"""What every wire protocol is: a function that writes a request, and a decoder that reads the answer.

Nothing here or in the modules beside it touches a socket, a clock or a loop. `models.http` does the I/O and drives any
protocol through this interface alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from jupyter_stream.exceptions import StreamDecodeError
from jupyter_stream.exceptions._bodies import excerpt
from jupyter_stream.messages import (
    BinaryContent,
    FinishReason,
    ModelMessage,
    ModelResponsePart,
    ModelResponseStreamEvent,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.stream.parts import PartsManager
from jupyter_stream.usage import RequestUsage

if TYPE_CHECKING:
    from jupyter_stream.profiles import Profile
    from jupyter_stream.providers import Provider

__all__ = ('Decoder', 'FetchedAudio', 'FrameDecoder', 'Target', 'WireProtocol', 'WireRequest')


class FetchedAudio(BinaryContent):
    """A sound that was downloaded: where its address is a file, its bytes are one too. Those of a user may not be."""


@dataclass(frozen=True)
class Target:
    """Whom a request is written for: a model of a provider, and what is special about either."""

    model_name: str
    provider: Provider
    profile: Profile


@dataclass(frozen=True)
class WireRequest:
    """A request as the protocol wants it, without address or key.

    Attributes:
        path: what follows the provider's base URL, beginning with a slash.
        body: the JSON body.
        headers: headers beyond the provider's own.
        query: the query string's parameters; one that has several values is repeated.
        method: the HTTP method; a GET is sent without `body`.
        digest: computes `ModelResponse.history_digest` from the answer's parts; None where the answer has none.
    """

    path: str
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, str | Sequence[str]] = field(default_factory=dict[str, str])
    method: Literal['POST', 'GET'] = 'POST'
    digest: Callable[[Sequence[ModelResponsePart]], str] | None = None


class FrameDecoder(Protocol):
    """Bytes in, frames out. See `jupyter_stream.framing`."""

    def __init__(self, max_event_bytes: int, /) -> None: ...

    def feed(self, data: bytes, /) -> Sequence[Any]: ...

    def close(self) -> Sequence[Any]: ...

    def pending(self) -> Sequence[Any]: ...

    def whole(self, body: bytes, /) -> Any: ...


class Decoder(ABC):
    """Frames in, events out; what the answer says of itself stands in the attributes.

    Attributes:
        parts: the parts of the answer so far.
        model_name: the model that answers, as the provider names it.
        usage: the tokens counted so far.
        finish_reason: why the answer ended; None until it has.
        provider_response_id: the provider's id of the response.
        provider_details: what the provider said that has no attribute of its own, kept raw; None for nothing.
        complete: the provider said why the answer ended.
        terminal: the end marker was seen; whatever follows it is ignored.
        suspended: the provider paused the answer and waits to be asked to go on.
        offset: frames read, for error messages.
    """

    response_id_header: ClassVar[str | None] = None
    """The header of the answer that holds the id of the response, where the stream itself holds none."""

    bare_errors: ClassVar[bool] = False
    """Whether an error keeps only what stands under `error` in the provider's body, as OpenAI's own library has it."""

    end_marker: ClassVar[str | None] = None
    """The data of the event that ends the reading, where that is not JSON."""

    def __init__(self, target: Target, parameters: ModelRequestParameters, settings: ModelSettings) -> None:
        provider, profile = target.provider, target.profile
        self.target = target
        self.parameters = parameters
        self.settings = settings
        self.parts = PartsManager(
            parameters,
            provider_name=provider.name,
            canonical_system=provider.canonical_system,
            thinking_tags=profile.thinking_tags,
            ignore_leading_whitespace=profile.ignore_streamed_leading_whitespace,
        )
        self.model_name = target.model_name
        self.usage = RequestUsage()
        self.finish_reason: FinishReason | None = None
        self.provider_response_id: str | None = None
        self.provider_details: dict[str, Any] | None = None
        self.complete = False
        self.terminal = False
        self.suspended = False
        self.offset: int = 0

    @abstractmethod
    def feed(self, frame: Any) -> list[ModelResponseStreamEvent]:
        """Read one frame.

        Raises:
            StreamDecodeError: the frame is not what the protocol allows.
            ModelAPIError: the frame is the provider's error; `in_stream` is True.
        """

    @abstractmethod
    def close(self) -> list[ModelResponseStreamEvent]:
        """The bytes have ended, or the terminal marker was read: end the last part.

        Raises:
            EmptyStream: there was no content at all.
            IncompleteStream: the end marker never came.
        """

    def _malformed(self, data: str, what: str) -> StreamDecodeError:
        return StreamDecodeError(
            self.model_name,
            f'Event {self.offset} of the stream {what}; it begins: {excerpt(data, 120)!r}.',
            offset=self.offset,
        )


class WireProtocol(Protocol):
    """What a protocol's module holds. `models.http` asks for nothing else; `jupyter_stream.wire.protocol` finds one."""

    @property
    def Decoder(self) -> type[Decoder]:
        """Reads the frames of one answer."""
        ...

    @property
    def Framing(self) -> type[FrameDecoder]:
        """Cuts the bytes of one answer into frames."""
        ...

    def encode(
        self,
        target: Target,
        messages: Sequence[ModelMessage],
        settings: ModelSettings,
        parameters: ModelRequestParameters,
        /,
    ) -> WireRequest:
        """Write the request for a streamed answer.

        Raises:
            UserError: the messages, settings or parameters hold what the protocol cannot express.
        """
        ...

    def fetchable(self, target: Target, part: Any, /) -> bool:
        """Whether a part of a prompt is a file that has to be downloaded, since the provider takes it only as bytes."""
        ...

    def resolved(
        self, target: Target, settings: ModelSettings, parameters: ModelRequestParameters, /
    ) -> ModelRequestParameters:
        """The parameters as the model takes them.

        Raises:
            UserError: it cannot do what they ask for.
        """
        ...
