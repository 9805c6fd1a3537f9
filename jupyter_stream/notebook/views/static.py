"""Views of an answer that nobody watches: one display at the end, for whoever runs notebooks and for tests of
notebooks; or none at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from .publish import Publisher

if TYPE_CHECKING:
    from jupyter_stream.messages import ModelResponse

    from .standing import Standing

__all__ = ('NullView', 'StaticView')


class _Still:
    """Does nothing while an answer comes."""

    def start(self, title: str, settings: Mapping[str, Any] | None = None) -> None:
        pass

    def status(self, text: str) -> None:
        pass

    def update(self, event: Any) -> None:
        pass

    def tick(self) -> None:
        pass

    def finish(
        self,
        response: ModelResponse,
        mark: str | None,
        error: BaseException | None,
        standing: Standing | None = None,
    ) -> None:
        pass

    def withdraw(self) -> None:
        pass


class NullView(_Still):
    """Shows nothing."""


class StaticView(_Still):
    """Shows the whole answer when it is finished."""

    def __init__(self, publisher: Publisher, *, images: bool = False, byline: bool = True) -> None:
        self._publisher = publisher
        self._images = images
        self._byline = byline
        self._title = ''
        self._settings: Mapping[str, Any] | None = None

    def start(self, title: str, settings: Mapping[str, Any] | None = None) -> None:
        self._title, self._settings = title, settings

    def finish(
        self,
        response: ModelResponse,
        mark: str | None,
        error: BaseException | None,
        standing: Standing | None = None,
    ) -> None:
        from jupyter_stream.notebook.bundle import final_bundle

        data, metadata = final_bundle(
            response,
            settings=self._settings,
            mark=mark,
            error=error,
            images=self._images,
            asked=self._title,
            byline=self._byline,
            turn=standing and standing.kept,
        )
        display = uuid4().hex
        self._publisher.display(data, metadata, display)
        if standing is not None:
            standing.placed(self._publisher, display, mark, None)
