"""What stays of an explorer's runs in the saved notebook, and how two of them differ: Markdown and plain text. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_stream.notebook.bundle import final_bundle, shareable
from jupyter_stream.notebook.explore.fields import prompt_text
from jupyter_stream.notebook.markdown import sanitize
from jupyter_stream.notebook.markdown.sanitizer import visible
from jupyter_stream.notebook.pieces import closed, code, shortened

if TYPE_CHECKING:
    from jupyter_stream.notebook.explore.run import Run

__all__ = ('NOT_SAID', 'differences', 'overview', 'summary', 'tokens')

NOT_SAID = '–'
"""Stands where nothing is known."""

_LONGEST = 240
"""Characters of a line of the summary."""

_AGAIN = 'Run the cell to open the explorer again.'


# ------------------------------------------------------------------ all runs


def overview(runs: Sequence[Run]) -> dict[str, Any]:
    """The data to display for all runs: of each its figures, what was asked, and what was answered, whole.

    It stands in the file in place of the explorer, which no file can hold. No table: it is read on narrow pages too.
    """
    if not runs:
        words = 'An explorer without runs yet: run the cell to open it.'
        return {'text/markdown': f'*{words}*', 'text/plain': words}
    return {
        'text/markdown': '\n\n'.join([*map(_told, runs), f'*{_AGAIN}*']),
        'text/plain': '\n\n'.join([*map(_told_plainly, runs), _AGAIN]),
    }


def _figures(run: Run) -> list[str]:
    """What is known of how it went, in words."""
    first, time = _seconds(run)
    said = [f'tokens {tokens(run)}' if tokens(run) else '', f'first text {first}' if first else '', time, run.state]
    return [words for words in said if words]


def _seconds(run: Run) -> tuple[str, str]:
    """To the first text and to the end, in words; '' where that is not known."""
    first, end = ('' if at is None else f'{at:.2f} s' for at in (run.first, run.elapsed))
    return first, end


def _told(run: Run) -> str:
    """What was asked and what came, as Markdown that is safe and that what follows cannot become part of."""
    names = [code(text) for text in (visible(run.title), _cut(_settings(run))) if text]
    head = sanitize(' · '.join([f'**Run {run.number}**', *names, *_figures(run)]))
    system = f'*System prompt:* {sanitize(code(_cut(run.question.system)))}' if run.question.system else ''
    answer = _bundle(run).get('text/markdown', '')
    error = sanitize(code(_error(run))) if _error(run) else ''
    pieces = [head, system, _quoted(prompt_text(run.question.prompt)), answer, error]
    return '\n\n'.join(piece for piece in pieces if piece)


def _quoted(text: str) -> str:
    lines = sanitize(closed(visible(text))).strip('\n').split('\n')
    return '\n'.join(f'> {line}'.rstrip() for line in lines)


def _told_plainly(run: Run) -> str:
    head = ' · '.join(
        text for text in (f'run {run.number}', visible(run.title), _settings(run), *_figures(run)) if text
    )
    asked = visible(prompt_text(run.question.prompt))
    pieces = [head, f'prompt: {asked}', _bundle(run).get('text/plain', ''), _error(run)]
    return '\n'.join(piece for piece in pieces if piece)


def _bundle(run: Run) -> dict[str, Any]:
    if run.answer is None:
        return {}
    return final_bundle(run.answer.response, mark=run.mark, error=run.error)[0]


# ------------------------------------------------------------------ two runs


def differences(one: Run, other: Run) -> list[tuple[str, str, str]]:
    """A row for each thing to compare: its name, and what it is in the one and in the other run.

    Model, tokens, times and state always; the prompts and settings where they differ.
    """
    told = [_compared(run) for run in (one, other)]
    if one.title == other.title and one.model != other.model:  # of two providers
        told = [{**each, 'model': visible(run.model)} for each, run in zip(told, (one, other), strict=True)]
    names = list(dict.fromkeys(name for each in told for name in each))
    rows = [(name, told[0].get(name) or NOT_SAID, told[1].get(name) or NOT_SAID) for name in names]
    return [row for row in rows if row[0] in _ALWAYS or row[1] != row[2]]


_ALWAYS = frozenset({'model', 'tokens in', 'tokens out', 'first text', 'characters/s', 'time', 'state'})


def _compared(run: Run) -> dict[str, str]:
    question, (into, out), (first, time) = run.question, run.tokens, _seconds(run)
    settings = {name.replace('_', ' '): str(value) for name, value in shareable(question.settings).items()}
    return {
        'model': visible(run.title),
        'prompt': _cut(prompt_text(question.prompt)),
        'system prompt': _cut(question.system or ''),
        **{name: _cut(value) for name, value in settings.items()},
        'tokens in': '' if into is None else f'{into:,}',
        'tokens out': '' if out is None else f'{out:,}',
        'first text': first,
        'characters/s': '' if run.trace.rate is None else f'{run.trace.rate:,.0f}',
        'time': time,
        'state': run.state,
    }


# ------------------------------------------------------------------ one run


def summary(run: Run, *, times: bool = False) -> dict[str, Any]:
    """The data to display for a run: model, settings, prompt, how the answer begins, tokens, how it ended.

    Args:
        run: the run.
        times: also how fast it was, which no two runs agree on.
    """
    lines = list(_lines(run, times))
    rows = [f'| {label} | {code(text.replace("|", "¦"))} |' for label, text in lines]
    plain = [f'{label + ":":10}{text}' for label, text in lines]
    return {
        'text/markdown': sanitize('\n'.join([f'| run | {run.number} |', '| --- | --- |', *rows])),
        'text/plain': '\n'.join([f'run {run.number}', *plain]),
    }


def _lines(run: Run, times: bool) -> Iterator[tuple[str, str]]:
    yield 'model', visible(run.title)
    prompt = prompt_text(run.question.prompt)
    for label, text in (('settings', _settings(run)), ('system', run.question.system or ''), ('prompt', prompt)):
        if text:
            yield label, _cut(text)
    if run.answer is not None:
        response = run.answer.response
        answer = _cut(run.text) or ', '.join(part.part_kind for part in response.parts)
        if answer:
            yield 'answer', answer
        if said := tokens(run):
            yield 'tokens', said
        yield 'ended', run.state if run.state in ('stopped', 'failed') else response.finish_reason or run.state
    if error := _error(run):
        yield 'error', error
    if times and (spent := _times(run)):
        yield 'time', spent


def tokens(run: Run) -> str:
    """The tokens that the provider counted, in words; '' where it counted none."""
    into, out = run.tokens
    pieces = [None if into is None else f'{into:,} in', None if out is None else f'{out:,} out']
    return ', '.join(piece for piece in pieces if piece)


def _settings(run: Run) -> str:
    """The settings of the request, without any that may be a secret."""
    shown: Mapping[str, Any] = shareable(run.question.settings)
    return ', '.join(f'{name} {value}' for name, value in shown.items())


def _error(run: Run) -> str:
    """What went wrong, in one line; '' for a run that was stopped or is whole."""
    failed = run.error is not None and run.mark != 'interrupted'
    return _cut(f'{type(run.error).__name__}: {run.error}') if failed else ''


def _times(run: Run) -> str:
    """How fast it was, in words; '' when that is not known."""
    first, rate = run.first, run.trace.rate
    pieces = [
        None if first is None else f'first text after {first:.2f} s',
        None if rate is None else f'{rate:.0f} characters/s',
        None if run.elapsed is None else f'{run.elapsed:.2f} s in all',
    ]
    return ', '.join(piece for piece in pieces if piece)


def _cut(text: str) -> str:
    """The beginning of a text, in one line."""
    line = ' '.join(visible(text[: 4 * _LONGEST]).split())
    return shortened(line, _LONGEST)
