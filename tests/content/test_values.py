"""The table of values: each becomes what it should, within its budget."""

from __future__ import annotations

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from jupyter_stream.content import ContentError, Hints, content_of
from jupyter_stream.messages import BinaryContent

from .values import TABLE, Row


def wait(awaitable: Any) -> Any:
    async def result() -> Any:
        return await awaitable

    return asyncio.run(result())


@pytest.mark.parametrize('row', TABLE, ids=lambda row: row.name)
def test_value(row: Row, tmp_path: Path) -> None:
    value = row.make(tmp_path)
    if row.refused is not None:
        with pytest.raises(ContentError, match=rf'`value` \(.*\) cannot be put into the prompt: .*{row.refused}'):
            content_of(value, name='value', wait=wait)
        return
    content = content_of(value, name='value', wait=wait)
    texts = [part for part in content if isinstance(part, str)]
    files: list[Any] = [part for part in content if not isinstance(part, str)]
    text = '\n'.join(texts)
    if row.plain is not None:
        assert text == row.plain
    else:
        assert all(part.startswith('<value name="value') and part.endswith('\n</value>') for part in texts)
        assert all(part.count('</value>') == 1 for part in texts)
    assert [said for said in row.holds if said not in text] == []
    assert [said for said in row.lacks if said in text] == []
    assert tuple(file.media_type for file in files) == row.files
    assert len(text) <= row.most
    for file in files:
        if isinstance(file, BinaryContent) and file.is_image:
            assert max(Image.open(BytesIO(file.data)).size) <= 1568


@pytest.mark.parametrize('row', [row for row in TABLE if row.files], ids=lambda row: row.name)
def test_a_model_of_text_is_told_of_what_it_cannot_take(row: Row, tmp_path: Path) -> None:
    content = content_of(row.make(tmp_path), name='value', hints=Hints(multimodal=False), wait=wait)
    assert all(isinstance(part, str) for part in content)
    assert '(This is a ' in str(content) and 'which this model cannot ' in str(content)


BUDGETED = [row for row in TABLE if row.most <= 3_700 and not row.files and row.name != '10 million rows']


@pytest.mark.parametrize('row', BUDGETED, ids=lambda row: row.name)
def test_a_smaller_budget_is_kept(row: Row, tmp_path: Path) -> None:
    try:
        content = content_of(row.make(tmp_path), name='value', hints=Hints(max_tokens=200), wait=wait)
    except ContentError:
        return
    assert sum(len(part) for part in content if isinstance(part, str)) <= 1_500


def test_the_same_value_gives_the_same_content_twice(tmp_path: Path) -> None:
    for row in TABLE:
        if row.name in ('figure', 'set', 'object', 'pandas'):
            assert content_of(row.make(tmp_path)) == content_of(row.make(tmp_path))
