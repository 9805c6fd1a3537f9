"""Texts and thinking of the items of an answer.

They come in deltas, and then whole once or several times: in an event of their own, in their content part, in their
item, in the response. What no delta has brought is added from these; what came otherwise stays as it came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from jupyter_stream.messages import TextPart, ThinkingPart
from jupyter_stream.stream.parts import PartsManager
from jupyter_stream.wire.openai_details import token_details
from jupyter_stream.wire.openai_responses.items import citations_of, cited, missing
from jupyter_stream.wire.openai_responses.places import Place

__all__ = ('TextKey', 'Texts', 'Thoughts')

Raw = Mapping[str, Any]
TextKey = tuple[Place, Any]
"""An item, and the position of the text in its content."""


class Texts:
    """The texts of the messages, with their citations.

    Attributes:
        begun: the texts of which something has come.
        phases: what part of the answer a message is, where the provider says it.
    """

    def __init__(self, parts: PartsManager, provider_name: str, *, keeps_annotations: bool) -> None:
        self.begun: set[TextKey] = set()
        self.phases: dict[Place, str] = {}
        self._parts = parts
        self._name = provider_name
        self._keeps_annotations = keeps_annotations
        self._annotations: dict[TextKey, list[Any]] = {}
        self._described: set[TextKey] = set()

    def add(self, key: TextKey, content: str) -> None:
        """A piece of a text."""
        if key in self.begun:
            self._parts.text(key, content)
            return
        self.begun.add(key)
        phase = self.phases.get(key[0])
        details = {'phase': phase} if phase else None
        self._parts.text(key, content, id=key[0].id, provider_name=self._name, provider_details=details)

    def annotate(self, key: TextKey, annotation: Any) -> None:
        """A source of a text, which is put on it when it is whole."""
        self._annotations.setdefault(key, []).append(annotation)

    def whole(self, key: TextKey, text: str, annotations: Sequence[Any], chances: Sequence[Any]) -> None:
        """The whole text, with what is known only now: its sources, and the log probabilities of its tokens."""
        if not text:
            return
        if key not in self.begun:
            self.add(key, text)
        elif rest := missing(self._received(key), text):
            self._parts.text(key, rest)
        if key not in self._described:
            self._describe(key, text, self._annotations.pop(key, None) or annotations, chances)

    def _describe(self, key: TextKey, text: str, raw: Sequence[Any], chances: Sequence[Any]) -> None:
        details: dict[str, Any] = {}
        if raw and self._keeps_annotations:
            details['annotations'] = list(raw)
        if chances:
            details['logprobs'] = token_details(cast('list[Raw]', chances))
        annotations = cited(raw)
        # The annotations count the characters of the text as it is said to be.
        stands = bool(annotations) and self._received(key) == text
        citations = citations_of(annotations, text) if stands else []
        if citations:
            details['citations'] = annotations
        if details:
            self._described.add(key)
            self._parts.text(key, '', provider_name=self._name, provider_details=details, citations=citations or None)

    def _received(self, key: TextKey) -> str:
        self._parts.flush()
        part = self._parts.joined(key)
        return part.content if isinstance(part, TextPart) else ''


class Thoughts:
    """The reasoning of an answer. The first summary shares its part with the reasoning itself."""

    def __init__(self, parts: PartsManager, provider_name: str) -> None:
        self._parts = parts
        self._name = provider_name
        self._signed: set[Place] = set()

    def add(self, place: Place, index: Any, content: str) -> None:
        """A piece of a summary."""
        self._parts.thinking((place, 'thinking', index or 0), content, id=place.id, provider_name=self._name)

    def whole(self, place: Place, index: Any, summary: str) -> None:
        """A whole summary."""
        if summary and (rest := missing(self._thought(place, index).content, summary)):
            self.add(place, index, rest)

    def add_raw(self, place: Place, index: Any, content: str) -> None:
        """A piece of the reasoning itself."""
        index = index or 0

        def added(details: dict[str, Any] | None) -> dict[str, Any]:
            raw: list[str] = list((details or {}).get('raw_content', ()))
            raw += [''] * (index + 1 - len(raw))
            raw[index] += content
            return {**(details or {}), 'raw_content': raw}

        self._parts.thinking((place, 'thinking', 0), id=place.id, provider_name=self._name, provider_details=added)

    def whole_raw(self, place: Place, index: Any, content: str) -> None:
        """A whole piece of the reasoning itself."""
        raw: list[str] = (self._thought(place, 0).provider_details or {}).get('raw_content', [])
        received = raw[index or 0] if (index or 0) < len(raw) else ''
        if content and (rest := missing(received, content)):
            self.add_raw(place, index, rest)

    def item(self, place: Place, item: Raw) -> None:
        """A whole item, with the signature that it is sent back with."""
        for index, summary in enumerate(item.get('summary') or ()):
            self.whole(place, index, summary.get('text') or '')
        for index, content in enumerate(item.get('content') or ()):
            self.whole_raw(place, index, content.get('text') or '')
        signature = item.get('encrypted_content')
        if signature and place not in self._signed:
            self._signed.add(place)
            key = (place, 'thinking', 0)
            self._parts.thinking(key, id=place.id, signature=signature, provider_name=self._name)

    def _thought(self, place: Place, index: Any) -> ThinkingPart:
        self._parts.flush()
        part = self._parts.joined((place, 'thinking', index or 0))
        return part if isinstance(part, ThinkingPart) else ThinkingPart('')
