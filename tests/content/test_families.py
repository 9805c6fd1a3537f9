"""What is particular to a family: what is not read, what stays as it was, what is not imported."""

from __future__ import annotations

import linecache
import re
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image
from polars.io.plugins import register_io_source

from jupyter_stream.content import ContentError, Hints, content_of, registry
from jupyter_stream.content.arrays import array
from jupyter_stream.content.frames import streamed
from jupyter_stream.content.pictures import media_type_of, pixels
from jupyter_stream.content.text import cut_lines, one_line, size_of

from .stand_ins import of

mpl.use('agg')


def text_of(value: Any, **options: Any) -> str:
    text = content_of(value, **options)[0]
    assert isinstance(text, str)
    return text


# ------------------------------------------------------------------ nothing is imported


def test_values_of_python_need_no_library_of_data() -> None:
    """In a fresh process; PIL and IPython neither."""
    code = """
import sys
from jupyter_stream.content import content_of
class Thing: ...
for value in (1, 'text', [1, 2], {'a': 1}, Thing(), len, ValueError('x'), b'%PDF-1.7'):
    content_of(value)
never = {'pandas', 'polars', 'pyarrow', 'numpy', 'narwhals', 'matplotlib', 'PIL', 'IPython', 'xarray', 'duckdb'}
print(sorted(never & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == '[]\n'


def test_a_relation_of_duckdb_needs_neither_pandas_nor_pyarrow() -> None:
    code = """
import sys, duckdb
from jupyter_stream.content import content_of
print(content_of(duckdb.sql('select 42 as answer'))[0])
print(sorted({'pandas', 'pyarrow', 'polars'} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True, timeout=60)
    assert '| 42 |' in done.stdout
    assert done.stdout.endswith('[]\n')


# ------------------------------------------------------------------ frames


class Counted:
    """A source of ten million rows that counts those that were read."""

    def __init__(self) -> None:
        self.read = 0
        self.opened = 0

    def rows(self, columns: Any, predicate: Any, most: int | None, size: int | None) -> Iterator[pl.DataFrame]:
        self.opened += 1
        left = 10_000_000 if most is None else most
        while left:
            batch = min(left, 1_000)
            left -= batch
            self.read += batch
            yield pl.DataFrame({'a': range(batch)})

    def frame(self) -> pl.LazyFrame:
        return register_io_source(self.rows, schema={'a': pl.Int64})


def test_of_a_lazy_frame_the_head_is_read_once_and_nothing_is_counted() -> None:
    source = Counted()
    text = text_of(source.frame())
    assert (source.read, source.opened) == (10, 1)
    assert 'rows not counted' in text and '| 4 |' in text


def test_of_a_filtered_lazy_frame_little_more() -> None:
    source = Counted()
    text_of(source.frame().with_columns(b=pl.col('a') + 1).filter(pl.col('b') > 5))
    assert source.opened == 1
    assert source.read <= 100_000


def test_of_a_database_the_head_is_read() -> None:
    connection = duckdb.connect()
    read: list[int] = []
    connection.create_function('seen', lambda n: read.append(n) or n, ['BIGINT'], 'BIGINT', side_effects=True)
    text = text_of(connection.sql('select seen(range) as n from range(1000000)'))
    assert '| 4 |' in text
    assert len(read) <= 10_000


def test_a_frame_is_not_changed() -> None:
    frame = pd.DataFrame({('a', 1): [1, 2], ('a', 2): [3, 4]}, index=pd.Index(['x', 'y'], name='key'))
    before = frame.copy(deep=True)
    text_of(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_an_index_named_as_a_column() -> None:
    frame = pd.DataFrame({'a': [1]}, index=pd.Index(['x'], name='a'))
    assert '| a | a.1 |\n| --- | --- |\n| x | 1 |' in text_of(frame)


def test_a_sample_sees_periodic_data_whole() -> None:
    days = pd.Categorical.from_codes(np.resize(np.arange(7, dtype='i1'), 7_000_000), categories=list('abcdefg'))
    assert '7 distinct' in text_of(pd.DataFrame({'day': days}))


def test_values_that_cannot_be_compared_or_counted_leave_the_rest() -> None:
    frame = pd.DataFrame({'mixed': [1, 'a', [2], {'b': 3}], 'n': [1, 2, 3, 4]})
    text = text_of(frame)
    assert '- mixed: Object' in text and '- n: Int64, 1 … 4' in text


def test_a_stream_of_arrow_is_read_as_far_as_it_is_needed() -> None:
    read: list[int] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(100):
            read.append(number)
            yield pa.record_batch({'a': [number] * 100_000})

    class Source:
        def __arrow_c_stream__(self, schema: Any = None) -> Any:
            reader = pa.RecordBatchReader.from_batches(pa.schema({'a': pa.int64()}), batches())
            return reader.__arrow_c_stream__(schema)

    text = text_of(Source())
    assert 'rows not counted' in text and 'summed up by the first 1,000,000 rows' in text
    assert len(read) <= 12


def test_a_stream_of_arrow_without_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pl.DataFrame({'n': [1, 2]})
    monkeypatch.delitem(sys.modules, 'pyarrow')
    shown = streamed(table, Hints())
    assert shown is not None and '2 rows × 1 column' in shown.text


@pytest.mark.parametrize('width', [1, 10, 60])
@pytest.mark.parametrize('tokens', [60, 300, 1_000])
def test_a_table_keeps_its_budget(width: int, tokens: int) -> None:
    frame = pl.DataFrame({f'a column with a long name {n}': ['some words ' * 30] * 20 for n in range(width)})
    assert len(text_of(frame, hints=Hints(max_tokens=tokens))) <= tokens * 3.5 + 120


# ------------------------------------------------------------------ arrays


def test_an_array_of_no_items() -> None:
    assert 'shape 0 × 3, float64' in text_of(np.zeros((0, 3)))


def test_all_up_to_a_hundred_items_are_shown_and_no_more() -> None:
    assert '…' not in text_of(np.arange(100))
    assert '…' in text_of(np.arange(101))


def test_records_and_times() -> None:
    records = np.array([(1, 'a'), (2, 'b')], dtype=[('n', 'i4'), ('s', 'U3')])
    assert '[(1, a), (2, b)]' in text_of(records)
    assert 'min 2026-01-01' in text_of(np.array(['2026-01-02', '2026-01-01'], dtype='datetime64[D]'))


def test_of_an_array_on_disk_little_is_read(tmp_path: Path) -> None:
    array = np.memmap(tmp_path / 'a.bin', dtype='i1', mode='w+', shape=(3_000, 100, 100))
    assert 'of 2,000,000 items' in text_of(array) or 'evenly spaced' in text_of(array)


def test_another_thing_of_numpy_is_left_to_the_others() -> None:
    assert array(np.dtype('i4'), Hints()) is None
    assert 'int32' in text_of(np.dtype('i4'))


# ------------------------------------------------------------------ pictures


def test_a_figure_is_neither_changed_nor_closed() -> None:
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(30, 4), dpi=150)
    axes.plot([1, 2])
    figure.canvas.draw()
    before = (figure.dpi, [*figure.get_size_inches()], figure.canvas, figure.stale)
    _, image = content_of(figure)
    assert (figure.dpi, [*figure.get_size_inches()], figure.canvas, figure.stale) == before
    assert figure.number in plt.get_fignums()
    assert max(Image.open(BytesIO(image.data)).size) <= 1_568  # type: ignore[union-attr]
    plt.close(figure)


def test_what_stands_far_outside_of_a_figure_makes_it_no_larger() -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 4))
    figure.add_subplot().text(3, 3, 'far out')
    _, image = content_of(figure)
    assert max(Image.open(BytesIO(image.data)).size) <= 1_568  # type: ignore[union-attr]


def test_a_photo_is_turned_upright_and_sent_small() -> None:
    noise = Image.effect_noise((2_000, 1_600), 90).convert('RGB')
    exif = noise.getexif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    file = BytesIO()
    noise.save(file, 'JPEG', exif=exif)
    text, image = content_of(file.getvalue())
    assert 'Picture of 1,600 × 2,000 px' in str(text)
    assert image.media_type == 'image/jpeg'  # type: ignore[union-attr]
    assert Image.open(BytesIO(image.data)).size == (1_254, 1_568)  # type: ignore[union-attr]


@pytest.mark.parametrize('kind', ['PNG', 'JPEG', 'GIF', 'WEBP'])
@pytest.mark.parametrize('options', [{}, {'lossless': True}], ids=['plain', 'lossless'])
def test_the_size_of_a_picture_is_read_from_its_bytes(kind: str, options: Any) -> None:
    file = BytesIO()
    Image.new('RGB', (301, 77), 'red').save(file, kind, **options)
    assert pixels(file.getvalue()) == (301, 77)
    assert media_type_of(file.getvalue()) == f'image/{kind.lower()}'


@pytest.mark.parametrize('data', [b'', b'\xff\xd8\xff', b'\x89PNG\r\n\x1a\n', b'RIFF....WEBPVP8X', b'GIF89a'])
def test_a_picture_that_is_cut_is_no_error(data: bytes) -> None:
    pixels(data)
    content_of(data)


def test_a_damaged_picture_is_an_error_that_says_so() -> None:
    with pytest.raises(ContentError, match='it begins as a picture and cannot be read as one'):
        content_of(b'GIF89a12345678')


def test_a_picture_in_motion_is_its_first_frame() -> None:
    file = BytesIO()
    frames = [Image.new('RGB', (2_000, 20), colour) for colour in ('red', 'blue')]
    frames[0].save(file, 'GIF', save_all=True, append_images=frames[1:])
    assert 'the first of 2 frames' in text_of(file.getvalue())


# ------------------------------------------------------------------ errors and code


def test_a_frame_of_a_cell_is_called_one() -> None:
    filename = '/tmp/ipykernel_12/345.py'
    source = 'first = 1\nsecond = first / 0\nthird = 3'
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    try:
        exec(compile(source, filename, 'exec'), {})
    except ZeroDivisionError as error:
        text = text_of(error)
    finally:
        del linecache.cache[filename]
    assert 'a cell, line 2\n  1 | first = 1\n> 2 | second = first / 0\n  3 | third = 3' in text
    assert '/tmp' not in text


def test_an_error_that_holds_itself_comes_to_an_end() -> None:
    error = ValueError('round')
    other = ValueError('and round')
    error.__context__, other.__context__ = other, error
    assert text_of(error).count('round') == 2


def test_an_error_of_syntax_shows_its_line() -> None:
    with pytest.raises(SyntaxError) as raised:
        compile('x = = 1', 'mine.py', 'exec')
    assert 'x = = 1' in text_of(raised.value)


def test_a_class_of_a_cell_has_its_source() -> None:
    filename = '/tmp/ipykernel_12/678.py'
    source = 'import enum\n\n@enum.unique\nclass Tone(enum.Enum):\n    LOUD = 1\n\nrest = 1\n'
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    space: dict[str, Any] = {'__name__': '__main__'}
    try:
        exec(compile(source, filename, 'exec'), space)
        text = text_of(space['Tone'])
    finally:
        del linecache.cache[filename]
    assert text.endswith('\n@enum.unique\nclass Tone(enum.Enum):\n    LOUD = 1\n</value>')


# ------------------------------------------------------------------ files


def test_a_link_that_leads_nowhere_is_listed(tmp_path: Path) -> None:
    (tmp_path / 'gone').symlink_to(tmp_path / 'nothing')
    assert '- gone\n' in text_of(tmp_path)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / 'a.pdf'
    with path.open('wb') as file:
        file.write(b'%PDF-1.7')
        file.truncate(20_000_001)
    with pytest.raises(ContentError, match=r'it has 20\.0 MB, and at most 20\.0 MB are sent'):
        content_of(path)


def test_a_type_is_told_by_the_bytes_before_the_name(tmp_path: Path) -> None:
    path = tmp_path / 'a.txt'
    path.write_bytes(b'%PDF-1.7')
    assert content_of(path)[1].media_type == 'application/pdf'  # type: ignore[union-attr]


# ------------------------------------------------------------------ cutting


def test_the_middle_is_cut() -> None:
    lines = [str(n) for n in range(10)]
    assert cut_lines(lines, 10) == lines
    assert cut_lines(lines, 4) == ['0', '1', '… 7 more lines', '9']


def test_one_line_of_megabytes_takes_no_time() -> None:
    assert one_line('word \n' * 5_000_000, 12) == 'word word w…'


def test_sizes_are_said_in_units() -> None:
    assert [size_of(n) for n in (1, 1_500, 2_000_000, 3_000_000_000)] == ['1 bytes', '1.5 kB', '2.0 MB', '3.0 GB']


# ------------------------------------------------------------------ what the real libraries showed


def test_a_frame_that_is_not_in_memory_is_not_taken_for_pandas() -> None:
    """A frame of Dask has `iloc` and `shape` too; its numbers of rows are no numbers yet."""
    frame = of('dask.dataframe', 'DataFrame', iloc=None, shape=(object(), 2), __repr__=lambda self: 'Dask')()
    assert 'Dask' in text_of(frame)


def test_a_geo_frame_without_a_geometry_is_a_frame() -> None:
    frame = of('geopandas.geodataframe', 'GeoDataFrame', pd.DataFrame)({'a': [1]})
    assert '1 row × 1 column\n- a: Int64, 1' in text_of(frame)


@pytest.mark.parametrize('is_fitted', [True, False])
def test_a_pipeline_says_itself_whether_it_is_fitted(is_fitted: bool) -> None:
    members = {'get_params': lambda self, deep: {}, '__sklearn_is_fitted__': lambda self: is_fitted}
    pipeline = of('sklearn.pipeline', 'Pipeline', **members)()
    assert ('not fitted yet' in text_of(pipeline)) is not is_fitted


def test_the_example_of_the_documentation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, '_functions', {})
    page = (Path(__file__).parents[2] / 'docs' / 'values.md').read_text(encoding='utf-8')
    (fence,) = re.findall(r'```python\n(.*?)```', page, re.DOTALL)

    class Molecule:
        def smiles(self) -> str:
            return 'CCO'

    exec(fence, {'Molecule': Molecule})
    assert '\nCCO\n' in text_of(Molecule())
