"""A column of a frame in a line: what is missing, its range, or its most frequent values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from jupyter_stream.content.text import cell

__all__ = ('summary',)

_WIDTH: Final = 40
_FREQUENT: Final = 3


def summary(series: Any) -> str:
    """What is said of a series of narwhals, besides its name and type.

    >>> import narwhals as nw
    >>> import polars as pl
    >>> summary(nw.from_native(pl.Series([1, None, 3]), series_only=True))
    '1 … 3, 33% missing'
    """
    count = len(series)
    if not count:
        return ''
    missing, present = _parts(series)
    said = [*_described(present), *_missing(missing, count)]
    return ', '.join(said)


def _parts(series: Any) -> tuple[int, Any]:
    """How many are missing, and those that are there; a number that is none is missing too."""
    present = series.drop_nulls()
    if series.dtype.is_float():
        present = present.filter(~present.is_nan())
    return len(series) - len(present), present


def _missing(missing: int, count: int) -> list[str]:
    if not missing:
        return []
    return ['all missing' if missing == count else f'{_share(missing, count)} missing']


def _described(present: Any) -> list[str]:
    if not len(present):
        return []
    describe: Callable[[Any], list[str]] = _range if _is_ordered(present.dtype) else _frequent
    try:
        return describe(present)
    except Exception:  # lists and other values that cannot be compared or counted; what their type says is enough
        return []


def _is_ordered(dtype: Any) -> bool:
    return bool(dtype.is_numeric() or dtype.is_temporal())


def _range(present: Any) -> list[str]:
    least, most = cell(present.min(), _WIDTH), cell(present.max(), _WIDTH)
    return [least if least == most else f'{least} … {most}']


def _frequent(present: Any) -> list[str]:
    counts = present.value_counts(sort=True, name='count')
    distinct = len(counts)
    if distinct == len(present) > 1:
        return ['all distinct']
    shown = counts.head(_FREQUENT).rows()
    named = ', '.join(f'{cell(value, _WIDTH)} {_share(count, len(present))}' for value, count in shown)
    return [f'{distinct:,} distinct: {named}{", …" if distinct > _FREQUENT else ""}']


def _share(count: int, whole: int) -> str:
    percent = 100 * count / whole
    return f'{percent:.0f}%' if percent >= 1 else '<1%'
