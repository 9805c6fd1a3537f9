"""Frames and columns of every library, by narwhals: what they hold, and their first rows.

The work is bounded whatever the size. Of a frame in memory each column is summed up by a sample of rows, if there are
many; of a lazy frame, or a query of a database, only the first rows are read, and nothing is counted.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jupyter_stream.content.columns import summary
from jupyter_stream.content.pieces import ContentError, Hints, Shown, class_of
from jupyter_stream.content.tables import Column, Table, table_text

__all__ = ('frame', 'streamed')

MOST_COLUMNS: Final = 40
ROWS: Final = 10

_SAMPLED: Final = 1_000_000
"""Cells that are looked at for the summary of all columns."""

_GOLDEN: Final = 0x9E3779B1
"""2 to the 32nd by the golden ratio: multiples of it look random, and are the same in each run."""

_SHAPES: Final = 100_000

_PANDAS_LIKE: Final = ('pandas', 'modin', 'cudf', 'geopandas', 'fireducks')


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of a frame.

    Attributes:
        head: The first rows, as a frame of narwhals.
        sample: What the summaries are made from; None where nothing may be read.
        rows: How many rows there are; None where that is not known.
        columns: How many columns there are.
        indexed: How many of the first columns are names of the rows.
    """

    head: Any
    sample: Any
    rows: int | None
    columns: int
    notes: Sequence[str] = ()
    indexed: int = 0


def frame(value: Any, hints: Hints) -> Shown | None:
    """A frame, a series or a query of a library that narwhals knows; None for another thing of the same library."""
    read = _read(value)
    return None if read is None else Shown(table_text(_table(read), hints.characters))


def streamed(value: Any, hints: Hints) -> Shown | None:
    """What gives itself by the Arrow C stream interface, where pyarrow or polars is there to read it."""
    if (pyarrow := sys.modules.get('pyarrow')) is not None:
        return Shown(table_text(_table(_batches(pyarrow.RecordBatchReader.from_stream(value))), hints.characters))
    if (polars := sys.modules.get('polars')) is not None:
        return frame(polars.DataFrame(value), hints)
    return None


# ------------------------------------------------------------------ reading


def _read(value: Any) -> _Read | None:
    import narwhals as nw

    value = _as_frame(value)
    if _is_pandas_like(value) and len(getattr(value, 'shape', ())) == 2 and hasattr(value, 'iloc'):
        return _pandas_like(value)
    try:
        # What is a frame of narwhals already comes back as it is.
        known: Any = nw.from_native(value, allow_series=True)
    except TypeError:
        return None
    if isinstance(known, nw.Series):
        known = known.alias(known.name or 'value').to_frame()
    return _lazy(known, value) if isinstance(known, nw.LazyFrame) else _eager(known)


def _as_frame(value: Any) -> Any:
    """Of what narwhals does not take the frame that it stands for."""
    kind = type(value).__name__
    if _is_pandas_like(value):
        if kind == 'Styler':
            return value.data
        if hasattr(value, 'to_frame') and len(getattr(value, 'shape', ())) == 1:
            return _column(value)
    if type(value).__module__.partition('.')[0] == 'pyarrow':
        pyarrow: Any = sys.modules['pyarrow']
        if isinstance(value, pyarrow.RecordBatch):
            return pyarrow.Table.from_batches([value])
        if isinstance(value, pyarrow.RecordBatchReader):
            raise ContentError('reading it would use it up; read it (`.read_all()`) and put in the table.')
        if isinstance(value, pyarrow.Array):
            return pyarrow.chunked_array([value])
    return value


def _is_pandas_like(value: Any) -> bool:
    """Whether it is in memory, as pandas has it; Dask's frames have the same methods and are not."""
    return any(cls.__module__.partition('.')[0] in _PANDAS_LIKE for cls in class_of(value).__mro__)


def _column(series: Any) -> Any:
    """A series or an index as a frame."""
    if hasattr(series, 'levels'):  # a MultiIndex
        return series.to_frame(index=False)
    return series.to_frame(name='value' if series.name is None else series.name)


def _pandas_like(value: Any) -> _Read:
    """A frame of pandas or alike: its columns may have any names, the same twice, and its rows have names."""
    import narwhals as nw

    rows, columns = value.shape
    part = value.iloc[:, :MOST_COLUMNS]
    at = _sampled(rows, part.shape[1])
    head, sample = _named(part.head(ROWS)), _named(part if at is None else part.iloc[at])
    indexed = head.shape[1] - part.shape[1]
    return _Read(
        nw.from_native(head, eager_only=True),
        nw.from_native(sample, eager_only=True),
        rows,
        columns,
        [*_sample_note(at), *_index_note(head, indexed), *_geography(value)],
        indexed,
    )


def _named(part: Any) -> Any:
    """The frame with distinct texts as names of its columns, and those of its rows, if they have any, as columns."""
    is_indexed = type(part.index).__name__ != 'RangeIndex'
    names = [f'index{at or ""}' if name is None else name for at, name in enumerate(part.index.names)]
    names = names if is_indexed else []
    labels = list(_distinct([*names, *part.columns]))
    renamed = part.set_axis(labels[len(names) :], axis=1)
    return renamed.rename_axis(index=labels[: len(names)]).reset_index() if is_indexed else renamed


def _distinct(labels: Sequence[Any]) -> Iterator[str]:
    seen: dict[str, int] = {}
    for label in labels:
        name = ' / '.join(map(str, label)) if isinstance(label, tuple) else str(label)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f'{name}.{seen[name] - 1}'


def _index_note(head: Any, indexed: int) -> list[str]:
    if not indexed:
        return []
    names = ', '.join(str(name) for name in head.columns[:indexed])
    return [f'the rows are named by {names}']


def _geography(value: Any) -> list[str]:
    """Of a GeoDataFrame where its shapes are."""
    if not any(cls.__name__ == 'GeoDataFrame' for cls in type(value).__mro__):
        return []
    try:
        geometry = value.geometry
    except AttributeError:  # none is set
        return []
    bounds = ', '.join(f'{number:.6g}' for number in geometry.total_bounds)
    types = geometry.geom_type.head(_SHAPES).value_counts()
    kinds = ', '.join(f'{count:,} {kind}' for kind, count in types.items())
    crs = getattr(geometry.crs, 'to_string', lambda: geometry.crs)()
    return [f'geometry in {geometry.name!r}: {kinds}; CRS {crs}; bounds (x and y, least then most) {bounds}']


def _eager(known: Any) -> _Read:
    rows, columns = known.shape
    part = known.select(known.columns[:MOST_COLUMNS]) if columns > MOST_COLUMNS else known
    at = _sampled(rows, min(columns, MOST_COLUMNS))
    return _Read(part.head(ROWS), part if at is None else part[at], rows, columns, _sample_note(at))


def _lazy(known: Any, value: Any) -> _Read:
    """The schema, and as many rows as are shown."""
    import narwhals as nw

    names = list(known.collect_schema().names())
    first = known.select(names[:MOST_COLUMNS]).head(ROWS)
    native = nw.to_native(first)
    if hasattr(native, 'fetchall'):  # DuckDB; it needs no other library for this
        return _Read(_Rows(first.collect_schema(), native.fetchall()), None, None, len(names))
    options = {'engine': 'streaming'} if nw.get_native_namespace(known).__name__ == 'polars' else {}
    return _Read(first.collect(**options), None, None, len(names))


class _Rows:
    """Rows as they are, in the place of a frame."""

    def __init__(self, schema: Any, rows: Sequence[Sequence[Any]]) -> None:
        self.schema = schema
        self._rows = rows

    def rows(self) -> Sequence[Sequence[Any]]:
        return self._rows


def _batches(reader: Any) -> _Read:
    """The first batches of a stream of Arrow."""
    import narwhals as nw

    pyarrow: Any = sys.modules['pyarrow']
    columns = len(reader.schema)
    batches: list[Any] = []
    rows, is_all = 0, False
    while rows < _SAMPLED // max(columns, 1):
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            is_all = True
            break
        batches.append(batch)
        rows += batch.num_rows
    table = pyarrow.Table.from_batches(batches, reader.schema)
    known: Any = nw.from_native(table.select(list(range(min(columns, MOST_COLUMNS)))), eager_only=True)
    notes: Sequence[str] = () if is_all else (f'summed up by the first {rows:,} rows',)
    return _Read(known.head(ROWS), known, rows if is_all else None, columns, notes=notes)


def _sampled(rows: int, columns: int) -> list[int] | None:
    """The rows that a summary is made from; None for all.

    One of each so many, which one differs: rows at equal distances would show one day of the week only. The same rows
    in each run, or the same question would be another one.
    """
    step = -(-rows * max(columns, 1) // _SAMPLED)
    if step <= 1:
        return None
    return [at + (at * _GOLDEN >> 16) % step for at in range(0, rows - step, step)]


def _sample_note(at: list[int] | None) -> list[str]:
    return [] if at is None else [f'columns are summed up by a sample of {len(at):,} rows']


# ------------------------------------------------------------------ what is said of it


def _table(read: _Read) -> Table:
    schema = read.head.schema
    columns = [
        Column(name, _type_of(read.head, name, dtype), _summary(read.sample, name)) for name, dtype in schema.items()
    ]
    return Table(read.rows, read.columns, columns, read.head.rows(), read.notes, read.indexed)


def _summary(sample: Any, name: str) -> str:
    return '' if sample is None else summary(sample[name])


def _type_of(head: Any, name: str, dtype: Any) -> str:
    """The type in the words of narwhals, or of the library itself where those have none for it, as for geometries."""
    if str(dtype) == 'Unknown' and hasattr(head, 'to_native'):
        return str(getattr(head.to_native()[name], 'dtype', dtype))
    return str(dtype).replace(', time_zone=None', '').replace("(time_unit='us')", '').replace("(time_unit='ns')", '')
