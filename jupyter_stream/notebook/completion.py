"""Tab and Shift+Tab in a question: options, models and threads on its first line, Python inside `{{ }}`, and nothing of
Python in its prose.

Tab is a matcher of IPython's completer, which every front end reaches by way of the kernel. What that completer does
not decide (help, and completion where a kernel hands it one line only) is decided before, at the kernel's own methods.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, cast

from jupyter_stream.content.template import begun
from jupyter_stream.notebook import kernel
from jupyter_stream.notebook.options import OPTIONS, OptionError, Typing, parse, typing
from jupyter_stream.notebook.question import is_model
from jupyter_stream.notebook.transform import before_cursor

__all__ = ('choices', 'help_on', 'register', 'unregister')

_NAME: Final = 'jupyter_stream'
_FIRST: Final = 1000
"""The priority among matchers: what it suppresses has not been looked for in vain."""

_WORD: Final = re.compile(r'[\w-]*')
_TYPES: Final = '_jupyter_types_experimental'

Shell = Any
Method = Callable[..., Any]


class _Nothing:
    """No completion, counted as one: IPython lets a matcher silence the others only if it has found something."""

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[Any]:
        return iter(())


def choices(word: Typing, names: dict[str, Any]) -> list[str]:
    """What the word may become, in the order of use; `names` are the user's variables."""
    if word.option is None:
        return [flag for option in OPTIONS for flag in reversed(option.flags) if flag.startswith(word.text)]
    values = _VALUES.get(word.option.field)
    return values(word.text, names) if values else []


def _models(typed: str, names: dict[str, Any]) -> list[str]:
    """Variables that hold a model, and providers; behind a colon well-known models, and without one by their bare name
    where nothing else begins like that.
    """
    from jupyter_stream.models import known_model_names
    from jupyter_stream.models.base import model_prefixes

    known = known_model_names()
    if ':' in typed:
        return [model for model in known if model.startswith(typed)]
    own = sorted(name for name, value in names.items() if name[:1] != '_' and is_model(value))
    first = [name for name in (*own, *model_prefixes(os.environ)) if name.startswith(typed)]
    return first or [model for model in known if model.partition(':')[2].startswith(typed)]


def _threads(typed: str, names: dict[str, Any]) -> list[str]:
    """The threads of the notebook whose cell ran last."""
    return [thread.name for thread in kernel.state.conversations.current.threads if thread.name.startswith(typed)]


_VALUES: Final[dict[str, Callable[[str, dict[str, Any]], list[str]]]] = {
    'model': _models,
    'thread': _threads,
    'fork': _threads,
}


def _word(before: str) -> Typing | None:
    """The word being typed in what stands before the cursor; None in prose, which all lines below the first are."""
    return None if '\n' in before else typing(before)


# ------------------------------------------------------------------ Tab


def _matcher(shell: Shell) -> Callable[[Any], Any]:
    from IPython.core import completer

    def match(context: Any) -> Any:
        before = before_cursor(context.full_text, _offset(context))
        if before is None or _expression(before) is not None:
            return {'completions': []}
        word = _word(before)
        found = choices(word, shell.user_ns) if word else []
        if not (word and found):
            return {'completions': _Nothing(), 'suppress': True}
        kind = word.option.field if word.option else 'option'
        completions = [completer.SimpleCompletion(text, type=kind) for text in found]
        return {'completions': completions, 'matched_fragment': word.text, 'suppress': True, 'ordered': True}

    # IPython before 8.6 has none: only its kernel's methods can then keep prose free.
    decorate = cast(Any, completer).context_matcher
    return decorate(priority=_FIRST, identifier=_NAME)(match)


def _offset(context: Any) -> int:
    """The cursor's place in the whole text."""
    lines: Sequence[str] = context.full_text.split('\n')[: context.cursor_line]
    return sum(map(len, lines)) + len(lines) + context.cursor_position


# ------------------------------------------------------------------ the kernel's methods


def _completion(code: str, cursor: int, method: Method) -> Any:
    """No completion, in prose; inside `{{ }}` that of the expression; None where the kernel is to look for some."""
    before = before_cursor(code, cursor)
    if (start := _expression(before)) is not None:
        start += cursor - len(before or '')
        return _shifted(method(code[start:cursor], cursor - start), start)
    if not _in_prose(before):
        return None
    return {'status': 'ok', 'matches': [], 'cursor_start': cursor, 'cursor_end': cursor, 'metadata': {}}


def _shifted(reply: Any, by: int) -> Any:
    """A reply on the places in an expression as one on those in the cell; a kernel may give it later."""
    if inspect.isawaitable(reply):

        async def shift() -> Any:
            return _shifted(await reply, by)

        return shift()
    moved = {key: reply[key] + by for key in ('cursor_start', 'cursor_end') if key in reply}
    return {**reply, **moved, 'metadata': _shifted_types(reply.get('metadata', {}), by)}


def _shifted_types(metadata: Mapping[str, Any], by: int) -> dict[str, Any]:
    """The same for what the kernel says of each name's type."""
    if _TYPES not in metadata:
        return dict(metadata)
    return {
        **metadata,
        _TYPES: [{**one, 'start': one['start'] + by, 'end': one['end'] + by} for one in metadata[_TYPES]],
    }


def _inspection(code: str, cursor: int, method: Method) -> Any:
    """No help in prose, on an option its own, and inside `{{ }}` that on the expression; None where
    the kernel is to look.
    """
    before = before_cursor(code, cursor)
    if (start := _expression(before)) is not None:
        start += cursor - len(before or '')
        end = cursor + len(_rest_of_word(code, cursor))
        return method(code[start:end], cursor - start)
    text = '' if _in_prose(before) else help_on(before or '', _rest_of_word(code, cursor))
    if text is None:
        return None
    return {'status': 'ok', 'found': bool(text), 'data': {'text/plain': text} if text else {}, 'metadata': {}}


def _expression(before: str | None) -> int | None:
    """Where in a question the expression begins that the cursor stands in; None where it stands in none."""
    if before is None or '{{' not in before:
        return None
    line, _, _ = before.partition('\n')
    try:
        options, _ = parse(line)
    except OptionError:
        return None
    return None if options.raw else begun(before)


def _in_prose(before: str | None) -> bool:
    return before is not None and _word(before) is None


def _rest_of_word(code: str, cursor: int) -> str:
    rest = _WORD.match(code, cursor)
    return rest[0] if rest else ''


def help_on(before: str, rest: str = '') -> str | None:
    """What there is to know of the option in whose name the cursor stands, or of all that begin like it.

    None where it stands in no option's name; '' where there is no such option.
    """
    word = typing(before + rest) if before.strip() else None
    if word is None or word.option is not None or not word.text:
        return None
    exact = [option for option in OPTIONS if word.text in option.flags]
    found = exact or [option for option in OPTIONS if any(flag.startswith(word.text) for flag in option.flags)]
    return '\n'.join(f'{option.head}\n    {option.help}' for option in found)


class _Guard:
    """Stands before a method of the kernel that is given a cell and a cursor, and answers what `answer` can."""

    def __init__(self, method: Method, answer: Callable[[str, int, Method], Any]) -> None:
        self.method = method
        self._answer = answer

    def __call__(self, code: str, cursor_pos: int | None = None, *args: Any, **kwargs: Any) -> Any:
        def method(code: str, cursor: int | None) -> Any:
            return self.method(code, cursor, *args, **kwargs)

        reply = self._answer(code, len(code) if cursor_pos is None else cursor_pos, method)
        return method(code, cursor_pos) if reply is None else reply


_GUARDED: Final[dict[str, Callable[[str, int, Method], Any]]] = {
    'do_complete': _completion,
    'do_inspect': _inspection,
}


def register(shell: Shell) -> None:
    """Complete questions in this shell. Without matchers that see the whole cell (IPython before 8.6) only prose is
    kept free.
    """
    with suppress(AttributeError):
        shell.Completer.custom_matchers.append(_matcher(shell))
    kernel = getattr(shell, 'kernel', None)
    for name, answer in _GUARDED.items():
        if hasattr(kernel, name):
            setattr(kernel, name, _Guard(getattr(kernel, name), answer))


def unregister(shell: Shell) -> None:
    """Undo `register`, and nothing else."""
    matchers = shell.Completer.custom_matchers
    matchers[:] = [one for one in matchers if getattr(one, 'matcher_identifier', None) != _NAME]
    kernel: Any = getattr(shell, 'kernel', None)
    for name in _GUARDED:
        if isinstance(guard := getattr(kernel, name, None), _Guard):
            delattr(kernel, name)
            if getattr(kernel, name) != guard.method:
                setattr(kernel, name, guard.method)
