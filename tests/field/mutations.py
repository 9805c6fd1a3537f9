"""Recorded answers, made wrong in one or several places: what a broken server or one that we do not know might send."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any

from jupyter_stream.framing.eventstream import EventStreamDecoder
from tests.conformance import committed
from tests.conformance.recordings import Stream

__all__ = ('Mutant', 'mutant')

HALF = '\ud83d'
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 123, 1e300, 10**400, float('inf'), '', 'x', HALF, f'a{HALF}', '\ude00b', [], [1], [None],
    ['x'], {}, {'a': 1}, {'type': 'x'}, [{}], [[1]], {'a': {'b': [None]}}, {'type': 5}, 'x' * 5000, '{"a": 1}', '{"a"',
    '\x00', '2024-13-45T99:99:99Z', [{'type': 'text', 'text': 5}], {'text': [1]}, [HALF], {HALF: HALF},
)  # fmt: skip
"""Wrong for most fields, each in its own way."""


@dataclass(frozen=True)
class Mutant:
    """An answer, and what was done to it."""

    model: str
    params: dict[str, Any]
    headers: dict[str, str]
    body: bytes
    origin: str
    done: tuple[str, ...]


def mutant(random: Random, streams: Sequence[Stream]) -> Mutant:
    """One of the recorded answers, mutated one to three times."""
    chosen = random.choice(streams)
    wire, events = chosen.wire, _events(chosen.wire, chosen.body)
    done: list[str] = []
    for _ in range(random.choice((1, 1, 2, 3))):
        change = random.choice(_CHANGES)
        done.append(f'{change.__name__}: {change(random, events)}')
    body = b''.join(_written(wire, event) for event in events)
    if random.random() < 0.1:
        body = body[: random.randrange(len(body) + 1)]
        done.append('the end cut off')
    if random.random() < 0.05 and body:
        at = random.randrange(len(body))
        body = body[:at] + bytes([random.randrange(256)]) + body[at + 1 :]
        done.append('a byte changed')
    return Mutant(chosen.model, chosen.params, chosen.headers, body, chosen.id, tuple(done))


# ------------------------------------------------------------ events and back


def _events(wire: str, body: bytes) -> list[Any]:
    """Each event as its name or its other lines, and its data, parsed where it is JSON."""
    if wire == 'bedrock-converse':
        return [
            [str(message.headers[':event-type']), json.loads(message.payload)]
            for message in EventStreamDecoder().feed(body)
        ]
    blocks = [block for block in body.decode('utf-8', 'replace').replace('\r\n', '\n').split('\n\n') if block.strip()]
    return [_block(block) for block in blocks]


def _block(block: str) -> list[Any]:
    data = [line[5:].strip() for line in block.split('\n') if line.startswith('data:')]
    others = [line for line in block.split('\n') if not line.startswith('data:')]
    text = '\n'.join(data)
    try:
        return ['\n'.join(others), json.loads(text)]
    except ValueError:
        return ['\n'.join(others), text]


def _written(wire: str, event: list[Any]) -> bytes:
    name, data = event
    # A server's own JSON may have half characters in it, as escapes.
    text = json.dumps(data, ensure_ascii=True)
    if wire == 'bedrock-converse':
        return committed.event_frame(f'{name or "x"} {text}')
    head = f'{name}\n' if name else ''
    return f'{head}data: {data if isinstance(data, str) else text}\n\n'.encode('utf-8', 'surrogatepass')


# ---------------------------------------------------------------- the changes


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += _places(item, (*path, key))
    return found


def _holder(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        value = value[key]
    return value


def _chosen(random: Random, events: list[Any]) -> tuple[Any, tuple[Any, ...]] | None:
    """A field of an event, and the event."""
    objects = [event for event in events if isinstance(event[1], dict) and event[1]]
    if not objects:
        return None
    event = random.choice(objects)
    return event, random.choice(_places(event[1]))


def _retyped(random: Random, events: list[Any]) -> str:
    """A field has a value of another type."""
    chosen = _chosen(random, events)
    if chosen is None:
        return 'nothing'
    event, path = chosen
    value = deepcopy(random.choice(VALUES))
    _holder(event[1], path)[path[-1]] = value
    return f'{path} = {str(value)[:40]!r}'


def _unnamed(random: Random, events: list[Any]) -> str:
    """A field is not there."""
    chosen = _chosen(random, events)
    if chosen is None:
        return 'nothing'
    event, path = chosen
    del _holder(event[1], path)[path[-1]]
    return str(path)


def _every(random: Random, events: list[Any]) -> str:
    """All fields of a name have the same wrong value."""
    chosen = _chosen(random, events)
    if chosen is None:
        return 'nothing'
    name, value = chosen[1][-1], random.choice(VALUES)
    for event in events:
        for path in [path for path in _places(event[1]) if path[-1] == name]:
            try:
                _holder(event[1], path)[path[-1]] = deepcopy(value)
            except (TypeError, KeyError, IndexError):
                continue  # it went with a field around it
    return f'{name} = {str(value)[:40]!r}'


def _dropped(random: Random, events: list[Any]) -> str:
    return str(events.pop(random.randrange(len(events)))[0]) if events else 'nothing'


def _doubled(random: Random, events: list[Any]) -> str:
    at = random.randrange(len(events)) if events else 0
    events[at:at] = deepcopy(events[at : at + 1])
    return str(at)


def _swapped(random: Random, events: list[Any]) -> str:
    if len(events) < 2:
        return 'nothing'
    first, second = random.sample(range(len(events)), 2)
    events[first], events[second] = events[second], events[first]
    return f'{first}, {second}'


def _replaced(random: Random, events: list[Any]) -> str:
    """An event is something else altogether."""
    if not events:
        return 'nothing'
    event, value = random.choice(events), deepcopy(random.choice(VALUES))
    event[1] = value
    return str(value)[:40]


_CHANGES: tuple[Callable[[Random, list[Any]], str], ...] = (
    _retyped, _retyped, _retyped, _retyped, _every, _unnamed, _dropped, _doubled, _swapped, _replaced,
)  # fmt: skip
