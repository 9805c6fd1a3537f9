"""Figures of matplotlib: a picture, its titles and labels as text beside it. The figure stays as it is, and open."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

from jupyter_stream.content.pictures import LONGEST, picture, pixels
from jupyter_stream.content.pieces import Hints, Shown, unseen
from jupyter_stream.content.text import cut, one_line

__all__ = ('matplotlib',)

_LABEL: Final = 120
_LABELS: Final = 12
_AXES: Final = 16


def matplotlib(value: Any, hints: Hints) -> Shown | None:
    """A figure, axes of one, or what draws one (as grids of seaborn do); None for another thing of the library."""
    figure = _figure_of(value)
    if figure is None:
        return None
    text = cut('\n'.join(_said(value, figure)), hints.characters)
    return picture(_drawn(figure), 'image/png', text) if hints.multimodal else _described(figure, text)


def _figure_of(value: Any) -> Any:
    root = value if hasattr(value, 'savefig') else getattr(value, 'figure', None)
    if hasattr(value, 'get_xlabel') or root is value or type(value).__module__.startswith('seaborn'):
        # A part of a figure (`subfigures`) is drawn with the rest.
        root = getattr(root, 'figure', None) or root
        return root if hasattr(root, 'savefig') and hasattr(root, 'get_size_inches') else None
    return None


def _described(figure: Any, text: str) -> Shown:
    """For a model that sees nothing the picture need not be drawn."""
    width, height = (round(side * figure.dpi) for side in figure.get_size_inches())
    return Shown('\n'.join(filter(None, (f'Picture of {width:,} × {height:,} px.', text, unseen()))))


def _drawn(figure: Any) -> bytes:
    """As the notebook shows it, with what stands outside its margins; again where that makes it too large."""
    longest = max(figure.get_size_inches())
    dots = min(figure.dpi, LONGEST / longest)
    data = _saved(figure, dots)
    size = pixels(data)
    if size is not None and max(size) > LONGEST:
        data = _saved(figure, dots * LONGEST / (max(size) + 2))
    return data


def _saved(figure: Any, dots: float) -> bytes:
    file = BytesIO()
    is_stale = figure.stale
    figure.savefig(file, format='png', dpi=dots, bbox_inches='tight')
    figure.stale = is_stale
    return file.getvalue()


def _said(value: Any, figure: Any) -> Iterator[str]:
    title = figure.get_suptitle()
    if title:
        yield f'title: {one_line(title, _LABEL)}'
    axes = list(figure.axes)
    if value in axes and len(axes) > 1:
        yield f'of its {len(axes)} axes these are meant:'
        axes = [value]
    for one in axes[:_AXES]:
        yield f'- {", ".join(_of_axes(one)) or "axes without a title or labels"}'
    if len(axes) > _AXES:
        yield f'… {len(axes) - _AXES} more axes'


def _of_axes(axes: Any) -> Iterator[str]:
    for where in ('left', 'center', 'right'):
        if title := axes.get_title(loc=where):
            yield f'title {one_line(title, _LABEL)!r}'
    for name in ('x', 'y', 'z'):
        read = getattr(axes, f'get_{name}label', None)
        if read is not None and (label := read()):
            yield f'{name} {one_line(label, _LABEL)!r}'
    legend = axes.get_legend()
    if legend is not None and (names := [text.get_text() for text in legend.get_texts()]):
        more = ', …' if len(names) > _LABELS else ''
        yield f'legend {", ".join(repr(one_line(name, _LABEL)) for name in names[:_LABELS])}{more}'
    drawn = (
        (axes.lines, 'line', 'lines'),
        (axes.patches, 'bar or area', 'bars or areas'),
        (axes.collections, 'collection', 'collections'),
        (axes.images, 'image', 'images'),
    )
    counted = [f'{len(found)} {one if len(found) == 1 else more}' for found, one, more in drawn if len(found)]
    if counted:
        yield ' and '.join(counted)
