"""Values of the user's namespace as parts of a prompt: what a model is given where a person would look at the value.

Asked in this order, and the first that answers counts:

1. what the user has registered for the type, or for a base of it (`register`);
2. `_ai_repr_(**hints)` (JEP 129: a dict by MIME type, maybe awaitable), `_repr_llm_()`, `__llm__()`;
3. the families known here: frames, arrays, figures, pictures, exceptions, code, models, files (`families`);
4. pictures that IPython would show (`_repr_png_`, `_repr_jpeg_`, `_repr_mimebundle_`), then `_repr_markdown_`;
5. `str`.

Nothing is imported that the user has not imported. A value is data and no instruction: it stands between tags that name
it, unless it is a number or a short text.
"""

from jupyter_stream.content.asking import SlowValueWarning, content_of
from jupyter_stream.content.pieces import ContentError, Hints, Shown
from jupyter_stream.content.registry import register

__all__ = ('ContentError', 'Hints', 'Shown', 'SlowValueWarning', 'content_of', 'register')
