"""The text between two blocks of code, made harmless: tags, links, images, mathematics, stray backticks.

One pass from left to right over the few characters that matter. What is written is unambiguous: every
backtick that is left opens or closes code on its own line, every `$` that is left belongs to a formula or is
alone in its paragraph, so that readers that differ on the rest cannot differ on what is code.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from html import unescape

from .formulas import ENVIRONMENTS, is_inline, is_prose, safe_formula
from .links import AUTOLINK, IMAGE_LABEL, defines_safely, image_at, link_at

__all__ = ('BREAK', 'Inline', 'defused', 'opens_formula', 'opens_tex')

BREAK = '\u2060'
"""A character that is not seen (word joiner) and keeps two others from being read together."""

_DOLLAR = '<span>&#36;</span>'
_SPECIAL = re.compile(r'`+|\\|\$|<(?=[^\s])|&(?=#|dollar|bsol|commat)|\]\(|\]:|(?<!!)!++(?=\[)|@(?=[\\&@])')
_ENTITY = re.compile(r'&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|dollar|bsol|commat);')
_RISKY = re.compile(r'<(?=[A-Za-z/!?])|\](?=[(:])')
_OPENER = re.compile(r'\$|\\\\[(\[]|\\begin\{', re.IGNORECASE)
_TEX = re.compile(r'\\(?:\\[(\[]|begin\{)', re.IGNORECASE)
_FORMATS = re.compile(r'[*_~\[\]<]')
_PAIRED = re.compile(r'(\*{1,3}|_{1,3}|~~)(?=[^\s*_~`])[^*_~`\n]*(?<=\S)\1(?![*_~])|(?<![`\\])(`+)(?!`)[^`\n]*\2(?!`)')
_BULLET = re.compile(r'^[ >]*\*(?= )', re.MULTILINE)
_ADDRESS = re.compile(r'(?:https?:|ftp:|www\.|@)\S*$|^\S{300}$', re.IGNORECASE)
_TAGS = frozenset('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/!?')
_LABEL = re.compile(r'\[[^\[\]]*\]')
_CELL_END = re.compile(r'(?<!\\)(?:\\\\)*\|')
_TEX_END = {'(': '\\\\)', '[': '\\\\]', 'b': '\\end{'}
_ENVIRONMENT = re.compile(r'\\begin\{([a-zA-Z]{1,12})(\*?)\}')
_PLAIN_LINE = re.compile(r' {0,12}[A-Za-z"\'(,;\\/&.)]')
_NOT_PLAIN = re.compile(r' {0,3}[#|]|.*\|')
_RULE = re.compile(r'^[ \t>]*(?=[^\n]*-)(?=[^\n]*[|:])[|:\- \t]+$', re.MULTILINE)
_WINDOW = 1000
"""Characters before a code span in which emphasis may have begun; after more it is taken for open."""

_LONGEST_LABEL = 1500
"""Characters of a line before the `]:` of a definition; a label has at most 999."""

_DELIMITERS = {'\\(': '\\)', '\\[': '\\]', '\\\\(': '\\\\)', '\\\\[': '\\\\]'}


def opens_formula(code: str) -> bool:
    """Whether a reader that looks for mathematics before it looks for code could find its beginning in here."""
    return _OPENER.search(code) is not None


def opens_tex(code: str) -> bool:
    """The same for mathematics that begins without a dollar."""
    return _TEX.search(code) is not None


def defused(code: str) -> str:
    """Code that looks the same and, to a reader that takes it for text, is harmless too."""
    return _RISKY.sub(lambda found: found[0] + BREAK, code)


class Inline:
    """One pass over `text`, a run of lines without blocks of code; `before_code` says that one follows, `images` that
    images may be remote.
    """

    def __init__(self, text: str, before_code: bool = False, images: bool = False) -> None:
        self._text = text
        self._out: list[str] = []
        self._at = 0
        self._found: dict[str, int] = {}
        self._line_end = -1
        self._line_start = 0
        self._runs: dict[int, list[int]] | None = None
        self._table = _RULE.search(text) is not None if '|' in text or ':-' in text or '-:' in text else False
        self._split_line = -1
        self._tangled_until = 0
        self._before_code = before_code
        self._images = images
        self._dollars = _single_dollars(text, before_code)

    def run(self) -> str:
        """The harmless text."""
        text, out = self._text, self._out
        while found := _SPECIAL.search(text, self._at):
            start = found.start()
            out.append(text[self._at : start])
            self._at = found.end()
            _RULES[text[start]](self, start)
        out.append(text[self._at :])
        return ''.join(out)

    def _write(self, text: str, end: int) -> None:
        self._out.append(text)
        self._at = end

    def _next(self, what: str, at: int) -> int:
        """Where `what` is next at or after `at`, -1 if nowhere; the search goes over the text once."""
        known = self._found.get(what, -2)
        if known == -1 or known >= at:
            return known
        known = self._found[what] = self._text.find(what, at)
        return known

    def _end_of_line(self, at: int) -> int:
        if at > self._line_end:
            self._line_start = self._text.rfind('\n', max(self._line_end, 0), at) + 1
            end = self._text.find('\n', at)
            self._line_end = end if end >= 0 else len(self._text)
        return self._line_end

    # ------------------------------------------------------------------ code

    def _backticks(self, start: int) -> None:
        width = self._at - start
        close = self._closing(start, width)
        if close < 0:
            self._write('\\`' * width, self._at)
            return
        code = self._text[start : close + width]
        if '\n' in code and '$' in code:
            code = re.sub(r'\n *', ' ', code)
        if self._tangles(code, width, start) or (self._table and self._splits(code, close + width)):
            code = defused(code)
        if code.count('$$') % 2 and (self._before_code or self._next('$$', close + width) >= 0):
            code = code.replace('$$', f'${BREAK}$')  # one looks for `$$` blocks before it looks for code
        # One renderer takes `~` and the backticks after it for one run of text.
        joined = BREAK if self._text[start - 1 : start] == '~' else ''
        self._write(joined + (_broken_tex(code) if _TEX.search(code) else code), close + width)

    def _closing(self, start: int, width: int) -> int:
        """Where the run that ends the code begins: on the same line, or on a plain line that follows; or -1."""
        if self._runs is None:
            self._runs = _runs(self._text)
        places = self._runs.get(width, [])
        index = bisect_right(places, start)
        if index == len(places):
            return -1
        close, end = places[index], self._end_of_line(start)
        return close if close < end or self._plain_until(end, close) else -1

    def _plain_until(self, end: int, close: int) -> bool:
        if self._table or close - end > 500 or _NOT_PLAIN.match(self._text, self._line_start, end):
            return False
        between = self._text[end + 1 : self._next_line_end(close)].split('\n')
        first = self._text[self._line_start : end]
        return all(_PLAIN_LINE.match(line) and '|' not in line for line in between) and not first.lstrip().startswith(
            '>'
        )

    def _next_line_end(self, at: int) -> int:
        end = self._text.find('\n', at)
        return end if end >= 0 else len(self._text)

    def _tangles(self, code: str, width: int, start: int) -> bool:
        """Whether some reader sees an address, a link or emphasis, begun before the code, that ends in it.

        Such a reader may see code in other places up to the end of the paragraph.
        """
        if start >= self._tangled_until and self._is_entered(code, width, start):
            end = self._next('\n\n', start)
            self._tangled_until = end if end >= 0 else len(self._text)
        return start < self._tangled_until

    def _is_entered(self, code: str, width: int, start: int) -> bool:
        if start and not self._text[start - 1].isspace() and _ADDRESS.search(self._text[max(0, start - 300) : start]):
            return True
        if not _FORMATS.search(code):
            return False
        if '`' in code[width:-width]:
            return True
        return _RISKY.search(code) is not None and _left_open(self._text[max(0, start - _WINDOW) : start], code)

    def _splits(self, code: str, end: int) -> bool:
        """Whether the code may be cut by the cells of a table; once it is, all that follows on the line may be."""
        line = self._end_of_line(end - 1)
        if _CELL_END.search(code):
            self._split_line = line
        return self._split_line == line

    # ------------------------------------------------------------------ mathematics

    def _dollar(self, start: int) -> None:
        text = self._text
        if text.startswith('$$', start):
            close = self._next('$$', start + 2)
            body = safe_formula(text[start + 2 : close]) if close > 0 and not self._nests('`', start, close) else None
            return self._formula(f'$${body}$$', close + 2) if body else self._literal(start, 2)
        close = self._closing_dollar(start)
        if close > 0:
            body = text[start + 1 : close]
            formula = (
                safe_formula(body) if is_inline(body, text[start - 1 : start], text[close + 1 : close + 2]) else None
            )
            if formula:
                return self._formula(f'${formula.strip()}$', close + 1)
        return self._literal(start, 1)

    def _closing_dollar(self, start: int) -> int:
        end = self._end_of_line(start)
        close = self._text.find('$', start + 1, end)
        while close > 0 and self._text[close - 1] == '\\':
            close = self._text.find('$', close + 1, end)
        return close

    def _nests(self, opener: str, start: int, close: int) -> bool:
        inner = self._next(opener, start + len(opener))
        return 0 <= inner < close

    def _literal(self, start: int, width: int) -> None:
        alone = width == 1 and start in self._dollars
        self._write('$' if alone else _DOLLAR * width, start + width)

    def _formula(self, formula: str, end: int) -> None:
        """Write it, apart from a formula just before it: `$a$$b$` is read in more than one way."""
        before = next((written for written in reversed(self._out) if written), '')
        self._write(BREAK + formula if before.endswith('$') else formula, end)

    def _bracketed(self, start: int, opener: str) -> bool:
        r"""Mathematics in `\(…\)`, `\[…\]` or with two backslashes: written with dollars. False if it is none."""
        close = self._next(_DELIMITERS[opener], start + len(opener))
        if close < 0 or self._nests(opener, start, close):
            return False
        body = self._text[start + len(opener) : close]
        formula = None if is_prose(body) else safe_formula(body)
        if not formula:
            return False
        inline = opener[-1] == '('
        if inline and '\n' in formula:
            formula = ' '.join(formula.split())
        self._formula(f'${formula.strip()}$' if inline else f'$${formula}$$', close + len(opener))
        return True

    def _environment(self, start: int) -> bool:
        found = _ENVIRONMENT.match(self._text, start)
        if not found or found[1] not in ENVIRONMENTS:
            return False
        close = self._next(f'\\end{{{found[1]}{found[2]}}}', found.end())
        if close < 0 or self._nests(found[0], start, close):
            return False
        end = close + len(found[0]) - 2
        formula = safe_formula(self._text[start:end])
        if formula:
            self._write(formula, end)
        return bool(formula)

    def _backslash(self, start: int) -> None:
        text, after = self._text, self._text[start + 1 : start + 2]
        if after == '\\':
            opener = text[start : start + 3]
            if opener in _DELIMITERS and self._bracketed(start, opener):
                return
            tricky = opener[2:] in ('(', '[', '`', '$', 'b', 'B', 'e', 'E')
            self._write('\\\\' + BREAK if tricky else '\\\\', start + 2)
        elif after in ('(', '['):
            if not self._bracketed(start, text[start : start + 2]):
                self._write(text[start : start + 2], start + 2)
        elif text[start + 1 : start + 7].lower() == 'begin{':
            if not self._environment(start):
                self._write('\\' + BREAK, start + 1)
        elif after == '$':
            self._write('\\$' if start + 1 in self._dollars else _DOLLAR, start + 2)
        elif after == '<':
            self._write('&lt;', start + 2)
        elif after == '@':
            self._write('@' + BREAK, start + 2)
        else:
            self._write('\\' + after, start + 1 + len(after))

    # ------------------------------------------------------------------ tags, entities, links

    def _tag(self, start: int) -> None:
        link = AUTOLINK.match(self._text, start) if self._text[start + 1] == 'h' else None
        if link:
            self._write(link[0], link.end())
        elif self._text[start + 1] not in _TAGS and not self._code_before('>', start):
            self._write('<', start + 1)
        else:
            self._write('&lt;', start + 1)

    def _code_before(self, what: str, start: int) -> bool:
        """Whether a backtick comes before the next `what`: some would see a tag that swallows the backtick."""
        return 0 <= self._next('`', start) < self._next(what, start)

    def _entity(self, start: int) -> None:
        entity = _ENTITY.match(self._text, start)
        char = unescape(entity[0]) if entity else ''
        if entity and char in _ENTITIES:
            self._write(_ENTITIES[char], entity.end())
        else:
            self._write('&', start + 1)

    def _at_sign(self, start: int) -> None:
        self._write('@' + BREAK, start + 1)

    def _bang(self, start: int) -> None:
        """An image: a picture that is in the text itself stays, another becomes a link."""
        bangs = self._at - start
        image = image_at(self._text, start, self._images) if bangs == 1 else None
        if image:
            self._write(image, start + len(image))
        else:
            is_link = IMAGE_LABEL.match(self._text, self._at)
            self._write('\\!' * (bangs - 1) if is_link else '!' * (bangs - 1) + '\\!', self._at)

    def _bracket(self, start: int) -> None:
        if self._text[start + 1] == ':':
            safe = not self._may_define(start) or defines_safely(self._text, start, self._before_code)
            self._write(']:' if safe else ']&#58;', start + 2)
        else:
            self._write(*(link_at(self._text, start) or (']&#40;', start + 2)))

    def _may_define(self, start: int) -> bool:
        """Whether a bracket that ends here can be the label of a definition: one that begins its line, or before."""
        self._end_of_line(start)
        if start - self._line_start > _LONGEST_LABEL:
            return False
        before = self._text[self._line_start : start].lstrip(' \t>-*+0123456789.)')
        return before.startswith('[') or '[' not in before


_ENTITIES = {'$': _DOLLAR, '\\': '&#92;' + BREAK, '@': '@' + BREAK}
_RULES = {
    '`': Inline._backticks,  # pyright: ignore[reportPrivateUsage]
    '\\': Inline._backslash,  # pyright: ignore[reportPrivateUsage]
    '$': Inline._dollar,  # pyright: ignore[reportPrivateUsage]
    '<': Inline._tag,  # pyright: ignore[reportPrivateUsage]
    '&': Inline._entity,  # pyright: ignore[reportPrivateUsage]
    '@': Inline._at_sign,  # pyright: ignore[reportPrivateUsage]
    '!': Inline._bang,  # pyright: ignore[reportPrivateUsage]
    ']': Inline._bracket,  # pyright: ignore[reportPrivateUsage]
}


def _runs(text: str) -> dict[int, list[int]]:
    """Where runs of backticks begin, by their length."""
    runs: dict[int, list[int]] = {}
    for run in re.finditer('`+', text):
        runs.setdefault(run.end() - run.start(), []).append(run.start())
    return runs


def _single_dollars(text: str, before_code: bool) -> set[int]:
    """Where a `$` is the only one of its paragraph: such a one cannot be taken for the beginning of a formula.

    Not in a paragraph that code follows without a blank line: there may be a dollar in the code.
    """
    if '$' not in text:
        return set()
    single: set[int] = set()
    at = 0
    for paragraph in re.split(r'(\n[ \t]*\n)', text):
        if paragraph.count('$') == 1 and not (before_code and at + len(paragraph) == len(text)):
            single.add(at + paragraph.index('$'))
        at += len(paragraph)
    return single


def _left_open(before: str, code: str) -> bool:
    """Whether a link or emphasis may be open in `before` (text that ends where the code begins) and end in the code."""
    paragraph = before.rsplit('\n\n', 1)[-1]
    marks = _PAIRED.sub('', _BULLET.sub('', paragraph))
    if len(paragraph) == _WINDOW or (']' in code and '[' in _LABEL.sub('', marks)):
        return True
    return any(mark in marks and mark in code for mark in '*_~')


def _broken_tex(code: str) -> str:
    """Code in which what looks like the beginning of a formula, and has no end here, is kept from being one."""

    def keep(found: re.Match[str]) -> str:
        end = _TEX_END[found[0][2] if found[0][1] == '\\' else 'b']
        return found[0] if end in code[found.end() :] else f'\\{BREAK}{found[0][1:]}'

    return _TEX.sub(keep, code)
