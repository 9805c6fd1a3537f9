"""What a line of `%ask` does to a thread without asking anybody: show it, take an answer back, forget, save, load."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from jupyter_stream.exceptions import UserError
from jupyter_stream.notebook.options import AskOptions, OptionError
from jupyter_stream.notebook.pieces import counted
from jupyter_stream.notebook.views.publish import show_once

if TYPE_CHECKING:
    from jupyter_stream.conversation.thread import Thread

__all__ = ('is_operation', 'operate')

_NAMES: Final = ('clear', 'load', 'forget', 'versions', 'save', 'history')
"""The operations, in the order in which one line does them."""


def is_operation(options: AskOptions) -> bool:
    """Whether the options say something of the thread that asks nobody."""
    return any(getattr(options, name) for name in _NAMES)


def operate(shell: Any, options: AskOptions, prompt: str) -> bool:
    """Do what the options say of the thread; whether they said anything of it.

    Raises:
        UserError: something cannot be done, or the line holds a prompt too.
    """
    wanted = [name for name in _NAMES if getattr(options, name)]
    if not wanted:
        return False
    if options.dry_run:
        raise OptionError(f'--dry-run shows what a question would send, and --{wanted[0]} asks nothing: leave one out.')
    if prompt and wanted != ['versions']:
        raise OptionError(f'--{wanted[0]} asks nothing: write the prompt in a cell of its own.')
    from jupyter_stream.notebook.threads import thread_of

    thread = thread_of(shell, options.thread)
    for name in wanted:
        try:
            show_once(shell, _DO[name](thread, options, prompt))
        except OSError as error:
            raise UserError(f'{options.load or options.save}: {error.strerror or error}.') from None
    return True


def _history(thread: Thread, options: AskOptions, prompt: str) -> Mapping[str, str]:
    from jupyter_stream.notebook.history import history_bundle

    return history_bundle(thread)


def _versions(thread: Thread, options: AskOptions, prompt: str) -> Mapping[str, str]:
    from jupyter_stream.notebook.history import versions_bundle
    from jupyter_stream.notebook.threads import take_back

    cell, _, number = prompt.partition(':')
    shown = [place for place in thread.places if place.turns]
    if not cell and not shown:
        return _said(f'The thread {thread.name} has no turns.')
    place = thread.find(cell) if cell else max(shown, key=lambda place: len(place.turns))
    if number:
        if not number.strip().isdecimal():
            raise OptionError(f'--versions needs a cell and the number of an answer, as 5:1, not {prompt!r}.')
        take_back(thread, place, int(number))
    return versions_bundle(thread, place)


def _forget(thread: Thread, options: AskOptions, prompt: str) -> Mapping[str, str]:
    from jupyter_stream.notebook.threads import show_forgotten

    place = thread.find(options.forget or '')
    thread.forget(options.forget or '')
    show_forgotten([place])
    return _said(f'The turn of the cell {options.forget} is sent no more. Run the cell again to bring it back.')


def _clear(thread: Thread, options: AskOptions, prompt: str) -> Mapping[str, str]:
    from jupyter_stream.notebook.threads import show_forgotten

    places = list(thread.places)
    thread.clear()
    show_forgotten(places)
    return _said(f'All turns of the thread {thread.name} are forgotten.')


def _save(thread: Thread, options: AskOptions, prompt: str) -> Mapping[str, str]:
    count = thread.save(options.save or '')
    return _said(f'{counted(count, "turn")} of the thread {thread.name} saved to {options.save}.')


def _load(thread: Thread, options: AskOptions, prompt: str) -> Mapping[str, str]:
    count = thread.load(options.load or '')
    return _said(f'{counted(count, "turn")} of {options.load} added to the thread {thread.name}.')


def _said(words: str) -> Mapping[str, str]:
    from jupyter_stream.notebook.markdown import sanitize
    from jupyter_stream.notebook.markdown.sanitizer import visible

    return {'text/markdown': sanitize(words), 'text/plain': visible(words)}


_DO: Final[Mapping[str, Callable[[Thread, AskOptions, str], Mapping[str, str]]]] = {
    'clear': _clear,
    'load': _load,
    'forget': _forget,
    'versions': _versions,
    'save': _save,
    'history': _history,
}
