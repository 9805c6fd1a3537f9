"""The prompt of a question: with what its options add to it, and what is said to who may have meant something else."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from jupyter_stream.content.template import Filled, names_in_braces
from jupyter_stream.notebook import kernel
from jupyter_stream.notebook.pieces import code

if TYPE_CHECKING:
    from jupyter_stream.notebook.defaults import Defaults
    from jupyter_stream.notebook.options import AskOptions
    from jupyter_stream.notebook.question import Question

__all__ = ('filled', 'hint')

_OUTPUT_TOKENS: Final = 8_000
"""Tokens of all cells that `--with-outputs` sends."""


def filled(shell: Any, question: Question, options: AskOptions, defaults: Defaults, *, in_thread: bool) -> Question:
    """The question with the values of its expressions, and above them the cells that `--with-outputs` asks for.

    Args:
        shell: The IPython shell.
        question: What is asked, as it was written.
        options: What the line says.
        defaults: The settings.
        in_thread: Whether it is asked with the turns of a thread, whose cells are not sent twice.

    Raises:
        ContentError: an expression cannot be read, has failed, or what it gives can be put into no prompt.
    """
    if not options.with_outputs and (options.raw or '{{' not in question.prompt):
        return question
    from jupyter_stream.notebook.values import Values, filled_question, with_values

    names = shell.user_ns
    asked = question if options.raw else with_values(question, names, tokens=defaults.value_tokens, shell=shell)
    if not options.with_outputs:
        return asked
    from jupyter_stream.notebook.outputs import content_of_cells, outputs_in_words

    cells = kernel.state.outputs.last(options.with_outputs, _answered(shell, options) if in_thread else ())
    hints = Values(question.model, names, _OUTPUT_TOKENS, shell).hints(1)
    before = content_of_cells(cells, hints) if cells else ()
    written = asked.filled or Filled(str(question.prompt), is_raw=True)
    return replace(filled_question(asked, replace(written, before=before)), notes=[outputs_in_words(cells)])


def _answered(shell: Any, options: AskOptions) -> Collection[int]:
    """The numbers of the cells whose turns the question goes on from."""
    from jupyter_stream.notebook.threads import thread_of

    thread = thread_of(shell, options.fork or options.thread)
    return thread.numbers().values()


def hint(question: Question, options: AskOptions, names: Mapping[str, Any]) -> dict[str, str] | None:
    """One muted line where the prompt holds the name of a variable in single braces; None where it does not."""
    written = question.filled.written if question.filled is not None else question.prompt
    if options.raw or not isinstance(written, str) or '{' not in written:
        return None
    known = [name for name in names_in_braces(written) if name in names]
    if not known:
        return None
    name = known[0]
    words = f'{code(f"{{{name}}}")} is sent to the letter. For the value of {name}, write {code(f"{{{{ {name} }}}}")}.'
    return {'text/markdown': f'*{words}*', 'text/plain': words.replace('`', '')}
