"""The last line of an answer: who wrote it and how many tokens it took. It stays in the notebook, as plain Markdown.

Nothing in it differs from one run to the next, unless the answer itself does: no time, no rate, no cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_stream.notebook.markdown import sanitize
from jupyter_stream.notebook.markdown.sanitizer import visible
from jupyter_stream.notebook.names import answering_name
from jupyter_stream.notebook.pieces import escaped, shortened
from jupyter_stream.notebook.reducer import is_empty

if TYPE_CHECKING:
    from jupyter_stream.messages import ModelResponse
    from jupyter_stream.usage import RequestUsage

__all__ = ('byline_markdown', 'byline_of')

_LONGEST: Final = 120
"""Characters of a name: whoever serves a model may call it anything."""


def byline_of(response: ModelResponse, asked: str = '') -> str | None:
    """The line as plain text, `— gpt-5-mini · 1,234 tokens in, 61 out`; None where nobody answered or nobody is named.

    Args:
        response: The answer, whole or in part.
        asked: The readable name of the model that was asked.
    """
    name = ' '.join(visible(answering_name(response.model_name, asked)).split())
    if not name or (response.state != 'complete' and is_empty(response)):
        return None
    return ' · '.join(filter(None, (f'— {shortened(name, _LONGEST)}', _tokens(response.usage))))


def byline_markdown(line: str) -> str:
    """The line as a paragraph of its own, in which nothing of the name is a mark."""
    return sanitize(f'*{escaped(line)}*')


def _tokens(usage: RequestUsage) -> str:
    """What the provider counted; what it said nothing of is left out."""
    into, out = usage.input_tokens, usage.output_tokens
    if into and out:
        return f'{into:,} tokens in, {out:,} out'
    return ''.join(f'{count:,} tokens {way}' for count, way in ((into, 'in'), (out, 'out')) if count)
