"""Messages of a kernel to the outputs that a notebook's file keeps of them, for nbval. Pure.

A front end changes an output in place where a display is updated, drops what is cleared, and puts into an Output widget
what is shown inside one. nbval knows none of this: it compares whatever was displayed first. Here the messages of a
cell are read to its end and handed on as if each output had been displayed once, in its last state.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, TypeAlias

__all__ = ('LastStates', 'last_states')

Message: TypeAlias = Mapping[str, Any]


class LastStates:
    """Reads messages as `read` does, those of one cell in their last states.

    Args:
        read: gives the next message of a channel; it takes the channel's name and the seconds to wait, and raises when
            none comes.
    """

    def __init__(self, read: Callable[..., Message]) -> None:
        self._read = read
        self._held: list[Message] = []
        self._ready: deque[Message] = deque()

    def __call__(self, stream: str, timeout: float | None = None) -> Message:
        """The next message; what a cell outputs is held back until the kernel is idle again."""
        if stream != 'iopub':
            return self._read(stream, timeout=timeout)
        while not self._ready:
            message = self._read(stream, timeout=timeout)
            self._held.append(message)
            if message['msg_type'] == 'status' and message['content']['execution_state'] == 'idle':
                self._ready.extend(last_states(self._held))
                self._held = []
        return self._ready.popleft()


def last_states(messages: Iterable[Message]) -> list[Message]:
    """The messages, each output once and as it was at the end; updates and clearings are gone."""
    cell = _Cell()
    for message in messages:
        cell.take(message)
    return cell.kept


class _Cell:
    """What is left of the messages up to one of them."""

    def __init__(self) -> None:
        self.kept: list[Message] = []
        self._is_diverted = False
        self._is_stale = False

    def take(self, message: Message) -> None:
        self._TAKERS.get(message['msg_type'], _Cell._keep)(self, message)

    def _keep(self, message: Message) -> None:
        self.kept.append(message)

    def _comm(self, message: Message) -> None:
        """An Output widget says that it takes what comes, or that it does so no longer."""
        state: Any = message['content'].get('data', {}).get('state')
        if isinstance(state, dict) and 'msg_id' in state:
            self._is_diverted = bool(state['msg_id'])  # pyright: ignore[reportUnknownArgumentType]
        self._keep(message)

    def _output(self, message: Message) -> None:
        if self._is_diverted:
            return
        if self._is_stale:
            self._clear()
        self._keep(message)

    def _cleared(self, message: Message) -> None:
        """With `wait`, what is shown stays until something comes in its place."""
        if self._is_diverted:
            return
        self._is_stale = bool(message['content'].get('wait'))
        if not self._is_stale:
            self._clear()

    def _clear(self) -> None:
        self.kept = [message for message in self.kept if message['msg_type'] not in _OUTPUTS]
        self._is_stale = False

    def _update(self, message: Message) -> None:
        self.kept = [_updated(earlier, message) for earlier in self.kept]

    # An error fails the cell wherever it is shown: it is always kept.
    _TAKERS: ClassVar[Mapping[str, Callable[[Any, Message], None]]] = {
        'comm_msg': _comm,
        'display_data': _output,
        'execute_result': _output,
        'stream': _output,
        'clear_output': _cleared,
        'update_display_data': _update,
    }


_OUTPUTS = frozenset({'display_data', 'execute_result', 'stream'})


def _updated(message: Message, update: Message) -> Message:
    """The message with what an update shows in its place, if it displays what the update is of."""
    display = _display(update)
    if display is None or message['msg_type'] not in _OUTPUTS or _display(message) != display:
        return message
    shown = {name: update['content'][name] for name in ('data', 'metadata')}
    return {**message, 'content': {**message['content'], **shown}}


def _display(message: Message) -> str | None:
    return message['content'].get('transient', {}).get('display_id')
