"""A table of records, made by the data library that is there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from jupyter_stream.exceptions import UserError

__all__ = ('frame',)

Records = list[dict[str, Any]]


def frame(records: Records, names: Sequence[str] = ()) -> Any:
    """A pandas or polars DataFrame or an Arrow table: of the library that is imported, else of one that is installed.

    Args:
        records: The rows; one that lacks a field has no value there.
        names: The names of the columns where there are no rows.

    Raises:
        UserError: none of the three is installed.
    """
    for is_there in (sys.modules.__contains__, _is_installed):
        for name, make in _LIBRARIES.items():
            if is_there(name):
                return make(import_module(name), records, list(names))
    raise UserError(
        'A table needs pandas, polars or pyarrow, and none is installed: install one (`%pip install pandas`).'
    )


def _is_installed(name: str) -> bool:
    return find_spec(name) is not None


def _pandas(library: Any, records: Records, names: list[str]) -> Any:
    return library.DataFrame(records) if records else library.DataFrame(columns=names)


def _polars(library: Any, records: Records, names: list[str]) -> Any:
    # Without a limit: a column whose first hundred values are missing has a type all the same.
    return library.DataFrame(records, infer_schema_length=None) if records else library.DataFrame(schema=names)


def _arrow(library: Any, records: Records, names: list[str]) -> Any:
    fields = list(dict.fromkeys(field for record in records for field in record)) or names
    return library.table({field: [record.get(field) for record in records] for field in fields})


_LIBRARIES: Final[dict[str, Callable[[Any, Records, list[str]], Any]]] = {
    'pandas': _pandas,
    'polars': _polars,
    'pyarrow': _arrow,
}
