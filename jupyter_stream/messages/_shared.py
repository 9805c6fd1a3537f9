"""Parts that stand in requests and in answers alike: speech, and the summary of what was said before."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal, TypeAlias

from .._dataclasses import short_repr
from ._content import BinaryContent
from ._otel import OtelOptions, OtelPart, blob, text

SpeechTimestampGranularity: TypeAlias = Literal['word', 'segment']


@dataclass(repr=False, kw_only=True)
class SpeechTimestamp:
    """When a word (or a segment) was said: milliseconds from the beginning of the part."""

    text: str
    start_ms: int
    duration_ms: int
    granularity: SpeechTimestampGranularity = 'word'

    __repr__ = short_repr


@dataclass(repr=False, kw_only=True)
class SpeechPart:
    """Something spoken: its text, its sound, or both."""

    speaker: Literal['user', 'assistant']
    transcript: str | None = None
    audio: BinaryContent | None = None
    interrupted_at_ms: int | None = None
    timestamps: list[SpeechTimestamp] | None = None
    id: str | None = None
    provider_name: str | None = None
    provider_details: dict[str, Any] | None = None
    part_kind: Literal['speech'] = 'speech'

    @property
    def content(self) -> str:
        """The text of it, '' when it has none."""
        return self.transcript or ''

    def has_content(self) -> bool:
        """Whether there is text or sound."""
        return bool(self.transcript) or self.audio is not None

    def otel_message_parts(self, settings: OtelOptions) -> list[OtelPart]:
        """What a trace records of it: its text and its sound."""
        said = [text(self.transcript, settings)] if self.transcript is not None else []
        sound = self.audio
        return [*said, *([blob(sound.media_type, lambda: sound.base64, settings)] if sound is not None else [])]

    __repr__ = short_repr


@dataclass(repr=False)
class CompactionPart:
    """What was said before, in short; `provider_details` is what the provider wants back in its place."""

    content: str | None = None
    _: KW_ONLY
    id: str | None = None
    provider_name: str | None = None
    provider_details: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    part_kind: Literal['compaction'] = 'compaction'

    def has_content(self) -> bool:
        """Whether there is text that can be read."""
        return bool(self.content)

    def otel_message_parts(self, settings: OtelOptions) -> list[OtelPart]:
        """What a trace records of it in a request. (In an answer, the conventions have no word for it.)"""
        return [text(self.content, settings)] if self.content else []

    __repr__ = short_repr


def check_speaker(part: object, speaker: Literal['user', 'assistant']) -> None:
    """ValueError when a message of this speaker cannot hold the part."""
    if isinstance(part, SpeechPart) and part.speaker != speaker:
        raise ValueError(f'A SpeechPart in a message of the {speaker} needs speaker={speaker!r}, not {part.speaker!r}.')
    if isinstance(part, CompactionPart) and speaker == 'user' and _is_from_provider(part):
        raise ValueError(
            'A CompactionPart of a provider cannot stand in a ModelRequest: leave it in its ModelResponse.'
        )


def _is_from_provider(part: CompactionPart) -> bool:
    return (part.provider_name, part.id, part.provider_details) != (None, None, None)
