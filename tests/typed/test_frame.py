"""Records as a table of each library."""

from __future__ import annotations

import importlib
import sys

import pytest

from jupyter_stream.typed.frame import frame

LIBRARIES = ('pandas', 'polars', 'pyarrow')


@pytest.mark.parametrize('name', LIBRARIES)
def test_the_library_that_is_imported_makes_the_table(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    library = importlib.import_module(name)
    for other in {*LIBRARIES} - {name}:
        monkeypatch.delitem(sys.modules, other, raising=False)
    table = frame([{'a': 1}, {'a': 2, 'b': 'x'}])
    assert isinstance(table, library.Table if name == 'pyarrow' else library.DataFrame)
    assert table.shape == (2, 2)
    assert frame([], ['a', 'b']).shape == (0, 2)
