"""Charts of Altair and Plotly: a picture where their exporters are installed, else what they draw, without the data."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from io import BytesIO
from typing import Any, Final, cast

from jupyter_stream.content.pictures import picture
from jupyter_stream.content.pieces import Hints, Shown, unseen
from jupyter_stream.content.text import cut, one_line

__all__ = ('altair', 'plotly')

_LABEL: Final = 120
_TRACES: Final = 30


def altair(value: Any, hints: Hints) -> Shown | None:
    """A chart of Altair, drawn by vl-convert; None for another thing of the library."""
    if not hasattr(value, 'to_dict') or not hasattr(value, 'save'):
        return None
    text = cut(json.dumps(_specification(value), ensure_ascii=False, default=str), hints.characters)
    text = f'specification (Vega-Lite), without the data: {text}'
    if not hints.multimodal:
        return Shown(f'{text}\n{unseen()}')
    if find_spec('vl_convert') is None:
        return Shown(text)
    file = BytesIO()
    with sys.modules['altair'].data_transformers.enable('default', max_rows=None):
        value.save(file, format='png')
    return picture(file.getvalue(), 'image/png', text)


def _specification(chart: Any) -> dict[str, Any]:
    """The chart as Vega-Lite has it; its data, however large, is not read for it."""
    transformers = sys.modules['altair'].data_transformers
    if _NO_DATA not in transformers.names():
        transformers.register(_NO_DATA, lambda data=None, **_: {'values': []})  # pyright: ignore[reportUnknownLambdaType]
    with transformers.enable(_NO_DATA):
        specification: dict[str, Any] = chart.to_dict(validate=False)
    return {key: _without_data(item) for key, item in specification.items() if key not in _NOT_SHOWN}


_NO_DATA: Final = 'jupyter_stream_no_data'
_NOT_SHOWN: Final = ('$schema', 'config', 'data', 'datasets', 'usermeta')


def _without_data(item: Any) -> Any:
    if isinstance(item, Mapping):
        mapping = cast('Mapping[str, Any]', item)
        return {key: _without_data(inner) for key, inner in mapping.items() if key not in ('data', 'datasets')}
    return [_without_data(inner) for inner in cast('list[Any]', item)] if isinstance(item, list) else item


def plotly(value: Any, hints: Hints) -> Shown | None:
    """A figure of Plotly, drawn by Kaleido; None for another thing of the library."""
    if not hasattr(value, 'data') or not hasattr(value, 'layout'):
        return None
    text = cut('\n'.join(_traces(value)), hints.characters)
    if not hints.multimodal:
        return Shown(f'{text}\n{unseen()}')
    data = _drawn(value) if find_spec('kaleido') is not None else None
    return Shown(text) if data is None else picture(data, 'image/png', text)


def _drawn(figure: Any) -> bytes | None:
    try:
        return figure.to_image(format='png')
    except Exception:  # Kaleido draws in a browser, which may be missing
        return None


def _traces(figure: Any) -> Iterator[str]:
    layout = figure.layout
    for what, title in (
        ('title', layout.title),
        ('x', getattr(getattr(layout, 'xaxis', None), 'title', None)),
        ('y', getattr(getattr(layout, 'yaxis', None), 'title', None)),
    ):
        if text := getattr(title, 'text', None):
            yield f'{what}: {one_line(text, _LABEL)}'
    traces: Sequence[Any] = figure.data
    yield f'{len(traces)} {"trace" if len(traces) == 1 else "traces"}:'
    for trace in traces[:_TRACES]:
        yield f'- {", ".join(_trace(trace))}'
    if len(traces) > _TRACES:
        yield f'… {len(traces) - _TRACES} more traces'


def _trace(trace: Any) -> Iterator[str]:
    yield str(trace.type)
    if getattr(trace, 'name', None):
        yield repr(one_line(str(trace.name), _LABEL))
    for name in _VALUES:
        values = getattr(trace, name, None)
        if values is not None and hasattr(values, '__len__') and len(values):
            yield f'{name}: {len(values):,} values{_ends(values)}'


_VALUES: Final = ('x', 'y', 'z', 'labels', 'values', 'lat', 'lon', 'locations', 'r', 'theta', 'open', 'close')


def _ends(values: Any) -> str:
    try:
        first, last = values[0], values[-1]
    except (KeyError, TypeError, IndexError):
        return ''
    return f' from {one_line(str(first), 40)} to {one_line(str(last), 40)}'
