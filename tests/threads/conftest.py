"""Kernels and pages for the tests of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.threads.page import LOAD, Kernel, Page


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Starts a kernel and opens a page that is stored beside it; the model is there already."""
    kernels: list[Kernel] = []

    def start(*, tells: bool = True, environ: dict[str, str] | None = None, setup: str = LOAD, **options: Any) -> Page:
        path = tmp_path / 'notebook.ipynb'
        kernels.append(Kernel(tmp_path, path, {'JUPYTER_STREAM_VIEW': 'markdown', **(environ or {})}))
        page = Page(kernels[-1], tells=tells, path=path, **options)
        assert not page.run(page.add(setup)).error, page.cells[0].error
        return page

    yield start
    for kernel in kernels:
        kernel.stop()


@pytest.fixture
def page(start: Callable[..., Page]) -> Page:
    return start()
