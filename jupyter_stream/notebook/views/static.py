"""One display, at the end: for whoever runs notebooks without anybody watching, and for tests of notebooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from jupyter_stream.notebook.bundle import final_bundle

from .publish import Publisher

if TYPE_CHECKING:
    from jupyter_stream.messages import ModelResponse

__all__ = ('StaticView',)


class StaticView:
    """Shows the whole answer when it is finished."""

    def __init__(self, publisher: Publisher, *, images: bool = False) -> None:
        self._publisher = publisher
        self._images = images
        self._settings: Mapping[str, Any] | None = None

    def start(self, title: str, settings: Mapping[str, Any] | None = None) -> None:
        self._settings = settings

    def status(self, text: str) -> None:
        pass

    def update(self, events: Sequence[Any]) -> None:
        pass

    def finish(self, response: ModelResponse, mark: str | None, error: BaseException | None) -> None:
        data, metadata = final_bundle(response, settings=self._settings, mark=mark, error=error, images=self._images)
        self._publisher.display(data, metadata, uuid4().hex)
