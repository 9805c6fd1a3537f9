"""What counts as mathematics, and what of it a page may see.

A notebook's renderer takes mathematics out of the text before it reads Markdown and puts it back into the
finished page, in attributes too; another renderer reads it as Markdown. So a formula is kept only in a form
that is harmless as both, and without the macros that reach out of the formula.
"""

from __future__ import annotations

import re

__all__ = ('ENVIRONMENTS', 'safe_formula', 'is_inline', 'is_prose')

_LONGEST = 10_000
_DEEPEST = 60
_BARRED = re.compile(
    r'\\(?:href|url|class|cssId|style|html[a-zA-Z]*|data|require|unicode|includegraphics|[gex]?def|let|futurelet|'
    r'(?:re)?newcommand|providecommand|(?:re)?newenvironment|DeclareMathOperator|csname|mmlToken|bbox|texttip|mathtip|'
    r'toggle|[rR]ule|Space|verb|input|write|catcode|begingroup|global)(?![a-zA-Z])|[`\x00-\x08]|@@'
)
_ESCAPES = re.compile(r'(?<!\\)(?:\\\\)*\\\s*$')
_BRACE = re.compile(r'\\[{}$\\]|[{}$]')
_LABEL = re.compile(r'\\label\s*\{[^{}]*\}')
_BLANK = re.compile(r'\n\s*\n')
_TAG = re.compile(r'<(?=[^\s\d=])')
_FORMULA = re.compile(r'[\\^_=+*/<>{}|]')
_WORD = re.compile(r'[^\W\d_]{2,}')

ENVIRONMENTS = frozenset(
    'align aligned alignat alignedat array bmatrix Bmatrix cases dcases equation eqnarray flalign gather gathered '
    'matrix multline pmatrix smallmatrix split subarray vmatrix Vmatrix'.split()
)
"""The environments that are mathematics by themselves, each also with a star."""


def safe_formula(body: str) -> str | None:
    """The formula in its harmless form, unchanged if it is so already; None if it must stay text."""
    if len(body) > _LONGEST or not body.strip() or _ESCAPES.search(body) or _BARRED.search(body) or not _balanced(body):
        return None
    body = _BLANK.sub('\n', _LABEL.sub('', body)) if '\n' in body or '\\label' in body else body
    body = _TAG.sub('< ', body) if '<' in body else body
    return body.replace('"', "''").replace('](', '] (').replace(']:', '] :').replace('![', '! [')


def _balanced(body: str) -> bool:
    depth = 0
    for brace in _BRACE.findall(body):
        if brace == '$':
            return False
        depth += (brace == '{') - (brace == '}')
        if not 0 <= depth <= _DEEPEST:
            return False
    return depth == 0


def is_inline(body: str, before: str, after: str) -> bool:
    """Whether `$body$` is a formula and not two sums of money; `before` and `after` are the neighbours.

    As in Pandoc: no space just inside of the dollars (unless on both sides, around something that can only
    be a formula), no digit after them; and never words between two prices.
    """
    if not body.strip() or before.isalnum() or after.isalnum():
        return False
    formula = _FORMULA.search(body) is not None
    if body[0].isspace() or body[-1].isspace():
        return formula and body[0].isspace() and body[-1].isspace()
    return formula or not (' ' in body and (body[0].isdigit() or len(_WORD.findall(body)) > 1))


def is_prose(body: str) -> bool:
    r"""Whether what stands in `\(…\)` or `\[…\]` is an escaped bracket of the prose: words, or a number."""
    if _FORMULA.search(body):
        return False
    return bool(_WORD.search(body)) or body.strip().isdigit()
