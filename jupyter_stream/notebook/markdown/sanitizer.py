"""Model text in, Markdown out that shows what the model wrote and can do nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from .bounds import Bounds, code_lines, is_endless, passages, shortened, tilde_fence
from .inline import Inline, defused, opens_formula, opens_tex
from .lines import Fence, LineReader

__all__ = ('sanitize', 'visible')

_CONTROLS = {
    **{code: chr(0x2400 + code) for code in range(32) if code not in (9, 10)},
    0x7F: '\u2421',
    **dict.fromkeys(range(0x80, 0xA0), '\ufffd'),
    0x2028: ' ',
    0x2029: ' ',
}
_ODD = re.compile('[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]')
_INFO = re.compile(r'[^\w +#.,:=(){}\-/*]')
_STYLED = re.compile(
    r'%%\s*\{|[<&]|\burl\s*\(|@import|^\s*(?:click|---|style|classDef|linkStyle|href|links?)\b|^\s*---', re.I | re.M
)
_DIGITS = re.compile(r'\d*')
_TERM = re.compile(r'^([ >]*):(?=[ \t])')
_NOTHING = re.compile(r'[`\\$<&\[!@\n]')
_DEEP = re.compile(r'(?:[ \t]*(?:[-+*>]|\d{1,9}[.)])){20}')


def visible(text: str) -> str:
    """The text with one kind of line break, and every control character but tab and line break made visible."""
    if not _ODD.search(text):
        return text
    return text.replace('\r\n', '\n').replace('\r', '\n').translate(_CONTROLS)


def sanitize(text: str, *, images: bool = False) -> str:
    """Make Markdown harmless at its source, whoever renders it.

    Outside of code: tags are shown, not run; links go only to http, https, mailto, ftp, tel and relative
    addresses; remote images become links unless `images` are allowed (pictures in the text itself stay); `\\(x\\)`
    and `\\[x\\]` become `$x$` and `$$x$$`; dollars that are no mathematics stay dollars. Code is not changed; of a
    fence's info string only what could leave an attribute is dropped. Ordinary Markdown comes out as it went in.
    Linear in len(text).

    What no human writes and no renderer bears (see `bounds`) is shown as code, and only as far as it can be.
    """
    text = visible(shortened(text))
    if not _NOTHING.search(text) and not _DEEP.match(text) and Bounds.surely_within(text):
        return text
    out: list[str] = []
    blank_due = False
    bounds = Bounds()
    for block in _bounded(_sections(text.split('\n')), bounds):
        if blank_due and block.lines[0].strip():
            out.append('')
        blank_due = block.needs_blank()
        out.extend(
            block.code(bounds) if block.is_code else [Inline('\n'.join(block.lines), not block.last, images).run()]
        )
    return '\n'.join(out)


@dataclass(slots=True)
class _Section:
    """Some lines: text between code, a fenced block, or an indented one."""

    is_code: bool
    lines: list[str] = field(default_factory=list[str])
    fence: Fence | None = None
    depth: int = 0
    certain: bool = True
    closed: bool = False
    last: bool = False
    starts: list[int] = field(default_factory=list[int])

    def code(self, bounds: Bounds) -> list[str]:
        """The lines of a block of code: as they are, if every reader agrees that it is code."""
        lines = self.lines
        certain = self.certain and (self.closed or (self.last and not self.depth) or self.fence is None)
        if not certain:
            lines = [lines[0], *map(defused, lines[1:])] if self.fence else [*map(defused, lines)]
        if not self.fence:
            return bounds.limit_code(lines)
        inner = len(lines) - 1 if self.closed else len(lines)
        calm = [lines[0], *bounds.limit_code(lines[1:inner]), *lines[inner:]]
        return self._fenced(*self._marked(calm, self.fence))

    def needs_blank(self) -> bool:
        """Whether a blank line must follow: a notebook looks for mathematics before it looks for code.

        It looks as far as the next blank line, and past only the dollars of a fence without white space before it.
        """
        if not self.is_code:
            return False
        plain = self.closed and not self.depth and self.fence is not None and not self.fence.indent
        return any(map(opens_tex if plain else opens_formula, self.lines))

    def _marked(self, lines: list[str], fence: Fence) -> tuple[list[str], Fence]:
        """The lines between marks that a notebook can bear."""
        run = tilde_fence(fence.run, lines)
        if run == fence.run:
            return lines, fence
        lines = [lines[0].replace(fence.run, run, 1), *lines[1:]]
        if self.closed:
            at = lines[-1].index(fence.run)
            lines[-1] = lines[-1][:at] + run
        return lines, replace(fence, run=run)

    def _fenced(self, lines: list[str], fence: Fence) -> list[str]:
        opener = lines[0]
        if fence.info.lower().startswith('mermaid') and _STYLED.search('\n'.join(lines)):
            lines = [opener.replace(fence.info, 'text'), *lines[1:]]
        elif fence.info and is_endless(lines):
            lines = [opener.replace(fence.info, ''), *lines[1:]]
        elif _INFO.search(fence.info):
            at = opener.index(fence.run) + len(fence.run)
            lines = [opener[:at] + _INFO.sub('', opener[at:]), *lines[1:]]
        if self.closed and not self.depth and not fence.indent and lines[-1] != fence.run:
            lines = [*lines[:-1], fence.run]
        return lines


def _sections(lines: list[str]) -> Iterator[_Section]:
    """The lines in blocks. A block of code is certain when no reader of Markdown could see it elsewhere."""
    reader, block, settled, blank, before = LineReader(), _Section(False), True, True, None
    for raw in lines:
        line = reader.read(raw)
        if line is before:  # one more empty line
            block.lines.append('')
            continue
        before = line
        starts = line.kind == 'open' or (line.kind == 'indented') != (block.is_code and block.fence is None)
        leaves = block.fence is not None and (block.closed or line.kind not in ('code', 'close'))
        if (starts and line.kind not in ('code', 'close')) or leaves:
            if block.lines:
                yield block
            is_code = line.kind in ('open', 'indented')
            block = _Section(is_code, fence=line.fence if is_code else None, depth=line.depth)
            block.certain = _certain(raw, line.fence, line.depth, settled, blank) if is_code else True
        if line.item or line.kind == 'blank':
            block.starts.append(len(block.lines))
        block.lines.append(_shallow(raw, line.too_deep) if line.too_deep else _plain(raw, line.kind))
        block.closed = line.kind == 'close'
        if line.kind == 'text' or line.depth:
            settled = line.depth == 0 and (settled or blank) and not raw.lstrip().startswith('[^')
        blank = not raw.strip()
    block.last = True
    yield block


def _bounded(blocks: Iterator[_Section], bounds: Bounds) -> Iterator[_Section]:
    """The blocks, with every passage of the text that no human wrote in a block of code of its own."""
    for block in blocks:
        if block.is_code or bounds.surely_within('\n'.join(block.lines)):
            yield block
            continue
        at = 0
        for first, end in passages(block.lines, block.starts):
            if bounds.exceeded_by('\n'.join(block.lines[first:end])):
                if not block.lines[first].strip():
                    first += 1  # the blank line that ends what is before
                yield _Section(False, [*block.lines[at:first], ''])
                run, lines = code_lines(block.lines[first:end])
                yield _Section(True, [run, *lines, run], Fence(run, 0, '', 0), closed=True)
                at = end
        yield _Section(False, ['', *block.lines[at:]] if at else block.lines, last=block.last)


def _plain(raw: str, kind: str) -> str:
    """A line without what only some readers see: a term's definition, white space on an empty line."""
    if kind == 'text':
        return _TERM.sub(r'\1\\:', raw)
    return '' if kind == 'blank' and not raw.strip() else raw


def _shallow(raw: str, too_deep: int) -> str:
    """A line whose marker of one container too many is text."""
    line = raw.expandtabs(4)
    at = len(line) - too_deep
    digits = _DIGITS.match(line, at)
    end = digits.end() if digits else at
    return f'{line[:end]}\\{line[end:]}'


def _certain(raw: str, fence: Fence | None, depth: int, settled: bool, blank: bool) -> bool:
    if fence is None:
        return depth == 0 and settled and blank
    return fence.indent == 0 and '\t' not in raw if depth else not raw.startswith(' ') or settled
