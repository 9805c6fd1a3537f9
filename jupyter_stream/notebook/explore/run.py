"""One run of an explorer: what was asked, what came and when, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jupyter_stream.notebook.bundle import shareable
from jupyter_stream.notebook.markdown import sanitize
from jupyter_stream.notebook.markdown.sanitizer import visible
from jupyter_stream.notebook.pieces import code
from jupyter_stream.notebook.question import Question
from jupyter_stream.notebook.reprs import describe
from jupyter_stream.widgets.trace import Row, Trace

if TYPE_CHECKING:
    from jupyter_stream.notebook.answer import Answer

__all__ = ('Run', 'summary')

_ROW = 80
"""Characters of an event in its row."""

_LONGEST = 240
"""Characters of a line of the summary."""

_GROWS = ('content_delta', 'args_delta', 'transcript_delta')


class Run:
    """A question to a model and all that came of it.

    Attributes:
        number: counts from 1.
        question: what was asked of which model, with which settings.
        answer: the answer, whole or in part; None while nothing is known of it.
        events: the events of the stream, as they came.
        times: when each of them came, in seconds since the question.
        trace: the same as figures: time to the first text, silences, rate.
        error: what ended it, if something did.
        mark: why it ended early, in the words of `View.finish`; None if it did not.
        elapsed: seconds to the end; None while it runs.
    """

    def __init__(self, number: int, question: Question) -> None:
        self.number = number
        self.question = question
        self.answer: Answer | None = None
        self.events: list[Any] = []
        self.times: list[float] = []
        self.trace = Trace()
        self.error: BaseException | None = None
        self.mark: str | None = None
        self.elapsed: float | None = None

    @property
    def running(self) -> bool:
        """Whether it is still going on."""
        return self.elapsed is None

    @property
    def model(self) -> str:
        """The model that was asked."""
        return self.question.model_id

    @property
    def text(self) -> str:
        """The text of the answer so far as it is known; '' if none came."""
        return self.answer.text if self.answer is not None else ''

    @property
    def first(self) -> float | None:
        """Seconds to the first text."""
        return self.trace.first

    def take(self, event: Any, at: float) -> None:
        """An event of the stream."""
        self.events.append(event)
        self.times.append(at)
        line = describe(event)
        self.trace.add(Row(at, line.kind, line.index, line.part, line.text[:_ROW], _size(event)))

    def keep(self, answer: Answer) -> None:
        """The answer as it is known now."""
        self.answer = answer

    def end(self, mark: str | None, error: BaseException | None, elapsed: float) -> None:
        """Nothing more comes."""
        self.mark, self.error, self.elapsed = mark, error, elapsed
        self.trace.end = elapsed

    def __repr__(self) -> str:
        state = 'running' if self.running else self.answer.state if self.answer is not None else 'incomplete'
        return f'Run({self.number}, {self.model!r}, {state}, {len(self.events)} events)'

    def _display_(self) -> Any:
        """marimo's word for what to show as the value of a cell."""
        from jupyter_stream.notebook import marimo

        return marimo.html(summary(self)['text/markdown'])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return summary(self)


def _size(event: Any) -> int:
    """Characters that an event brings to read."""
    if event.event_kind == 'part_start':
        part = event.part
        return len(_text(getattr(part, 'content', None)) or _text(getattr(part, 'args', None)))
    if event.event_kind == 'part_delta':
        return sum(len(_text(getattr(event.delta, name, None))) for name in _GROWS)
    return 0


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ''


# ------------------------------------------------------------------ what stays in the saved notebook


def summary(run: Run, *, times: bool = False) -> dict[str, Any]:
    """The data to display for a run: model, settings, prompt, how the answer begins, tokens, how it ended.

    Args:
        run: the run.
        times: also how fast it was, which no two runs agree on.
    """
    lines = list(_lines(run, times))
    title = f'run {run.number}'
    rows = [f'| {label} | {code(text.replace("|", "¦"))} |' for label, text in lines]
    plain = [f'{label + ":":10}{text}' for label, text in lines]
    return {
        'text/markdown': sanitize('\n'.join([f'| {title} | |', '| --- | --- |', *rows])),
        'text/plain': '\n'.join([title, *plain]),
    }


def _lines(run: Run, times: bool) -> Iterator[tuple[str, str]]:
    yield 'model', visible(run.model)
    for label, text in (('settings', _settings(run)), ('system', run.question.system or ''), ('prompt', _asked(run))):
        if text:
            yield label, _cut(text)
    if run.answer is not None:
        response = run.answer.response
        answer = _cut(run.text) or ', '.join(part.part_kind for part in response.parts)
        if answer:
            yield 'answer', answer
        usage = response.usage
        if usage.has_values():
            yield 'tokens', f'{usage.input_tokens:,} in, {usage.output_tokens:,} out'
        yield 'ended', run.mark or response.finish_reason or response.state
    if run.error is not None and run.mark != 'interrupted':
        yield 'error', _cut(f'{type(run.error).__name__}: {run.error}')
    if times and (spent := _times(run)):
        yield 'time', spent


def _settings(run: Run) -> str:
    """The settings of the request, without any that may be a secret."""
    return ', '.join(f'{name} {value}' for name, value in shareable(run.question.settings).items())


def _times(run: Run) -> str:
    """How fast it was, in words; '' when that is not known."""
    first, rate = run.first, run.trace.rate
    pieces = [
        None if first is None else f'first text after {first:.2f} s',
        None if rate is None else f'{rate:.0f} characters/s',
        None if run.elapsed is None else f'{run.elapsed:.2f} s in all',
    ]
    return ', '.join(piece for piece in pieces if piece)


def _asked(run: Run) -> str:
    prompt = run.question.prompt
    return (
        prompt
        if isinstance(prompt, str)
        else ' '.join(item if isinstance(item, str) else '[a file]' for item in prompt)
    )


def _cut(text: str) -> str:
    """The beginning of a text, in one line."""
    line = ' '.join(visible(text[: 4 * _LONGEST]).split())
    return line if len(line) <= _LONGEST else f'{line[: _LONGEST - 1]}…'
