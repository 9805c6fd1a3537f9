"""The order in which it is asked what a value is to a model, and what the answers may be."""

from __future__ import annotations

import inspect
import time
import warnings
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast

from jupyter_stream.content.families import families_of, is_whole
from jupyter_stream.content.pieces import ContentError, Hints, Shown, class_of, kind_of, rendered
from jupyter_stream.content.registry import call, registered
from jupyter_stream.content.text import MEGABYTE, cut, without_address

if TYPE_CHECKING:
    from jupyter_stream.messages import MultiModalContent, UserContent

__all__ = ('SlowValueWarning', 'content_of')

Wait = Callable[[Awaitable[Any]], Any]
"""Runs an awaitable to its end and gives its result."""

Formats = Callable[[Any], Mapping[str, Any]]
"""Gives the pictures of a value by MIME type, as IPython's formatters do."""

_SLOW: Final = 3.0
"""Seconds after which it is said which value took so long."""

_CONVENTIONS: Final = ('_ai_repr_', '_repr_llm_', '__llm__')

_MEMBERS: Final = 12
"""Items up to which each item of a list may be shown by itself."""

_LEAST: Final = 100
"""Tokens that each of them has at least."""

_DEEPEST: Final = 5
"""How often a value may be given in place of a value."""


class SlowValueWarning(UserWarning):
    """A value took long to become part of a prompt."""


def content_of(
    value: Any,
    *,
    name: str = '',
    hints: Hints = Hints(),  # noqa: B008  it is frozen
    wait: Wait | None = None,
    formats: Formats | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> list[UserContent]:
    """What a model is given in place of a value: texts, and files where there are any.

    Args:
        value: whatever the user has.
        name: how the user calls it, such as the expression that it came from.
        hints: what the model takes.
        wait: runs an awaitable that a convention has given; without it such a value is an error.
        formats: the pictures of a value by MIME type; IPython's formatters, for those that are registered there.
        clock: a clock of seconds.

    There is no limit of time: Python cannot stop a function of the user's. After 3 s a `SlowValueWarning` says which
    value it was, and so does a note on the KeyboardInterrupt of who did not want to wait.

    Raises:
        ContentError: the value cannot be read without using it up, or a function of it failed; the message names it.
    """
    from jupyter_stream.messages import CachePoint

    if class_of(value) is CachePoint:
        return [value]
    kind, began = kind_of(value), clock()
    try:
        content = _Asker(hints, wait, formats).content(value, name)
    except KeyboardInterrupt as error:
        error.add_note(f'{_called(name, kind)} had been read for {clock() - began:.1f} s.')
        raise
    if (took := clock() - began) > _SLOW:
        said = (
            f'{_called(name, kind)} took {took:.1f} s to become part of the prompt; a shorter form can be registered.'
        )
        warnings.warn(said, SlowValueWarning, stacklevel=2)
    return content


class _Asker:
    """Asks one value, for one model."""

    def __init__(self, hints: Hints, wait: Wait | None, formats: Formats | None) -> None:
        self._hints = hints
        self._wait = wait
        self._formats = formats

    def content(self, value: Any, name: str) -> list[UserContent]:
        """A value as it stands in the prompt; of a list of frames or pictures each by itself, with its share."""
        kind = kind_of(value)
        try:
            members = _members(value)
            if not members:
                return rendered(self._shown(value), name, kind, self._hints)
        except ContentError as error:
            raise _refused(name, kind, str(error)) from error.__cause__
        except Exception as error:
            raise _refused(name, kind, f'it raised {type(error).__name__}: {_message(error)}') from error
        share = replace(self._hints, max_tokens=max(self._hints.max_tokens // len(members), _LEAST))
        each = _Asker(share, self._wait, self._formats)
        return [part for key, item in members for part in each.content(item, f'{name}[{key!r}]')]

    def _shown(self, value: Any, depth: int = 0) -> Shown:
        """What the first says that says anything."""
        if depth > _DEEPEST:
            raise ContentError('what was registered for it gives one value after the other, and never content.')
        for answer in self._answers(value):
            said = self._waited(answer)
            if said is not None:
                shown = self._read(said)
                return self._shown(said, depth + 1) if shown is None else shown
        return Shown(cut(without_address(str(value)), self._hints.characters))

    def _answers(self, value: Any) -> Iterator[Any]:
        """What each says, in their order; None where one says nothing."""
        if (function := registered(value)) is not None:
            yield self._asked(function, value)
        for name in _CONVENTIONS:
            if _has(value, name):
                yield self._asked(getattr(value, name))
        for family in families_of(value):
            yield family(value, self._hints)
        yield self._pictures(value)
        if _has(value, '_repr_markdown_'):
            yield self._asked(value._repr_markdown_)

    def _asked(self, function: Callable[..., Any], *values: Any) -> Any:
        try:
            return call(function, self._hints, *values)
        except NotImplementedError:
            return None

    def _waited(self, said: Any) -> Any:
        if not inspect.isawaitable(said):
            return said
        if self._wait is None:
            if inspect.iscoroutine(said):
                said.close()
            raise ContentError('what it says of itself has to be awaited, which is not possible here.')
        return self._wait(said)

    def _pictures(self, value: Any) -> Any:
        """The pictures that IPython would show, and of a bundle the text."""
        if self._formats is not None and (found := _wanted(self._formats(value))):
            return found
        for media_type, name in (('image/png', '_repr_png_'), ('image/jpeg', '_repr_jpeg_')):
            data = self._asked(getattr(value, name)) if _has(value, name) else None
            if data is not None:
                return {media_type: _without_metadata(data)}
        if _has(value, '_repr_mimebundle_'):
            bundle = self._asked(value._repr_mimebundle_)
            return _wanted(_without_metadata(bundle)) or None
        return None

    def _read(self, said: Any) -> Shown | None:
        """What was answered, as text and files; None for a value that has to be asked itself."""
        from jupyter_stream.messages import TextContent, is_multi_modal_content

        if isinstance(said, Shown):
            return said
        if isinstance(said, str):
            # Written for models: it is believed to be as long as it has to be.
            return Shown(cut(said, MEGABYTE))
        if isinstance(said, TextContent):
            return Shown(said.content)
        if is_multi_modal_content(said):
            return _file(said)
        if _is_bundle(said):
            return self._bundle(said)
        if isinstance(said, list | tuple) and said:
            return self._several(list(cast('list[Any]', said)))
        return None

    def _several(self, items: list[Any]) -> Shown | None:
        shown = [self._read(item) for item in items if item is not None]
        if not shown or any(one is None for one in shown):
            return None
        known = cast('list[Shown]', shown)
        text = '\n'.join(one.text for one in known if one.text)
        return Shown(text, [file for one in known for file in one.files])

    def _bundle(self, bundle: Mapping[str, Any]) -> Shown:
        """Of a bundle the text for models, or else for people, and the picture."""
        key = next((key for key in _TEXTS if isinstance(bundle.get(key), str)), '')
        image = next((key for key in _IMAGES if bundle.get(key)), None)
        shown = Shown(cut(bundle.get(key, ''), MEGABYTE if key == _TEXTS[0] else self._hints.characters))
        return shown if image is None else replace(shown, files=[_image(bundle[image], image)])


_TEXTS: Final = ('text/llm+plain', 'text/markdown', 'text/plain')
_MAIN_TYPES: Final = ('text', 'image', 'audio', 'video', 'application', 'model')
_IMAGES: Final = ('image/png', 'image/jpeg', 'image/webp', 'image/gif')


def _members(value: Any) -> list[tuple[Any, Any]]:
    """The items of a short list or dict of frames, arrays, figures, pictures and files; empty for other values."""
    if class_of(value) not in (list, tuple, dict) or not 0 < len(value) <= _MEMBERS or registered(value) is not None:
        return []
    from jupyter_stream.messages import is_multi_modal_content

    pairs: list[tuple[Any, Any]] = [*(value.items() if hasattr(value, 'items') else enumerate(value))]
    return pairs if all(is_whole(item) or is_multi_modal_content(item) for _, item in pairs) else []


def _has(value: Any, name: str) -> bool:
    """Whether the type has a method of that name: an object that has every attribute (a proxy, a mock) has none."""
    return any(name in cls.__dict__ for cls in type(value).__mro__)


def _is_bundle(said: Any) -> bool:
    keys = list(cast('Mapping[Any, Any]', said)) if isinstance(said, Mapping) else []
    return bool(keys) and all(map(_is_media_type, keys))


def _is_media_type(key: Any) -> bool:
    return isinstance(key, str) and key.partition('/')[0] in _MAIN_TYPES


def _without_metadata(answer: Any) -> Any:
    return cast('tuple[Any, ...]', answer)[0] if isinstance(answer, tuple) else answer


def _wanted(bundle: Any) -> dict[str, Any]:
    """Of a bundle what is for a model: never HTML, specifications of charts, or widgets."""
    if not isinstance(bundle, Mapping):
        return {}
    mapping = cast('Mapping[str, Any]', bundle)
    found = {key: mapping[key] for key in (*_TEXTS, *_IMAGES) if mapping.get(key)}
    # A plain text alone is what `str` would give, or less.
    return {} if found.keys() == {'text/plain'} else found


def _image(data: Any, media_type: str) -> MultiModalContent:
    """The image of a bundle: bytes, or text in base64."""
    import base64

    from jupyter_stream.messages import BinaryImage

    return BinaryImage(base64.b64decode(data) if isinstance(data, str) else bytes(data), media_type=media_type)


def _file(file: MultiModalContent) -> Shown:
    return Shown('', [file])


def _refused(name: str, kind: str, why: str) -> ContentError:
    return ContentError(f'{_called(name, kind)} cannot be put into the prompt: {why}')


def _called(name: str, kind: str) -> str:
    return f'`{name}` ({kind})' if name else f'The value ({kind})'


def _message(error: BaseException) -> str:
    try:
        return cut(str(error), 500) or 'without a message'
    except Exception:
        return 'and its message cannot be read'
