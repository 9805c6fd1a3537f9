"""When what of an answer came, as a small static picture: connect, first byte, first token, each call, last token.

It is made of the moments that a stream notes anyway, and needs neither OpenTelemetry nor a server. What is shown is a
table with a bar in each row, so that a screen reader, a copy and a viewer without pictures have the numbers too.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jupyter_stream.messages import ModelResponse
    from jupyter_stream.stream.marks import Marks

__all__ = ('KEPT', 'Step', 'Trace', 'bundle', 'show_traces', 'traced')

KEPT: Final = 10
"""Answers that are remembered, the last ones."""

_WIDTH, _HEIGHT, _LEAST = 240, 12, 2
"""Of the picture and its bars, in pixels; the shortest bar can still be seen."""

_COLUMNS: Final = 32
"""Of the bars in plain text, in characters."""

_PARTS: Final = {'thinking': 'thinking', 'tool-call': 'tool call', 'builtin-tool-call': 'native tool call'}
"""The parts that have a row of their own. Text lasts from the first token to the last."""


@dataclass(frozen=True, slots=True)
class Step:
    """A row: what, from when to when, in seconds since the question; `waits` until something came."""

    name: str
    start: float
    end: float
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """The rows of one answer, in the order of their beginnings."""

    title: str
    state: str
    steps: Sequence[Step]
    at: datetime = field(default_factory=lambda: datetime.now().astimezone())

    @property
    def seconds(self) -> float:
        """From the question to the end."""
        return max((step.end for step in self.steps), default=0.0)


def traced(title: str, response: ModelResponse, began: float, marks: Marks | None, ended: float | None = None) -> Trace:
    """The trace of an answer that has just ended.

    Args:
        title: who answered.
        response: the answer as far as it came.
        began: when it was asked, on `time.perf_counter`.
        marks: what its stream noted; None where none was opened.
        ended: now, on the same clock.
    """
    ended = time.perf_counter() if ended is None else ended
    steps = _steps(began, marks, ended) if marks is not None else [('no answer', began, ended, True)]
    rows = [Step(name, max(0.0, start - began), max(0.0, end - began), waits) for name, start, end, waits in steps]
    return Trace(title, response.state, sorted(rows, key=lambda step: step.start))


def _steps(began: float, marks: Marks, ended: float) -> Iterator[tuple[str, float, float, bool]]:
    at = began
    first = marks.parts[0].began if marks.parts else None
    last = marks.last or max((part.ended or part.began for part in marks.parts), default=None)
    for name, moment, waits in (
        ('prepare', marks.began, True),
        ('connect', marks.connected, True),
        ('first byte', marks.answered, True),
        ('first token', first, True),
        ('last token', last if first is not None else None, False),
    ):
        if moment is None:
            continue
        yield name, at, max(at, moment), waits
        at = max(at, moment)
        if name == 'first token':
            yield from _parts(marks, ended)
    yield 'end', at, max(at, ended), True


def _parts(marks: Marks, ended: float) -> Iterator[tuple[str, float, float, bool]]:
    for part in marks.parts:
        if (kind := _PARTS.get(part.kind)) is not None:
            yield f'{kind} {part.name}'.rstrip(), part.began, part.ended or ended, False


# --------------------------------------------------------------------- showing


def show_traces(most: int | None = None) -> None:
    """Show the last answers' traces, the newest last; only so many where `most` says so."""
    from IPython import display as shown

    from jupyter_stream.notebook.kernel import state

    traces = list(state.traces)
    display: Any = shown.display  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType]
    display(bundle(traces[-most:] if most else traces), raw=True)


def bundle(traces: Sequence[Trace]) -> dict[str, Any]:
    """The traces as HTML and as plain text."""
    if not traces:
        text = 'No question has been asked in this kernel yet, so that there is no trace.'
        return {'text/html': f'<p>{text}</p>', 'text/plain': text}
    return {'text/html': ''.join(map(_html, traces)), 'text/plain': '\n\n'.join(map(_plain, traces))}


def _named(name: str) -> str:
    """A name that a model or a provider made up, without what could hide or turn round what stands beside it."""
    return re.sub(r'[^\w .,:/+@-]', '_', name)


def _heading(trace: Trace) -> str:
    return f'{_named(trace.title)}, {trace.state}, {_seconds(trace.seconds)}, asked at {_asked_at(trace)}'


def _asked_at(trace: Trace) -> str:
    return datetime.fromtimestamp(trace.at.timestamp() - trace.seconds).strftime('%H:%M:%S')


def _seconds(value: float) -> str:
    return f'{value * 1000:.0f} ms' if value < 1 else f'{value:.2f} s'


def _html(trace: Trace) -> str:
    rows = ''.join(_row(step, trace.seconds) for step in trace.steps)
    heads = '<th scope="col" style="text-align:left">Step</th><th scope="col">Begins</th><th scope="col">Takes</th>'
    return (
        f'<table><caption style="text-align:left">{escape(_heading(trace))}</caption>'
        f'<thead><tr>{heads}<th aria-hidden="true"></th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _row(step: Step, total: float) -> str:
    return (
        f'<tr><th scope="row" style="text-align:left">{escape(_named(step.name))}</th>'
        f'<td>{_seconds(step.start)}</td><td>{_seconds(step.end - step.start)}</td>'
        f'<td aria-hidden="true">{_bar(step, total)}</td></tr>'
    )


def _bar(step: Step, total: float) -> str:
    """A bar in the colour of the text, so that it can be read on any ground; pale where nothing came."""
    scale = _WIDTH / total if total else 0.0
    width = max(_LEAST, (step.end - step.start) * scale)
    left = min(step.start * scale, _WIDTH - width)
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" style="max-width:none">'
        f'<rect x="{left:.1f}" width="{width:.1f}" height="{_HEIGHT}" rx="2" fill="currentColor" '
        f'fill-opacity="{0.3 if step.waits else 0.75}"/></svg>'
    )


def _plain(trace: Trace) -> str:
    names = [_named(step.name) for step in trace.steps]
    width = max(map(len, names))
    lines = [
        (f'{name:<{width}}', f'{_seconds(step.start):>8}', f'{_seconds(step.end - step.start):>8}', _line(step, trace))
        for name, step in zip(names, trace.steps, strict=True)
    ]
    return '\n'.join([_heading(trace), *('  '.join(line).rstrip() for line in lines)])


def _line(step: Step, trace: Trace) -> str:
    scale = _COLUMNS / trace.seconds if trace.seconds else 0.0
    length = max(1, round((step.end - step.start) * scale))
    return ' ' * min(round(step.start * scale), _COLUMNS - length) + ('░' if step.waits else '█') * length
