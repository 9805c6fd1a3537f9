"""What cells showed: kept while the kernel lives, as far as `%%ask --with-outputs` may need it.

What is displayed is heard of by the hook of ipykernel's display publisher. Printed text and results are read off what
IPython (9 and later) keeps of them itself; of an older one printed text is not known. HTML, widgets and whatever else
no model reads is not kept, and neither is more than some 32 MB.
"""

from __future__ import annotations

import base64
import re
import traceback
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from jupyter_stream.content import Hints
from jupyter_stream.content.pieces import fenced
from jupyter_stream.notebook.errors import is_of_asking
from jupyter_stream.notebook.options import OptionError, parse
from jupyter_stream.notebook.transform import questions

if TYPE_CHECKING:
    from jupyter_stream.messages import UserContent

__all__ = ('CellOutputs', 'Outputs', 'content_of_cells', 'outputs_in_words')

_CELLS: Final = 100
"""Cells that are kept, the last ones."""

_SIZE: Final = 32_000_000
"""Characters of all that is kept."""

_LONGEST: Final = 40_000
"""Characters of one output; of a longer one its two ends are kept."""

_PICTURE: Final = 4_000_000
"""Characters of a picture in base64; a larger one is not kept."""

_FRAMES: Final = 5
"""Frames of a traceback, the innermost ones."""

_RUNNERS: Final = frozenset({'IPython', 'ipykernel'})
"""Whose frames stand above those of a cell."""

_TEXTS: Final = ('text/markdown', 'text/plain')
_PICTURES: Final = ('image/png', 'image/jpeg')
_INTRO: Final = 'Cells of my notebook, in the order in which they ran, each with its outputs:\n'

_ANSI: Final = re.compile(r'\x1b\[[0-9;?]*[ -/]*[@-~]')
_OVERWRITTEN: Final = re.compile(r'[^\n]*\r(?!\n|$)')

Output = Mapping[str, str]
"""One output: its text under 'text/plain' or 'text/markdown', a picture in base64 under its type."""


@dataclass(eq=False)
class CellOutputs:
    """A cell that ran, and what it showed.

    Attributes:
        cell: The id of the cell; of one without an id something of its own.
        source: Its text.
        number: The number of the run, as the notebook shows it.
        outputs: What it showed, by the id of the display where there is one.
    """

    cell: str
    source: str
    number: int = 0
    outputs: dict[str, Output] = field(default_factory=dict[str, Output])

    @property
    def size(self) -> int:
        """Characters."""
        return len(self.source) + sum(len(data) for output in self.outputs.values() for data in output.values())


class Outputs:
    """The outputs of the last cells."""

    def __init__(self) -> None:
        self._cells: deque[CellOutputs] = deque(maxlen=_CELLS)
        self._running: CellOutputs | None = None
        self._clears = False
        self._records = _Records()

    def begin(self, shell: Any, cell: str, source: str, gone: Collection[str] = ()) -> None:
        """A cell runs: what it showed before is no longer on the page, and so with cells that were deleted."""
        for one in [one for one in self._cells if one.cell == cell or one.cell in gone]:
            self._cells.remove(one)
        self._running, self._clears = CellOutputs(cell, source), False
        self._records = _Records(shell)

    def display(self, message: dict[str, Any]) -> dict[str, Any]:
        """Hear of a message of the display publisher, which goes on its way unchanged."""
        if self._running is not None:
            self._read_records()
            content = message.get('content', {})
            if message.get('msg_type') == 'clear_output':
                self._clears = True
                if not content.get('wait'):
                    self._clear()
            else:
                self._add(content.get('data', {}), content.get('transient', {}).get('display_id'))
        return message

    def end(self, number: int, error: BaseException | None = None) -> None:
        """The cell has run."""
        running = self._running
        if running is None:
            return
        self._read_records()
        self._add(self._records.result(number))
        if error is not None and not is_of_asking(error):
            self._add({'text/plain': _told(error)})
        running.number = number
        self._cells.append(running)
        self._running = None
        self._records = _Records()
        while len(self._cells) > 1 and sum(one.size for one in self._cells) > _SIZE:
            self._cells.popleft()

    def last(self, count: int, answered: Collection[int] = ()) -> list[CellOutputs]:
        """The last cells that ran before the one that runs now, so many.

        Args:
            count: How many.
            answered: The numbers of the cells whose question and answer are sent anyway.
        """
        told = [one for one in self._cells if _tells(one, answered)]
        return told[-count:]

    def _read_records(self) -> None:
        for data in self._records.new():
            self._add(data)

    def _add(self, data: Mapping[str, Any], display: str | None = None) -> None:
        if self._running is None:
            return
        if self._clears:
            self._clear()
        outputs = self._running.outputs
        kept = dict(_kept(data))
        if display in outputs:
            outputs[display] = kept
        elif kept:
            outputs[display or f'output {len(outputs)}'] = kept

    def _clear(self) -> None:
        self._clears = False
        if self._running is not None:
            self._running.outputs.clear()


class _Records:
    """What IPython itself notes of a cell's prints and results, from one moment on.

    It counts cells differently in different places, so all that is new is taken, whichever number it stands under.
    """

    def __init__(self, shell: Any = None) -> None:
        self._manager: Any = getattr(shell, 'history_manager', None)
        self._hears_displays = hasattr(getattr(shell, 'display_pub', None), 'register_hook')  # see `Outputs.display`
        count = getattr(shell, 'execution_count', 0)
        self._seen = {number: len(self._of(number)) for number in range(count - 1, count + 2)}
        last = [note for number in self._seen for note in self._of(number)][-1:]
        chunks = _chunks(last[0]) if last else None
        self._open = (last[0], len(chunks)) if chunks is not None else None

    def new(self) -> Iterator[Mapping[str, Any]]:
        """What has come since the last call."""
        if self._open is not None:
            yield from self._grown(*self._open)
        for number, seen in self._seen.items():
            notes = self._of(number)
            self._seen[number] = len(notes)
            for note in notes[seen:]:
                if _chunks(note) is not None:
                    yield from self._grown(note, 0)
                elif not (self._hears_displays and note.output_type == 'display_data'):
                    yield note.bundle

    def result(self, number: int) -> Mapping[str, Any]:
        """The result of a cell, for an IPython that notes nothing else."""
        if self._manager is None or hasattr(self._manager, 'outputs'):
            return {}
        return {'text/plain': getattr(self._manager, 'output_hist_reprs', {}).get(number)}

    def _of(self, number: int) -> list[Any]:
        return getattr(self._manager, 'outputs', {}).get(number, [])

    def _grown(self, note: Any, read: int) -> Iterator[Mapping[str, Any]]:
        """What was printed beyond so many pieces: IPython adds to its last note as long as nothing else comes."""
        chunks = _chunks(note) or []
        self._open = note, len(chunks)
        if len(chunks) > read:
            yield {'text/plain': ''.join(chunks[read:])}


def _chunks(note: Any) -> list[str] | None:
    """The pieces of printed text; None of another note."""
    chunks: Any = note.bundle.get('stream')
    return cast('list[str]', chunks) if isinstance(chunks, list) else None


def _kept(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Of a bundle what a model can read."""
    for media_type in _TEXTS:
        text = data.get(media_type)
        if isinstance(text, str) and text.strip():
            yield media_type, _cut(_clean(text), _LONGEST)
            break
    for media_type in _PICTURES:
        picture = data.get(media_type)
        if isinstance(picture, bytes):
            picture = base64.b64encode(picture).decode()
        if isinstance(picture, str) and len(picture) <= _PICTURE:
            yield media_type, picture


def _clean(text: str) -> str:
    """Printed text as a terminal leaves it: no colours, and of a line that was written over only the last state."""
    return _OVERWRITTEN.sub('', _ANSI.sub('', text))


def _told(error: BaseException) -> str:
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_globals.get('__name__', '').partition('.')[0] in _RUNNERS:
        frames = frames.tb_next
    return ''.join(traceback.format_exception(type(error), error, frames, limit=-_FRAMES, chain=False))


def _tells(cell: CellOutputs, answered: Collection[int]) -> bool:
    """Whether a cell says something that is not sent anyway; a line that only shows a thread does not."""
    asked = questions(cell.source)
    if not asked or (not cell.source.lstrip().startswith('%%ask') and len(cell.source.strip().splitlines()) > 1):
        return True
    return bool(cell.outputs) and cell.number not in answered and not all(_asks_nobody(line) for line, _ in asked)


def _asks_nobody(line: str) -> bool:
    from jupyter_stream.notebook.operations import is_operation

    try:
        options, _ = parse(line)
    except OptionError:
        return True
    return options.dry_run or is_operation(options)


# ------------------------------------------------------------------ for a model


def content_of_cells(cells: Sequence[CellOutputs], hints: Hints) -> list[UserContent]:
    """Cells as they stand in a prompt: each between tags, as data, and behind it its pictures.

    Args:
        cells: The cells, in their order.
        hints: Whether the model takes pictures, and how many tokens all of it should have.
    """
    share = max(hints.characters // max(len(cells), 1), 200)
    content: list[UserContent] = [_INTRO]
    for cell in cells:
        pictures = list(_pictures_of(cell)) if hints.multimodal else []
        content.append(f'{fenced(_text_of(cell, share, hints.multimodal), f"[{cell.number}]", "notebook cell")}\n')
        content.extend(pictures)
    return [*content, '\n']


def outputs_in_words(cells: Sequence[CellOutputs]) -> str:
    """What the muted line says: 'with the outputs of [3] [4]'."""
    return f'with the outputs of {" ".join(f"[{cell.number}]" for cell in cells)}' if cells else 'no cell ran before'


def _text_of(cell: CellOutputs, characters: int, multimodal: bool) -> str:
    shown = '\n'.join(filter(None, (_shown(output, multimodal) for output in cell.outputs.values())))
    source = _cut(cell.source.strip('\n'), max(characters // 2, characters - len(shown)))
    if not shown.strip():
        return f'Source:\n{source}\n\nNo output.'
    room = max(characters - len(source), characters // 2)
    return f'Source:\n{source}\n\nOutput:\n{_cut(shown.strip(chr(10)), room)}'


def _shown(output: Output, multimodal: bool) -> str:
    text = next((output[key] for key in _TEXTS if key in output), '')
    if not any(key in output for key in _PICTURES):
        return text
    note = 'The picture follows.' if multimodal else '(This is a picture, which this model cannot take in.)'
    return f'{text}\n{note}'.lstrip()


def _pictures_of(cell: CellOutputs) -> Iterator[UserContent]:
    from jupyter_stream.messages import BinaryImage

    for output in cell.outputs.values():
        found = next((key for key in _PICTURES if key in output), None)
        if found is not None:
            yield BinaryImage(base64.b64decode(output[found]), media_type=found)


def _cut(text: str, characters: int) -> str:
    """The text, or its two ends and how much is missing between them."""
    if len(text) <= characters:
        return text
    half = characters // 2
    return f'{text[:half]}\n… {len(text) - 2 * half:,} more characters …\n{text[-half:]}'
