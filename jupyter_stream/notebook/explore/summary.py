"""What stays of a run in the saved notebook: a few lines, harmless, that need no kernel and no widget."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jupyter_stream.notebook.markdown import sanitize as neutralise
from jupyter_stream.notebook.markdown.sanitizer import visible
from jupyter_stream.notebook.reprs import code

if TYPE_CHECKING:
    from jupyter_stream.notebook.explore.run import Run

__all__ = ('summary',)

_LONGEST = 240


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
        'text/markdown': neutralise('\n'.join([f'| {title} | |', '| --- | --- |', *rows])),
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
    from jupyter_stream.messages import ModelResponse
    from jupyter_stream.notebook.bundle import final_bundle

    _, metadata = final_bundle(ModelResponse(parts=[]), settings=run.question.settings)
    settings: dict[str, Any] = metadata['jupyter_stream'].get('settings', {})
    return ', '.join(f'{name} {value}' for name, value in settings.items())


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
