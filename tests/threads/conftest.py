"""Kernels and pages for the tests of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.threads.page import FORGET, LOAD, Kernel, Page


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Starts a kernel and opens a page that is stored beside it; the model is there already."""
    kernels: list[Kernel] = []

    def start(*, tells: bool = True, environ: dict[str, str] | None = None, setup: str = LOAD, **options: Any) -> Page:
        path = tmp_path / 'notebook.ipynb'
        kernels.append(Kernel(tmp_path, path, {'JUPYTER_STREAM_VIEW': 'markdown', **(environ or {})}))
        return _opened(Page(kernels[-1], tells=tells, path=path, **options), setup)

    yield start
    for kernel in kernels:
        kernel.stop()


@pytest.fixture(scope='session')
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = Kernel(tmp_path_factory.mktemp('kernel'), None, {'JUPYTER_STREAM_VIEW': 'markdown'})
    yield kernel
    kernel.stop()


@pytest.fixture
def page(shared: Kernel) -> Page:
    """A page before a kernel that has forgotten what was before."""
    return _opened(Page(shared), FORGET + LOAD)


def _opened(page: Page, setup: str) -> Page:
    first = page.run(page.add(setup))
    assert not first.error, first.error
    return page
